import type { BridgeEvent } from "../event/bridge-event.ts";
import { cleanText, type Log, report } from "../log.ts";
import type { EventResult, Outcome } from "../model.ts";
import type { Match } from "../route/router.ts";

/** What a result is about: an event at one destination, or an element that has none. */
export interface Subject {
	readonly id: string | null;
	readonly event?: BridgeEvent;
	readonly match?: Match;
}

/** How it ended. */
export interface Ending {
	readonly outcome: Outcome;
	readonly key?: string | undefined;
	readonly reason?: string | undefined;
}

const LEVELS = {
	dispatched: "info",
	accepted: "info",
	duplicate: "info",
	ignored: "info",
	rejected: "error",
	unavailable: "warn",
} as const satisfies Record<Outcome, Parameters<Log>[0]>;

/** All reasons of an answer together, in characters; one may quote what an event holds, and there may be 5,000. */
const REASONS_OF_AN_ANSWER = 1_000_000;
const LONGEST_REASON = 1_000;
const SHORTEST_REASON = 100;

/** Writes an ending's line, and makes its part of the answer. */
export function conclude(
	log: Log,
	{ id, event, match }: Subject,
	{ outcome, key = undefined, reason = undefined }: Ending,
	{ ms, results }: { readonly ms: number; readonly results: number },
): EventResult {
	const route = match?.route ?? null;
	report(log, LEVELS[outcome], {
		stage: "accept",
		outcome,
		id,
		type: event?.type,
		source: event?.source,
		subject: event?.subject,
		time: event?.time,
		route,
		destination: match?.to.id,
		key: key ?? null,
		reason: reason ?? null,
		ms,
	});
	const max = Math.max(SHORTEST_REASON, Math.min(LONGEST_REASON, Math.floor(REASONS_OF_AN_ANSWER / results)));
	return { id, outcome, route, key: key ?? null, reason: reason === undefined ? null : cleanText(reason, max) };
}

/** The ending of what may not be durable: the event's next delivery finds out how far it got. */
export function notDurable(error: unknown): Ending {
	const reason = error instanceof Error ? error.message : String(error);
	return { outcome: "unavailable", reason: `it could not be made durable: ${reason}` };
}
