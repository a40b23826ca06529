import type { Destinations } from "../destinations/list.ts";
import type { LaneLease } from "../ledger/lane-lease.ts";
import type { LaneState } from "../ledger/lane-state.ts";
import type { Entry } from "../ledger/outbox.ts";
import type { Log } from "../log.ts";
import type { Answer, Destination, Disposition, NotDispatched } from "../model.ts";
import { readBody } from "../storage/rows.ts";
import type { Storage } from "../storage/storage.ts";
import { createRunLists, judgeDoubt, type RunLists } from "./find-run.ts";
import { type FinishOptions, type FinishParts, finish } from "./finish.ts";
import { type AttemptResult, breakerOf, failed, whyGivenUp } from "./settle.ts";

export interface AttemptsOptions extends FinishOptions {
	readonly destinations: Pick<Destinations, "policyOf" | "problemOf" | "send" | "listRuns" | "whyNoRuns">;
}

/** A delivery that is about to be sent: what is to be sent was read from storage, or not. */
export interface Ready {
	readonly entry: Entry;
	/** None where it is gone, or storage did not hand it out; then `reason` says why. */
	readonly body?: string | undefined;
	readonly reason?: string;
}

/** What is to be done with a delivery: it is sent, or what came of it without a call is written. */
export type NextStep = { readonly send: Entry } | { readonly result: AttemptResult };

/** A body that storage does not hand out is asked for again after so long. */
const UNREADABLE_MS = 60_000;

const GONE = "the request is missing in storage: its blob was removed";
const DAMAGED = "the request is damaged in storage: it is not a JSON object";

/** Tries single deliveries of a lane, and writes what came of them. */
export class Attempts {
	private readonly options: FinishParts & AttemptsOptions;
	private readonly lists: RunLists;

	constructor(options: AttemptsOptions) {
		this.options = { ...options, skews: new Map() };
		this.lists = createRunLists(options);
	}

	/** Whether its run is looked for before it is sent. */
	isInDoubt({ doubt }: Entry): boolean {
		return this.options.looksUp && doubt?.from !== undefined;
	}

	/**
	 * Looks for the run of a delivery in doubt, within the time of two calls. Never rejects.
	 * @param from how far back the runs of its destination have to be known for all in doubt; epoch milliseconds
	 */
	async lookUp(entry: Entry, from: number): Promise<NextStep> {
		const { now } = this.options;
		const { doubt, to, failures, failingSince } = entry;
		if (doubt === undefined || to === undefined) return { send: entry };
		const at = now();
		const verdict = judgeDoubt({ ...entry, doubt }, await this.lists.read(to, from), now());
		switch (verdict.kind) {
			case "found": {
				const { run } = verdict;
				const answer: Answer = { classification: { kind: "taken" }, run, calls: [], ms: now() - at };
				return { result: { entry, at, found: run, answer } };
			}
			case "repeat":
				return { send: { ...entry, doubt: verdict.doubt } };
			case "wait": {
				const { reason, until: notBefore, doubt } = verdict;
				const disposition: NotDispatched = { kind: "deferred", reason, notBefore, failures, doubt, failingSince };
				return { result: { entry, at, disposition, uncalled: "looked for again" } };
			}
		}
	}

	/** What comes of a delivery that can never be sent, or has waited for a repair as long as it may; else undefined. */
	async giveUp(lane: string, entry: Entry, state: LaneState): Promise<AttemptResult | undefined> {
		const { storage, destinations, now, giveUpMs } = this.options;
		const at = now();
		const breaker = breakerOf(state, entry);
		const reason =
			destinations.problemOf(entry.to) ?? (breaker && whyGivenUp(breaker.since, breaker.reason, { now: at, giveUpMs }));
		if (reason === undefined) return undefined;
		// It is kept with its dead letter.
		const body = await bodyOf(storage, lane, entry).catch(() => undefined);
		return { entry: { ...entry, body }, at, disposition: { kind: "dead-lettered", reason }, uncalled: "given up" };
	}

	/** Reads what is to be sent, which may take long. Never rejects. */
	async read(lane: string, entry: Entry): Promise<Ready> {
		try {
			return { entry, body: await bodyOf(this.options.storage, lane, entry) };
		} catch (error) {
			return { entry, reason: `the request could not be read from storage: ${(error as Error).message}` };
		}
	}

	/** Calls the destination. What comes of it has to be finished. Never rejects. */
	async send({ entry, body, reason }: Ready): Promise<AttemptResult> {
		const { destinations, now, giveUpMs } = this.options;
		const at = now();
		if (reason !== undefined) {
			// Storage hands out rows, but not this body: the delivery steps aside, and others go on.
			const failure = { reason, failures: entry.failures, notBefore: at + UNREADABLE_MS };
			return { entry, at, disposition: failed(entry, failure, { now: at, giveUpMs }), uncalled: "unread" };
		}
		const unsent = (why: string): Answer => ({ classification: { kind: "permanent", reason: why }, calls: [], ms: 0 });
		if (body === undefined) return { entry, at, answer: unsent(GONE) };
		if (!isJsonObject(body)) return { entry, at, answer: unsent(DAMAGED) };
		const whole = { ...entry, body };
		try {
			return { entry: whole, at, answer: await destinations.send(entry.to as Destination, body) };
		} catch (error) {
			// A fault of ours that this one delivery meets. A repeat would meet it again, and block all others.
			const answer = unsent(`the bridge failed to handle this delivery: ${(error as Error).message}`);
			return { entry: whole, at, answer };
		}
	}

	/** Writes what came of an attempt: see `finish`. */
	finish(lease: LaneLease, result: AttemptResult, isLast: boolean, log: Log): Promise<Disposition> {
		return finish(this.options, lease, result, isLast, log);
	}
}

/** What is to be sent; undefined where it is gone. Rejects with StorageError. */
async function bodyOf(storage: Storage, lane: string, { body, bodyBlob, rowKey }: Entry): Promise<string | undefined> {
	if (body !== undefined) return body;
	// Read past in passing, without its body; or it lies in a blob.
	const columns = bodyBlob === undefined ? (await storage.get(lane, rowKey))?.columns : { bodyBlob };
	return readBody(storage, "body", columns ?? {});
}

/** A request that a service cannot read would be refused as if it were the destination's fault, and block all others. */
function isJsonObject(text: string): boolean {
	try {
		const parsed: unknown = JSON.parse(text);
		return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
	} catch {
		return false;
	}
}
