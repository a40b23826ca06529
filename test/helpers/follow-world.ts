import { createHash } from "node:crypto";
import type { RunsAnswer, SeenRun } from "../../src/destinations/destination.ts";
import { createFollow, type Follow } from "../../src/follow/follow.ts";
import { createWakeFollower, type WakeFollower } from "../../src/follow/wake-follower.ts";
import { type FollowPolicy, followWrites } from "../../src/ledger/follow-rows.ts";
import { newReceipt } from "../../src/ledger/ledger.ts";
import { finishWrites, newEntry, readEntry } from "../../src/ledger/outbox.ts";
import { type Receipt, readReceipt } from "../../src/ledger/receipt.ts";
import { entryKey, receiptKey } from "../../src/ledger/rows.ts";
import type { Answer, Run } from "../../src/model.ts";
import { LEDGER, type Row, type Storage } from "../../src/storage/storage.ts";
import { destinations, repositoryDispatch } from "../../support/destinations.ts";
import { type StorageCall, wrapStorage } from "../../support/wrap-storage.ts";
import { type LogLines, logLines } from "./log-lines.ts";
import { memoryStorage } from "./memory-storage.ts";

export const LANE = "default";
export const START = Date.parse("2026-05-26T12:00:00Z");
export const MINUTE_MS = 60_000;

/** A run of the service, and how it goes on. Times are epoch milliseconds by the service's clock. */
export interface PlannedRun {
	readonly id: string;
	readonly title: string;
	readonly createdAt: number;
	/** Left out, it never ends. */
	readonly completedAt?: number;
	readonly conclusion?: string;
}

/** A call of the service. */
export interface ListCall {
	readonly at: number;
	readonly target: string;
	readonly etag: string | undefined;
	readonly answered: RunsAnswer["kind"];
}

export interface FollowMessage {
	readonly lane: string;
	readonly wake: number;
	/** When it surfaces. */
	at: number;
	gone: boolean;
}

export interface FollowWorldOptions {
	readonly runWithinMs?: number;
	readonly isOn?: boolean;
	readonly resends?: FollowPolicy["resends"];
	/** How far the service's clock is ahead of ours. */
	readonly skewMs?: number;
}

/** What was dispatched. */
export interface Dispatch {
	readonly key: string;
	readonly receipt: string;
	/** The service's clock. */
	readonly takenAt: number;
}

export interface DispatchOptions {
	readonly repository?: string;
	readonly type?: string;
	readonly run?: Run;
	/** Its first call had an uncertain answer so long before, by the service's clock. */
	readonly doubtMs?: number;
	readonly ms?: number;
}

export type Around = (call: StorageCall, make: () => Promise<unknown>) => Promise<unknown>;

/** What works with the lane in one process. */
export interface FollowProcess {
	readonly storage: Storage;
	readonly follow: Follow;
	readonly wakeFollower: WakeFollower;
}

/** One lane in a storage in memory, a clock that the test moves, and a service whose runs are what the test says. */
export class FollowWorld {
	now = START;
	readonly runs: PlannedRun[] = [];
	readonly lists: ListCall[] = [];
	readonly reads: { readonly at: number; readonly id: string }[] = [];
	readonly messages: FollowMessage[] = [];
	readonly woken: string[] = [];
	/** How long followers have waited for a list, each time. */
	readonly slept: number[] = [];
	/** Their timers end so much too early. */
	earlyMs = 0;
	readonly logged: LogLines = logLines();
	readonly storage: Storage;
	/** In place of what the service would answer. */
	answer: (target: string) => RunsAnswer | undefined = () => undefined;
	/** The same for a single run. */
	answerOne: (id: string) => RunsAnswer | undefined | Promise<undefined> = () => undefined;
	wakeLane = async (lane: string): Promise<void> => void this.woken.push(lane);
	readonly options: FollowWorldOptions;
	private readonly leases = new Map<string, { id: string; until: number }>();
	private leaseIds = 0;
	private sequence = 0;
	private readonly policy: FollowPolicy;
	/** What a message that was not obeyed comes back after. */
	comesBackMs = 30_000;
	private process: FollowProcess;

	constructor(options: FollowWorldOptions = {}) {
		this.options = options;
		this.policy = { isOn: options.isOn ?? true, resends: options.resends ?? (() => false) };
		this.storage = this.withQueueAndLeases();
		this.process = this.another();
	}

