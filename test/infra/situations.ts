import type { Bridge } from "../../src/bridge.ts";
import type { Log } from "../../src/log.ts";
import { type LedgerNames, StorageError } from "../../src/storage/storage.ts";
import { eventually } from "../../support/eventually.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { startFixture } from "../helpers/bridge-fixture.ts";
import { newNames, openFileStorage } from "../helpers/file-storage.ts";

/** What can happen to a bridge, each with the log lines that it leaves, as they were written. */
export type Situations = Readonly<Record<string, readonly string[]>>;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
// None that is recorded has a higher number.
const WAKE_UP = { lane: "default", wake: 99 };

const event = inEventGridSchema(exampleOf("RunCompleted"));
const later = (ms: number) => ({ now: () => Date.now() + ms });
const nowhere: Log = () => {};

/** Lets all of them happen to real bridges. */
export async function playSituations(): Promise<Situations> {
	const situations: Record<string, string[]> = {};
	const { github, bridge } = await startFixture({ tokenExpiresAt: new Date(Date.now() + 10 * DAY_MS) });

	async function happen(name: string, work: (log: Log) => Promise<unknown>): Promise<void> {
		const lines: string[] = [];
		situations[name] = lines;
		await work((_, line) => void lines.push(line));
	}

	/** Wakes a lane until there is such a line; whoever has just accepted something may still hold it. */
	async function wakeUntil(of: Bridge, log: Log, words: string): Promise<void> {
		let found: true | undefined;
		await eventually(words, async () => {
			await of.wake(WAKE_UP, (level, line) => {
				if (line.includes(words)) found = true;
				log(level, line);
			});
			return found;
		});
	}

	/** A ledger whose one event GitHub has answered so. */
	async function answered(fault: Parameters<typeof github.script.set>[0], log = nowhere): Promise<LedgerNames> {
		const ledger = newNames();
		github.script.set(fault);
		await bridge({}, {}, ledger).accept([event], { log });
		return ledger;
	}

	await happen("all is well", (log) => bridge().accept([event], { log }));
	await happen("a token is refused", (log) => answered({ status: 401 }, log));
	await happen("a repository is closed", (log) => answered({ status: 404 }, log));
	await happen("it is open again", async (log) =>
		wakeUntil(bridge({}, later(5 * MINUTE_MS), await answered({ status: 404 })), log, '"opened"'),
	);
	await happen("GitHub refuses a request", (log) => answered({ status: 422 }, log));
	await happen("an event is given up", async (log) =>
		wakeUntil(bridge({}, later(8 * DAY_MS), await answered({ status: 404 })), log, '"dead-letter"'),
	);
	await happen("an event is unsound", (log) => bridge().accept([{ id: "x" }], { log }));
	await happen("a message is poisoned", (log) => bridge().deadLetter(["x"], "it could not be accepted", log));
	await happen("a token ends soon", async (log) => {
		const of = bridge();
		await of.accept([event], { log: nowhere });
		await of.upkeep(log);
	});
	let paused = newNames();
	await happen("a lane pauses", async (log) => {
		paused = await answered({ status: 429, headers: { "retry-after": "10800" } }, log);
	});
	for (const minutes of [30, 61]) {
		await happen(`an event has waited for ${minutes} minutes, and nothing can be sent`, (log) =>
			wakeUntil(bridge({}, later(minutes * MINUTE_MS), paused), log, '"behind"'),
		);
	}
	await happen("an event has waited for a day, and no drainer was woken", (log) =>
		bridge({}, later(DAY_MS), paused).upkeep(log),
	);
	await happen("storage is out of reach", (log) => {
		const openStorage = () => Promise.reject(new Error("storage is down"));
		return bridge({}, { openStorage }).accept([event], { log });
	});
	await happen("a drain breaks off", async (log) => {
		const storage = wrapStorage(await openFileStorage(), ({ method }, make) =>
			method === "lease" ? Promise.reject(new StorageError("gone", undefined)) : make(),
		);
		await bridge({}, { openStorage: async () => storage }).accept([event], { log });
	});
	await happen("a window closes", async (log) => {
		const coalesce = { quietSeconds: 1, maxSeconds: 1 };
		const routes = { BRIDGE_ROUTES: JSON.stringify({ routes: [{ to: { repository: "a/b" }, coalesce }] }) };
		const ledger = newNames();
		await bridge(routes, {}, ledger).accept([event], { log: nowhere });
		await wakeUntil(bridge(routes, later(MINUTE_MS), ledger), log, '"window"');
	});
	await happen("a window cannot be closed", async (log) => {
		const coalesce = { quietSeconds: 1, maxSeconds: 1 };
		const routes = { BRIDGE_ROUTES: JSON.stringify({ routes: [{ to: { repository: "a/b" }, coalesce }] }) };
		const ledger = newNames();
		await bridge(routes, {}, ledger).accept([event], { log: nowhere });
		const storage = wrapStorage(await openFileStorage(ledger), ({ method }, make) =>
			method.startsWith("write") ? Promise.reject(new Error("no such luck")) : make(),
		);
		await wakeUntil(bridge(routes, { ...later(MINUTE_MS), openStorage: async () => storage }, ledger), log, '"window"');
	});
	await happen("a lane belongs to another address", async (log) =>
		wakeUntil(bridge({ GITHUB_API_URL: "http://127.0.0.1:9" }, {}, await answered({ status: 404 })), log, '"foreign"'),
	);
	await happen("no route takes an event", (log) => {
		const routes = [{ to: { repository: "a/b" }, filter: { includedEventTypes: ["Contoso.Other"] } }];
		return bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) }).accept([event], { log });
	});
	const FOLLOWED = { RUN_WITHIN_MINUTES: "1" };
	async function followed(fault: Parameters<typeof github.script.set>[0], afterMs: number, log: Log): Promise<void> {
		const ledger = newNames();
		github.script.set(fault);
		// The same event has the same key: no run of another situation may be as young as this dispatch.
		github.advance(MINUTE_MS);
		await bridge(FOLLOWED, {}, ledger).accept([event], { log: nowhere });
		github.advance(afterMs);
		await bridge(FOLLOWED, later(afterMs), ledger).follow(WAKE_UP, log);
	}
	await happen("a run succeeds", (log) => followed([], 1_000, log));
	await happen("a run fails", (log) => followed([{ run: { conclusion: "failure" } }], 1_000, log));
	await happen("no run comes", (log) => followed([{ run: { none: true } }], 2 * MINUTE_MS, log));
	await happen("runs cannot be read", (log) => followed([{ refuse: "runs", calls: "reads" }], 1_000, log));
	await github.close();
	return situations;
}
