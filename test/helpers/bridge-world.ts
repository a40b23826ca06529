import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { QueueClient } from "@azure/storage-queue";
import { type Bridge, createBridge } from "../../src/bridge.ts";
import { readConfig } from "../../src/config/config.ts";
import { SERVICES } from "../../src/destinations/list.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import type { EventResult } from "../../src/model.ts";
import { openStorage } from "../../src/storage/azure-storage.ts";
import type { PutMessage, Storage } from "../../src/storage/storage.ts";
import { type StorageCall, wrapStorage } from "../../support/wrap-storage.ts";
import { fileStorage, newNames } from "./file-storage.ts";
import { type LogLines, logLines } from "./log-lines.ts";
import { openTestLedger, type TestLedger } from "./test-ledger.ts";

export interface WorldOptions {
	/** The bridge's settings, beside those that every world has. */
	readonly settings?: Readonly<Record<string, string>>;
	/** What the bridge reaches its storage by; left out, directly. */
	readonly connectionString?: string;
	/** Of one call of GitHub, which is real time. */
	readonly callTimeoutMs?: number;
	/** Whether GitHub has the world's clock; left out, it has the real one. */
	readonly oneClock?: boolean;
}

/** A bridge over real storage and real HTTP, with a clock that the test moves, and the queue trigger that wakes it. */
export interface BridgeWorld {
	readonly bridge: Bridge;
	readonly github: GitHubStandIn;
	readonly log: LogLines;
	/** The same storage, reached directly. */
	readonly ledger: TestLedger;
	/** Epoch milliseconds. The bridge's sleeping moves it. */
	now: number;
	/** How many messages the bridge has put. */
	readonly puts: () => number;
	/** Delivers as Event Grid does: again and again, until all are acknowledged. */
	deliver(elements: readonly unknown[]): Promise<readonly EventResult[]>;
	/** Repeats what a person or a timer would repeat, after a minute. */
	ask<T>(ask: (bridge: Bridge) => Promise<T>): Promise<T>;
	/** Puts a message into the queue that no bridge has put. */
	put(text: string): Promise<void>;
	/**
	 * Lets time pass and hands over one message after the other, as the queue trigger does, until none is left.
	 * @param most hand-overs; what is left then stays
	 * @returns whether the queue is empty
	 */
	wakeAll(most?: number): Promise<boolean>;
	close(): Promise<void>;
}

export const START = Date.parse("2026-05-26T12:00:00Z");
const LEASE_MS = 30_000;
const MINUTE_MS = 60_000;
/** The trigger shows a message again so long after it was not dealt with. */
const AGAIN_MS = 10_000;
const MOST_TRIES = 6;
/** For what will never end. */
const LONGEST_CALL_MS = 5_000;
const LONGEST_WAIT_MS = 30_000;
const NO_LIMITS = { perHour: 1e9, contentPerMinute: 1e9, contentPerHour: 1e9 };
const TOKEN = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";

/** A message that is in the queue. */
interface Waiting {
	readonly text: string;
	/** When it surfaces, epoch milliseconds of the world's clock. */
	at: number;
	readonly remove: () => Promise<unknown>;
}

