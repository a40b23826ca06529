import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "@jest/globals";
import { type Bridge, createBridge } from "../../src/bridge.ts";
import { readConfig } from "../../src/config/config.ts";
import { SERVICES } from "../../src/destinations/list.ts";
import type { Storage, Write } from "../../src/storage/storage.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

/** What an event costs in storage: every call is paid for, and waited for. */

const START = Date.parse("2026-05-26T12:00:00Z");
const { log } = logLines();
const GATHERED = {
	BRIDGE_ROUTES: JSON.stringify({
		routes: [{ name: "r", to: { repository: "contoso/fraud-model" }, coalesce: { quietSeconds: 30, maxSeconds: 600 } }],
	}),
};

let ledger: TestLedger;
let now: number;
let status: number;
let calls: string[];
beforeEach(async () => {
	ledger = await openTestLedger();
	[now, status, calls] = [START, 204, []];
	// Whatever has to be made is made, so that no test counts that.
	const { storage } = ledger;
	await storage.commit("warm", [{ kind: "insert", rowKey: "a", columns: {} }]);
	const message = await storage.put("{}", 0);
	await storage.unput(message);
	for (const lane of ["lanes/default", "lanes/warm"])
		await storage.release(lane, String(await storage.lease(lane, 15)));
});

function start(settings: Record<string, string> = {}): Bridge {
	const storage: Storage = wrapStorage(ledger.storage, ({ method, args }, make) => {
		calls.push(method === "commit" ? `commit ${describeWrites(args[1] as Write[])}` : method);
		return make();
	});
	const env = {
		GITHUB_REPOSITORY: "contoso/fraud-model",
		GITHUB_TOKEN: "ghp_x",
		GITHUB_API_URL: "http://127.0.0.1:9",
		GITHUB_PACE: "1000/s",
		AzureWebJobsStorage: "UseDevelopmentStorage=true",
		...settings,
	};
	return createBridge(readConfig(env, "/", SERVICES), {
		version: "9.9.9",
		openStorage: async () => storage,
		newId: randomUUID,
		random: () => 1,
		later: () => {},
		fetch: async () => {
			calls.push("GitHub");
			return new Response(status === 204 ? null : "{}", { status, headers: { "retry-after": "600" } });
		},
		now: () => now,
		monotonic: () => now,
		sleep: async (ms) => {
			now += ms;
		},
	});
}

/** What is written, by the first letters of the rows' keys. */
function describeWrites(writes: readonly Write[]): string {
	const letters = writes.map(({ kind, rowKey }) => `${kind === "delete" ? "-" : ""}${rowKey[0]}`);
	return [...new Set(letters)]
		.map((letter) => {
			const count = letters.filter((each) => each === letter).length;
			return count === 1 ? letter : `${count}${letter}`;
		})
		.join(" ");
}

const events = (count: number, from = 0) =>
	Array.from({ length: count }, (_, index) => ({
		...inEventGridSchema(exampleOf("RunCompleted")),
		id: `event-${index + from}`,
	}));

/** The calls that something takes, once the bridge has let go of its lane. */
async function callsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
	calls = [];
	await work();
	let seen = -1;
	while (seen !== calls.length) {
		seen = calls.length;
		await new Promise((resolve) => setTimeout(resolve, 30));
	}
	return calls;
}

describe("an event that nothing disturbs", () => {
	it("takes five calls, its delivery included, and a message to its follower now and then", async () => {
		const bridge = start();
		const accept = () => bridge.accept(events(1), { log });
		expect(await callsOf(accept)).toEqual([
			"commit r e",
			"lease",
			"list",
			"GitHub",
			"put",
			"commit r -e f a",
			"release",
		]);
		// One message makes the follower look at all that is dispatched within some seconds.
		expect(await callsOf(() => bridge.accept(events(1, 1), { log }))).toHaveLength(6);
		const unfollowed = start({ FOLLOW_RUNS: "off" });
		expect(await callsOf(() => unfollowed.accept(events(1, 2), { log }))).toHaveLength(6);
	});

	it("takes two calls when it is delivered again", async () => {
		const bridge = start();
		await bridge.accept(events(1), { log });
		expect(await callsOf(() => bridge.accept(events(1), { log }))).toEqual(["commit r e", "get"]);
	});

	it("takes one and a half with others: they share what is accepted, and each result is written at once", async () => {
		const bridge = start();
		expect(await callsOf(() => bridge.accept(events(10), { log }))).toEqual([
			"commit 10r 10e",
			"lease",
			"list",
			"GitHub",
			"put",
			"commit r -e f a",
			...Array(9).fill(["GitHub", "commit r -e f a"]).flat(),
			"release",
		]);
	});
});

