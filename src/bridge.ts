import pMap from "p-map";
import type { Config } from "./config.ts";
import type { Verdict } from "./dispatch/classify-response.ts";
import { toClientPayload } from "./dispatch/client-payload.ts";
import { toDispatchRequest } from "./dispatch/dispatch-request.ts";
import { createGitHub } from "./dispatch/github.ts";
import { openTokens } from "./dispatch/open-tokens.ts";
import type { BridgeEvent } from "./event/bridge-event.ts";
import { readEvent } from "./event/read-event.ts";
import type { EventResult, Outcome } from "./outcome.ts";
import { type Log, report } from "./report.ts";
import { promiseKey } from "./route/promise-key.ts";
import { createRouter, type Match } from "./route/router.ts";
import type { Problem } from "./settings.ts";

/** Takes events in and sees to it that they arrive. */
export interface Bridge {
	/** What keeps the bridge from working; while there is any, every event is `unavailable`. */
	readonly problems: readonly Problem[];
	readonly warnings: readonly string[];
	/** Accepts the events of one delivery, each on its own. One result for each event and destination. Never rejects. */
	accept(elements: readonly unknown[], delivery: Delivery): Promise<readonly EventResult[]>;
}

/** Hands out the bridge, built when it is first asked for. */
export type TheBridge = () => Promise<Bridge>;

/** What accompanies the events of one delivery. */
export interface Delivery {
	readonly log: Log;
	/** The predecessor's query parameter: only routes to this repository. */
	readonly repoName?: string;
}

export interface BridgeOptions {
	readonly version: string;
	readonly fetch?: typeof globalThis.fetch;
	/** Epoch milliseconds. */
	readonly now?: () => number;
	/** For all events of one delivery; Event Grid gives up after 30 s. */
	readonly acceptTimeoutMs?: number;
	/** For one call of GitHub. */
	readonly callTimeoutMs?: number;
}

/** How many events of one delivery are under way at once. */
const CONCURRENT_EVENTS = 4;

/** Wires the rooms together. Nothing is loaded or called before the first event. */
export function createBridge(config: Config, options: BridgeOptions): Bridge {
	const {
		version,
		fetch = globalThis.fetch,
		now = Date.now,
		acceptTimeoutMs = 20_000,
		callTimeoutMs = 10_000,
	} = options;
	const route = createRouter(config.routes);
	const reach = { apiUrl: config.githubApiUrl, userAgent: `grid-dispatch/${version}`, fetch };
	const github = createGitHub({
		apiUrl: config.githubApiUrl,
		tokens: openTokens(config.token, reach, now),
		loadPost: async () => {
			const { createPost } = await import("./dispatch/octokit.ts");
			return createPost(reach);
		},
		now,
		timeoutMs: callTimeoutMs,
	});

	async function acceptOne(element: unknown, delivery: Delivery, deadline: AbortSignal): Promise<EventResult[]> {
		const start = now();
		const read = readEvent(element);
		if (!read.ok) return [conclude(delivery.log, start, { id: read.id, outcome: "rejected", reason: read.reason })];
		const { event } = read;
		const routed = route(event, delivery.repoName);
		if ("reason" in routed) {
			return [conclude(delivery.log, start, { event, outcome: "ignored", reason: routed.reason })];
		}
		return Promise.all(routed.matches.map((match) => deliver(event, match, delivery.log, deadline)));
	}

	async function deliver(event: BridgeEvent, match: Match, log: Log, deadline: AbortSignal): Promise<EventResult> {
		const start = now();
		const key = promiseKey(event, match.to);
		const payload = toClientPayload(event, { version, route: match.route, key });
		const built = toDispatchRequest(match.to, payload);
		if (!built.ok) return conclude(log, start, { event, match, key, outcome: "rejected", reason: built.reason });
		if (deadline.aborted) return conclude(log, start, { event, match, key, outcome: "unavailable", reason: NO_TIME });
		const { verdict, status, requestId, ms } = await github.dispatch(built.request, deadline);
		report(log, verdict.kind === "dispatched" ? "info" : "warn", {
			stage: "dispatch",
			verdict: verdict.kind,
			key,
			repository: match.to.repository,
			dispatchType: match.to.dispatchType,
			status,
			requestId,
			ms,
			bytes: built.bytes,
			reason: reasonOf(verdict),
		});
		return conclude(log, start, { event, match, key, outcome: outcomeOf(verdict), reason: reasonOf(verdict) });
	}

	function conclude(log: Log, start: number, end: Ending): EventResult {
		const { event, match, outcome, key = null, reason = null } = end;
		const id = event?.id ?? end.id ?? null;
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
			ms: now() - start,
		});
		return { id, outcome, route: match?.route ?? null, key, reason };
	}

	return {
		problems: [],
		warnings: config.warnings,
		async accept(elements, delivery) {
			const deadline = AbortSignal.timeout(acceptTimeoutMs);
			const accept = (element: unknown) => acceptOne(element, delivery, deadline);
			return (await pMap(elements, accept, { concurrency: CONCURRENT_EVENTS })).flat();
		},
	};
}

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

const NO_TIME = "no time was left in this delivery; Event Grid sends it again";

const LEVELS = {
	dispatched: "info",
	accepted: "info",
	duplicate: "info",
	ignored: "info",
	rejected: "error",
	unavailable: "warn",
} as const satisfies Record<Outcome, Parameters<Log>[0]>;

/** Only a request that can never succeed is the event's own fault; whatever else GitHub says, the event is kept. */
function outcomeOf(verdict: Verdict): Outcome {
	if (verdict.kind === "dispatched") return "dispatched";
	return verdict.kind === "refused" ? "rejected" : "unavailable";
}

function reasonOf(verdict: Verdict): string | undefined {
	return "reason" in verdict ? verdict.reason : undefined;
}
