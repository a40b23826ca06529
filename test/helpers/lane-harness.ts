import { randomUUID } from "node:crypto";
import { createWindows } from "../../src/coalesce/windows.ts";
import { Attempts } from "../../src/deliver/attempt.ts";
import { drain } from "../../src/deliver/drain.ts";
import type { FollowTaken } from "../../src/deliver/finish.ts";
import type { DrainCaller } from "../../src/deliver/send-due.ts";
import { createWake, type Wake } from "../../src/deliver/wake.ts";
import type { Destinations } from "../../src/destinations/list.ts";
import type { LaneLease } from "../../src/ledger/lane-lease.ts";
import { fromColumns, type LaneState, NEW_LANE } from "../../src/ledger/lane-state.ts";
import { createLedger, type Ledger } from "../../src/ledger/ledger.ts";
import { callTime, type Limit, parsePace } from "../../src/ledger/pace.ts";
import { type Receipt, readReceipt } from "../../src/ledger/receipt.ts";
import { STATE_KEY } from "../../src/ledger/rows.ts";
import { readWakeUp, type WakeUp } from "../../src/ledger/wake-up.ts";
import type { Answer, Delivery, Destination } from "../../src/model.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { destinations as unset } from "../../support/destinations.ts";
import { type StorageCall, wrapStorage } from "../../support/wrap-storage.ts";
import { type LogLines, logLines } from "./log-lines.ts";
import { openTestLedger, type TestLedger } from "./test-ledger.ts";

export const LANE = "default";
export const ADDRESS = "https://api.github.com";
export const START = Date.parse("2026-05-26T12:00:00Z");

/** A call that was made of GitHub. */
export interface Sent {
	/** Epoch milliseconds of the harness's clock. */
	readonly at: number;
	readonly to: Destination;
	/** The `id` in the client payload. */
	readonly id: string;
	readonly body: string;
}

/** What GitHub answers, in part or whole. Left out, it takes the dispatch. */
export type Answering = (sent: Sent) => Promise<Partial<Answer> | undefined> | Partial<Answer> | undefined;

/** A message that was put: what the queue would hand over. */
export interface Put extends WakeUp {
	readonly putAt: number;
	/** When it surfaces, epoch milliseconds of the harness's clock. */
	readonly at: number;
	/** Taken back, or heeded. */
	gone: boolean;
}

export interface HarnessOptions {
	readonly pace?: string;
	readonly concurrency?: number;
	readonly giveUpMs?: number;
	readonly formerAddress?: string;
	/** How long GitHub takes. */
	readonly latencyMs?: number;
	readonly answer?: Answering;
	/** How what was taken is followed; left out, it is not. */
	readonly follow?: Partial<FollowTaken>;
	/** What GitHub says of its runs; left out, they are not asked for. */
	readonly runs?: Destinations["listRuns"];
	/** Why the destinations' runs cannot be listed, where they never can. */
	readonly whyNoRuns?: string;
	/** Around every call of storage. */
	readonly around?: (call: StorageCall, make: () => Promise<unknown>) => Promise<unknown>;
}

/** One lane in real storage, with a clock that the test moves and a GitHub that answers as it says. */
export interface LaneHarness {
	readonly ledger: TestLedger;
	/** Epoch milliseconds. Sleeping moves it. */
	now: number;
	/** Replaces what GitHub answers. */
	answer: Answering;
	readonly sent: readonly Sent[];
	readonly puts: readonly Put[];
	readonly logged: LogLines;
	readonly instance: Instance;
	/** Another process that works with the same lane. */
	another(): Instance;
	state(): Promise<LaneState>;
	receipts(): Promise<readonly Receipt[]>;
	receipt(key: string): Promise<Receipt>;
	entries(): Promise<number>;
	/** The messages that are still in the queue, in the order in which they surface. */
	waiting(): readonly Put[];
	/** Lets time pass until the next message surfaces, and handles it. Answers false where there is none. */
	wakeNext(): Promise<boolean>;
	/** Heeds messages until there are none, or the predicate holds. */
	wakeAll(until?: () => boolean): Promise<void>;
}

export interface Instance {
	readonly ledger: Ledger;
	readonly storage: Storage;
	readonly wake: Wake;
	drain(lease: LaneLease, caller: Partial<DrainCaller>): Promise<void>;
	/** Accepts, and makes sure that somebody looks, as an acceptor does that could not deliver inline. */
	accept(...promises: readonly Delivery[]): Promise<void>;
	acquire(): Promise<LaneLease>;
}