	/** Another process cancels a run that waits of the one that was there. */
	restart(around?: Around): void {
		this.process = this.another(around);
	}

	another(around: Around = (_, make) => make()): FollowProcess {
		const storage = wrapStorage(this.storage, around);
		const follow = createFollow({
			storage,
			destinations: { listRuns: this.listRuns, readRun: this.readRun, problemOf: destinations.problemOf },
			isOn: this.policy.isOn,
			runWithinMs: this.options.runWithinMs ?? 60 * MINUTE_MS,
			addressesOf: () => ({ address: "https://api.github.com" }),
			wakeLane: (lane) => this.wakeLane(lane),
			now: () => this.now,
			monotonic: () => this.now,
			sleep: async (ms) => {
				this.slept.push(ms);
				this.now += ms - this.earlyMs;
			},
		});
		return { storage, follow, wakeFollower: createWakeFollower(storage, () => this.now) };
	}

	/** As delivery does it: the message, then the rows with the result. */
	async dispatch(options: DispatchOptions = {}): Promise<Dispatch> {
		const { wakeFollower, storage } = this.process;
		this.sequence += 1;
		const { repository = "contoso/fraud-model", type = "contoso-test", ms = 100, doubtMs, run } = options;
		const key = keyOf(this.sequence);
		const to = repositoryDispatch(repository, type);
		const event = {
			id: key,
			type: "Contoso.Test",
			source: "/contoso",
			subject: "",
			time: new Date(this.now).toISOString(),
		};
		const receipt = receiptKey(event.time, key);
		const place = entryKey(this.now, this.sequence, key);
		const columns = {
			...newEntry({ key, receipt, acceptedAt: this.now, to, route: "r" }),
		};
		const doubt = doubtMs === undefined ? {} : { doubt: { since: this.serverNow() - doubtMs } };
		const read = readEntry({ rowKey: place, columns }, this.now);
		const entry = { ...read, ...doubt, body: `{"key":"${key}"}` };
		const delivery = { key, event, route: "r", to, how: { body: "" } };
		await this.storage.commit(LANE, [
			{ kind: "insert", rowKey: receipt, columns: newReceipt(delivery, { at: event.time, by: "", place }) },
			{ kind: "insert", rowKey: place, columns },
		]);
		const serverTime = this.serverNow();
		const answer: Answer = {
			classification: { kind: "taken" },
			ms,
			calls: [],
			serverTime,
			...(run === undefined ? {} : { run }),
		};
		const follow = followWrites(entry, answer, this.policy, this.now);
		if (follow.rows.length > 0) await wakeFollower.before(LANE);
		await storage.commit(LANE, finishWrites(entry, { kind: "dispatched" }, undefined, this.now, follow));
		if (follow.rows.length > 0) await wakeFollower.after(LANE);
		return { key, receipt, takenAt: serverTime };
	}

	serverNow(): number {
		return this.now + (this.options.skewMs ?? 0);
	}

	/** A run of a dispatch; its title carries the key unless another one is given. */
	run({ key, takenAt }: Dispatch, part: Partial<PlannedRun> & { afterMs?: number; lastsMs?: number } = {}): PlannedRun {
		const { afterMs = 2_000, lastsMs, ...given } = part;
		const createdAt = given.createdAt ?? takenAt + afterMs;
		const run: PlannedRun = {
			id: String(1_000 + this.runs.length),
			title: `contoso-test (${key})`,
			createdAt,
			...(lastsMs === undefined ? {} : { completedAt: createdAt + lastsMs }),
			...given,
		};
		this.runs.push(run);
		return run;
	}

	async receipt({ receipt }: Dispatch): Promise<Receipt> {
		return readReceipt((await this.storage.get(LANE, receipt)) as Row);
	}

	async followed(): Promise<number> {
		return (await this.storage.list(LANE, { from: "f-", to: "f.", top: 1_000 })).rows.length;
	}

	waiting(): readonly FollowMessage[] {
		return this.messages.filter(({ gone }) => !gone).sort((one, other) => one.at - other.at);
	}

