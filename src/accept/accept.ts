import pMap from "p-map";
import type { Policy } from "../destinations/destination.ts";
import type { Destinations } from "../destinations/list.ts";
import { idOf } from "../event/read-event.ts";
import type { RecordRejected } from "../ledger/dead-letters.ts";
import { dueAt, foreignAddress, type LaneState, type Waiting, waitingFor } from "../ledger/lane-state.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { nextSlot } from "../ledger/pace.ts";
import { isFinal, type Receipt } from "../ledger/receipt.ts";
import { targetOf } from "../ledger/rows.ts";
import { cleanText, type Log, report } from "../log.ts";
import { type Delivery, type Disposition, type EventResult, isJoin, type Join, type Outcome } from "../model.ts";
import { type Ending, notDurable, type Plan, type PlanOptions, planAll, type Subject, toRejected } from "./plan.ts";

export interface AcceptOptions extends PlanOptions {
	readonly ledger: Ledger;
	/** Tries to deliver a written entry within the request. Undefined: what becomes of it is not known in time. */
	readonly inline: { offer(lane: string, entry: string, log: Log): Promise<Disposition | undefined> };
	readonly recordRejected: RecordRejected;
	/** How fast a lane may send, and what it is configured for: a lane of another address is not this bridge's to send. */
	readonly destinations: Pick<Destinations, "build" | "laneOf" | "policyOf">;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** How the elements of one request arrived. */
export interface Arrival {
	readonly log: Log;
	/** Only routes to this repository, as the predecessor's query parameter `repoName` asks for. */
	readonly onlyRepository?: string | undefined;
	/** The text of an element as it arrived, where that is known. */
	readonly textOf?: ((element: unknown) => string | undefined) | undefined;
}

/** What accompanies the elements of one request. */
export interface Accompanying extends Arrival {
	/** What is known of the elements where they are replayed. */
	readonly replayed?: ReplayedReceipt | undefined;
	readonly deadline: Deadline;
}

/** What the receipt of a dead letter says that is replayed. */
export type ReplayedReceipt = Pick<Receipt, "acceptedAt" | "arrived">;

/** A time at which a request has to be answered. */
export interface Deadline {
	readonly passed: Promise<undefined>;
	readonly isPassed: () => boolean;
}

/** A time at which a request has to be answered, so many milliseconds from now. */
export function deadlineAfter(ms: number): Deadline & { readonly clear: () => void } {
	let timer: NodeJS.Timeout | undefined;
	let isPassed = false;
	const passed = new Promise<undefined>((resolve) => {
		timer = setTimeout(() => {
			isPassed = true;
			resolve(undefined);
		}, ms);
	});
	return { passed, isPassed: () => isPassed, clear: () => clearTimeout(timer) };
}

/** Accepts the elements of one request: one result for each element and destination, in their order. */
export type Accept = (elements: readonly unknown[], accompanying: Accompanying) => Promise<readonly EventResult[]>;

/** The work that remains after an event is recorded. */
type Recorded = { readonly ending: Ending } | { readonly delivery: Delivery; readonly entry?: string };

/** How many are recorded at once: enough for several transactions. The others are not begun once the time is up. */
const RECORDS_AT_ONCE = 500;

/**
 * Reads and routes all elements, records all of them in groups, and then delivers what can be sent within the request.
 * Each element, and each destination of an element, has a result of its own.
 */
export function createAccept(options: AcceptOptions): Accept {
	const { now } = options;
	return async (elements, { log, onlyRepository, deadline, ...known }) => {
		const start = now();
		const ended = new Map<Subject, EventResult>();
		let open: readonly Subject[] = elements.map((element) => ({ id: idOf(element) }));
		const toResult = (subject: Subject, ending: Ending) =>
			reportResult(log, subject, ending, { ms: now() - start, results: open.length });

		async function work(): Promise<void> {
			const plans = await planAll(elements, onlyRepository, options);
			open = plans;
			const recordInTime = async (plan: Plan) =>
				deadline.isPassed() ? { ending: NO_TIME } : record(options, plan, known);
			const recorded = await pMap(plans, recordInTime, { concurrency: RECORDS_AT_ONCE });
			if (deadline.isPassed()) return;
			const deliverOne = async (plan: Plan, index: number) => {
				const ending = await deliverOrWait(options, recorded[index] as Recorded, log);
				if (!deadline.isPassed()) ended.set(plan, toResult(plan, ending));
			};
			await Promise.all(plans.map(deliverOne));
		}

		await Promise.race([work(), deadline.passed]);
		return open.map((subject) => ended.get(subject) ?? toResult(subject, NO_TIME));
	};
}

type Known = Pick<Accompanying, "textOf" | "replayed">;

/** Makes an event durable, as a delivery or as a dead letter. Before this, nothing is; after it, all that is not `unavailable`. */
async function record(options: AcceptOptions, plan: Plan, { textOf, replayed }: Known): Promise<Recorded> {
	if ("ending" in plan) return plan;
	const acceptedAt = replayed?.acceptedAt;
	const reject = async (reason: string): Promise<Recorded> => {
		const arrived = replayed?.arrived ?? textOf?.(plan.element);
		const key = await options.recordRejected({ ...toRejected(plan, reason), arrived, acceptedAt });
		return { ending: { outcome: "rejected", key, reason } };
	};
	try {
		if ("refusal" in plan) return await reject(plan.refusal);
		const delivery = { ...plan.delivery, acceptedAt };
		const accepted = await options.ledger.accept(delivery);
		if (accepted.kind === "written") return { delivery, entry: accepted.entry };
		if (accepted.kind === "refused") return await reject(`storage refuses it: ${accepted.reason}`);
		if (!isFinal(accepted.receipt)) return { delivery };
		return { ending: { outcome: "duplicate", key: delivery.key, reason: finished(accepted.receipt) } };
	} catch (error) {
		return { ending: notDurable(error) };
	}
}

/** Delivers what was recorded if that can be done now; otherwise makes sure that its lane is woken in time. */
async function deliverOrWait(options: AcceptOptions, recorded: Recorded, log: Log): Promise<Ending> {
	if ("ending" in recorded) return recorded.ending;
	const { delivery, entry } = recorded;
	const { key, how } = delivery;
	try {
		const ending = isJoin(how)
			? await waitInWindow(options, delivery, how)
			: await deliverNow(options, delivery, entry, log);
		return { key, ...ending };
	} catch (error) {
		return { key, ...notDurable(error) };
	}
}

async function waitInWindow({ ledger, now }: AcceptOptions, { lane }: Delivery, { quietMs }: Join): Promise<Ending> {
	await ledger.ensureWakeUp(lane, () => now() + quietMs);
	return { outcome: "accepted", reason: IN_WINDOW };
}

async function deliverNow(
	{ inline, ledger, destinations, now }: AcceptOptions,
	{ lane, to }: Delivery,
	entry: string | undefined,
	log: Log,
): Promise<Ending> {
	const disposition = entry === undefined ? undefined : await inline.offer(lane, entry, log);
	if (disposition?.kind === "dispatched") return { outcome: "dispatched" };
	if (disposition?.kind === "dead-lettered") return { outcome: "rejected", reason: disposition.reason };
	const policy = destinations.policyOf(lane);
	const { notBefore = 0, reason = null } = disposition ?? {};
	const waiting: Waiting = { target: targetOf(to), notBefore, reason };
	const earliest = (read: LaneState) => Math.max(dueAt(read, waiting), nextSlot(read.calls, policy.limits, now()));
	const state = await ledger.ensureWakeUp(lane, earliest);
	return { outcome: "accepted", reason: whyLater(state, waiting, policy, now()) };
}

function whyLater(state: LaneState, waiting: Waiting, policy: Policy, now: number): string {
	const foreign = foreignAddress(state, policy);
	if (foreign !== undefined) {
		return `it waits in a lane that belongs to ${foreign}, and this bridge does not send it; GET /api/health says what to do`;
	}
	const waits = waitingFor(state, waiting, now);
	if (waits === undefined) return QUEUED;
	return `${waits.state} until ${new Date(waits.until).toISOString()}: ${waits.reason}`;
}

const IN_WINDOW = "it is in a window (coalesce) and is dispatched when the window closes";
const QUEUED = "it waits for its turn";
/** What is recorded already is found by the next delivery. */
const NO_TIME: Ending = {
	outcome: "unavailable",
	reason: "the request ran out of time; the next delivery of this event continues where it stopped",
};

function finished({ state, reason, window }: Receipt): string {
	if (state === "coalesced") return `it was dispatched before, together with other events: ${window}`;
	if (state === "discarded") return `it was a dead letter, and was discarded: ${reason}`;
	return state === "dispatched" ? "it was dispatched before" : `it is a dead letter: ${reason}`;
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
function reportResult(
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