export async function startWorld(options: WorldOptions = {}): Promise<BridgeWorld> {
	const direct = await fileStorage();
	const names = newNames();
	const ledger = await openTestLedger(names);
	const queue = new QueueClient(direct, names.queue);
	const github = await startGitHubStandIn({
		limits: NO_LIMITS,
		now: () => (options.oneClock === true ? world.now : Date.now()),
	});
	const log = logLines();
	const waiting = new Map<string, Waiting>();
	/** When the lease of a blob ends. Azurite counts real time. */
	const leases = new Map<string, number>();
	const underWay = new Set<StorageCall>();
	let puts = 0;

	const remover = (id: string, popReceipt: string) => () => queue.deleteMessage(id, popReceipt).catch(() => {});

	async function around(call: StorageCall, make: () => Promise<unknown>): Promise<unknown> {
		const { method, args } = call;
		underWay.add(call);
		try {
			const blob = String(args[0]);
			if (method === "lease" && (leases.get(blob) ?? 0) <= world.now) {
				await ledger.breakLease(blob.replace(/^lanes\//, ""));
				leases.set(blob, world.now + LEASE_MS);
			}
			if (method === "renew") leases.set(blob, world.now + LEASE_MS);
			const answered = await make();
			if (method === "put") {
				puts += 1;
				const [text, seconds] = args as [string, number];
				const { id, popReceipt } = answered as PutMessage;
				waiting.set(id, { text, at: world.now + seconds * 1_000, remove: remover(id, popReceipt) });
			}
			if (method === "unput") waiting.delete((args[0] as PutMessage).id);
			return answered;
		} finally {
			// The next call follows at once, or not at all.
			setTimeout(() => underWay.delete(call), 5);
		}
	}

	/** Every message can be seen at once, since Azurite counts real time; when it surfaces is kept here. */
	async function openWorldStorage(): Promise<Storage> {
		const connectionString = options.connectionString ?? direct;
		const storage = openStorage({ kind: "connection-string", connectionString }, names);
		return wrapStorage({ ...storage, put: (text) => storage.put(text, 0) }, around);
	}

	/** Messages whose putting got no answer are in the queue all the same. */
	async function findUnanswered(): Promise<void> {
		if (!(await queue.exists())) return;
		for (;;) {
			const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: 600 });
			if (receivedMessageItems.length === 0) return;
			for (const { messageText, messageId, popReceipt } of receivedMessageItems) {
				const text = Buffer.from(messageText, "base64").toString("utf8");
				waiting.set(messageId, { text, at: world.now, remove: remover(messageId, popReceipt) });
			}
		}
	}

	/** A bridge goes on after it has answered: it lets go of its lane. */
	async function settled(): Promise<void> {
		const end = Date.now() + LONGEST_CALL_MS;
		while (underWay.size > 0) {
			if (Date.now() > end)
				throw new Hung(`a call of storage never ends: ${[...underWay].map(({ method }) => method)}`);
			await sleep(2);
		}
	}

	const config = readConfig(
		{
			GITHUB_API_URL: github.url,
			GITHUB_TOKEN: TOKEN,
			GITHUB_REPOSITORY: "contoso/fraud-model",
			GITHUB_PACE: "1000/s",
			FOLLOW_RUNS: "off",
			AzureWebJobsStorage: direct,
			...options.settings,
		},
		"/",
		SERVICES,
	);
	const world: BridgeWorld = {
		github,
		log,
		ledger,
		now: START,
		puts: () => puts,
		bridge: createBridge(config, {
			version: "9.9.9",
			acceptTimeoutMs: LONGEST_CALL_MS,
			openStorage: openWorldStorage,
			newId: randomUUID,
			random: () => 0.5,
			...(options.callTimeoutMs === undefined ? {} : { callTimeoutMs: options.callTimeoutMs }),
			now: () => world.now,
			monotonic: () => world.now,
			sleep: async (ms) => {
				// What has begun before begins at its own time.
				await new Promise(setImmediate);
				world.now += ms;
			},
		}),
		async deliver(elements) {
			for (let tries = 0; tries < MOST_TRIES; tries++) {
				const results = await bounded(world.bridge.accept(elements, { log: log.log }));
				await settled();
				if (results.every(({ outcome }) => outcome !== "unavailable")) return results;
				world.now += MINUTE_MS;
			}
			throw new Error(`never acknowledged: ${JSON.stringify(log.lines.at(-1))}`);
		},
		async ask(ask) {
			for (let tries = 1; ; tries++) {
				try {
					return await bounded(ask(world.bridge));
				} catch (error) {
					if (tries >= MOST_TRIES || error instanceof Hung) throw error;
					world.now += MINUTE_MS;
				} finally {
					await settled();
				}
			}
		},
		async put(text) {
			await queue.createIfNotExists();
			await queue.sendMessage(Buffer.from(text).toString("base64"), { messageTimeToLive: -1 });
		},
		async wakeAll(most = 60) {
			for (let handed = 0; handed < most; handed++) {
				if (waiting.size === 0) await findUnanswered();
				const [next] = [...waiting].sort(([, one], [, other]) => one.at - other.at);
				if (next === undefined) return true;
				const [id, message] = next;
				world.now = Math.max(world.now, message.at);
				try {
					await bounded(world.bridge.wake(parsed(message.text), log.log));
					waiting.delete(id);
					await message.remove();
				} catch (error) {
					if (error instanceof Hung) throw error;
					message.at = world.now + AGAIN_MS;
					log.log("warn", JSON.stringify({ stage: "test", change: "not heeded", reason: String(error) }));
				}
				await settled();
			}
			return waiting.size === 0;
		},
		async close() {
			await settled();
			await github.close();
		},
	};
	return world;
}

/** A call that will never end, it seems. */
class Hung extends Error {}

/** A call that hangs must not take the test along. */
function bounded<T>(call: Promise<T>): Promise<T> {
	const late = new AbortController();
	const end = sleep(LONGEST_WAIT_MS, undefined, { signal: late.signal }).then(
		() => Promise.reject(new Hung(`the bridge has not answered for ${LONGEST_WAIT_MS} ms`)),
		() => new Promise<never>(() => {}),
	);
	return Promise.race([call, end]).finally(() => late.abort());
}

/** The trigger hands JSON over as what it is, and anything else as a text. */
function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