export async function startLane(options: HarnessOptions = {}): Promise<LaneHarness> {
	const { latencyMs = 0, concurrency = 1, giveUpMs = 7 * 86_400_000 } = options;
	const limits = parsePace(options.pace ?? "1000/s") as readonly Limit[];
	const ledger = await openTestLedger();
	const [sent, puts, logged]: [Sent[], Put[], LogLines] = [[], [], logLines()];

	const around = async (call: StorageCall, make: () => Promise<unknown>) => {
		const answered = await (options.around ?? ((_, real) => real()))(call, make);
		if (call.method === "put") {
			const [text, seconds] = call.args as [string, number];
			const wakeUp = readWakeUp(JSON.parse(text)) as WakeUp;
			const put: Put = { ...wakeUp, putAt: harness.now, at: harness.now + seconds * 1_000, gone: false };
			puts.push(put);
			byMessage.set(answered, put);
		}
		if (call.method === "unput") {
			const put = byMessage.get(call.args[0]);
			if (put !== undefined) put.gone = true;
		}
		return answered;
	};
	const byMessage = new Map<unknown, Put>();

	/** What a test expects within a call, and is not so: `wakeNext` throws it. A drain would make a dead letter of it. */
	const unmet: unknown[] = [];
	async function asked(call: Sent) {
		try {
			return await harness.answer(call);
		} catch (error) {
			if (error instanceof Error && "matcherResult" in error) unmet.push(error);
			throw error;
		}
	}

	async function send(to: Destination, body: string): Promise<Answer> {
		const start = harness.now;
		const { client_payload } = JSON.parse(body) as { client_payload: { id: string } };
		const call: Sent = { at: start, to, id: client_payload.id, body };
		sent.push(call);
		const answered = (await asked(call)) ?? {};
		harness.now = Math.max(harness.now, start + latencyMs);
		const taken: Answer["classification"] = { kind: "taken" };
		const calls = [callTime(start, harness.now)];
		return { classification: taken, status: 204, ms: harness.now - start, calls, ...answered };
	}

	const nothing: Destinations["listRuns"] = async () => ({ kind: "unavailable", reason: "nothing is read" });
	const listRuns = options.runs ?? nothing;

	function another(): Instance {
		const storage = wrapStorage(ledger.storage, around);
		const now = () => harness.now;
		const policy = { address: ADDRESS, formerAddress: options.formerAddress, limits, concurrency };
		const destinations: Destinations = {
			...unset,
			policyOf: () => policy,
			send,
			listRuns,
			whyNoRuns: () => options.whyNoRuns,
		};
		const shared = { storage, destinations, now };
		const addressesOf = destinations.policyOf;
		const nothing = async () => {};
		const follow = { isOn: false, resends: () => false, before: nothing, after: nothing, ...options.follow };
		const opened = createLedger({ ...shared, addressesOf, monotonic: now, instance: randomUUID() });
		const attempts = new Attempts({
			...shared,
			giveUpMs,
			looksUp: options.runs !== undefined,
			random: () => 1,
			follow,
		});
		const sleep = async (ms: number) => {
			const until = harness.now + ms;
			// What has begun before begins at its own time.
			await new Promise(setImmediate);
			harness.now = Math.max(harness.now, until);
		};
		const drainOptions = {
			...shared,
			sleep,
			attempts,
			windows: createWindows({ ...shared, version: "1.2.3" }),
		};
		const drainLane = (lease: LaneLease, caller: DrainCaller) => drain(lease, caller, drainOptions);
		return {
			ledger: opened,
			storage,
			wake: createWake({ storage, acquire: opened.acquire, drain: drainLane, now }),
			drain: (lease, caller) =>
				drainLane(lease, { log: logged.log, goesOn: () => true, waitsFor: (at) => at <= harness.now, ...caller }),
			async accept(...promises) {
				await Promise.all(promises.map((promise) => opened.accept(promise)));
				await opened.ensureWakeUp(LANE, () => harness.now);
			},
			async acquire() {
				const lease = await opened.acquire(LANE);
				if (lease === undefined) throw new Error("the lane is held");
				return lease;
			},
		};
	}

	const waiting = () => puts.filter(({ gone }) => !gone).sort((one, other) => one.at - other.at);
	const receipts = async () => (await ledger.rows(LANE, "r-")).map(readReceipt);
	const harness: LaneHarness = {
		ledger,
		now: START,
		answer: options.answer ?? (() => undefined),
		sent,
		puts,
		logged,
		another,
		instance: undefined as unknown as Instance,
		async state() {
			const [row] = await ledger.rows(LANE, STATE_KEY);
			return row === undefined ? NEW_LANE : fromColumns(row.columns, harness.now);
		},
		receipts,
		async receipt(key) {
			const found = (await receipts()).find((receipt) => receipt.key === key);
			if (found === undefined) throw new Error(`no receipt of ${key}`);
			return found;
		},
		entries: async () => (await ledger.rows(LANE, "e-")).length,
		waiting,
		async wakeNext() {
			const [next] = waiting();
			if (next === undefined) return false;
			harness.now = Math.max(harness.now, next.at);
			await harness.instance.wake({ lane: next.lane, wake: next.wake }, logged.log);
			next.gone = true;
			if (unmet.length > 0) throw unmet[0];
			return true;
		},
		async wakeAll(until = () => false) {
			for (let times = 0; !until() && (await harness.wakeNext()); times++) {
				if (times > 1_000) throw new Error("messages without end");
			}
		},
	};
	Object.assign(harness, { instance: another() });
	return harness;
}