	/** Hands over what surfaces until then; what is not obeyed comes back half a minute later. */
	async until(end: number): Promise<void> {
		for (let handed = 0; ; handed++) {
			if (handed > 20_000) throw new Error("messages without end");
			const [next] = this.waiting();
			if (next === undefined || next.at > end) break;
			this.now = Math.max(this.now, next.at);
			try {
				await this.process.follow({ lane: next.lane, wake: next.wake }, this.logged.log);
				next.gone = true;
			} catch {
				next.at = this.now + this.comesBackMs;
			}
		}
		this.now = Math.max(this.now, end);
	}

	pass(ms: number): Promise<void> {
		return this.until(this.now + ms);
	}

	/** The ends that were logged. */
	ends(change?: string) {
		return this.logged.lines.filter(
			(line) => line["key"] !== undefined && (change === undefined || line["change"] === change),
		);
	}

	/** As time does. */
	endLeases(): void {
		this.leases.clear();
	}

	private readonly listRuns = async (to: { id: string }, since: number, etag?: string): Promise<RunsAnswer> => {
		const problem = destinations.problemOf(to);
		if (problem !== undefined) throw new Error(problem);
		const [target = ""] = to.id.split("#");
		const answer = this.answer(target) ?? this.listed(since, etag);
		this.lists.push({ at: this.now, target, etag, answered: answer.kind });
		return answer;
	};

	private listed(since: number, etag: string | undefined): RunsAnswer {
		const serverTime = this.serverNow();
		const all = this.runs
			.filter(({ createdAt }) => createdAt >= since && createdAt <= serverTime)
			.sort((one, other) => other.createdAt - one.createdAt);
		const runs = all.slice(0, 100).map((run) => this.seen(run));
		const tag = createHash("sha256")
			.update(JSON.stringify([since, runs]))
			.digest("hex");
		if (tag === etag) return { kind: "unchanged", serverTime };
		return { kind: "runs", runs, complete: all.length <= 100, serverTime, etag: tag };
	}

	private readonly readRun = async (_: unknown, id: string): Promise<RunsAnswer> => {
		this.reads.push({ at: this.now, id });
		const answer = await this.answerOne(id);
		if (answer !== undefined) return answer;
		const serverTime = this.serverNow();
		const run = this.runs.find((one) => one.id === id && one.createdAt <= serverTime);
		if (run === undefined) return { kind: "gone", reason: "the run is not there" };
		return { kind: "runs", runs: [this.seen(run)], complete: true, serverTime };
	};

	private seen({ id, title, createdAt, completedAt, conclusion = "success" }: PlannedRun): SeenRun {
		const isCompleted = completedAt !== undefined && completedAt <= this.serverNow();
		return {
			id,
			url: `https://github.com/contoso/fraud-model/actions/runs/${id}`,
			workflow: "listen",
			status: isCompleted ? "completed" : "in_progress",
			conclusion: isCompleted ? conclusion : null,
			attempt: 1,
			title,
			createdAt: Math.floor(createdAt / 1_000) * 1_000,
		};
	}

	private withQueueAndLeases(): Storage {
		const byId = new Map<string, FollowMessage>();
		return {
			...memoryStorage(),
			put: async (text, seconds, queue) => {
				if (queue !== LEDGER.follow) throw new Error("only followers are woken here");
				const message = {
					...(JSON.parse(text) as { lane: string; wake: number }),
					at: this.now + seconds * 1_000,
					gone: false,
				};
				this.messages.push(message);
				byId.set(String(this.messages.length), message);
				return { id: String(this.messages.length), popReceipt: "" };
			},
			unput: async ({ id }) => {
				const message = byId.get(id);
				if (message !== undefined) message.gone = true;
			},
			lease: async (blob, seconds) => {
				if ((this.leases.get(blob)?.until ?? 0) > this.now) return undefined;
				this.leaseIds += 1;
				this.leases.set(blob, { id: String(this.leaseIds), until: this.now + seconds * 1_000 });
				return String(this.leaseIds);
			},
			renew: async (blob, id) => {
				if (this.leases.get(blob)?.id !== id) throw new Error("lost");
				this.leases.set(blob, { id, until: this.now + 30_000 });
			},
			release: async (blob, id) => {
				if (this.leases.get(blob)?.id === id) this.leases.delete(blob);
			},
		};
	}
}

/** The key of the dispatch of that number. */
export function keyOf(number: number): string {
	return createHash("sha256").update(`event ${number}`).digest("hex").slice(0, 32);
}
