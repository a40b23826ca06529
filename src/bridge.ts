import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Arrival, createAccept, deadlineAfter, type ReplayedReceipt } from "./accept/accept.ts";
import { createWindows } from "./coalesce/windows.ts";
import { readStorageConfig, type StorageConfig } from "./config/azure.ts";
import { type Config, ConfigError, readConfig } from "./config/config.ts";
import { once } from "./config/once.ts";
import { type Env, type Problem, Settings } from "./config/settings.ts";
import { Attempts } from "./deliver/attempt.ts";
import { drain } from "./deliver/drain.ts";
import { createInline } from "./deliver/inline.ts";
import type { DrainCaller } from "./deliver/send-due.ts";
import { createWake, MOVED } from "./deliver/wake.ts";
import type { ConfiguredService } from "./destinations/destination.ts";
import { openDestinations, resolve, SERVICES } from "./destinations/list.ts";
import { idOf } from "./event/read-event.ts";
import { createFollow } from "./follow/follow.ts";
import { createWakeFollower } from "./follow/wake-follower.ts";
import { createRecordRejected } from "./ledger/dead-letters.ts";
import { createIgnoredLog } from "./ledger/ignored.ts";
import type { LaneLease } from "./ledger/lane-lease.ts";
import { createLedger } from "./ledger/ledger.ts";
import { type Log, redact, report } from "./log.ts";
import type { EventResult } from "./model.ts";
import { judgeOf } from "./operate/advise-replay.ts";
import { type Health, UNKNOWN_HEALTH } from "./operate/check-health.ts";
import { createOperate, createPoisoned, type Operate, type Poisoned } from "./operate/operate.ts";
import type { ReplayAnswer, ReplayRequest } from "./operate/replay.ts";
import { digestOfRoutes } from "./route/route.ts";
import { createRouter } from "./route/router.ts";
import type { Storage } from "./storage/storage.ts";

/** Takes events in and sees to it that they arrive. */
export interface Bridge extends Poisoned, Pick<Operate, "receipts" | "counts" | "discard" | "health" | "upkeep"> {
	/** Why the bridge cannot work; while there is a reason, every event is `unavailable`. */
	readonly problems: readonly Problem[];
	readonly warnings: readonly string[];
	/** Accepts the events of one request, each on its own. One result for each event and destination. Never rejects. */
	accept(elements: readonly unknown[], arrival: Arrival): Promise<readonly EventResult[]>;
	/** Obeys a wake-up: delivers what waits in a lane. Rejects where the wake-up has to come back. */
	wake(message: unknown, log: Log): Promise<void>;
	/** Obeys a wake-up of the follower: looks for the runs of what a lane has delivered. Rejects as `wake` does. */
	follow(message: unknown, log: Log): Promise<void>;
	replay(request: ReplayRequest, log: Log): Promise<ReplayAnswer>;
	/** Makes the queues that are not there yet. Rejects where storage cannot be reached. */
	makeQueues(names: readonly string[]): Promise<void>;
	/** How many calls have ended in this process that change what health tells. */
	changes(): number;
}

/** Hands out the bridge, built when it is first asked for. */
export type TheBridge = () => Promise<Bridge>;

export interface BridgeOptions {
	readonly version: string;
	/** Opens the ledger's storage, when it is first needed. */
	readonly openStorage: () => Promise<Storage>;
	/** Never the same twice. */
	readonly newId: () => string;
	/** From 0 to 1. */
	readonly random: () => number;
	readonly fetch?: typeof globalThis.fetch;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Milliseconds of a clock that is never set. */
	readonly monotonic: () => number;
	readonly sleep: (ms: number) => Promise<void>;
	/** For one delivery to a destination. */
	readonly callTimeoutMs?: number;
	/** For all events of one request; Event Grid gives up after 30 s. */
	readonly acceptTimeoutMs?: number;
	/** Does something later, for which no process has to stay alive. */
	readonly later?: (ms: number, work: () => void) => void;
}

