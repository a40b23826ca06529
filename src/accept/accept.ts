import type { Inline } from "../deliver/inline.ts";
import type { BridgeEvent } from "../event/bridge-event.ts";
import { readEvent } from "../event/read-event.ts";
import { readInstant } from "../instant.ts";
import type { Rejected } from "../ledger/keep-rejected.ts";
import { type LaneState, waitingFor } from "../ledger/lane-state.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type EventFacts, isJoin, type Promised } from "../ledger/promise.ts";
import { isFinal, type Receipt } from "../ledger/receipt.ts";
import { isStorageError } from "../ledger/storage.ts";
import type { EventResult, Outcome } from "../outcome.ts";
import { type Log, report } from "../report.ts";
import type { Match, Router } from "../route/router.ts";
import type { PromiseFor } from "./promise-for.ts";

export interface AcceptOptions {
	readonly route: Router;
	readonly promiseFor: (event: BridgeEvent, match: Match) => Promise<PromiseFor>;
	readonly ledger: Ledger;
	readonly inline: Inline;
	/** Keeps what is rejected. Answers its key. Rejects with StorageError. */
	readonly keep: (rejected: Rejected) => Promise<string>;
	/** When an entry for a repository could be sent at the earliest, pace included; epoch milliseconds. */
	readonly earliest: (state: LaneState, repository: string) => number;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Accepts one element of a delivery: one result for each destination. Never rejects. */
export type AcceptElement = (element: unknown, log: Log, onlyRepository?: string) => Promise<readonly EventResult[]>;

/** How one event ended at one destination. */
interface Ending {
	readonly outcome: Outcome;
	readonly event?: BridgeEvent;
	readonly match?: Match;
	/** For an element that is no event. */
	readonly id?: string | null;
	readonly key?: string;
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

export function createAccept({ route, promiseFor, ledger, inline, keep, earliest, now }: AcceptOptions): AcceptElement {
	async function acceptMatch(element: unknown, event: BridgeEvent, match: Match, log: Log): Promise<Ending> {
		const planned = await promiseFor(event, match);
		if (planned.ok) return { ...(await promise(planned.promised, log)), event, match, key: planned.promised.key };
		const { reason } = planned;
		const { route: name, to } = match;
		return { outcome: "rejected", event, match, reason, key: await keep({ element, event, route: name, to, reason }) };
	}

	async function reject(element: unknown, id: string | null, reason: string): Promise<Ending> {
		const key = await keep({ element, event: factsOf(element, id), route: null, to: null, reason });
		return { id, outcome: "rejected", reason, key };
	}

	async function promise(promised: Promised, log: Log): Promise<Pick<Ending, "outcome" | "reason">> {
		const { lane, how, to } = promised;
		const accepted = await ledger.accept(promised);
		if (accepted.kind === "known") {
			const { receipt } = accepted;
			if (isFinal(receipt)) return { outcome: "duplicate", reason: finished(receipt) };
		} else if (!isJoin(how)) {
			const fate = await inline.offer(lane, accepted.entry, log);
			if (fate?.kind === "dispatched") return { outcome: "dispatched" };
			if (fate?.kind === "dead") return { outcome: "rejected", reason: fate.reason };
		}
		const quietMs = isJoin(how) ? how.quietMs : 0;
		const state = await ledger.wake(lane, (read) => (isJoin(how) ? now() + quietMs : earliest(read, to.repository)));
		return { outcome: "accepted", reason: isJoin(how) ? GATHERED : why(state, to.repository) };
	}

	function why(state: LaneState, repository: string): string {
		const waits = waitingFor(state, { repository, notBefore: 0 }, now());
		if (waits === undefined) return QUEUED;
		return `${waits.state} until ${new Date(waits.until).toISOString()}: ${waits.reason}`;
	}

	return async (element, log, onlyRepository) => {
		const start = now();
		const end = async (known: Partial<Ending>, ending: Promise<Ending>) =>
			conclude(log, await ending.catch((error: unknown) => ({ ...known, ...notDurable(error) })), now() - start);
		const read = readEvent(element);
		if (!read.ok) return [await end({ id: read.id }, reject(element, read.id, read.reason))];
		const { event } = read;
		const routed = route(event, onlyRepository);
		if ("reason" in routed) return [conclude(log, { event, outcome: "ignored", reason: routed.reason }, now() - start)];
		return Promise.all(routed.matches.map((match) => end({ event, match }, acceptMatch(element, event, match, log))));
	};
}

/** Whoever delivers the event again finds out how far it got. */
function notDurable(error: unknown): Pick<Ending, "outcome" | "reason"> {
	if (!isStorageError(error)) throw error;
	return { outcome: "unavailable", reason: `it could not be made durable: ${error.message}` };
}

/** What can be told of an element that is no sound event, for whoever looks for it. */
export function factsOf(element: unknown, id: string | null): EventFacts {
	const members = (typeof element === "object" && element !== null ? element : {}) as Record<string, unknown>;
	const text = (...names: string[]) =>
		names.map((name) => members[name]).find((value) => typeof value === "string") ?? "";
	const time = String(text("time", "eventTime"));
	return {
		id: id ?? "",
		type: String(text("type", "eventType")),
		source: String(text("source", "topic")),
		subject: String(text("subject")),
		time: time.length > 64 || readInstant(time) === undefined ? "" : time,
	};
}

const GATHERED = "it waits for others like it, and is dispatched together with them";
const QUEUED = "it waits for its turn";

function finished({ state, reason, window }: Receipt): string {
	if (state === "coalesced") return `it was dispatched before, together with others: ${window}`;
	return state === "dispatched" ? "it was dispatched before" : `it is a dead letter: ${reason}`;
}

function conclude(log: Log, ending: Ending, ms: number): EventResult {
	const { event, match, outcome, key = null, reason = null } = ending;
	const id = event?.id ?? ending.id ?? null;
	report(log, LEVELS[outcome], {
		stage: "accept",
		outcome,
		id,
		type: event?.type,
		source: event?.source,
		subject: event?.subject,
		time: event?.time,
		route: match?.route ?? null,
		repository: match?.to.repository,
		dispatchType: match?.to.dispatchType,
		key,
		reason,
		ms,
	});
	return { id, outcome, route: match?.route ?? null, key, reason };
}