describe("many events of one request", () => {
	/** The usual pace, by a clock that stands still unless it is waited for. */
	const USUAL = { GITHUB_PACE: "1/s,80/m,500/h" };
	const record = (count: number) => Array(count / 50).fill("commit 50r 50e");
	const countsOf = (made: readonly string[]) => {
		const counts = new Map<string, number>();
		for (const call of made) counts.set(call, (counts.get(call) ?? 0) + 1);
		return Object.fromEntries(counts);
	};

	it("takes a transaction for fifty of them; those out of reach take one look and one message together", async () => {
		const bridge = start(USUAL);
		const accept = () => bridge.accept(events(600), { log });
		const made = await callsOf(accept);
		expect(made.slice(0, 12)).toEqual(record(600));
		const counts = countsOf(made.slice(12));
		expect(counts["GitHub"]).toBe(counts["commit r -e f a"]);
		expect(counts["lease"]).toBe(1);
		expect(counts["get"]).toBeLessThanOrEqual(2);
		expect(counts["put"]).toBeLessThanOrEqual(4);
		// Before, they were written and looked after in waves of 64.
		expect(made.length - 2 * (counts["GitHub"] ?? 0)).toBeLessThanOrEqual(22);
	});

	it("takes a transaction for fifty rejected ones", async () => {
		const bridge = start();
		const invalid = (from: number) => events(200, from).map((event) => ({ ...event, data: null }));
		expect(await callsOf(() => bridge.accept(invalid(0), { log }))).toEqual(Array(4).fill("commit 50r 50x"));
		// Delivered again they are there.
		expect(await callsOf(() => bridge.accept(invalid(0).slice(0, 1), { log }))).toEqual(["commit r x"]);
	});

	it("takes one transaction for a request without any event, however large it is", async () => {
		const bridge = start();
		expect(await callsOf(() => bridge.accept(Array(5_000).fill(0), { log }))).toEqual(["commit r x"]);
		expect(await callsOf(() => bridge.accept([0], { log }))).toEqual(["commit r x"]);
	});

	it("takes nothing for those that are ignored, as long as they are not answered", async () => {
		const routes = [{ name: "r", to: { repository: "contoso/a" }, filter: { subjectBeginsWith: "elsewhere" } }];
		const bridge = start({ BRIDGE_ROUTES: JSON.stringify({ routes }) });
		expect(await callsOf(() => bridge.accept(events(200), { log }))).toEqual([]);
	});
});

describe("an event that has to wait", () => {
	/** A lane that is known to pause. */
	async function paused(): Promise<Bridge> {
		const bridge = start();
		status = 429;
		await callsOf(() => bridge.accept(events(1), { log }));
		await callsOf(() => bridge.accept(events(1, 1), { log }));
		return bridge;
	}

	it("takes two more calls when it is the one that finds the lane must pause", async () => {
		const bridge = start();
		status = 429;
		expect(await callsOf(() => bridge.accept(events(1), { log }))).toEqual([
			...["commit r e", "lease", "list", "GitHub", "commit r e a", "put", "commit a", "release", "get"],
		]);
	});

	it("takes three more when it is the first to find the pause, and looks for others", async () => {
		const bridge = start();
		status = 429;
		await callsOf(() => bridge.accept(events(1), { log }));
		const look = ["lease", "list", "release"];
		expect(await callsOf(() => bridge.accept(events(1, 1), { log }))).toEqual(["commit r e", ...look, "get"]);
	});

	it("takes two calls in a lane that is known to pause, and whose wake-up is recorded", async () => {
		const bridge = await paused();
		expect(await callsOf(() => bridge.accept(events(1, 2), { log }))).toEqual(["commit r e", "get"]);
	});

	it("takes two calls for a whole batch there", async () => {
		const bridge = await paused();
		expect(await callsOf(() => bridge.accept(events(40, 2), { log }))).toEqual(["commit 40r 40e", "get"]);
	});

	it("is delivered by a wake-up in seven calls, watchdog and second look included", async () => {
		const bridge = start();
		status = 429;
		await callsOf(() => bridge.accept(events(1), { log }));
		[now, status] = [now + 601_000, 204];
		expect(await callsOf(() => bridge.wake({ lane: "default", wake: 1 }, log))).toEqual([
			...["lease", "list", "put", "GitHub", "put", "commit r -e f a", "list", "unput", "release"],
		]);
	});

	it("takes one call more for each further one that the same wake-up delivers", async () => {
		const bridge = await paused();
		await callsOf(() => bridge.accept(events(8, 2), { log }));
		[now, status] = [now + 601_000, 204];
		expect(await callsOf(() => bridge.wake({ lane: "default", wake: 1 }, log))).toEqual([
			...["lease", "list", "put"],
			...["GitHub", "put", "commit r -e f a"],
			...Array(9).fill(["GitHub", "commit r -e f a"]).flat(),
			...["list", "unput", "release"],
		]);
	});
});

describe("an event that is gathered", () => {
	it("takes three calls when it is the first, and two when a wake-up is recorded", async () => {
		const bridge = start(GATHERED);
		expect(await callsOf(() => bridge.accept(events(1), { log }))).toEqual(["commit r m b", "get", "put"]);
		await callsOf(() => bridge.wake({ lane: "default", wake: 0 }, log));
		expect(await callsOf(() => bridge.accept(events(1, 1), { log }))).toEqual(["commit r m b", "get"]);
	});

	it("shares its calls with those that come at the same time", async () => {
		const bridge = start(GATHERED);
		expect(await callsOf(() => bridge.accept(events(30), { log }))).toEqual(["commit 30r 30m b", "get", "put"]);
	});

	it("is dispatched with all others in a number of calls that grows by one for fifty", async () => {
		const closing = async (count: number) => {
			const bridge = start(GATHERED);
			await bridge.accept(events(count), { log });
			now += 60_000;
			return callsOf(() => bridge.wake({ lane: "default", wake: 0 }, log));
		};
		const expected = [
			// Looks at the members, sees to it that no earlier window's are among them, lists them, and reads them.
			...["lease", "list", "list", "put", "list", "list", "writeStream", "list", "write", "commit -b r e a"],
			// Completes them, and sees whether any are left.
			...["commit 3r 3-m", "list", "commit e a"],
			...["list", "GitHub", "put", "commit r -e f a", "list", "unput", "release"],
		];
		expect(await closing(3)).toEqual(expected);
		ledger = await openTestLedger();
		expect((await closing(60)).filter((call) => call.includes("-m"))).toEqual(["commit 50r 50-m", "commit 10r 10-m"]);
	});
});