/**
 * Reads the configuration and creates the bridge. The functions are there also while the configuration is broken:
 * health tells it, and Event Grid stores the events.
 * @param appRoot the folder that holds `host.json`
 */
export function openBridge(env: Env, appRoot: string, version: string): Bridge {
	const clocks = { newId: randomUUID, random: Math.random, now: Date.now, monotonic: () => performance.now(), sleep };
	try {
		const config = readConfig(env, appRoot, SERVICES);
		return createBridge(config, { version, openStorage: () => openStorage(config.storage), ...clocks });
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		const settings = new Settings(env);
		const storage = readStorageConfig(settings);
		// Where the settings of storage are sound, whatever else is broken.
		const isSound = settings.problems().length === 0;
		return createMisconfigured(error.problems, isSound ? () => openStorage(storage) : undefined);
	}
}

/** Azure's SDKs are ten times the size of all the rest: they are loaded when they are first needed. */
async function openStorage(config: StorageConfig): Promise<Storage> {
	const { openStorage } = await import("./storage/azure-storage.ts");
	if (config.kind === "connection-string") return openStorage(config);
	const { createCredential } = await import("./config/credential.ts");
	return openStorage({ ...config, credential: createCredential(config.identity) });
}

/** Nothing is loaded or called before the first event. */
export function createBridge(config: Config<ConfiguredService>, options: BridgeOptions): Bridge {
	const { acceptTimeoutMs = 20_000 } = options;
	const rooms = once(async () => wire(config, options, await options.openStorage()));

	let changes = 0;
	/** Whether it succeeds or not, something may have changed. */
	function change<T>(work: Promise<T>): Promise<T> {
		return work.finally(() => void changes++);
	}

	async function accept(elements: readonly unknown[], arrival: Arrival, replayed?: ReplayedReceipt) {
		const deadline = deadlineAfter(acceptTimeoutMs);
		try {
			const opened = await Promise.race([rooms(), deadline.passed]);
			if (opened === undefined) return unavailable(elements, arrival.log, NO_TIME);
			return await opened.accept(elements, { ...arrival, replayed, deadline });
		} catch (error) {
			return unavailable(elements, arrival.log, `it could not be stored: ${(error as Error).message}`);
		} finally {
			deadline.clear();
		}
	}

	function unopened({ message }: Error): Health {
		const storage = { reachable: false, reason: redact(`AzureWebJobsStorage could not be opened: ${message}`) };
		const routes = { digest: digestOfRoutes(config.routes) };
		return { ...UNKNOWN_HEALTH, problems: [], warnings: config.warnings, routes, storage };
	}

	return {
		problems: [],
		warnings: config.warnings,
		accept: (elements, arrival) => change(accept(elements, arrival)),
		wake: (message, log) => change(rooms().then((opened) => opened.wake(message, log))),
		follow: async (message, log) => (await rooms()).follow(message, log),
		putBack: async (message, log, queue) => (await rooms()).putBack(message, log, queue),
		deadLetter: async (elements, reason, log) => (await rooms()).deadLetter(elements, reason, log),
		receipts: async (query) => (await rooms()).receipts(query),
		counts: async (query) => (await rooms()).counts(query),
		replay: async (request, log) => {
			return change((await rooms()).replay(request, log, (elements, replayed) => accept(elements, { log }, replayed)));
		},
		discard: async (request, log) => change((await rooms()).discard(request, log)),
		health: () => rooms().then((opened) => opened.health(), unopened),
		upkeep: async (log) => (await rooms()).upkeep(log),
		makeQueues: async (names) => (await rooms()).makeQueues(names),
		changes: () => changes,
	};
}

/**
 * A bridge whose configuration is broken: it says so, and leaves every event with Event Grid, which tries again. What
 * waits in a queue comes back. What the platform has given up there is put back into its queue, where nothing expires,
 * so that it is delivered after the repair, whenever that is.
 * @param open opens storage; undefined where its settings are broken, too
 */
