import type { Destinations } from "../destinations/list.ts";
import type { LaneLease } from "../ledger/lane-lease.ts";
import type { LaneState } from "../ledger/lane-state.ts";
import type { Entry } from "../ledger/outbox.ts";
import { type Log, report } from "../log.ts";
import type { Destination, NotDispatched } from "../model.ts";
import { readBody } from "../storage/rows.ts";
import type { Storage } from "../storage/storage.ts";
import { lookFor } from "./find-run.ts";
import { createFinish, type Finish, type FinishOptions, type Tried } from "./finish-attempt.ts";
import { createRunLists, type RunLists } from "./run-lists.ts";
import { breakerOf, failed, whyGivenUp } from "./settle.ts";
import { writeOutcome } from "./write-outcome.ts";

export interface AttemptsOptions extends FinishOptions {
	readonly destinations: Pick<Destinations, "policyOf" | "problemOf" | "send" | "listRuns">;
}

/** A delivery that is about to be sent: what is to be sent was read from storage, or not. */
export interface Ready {
	readonly entry: Entry;
	/** None where it is gone, or storage did not hand it out; then `reason` says why. */
	readonly body?: string | undefined;
	readonly reason?: string;
}

/** What a look for the run of a delivery says: that it is to be sent, or what came of it instead. */
export type Looked = { readonly repeat: Entry } | { readonly tried: Tried };

/** Tries single deliveries of a lane, and writes what came of them. */
export interface Attempts {
	/** Whether a look for its run comes before it is sent. */
	isInDoubt(entry: Entry): boolean;
	/**
	 * Looks whether a delivery in doubt was taken, within the time of two calls. Never rejects.
	 * @param from how far back the runs of its destination have to be known for all in doubt; epoch milliseconds
	 */
	look(entry: Entry, from: number): Promise<Looked>;
	/** Reads what is to be sent, which may take long. Never rejects. */
	read(lane: string, entry: Entry): Promise<Ready>;
	/** Calls the destination. What comes of it has to be finished. Never rejects. */
	send(ready: Ready): Promise<Tried>;
	readonly finish: Finish;
	/** Whether a delivery can never be sent, or has waited for a repair as long as it may: then the reason. */
	giveUp(entry: Entry, state: LaneState): string | undefined;
	/** Makes it a dead letter, without a call. */
	giveUpNow(lease: LaneLease, entry: Entry, reason: string, log: Log): Promise<void>;
}

/** A body that storage does not hand out is asked for again after so long. */
const UNREADABLE_MS = 60_000;

const GONE = { kind: "permanent", reason: "the request is missing in storage: its blob was removed" } as const;

const DAMAGED = {
	kind: "permanent",
	reason: "the request is damaged in storage: it is not a JSON object",
} as const;

export function createAttempts(options: AttemptsOptions): Attempts {
	const lists = createRunLists(options);
	return {
		isInDoubt: ({ doubt }) => options.looksUp && doubt?.from !== undefined,
		look: (entry, from) => look(lists, options.now, entry, from),
		read: (lane, entry) => readRequest(options.storage, lane, entry),
		send: (ready) => send(options, ready),
		finish: createFinish(options),
		giveUp: (entry, state) => reasonToGiveUp(options, entry, state),
		giveUpNow: (lease, entry, reason, log) => giveUpNow(options, lease, entry, reason, log),
	};
}

async function look(lists: RunLists, now: () => number, entry: Entry, from: number): Promise<Looked> {
	const { doubt, to, failures, failingSince } = entry;
	if (doubt === undefined || to === undefined) return { repeat: entry };
	const at = now();
	const found = lookFor({ ...entry, doubt }, await lists.read(to, from), now());
	switch (found.kind) {
		case "found": {
			const { run } = found;
			return {
				tried: {
					entry,
					at,
					found: run,
					answer: { classification: { kind: "taken" }, run, calls: [], ms: now() - at },
				},
			};
		}
		case "repeat":
			return { repeat: { ...entry, doubt: found.doubt } };
		case "wait": {
			const { reason, until: notBefore, doubt } = found;
			const disposition: NotDispatched = { kind: "deferred", reason, notBefore, failures, doubt, failingSince };
			return { tried: { entry, at, disposition, isLook: true } };
		}
	}
}

async function readRequest(storage: Storage, lane: string, entry: Entry): Promise<Ready> {
	try {
		return { entry, body: await bodyOf(storage, lane, entry) };
	} catch (error) {
		return { entry, reason: `the request could not be read from storage: ${(error as Error).message}` };
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

async function send(options: AttemptsOptions, { entry, body, reason }: Ready): Promise<Tried> {
	const { destinations, now } = options;
	const at = now();
	const nothing = { calls: [], ms: 0 };
	if (reason !== undefined) return { entry, at, disposition: unreadable(options, entry, reason) };
	if (body === undefined) return { entry, at, answer: { classification: GONE, ...nothing } };
	if (!isJsonObject(body)) return { entry, at, answer: { classification: DAMAGED, ...nothing } };
	try {
		return { entry: { ...entry, body }, at: now(), answer: await destinations.send(entry.to as Destination, body) };
	} catch (error) {
		// A fault of ours that this one delivery meets. A repeat would meet it again, and block all others.
		const reason = `the bridge failed to handle this delivery: ${(error as Error).message}`;
		return { entry: { ...entry, body }, at, answer: { classification: { kind: "permanent", reason }, ...nothing } };
	}
}

/** Storage hands out rows, but not this body: the delivery steps aside, and others go on. */
function unreadable({ now, giveUpMs }: AttemptsOptions, entry: Entry, reason: string): NotDispatched {
	const { failures, doubt } = entry;
	const notBefore = now() + UNREADABLE_MS;
	return failed(entry, { reason, failures, notBefore, doubt }, { now: now(), giveUpMs });
}

function reasonToGiveUp(
	{ destinations, now, giveUpMs }: AttemptsOptions,
	entry: Entry,
	state: LaneState,
): string | undefined {
	const damage = destinations.problemOf(entry.to);
	if (damage !== undefined) return damage;
	const breaker = breakerOf(state, entry);
	return breaker && whyGivenUp(breaker.since, breaker.reason, { now: now(), giveUpMs });
}

async function giveUpNow(options: AttemptsOptions, lease: LaneLease, entry: Entry, reason: string, log: Log) {
	const body = await bodyOf(options.storage, lease.lane, entry).catch(() => undefined);
	const disposition: NotDispatched = { kind: "dead-lettered", reason };
	await writeOutcome(options, lease, lease.state(), { entry: { ...entry, body }, disposition });
	const { key, to } = entry;
	report(log, "error", { stage: "dead-letter", lane: lease.lane, key, destination: to?.id, reason });
}