export function createMisconfigured(problems: readonly Problem[], open?: () => Promise<Storage>): Bridge {
	const settings = problems.map(({ setting }) => setting).join(", ");
	const reason = `the configuration is broken (${settings}); GET /api/health says how to repair it`;
	const refuse = async () => {
		throw new Error(reason);
	};
	const storage = async () => (open ?? refuse)();
	const poisoned = async () => createPoisoned(await storage(), Date.now);
	return {
		problems,
		warnings: [],
		accept: async (elements, { log }) => unavailable(elements, log, reason),
		wake: refuse,
		follow: refuse,
		putBack: async (message, log, queue) => (await poisoned()).putBack(message, log, queue),
		deadLetter: async (elements, why, log) => (await poisoned()).deadLetter(elements, why, log),
		receipts: refuse,
		counts: refuse,
		replay: refuse,
		discard: refuse,
		upkeep: refuse,
		makeQueues: async (names) => (await storage()).makeQueues(names),
		changes: () => 0,
		health: async () => ({ ...UNKNOWN_HEALTH, problems, storage: { reachable: false, reason } }),
	};
}

const NO_TIME = "the request ran out of time: storage could not be opened";

function unavailable(elements: readonly unknown[], log: Log, reason: string): readonly EventResult[] {
	return elements.map((element) => {
		const id = idOf(element);
		report(log, "error", { stage: "accept", outcome: "unavailable", id, reason });
		return { id, outcome: "unavailable", route: null, key: null, reason };
	});
}

/** Brings the rooms together, over an opened storage. */
function wire(config: Config<ConfiguredService>, options: BridgeOptions, storage: Storage) {
	const { version, now, newId, fetch = globalThis.fetch, callTimeoutMs: timeoutMs = 10_000 } = options;
	const { giveUpMs, retentionMs, routes, warnings, followRuns: isOn, runWithinMs } = config;
	const destinations = openDestinations(config.services, { version, fetch, now, sleep: options.sleep, timeoutMs });
	const { policyOf } = destinations;
	const judge = judgeOf(version, digestOfRoutes(routes));
	const ledger = createLedger({ ...options, storage, addressesOf: policyOf, instance: newId() });

	const follower = createWakeFollower(storage, now);
	const resending = new Set(routes.filter(({ redispatchWhenNone }) => redispatchWhenNone).map(({ name }) => name));
	const follow = { ...follower, isOn, resends: (route: string) => resending.has(route) };
	const attempts = new Attempts({ ...options, storage, destinations, giveUpMs, looksUp: isOn, follow });
	const windows = createWindows({ storage, now, version, destinations });
	const drainLane = (lease: LaneLease, caller: DrainCaller) =>
		drain(lease, caller, { ...options, destinations, attempts, windows });
	const accept = createAccept({
		route: createRouter(routes, resolve),
		ignored: createIgnoredLog({ ...options, storage }),
		version,
		destinations,
		store: (blob, content) => storage.write(blob, content, "application/json"),
		ledger,
		inline: createInline({ acquire: ledger.acquire, drain: drainLane, limitsOf: (lane) => policyOf(lane).limits, now }),
		recordRejected: createRecordRejected({ storage, judge, now }),
		now,
	});

	const wakeLane = async (lane: string) => void (await ledger.ensureWakeUp(lane, () => 0));
	const shared = { storage, destinations, wakeLane };
	const operate = { ...shared, ledger, wakeFollower: follower.now, routes, warnings, retentionMs };
	return {
		accept,
		wake: createWake({ storage, acquire: ledger.acquire, drain: drainLane, now }),
		follow: createFollow({ ...options, ...shared, isOn, runWithinMs, addressesOf: policyOf }),
		...createOperate({ ...operate, judge, repair: MOVED, newId, now }),
		makeQueues: storage.makeQueues,
	};
}
