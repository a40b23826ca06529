import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { type AcceptOptions, createAccept, deadlineAfter } from "../../src/accept/accept.ts";
import type { Rejected } from "../../src/ledger/dead-letters.ts";
import type { IgnoredEvent } from "../../src/ledger/ignored.ts";
import { type LaneState, NEW_LANE } from "../../src/ledger/lane-state.ts";
import type { Accepted } from "../../src/ledger/ledger.ts";
import type { Receipt } from "../../src/ledger/receipt.ts";
import type { Delivery, Disposition } from "../../src/model.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { destinations, repositoryDispatch } from "../../support/destinations.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const runCompleted = inEventGridSchema(exampleOf("RunCompleted"));
const event = (id: string, more: object = {}) => ({ ...runCompleted, id, ...more });
const never = { passed: new Promise<undefined>(() => {}), isPassed: () => false };
const TO = repositoryDispatch("contoso/a", "t");

/** Accepting over a ledger and a lane of the test's. */
function accepting(parts: Partial<Omit<AcceptOptions, "ledger" | "inline">> & Partial<Ledger> = {}) {
	const [kept, ignored, accepted, offered]: [Rejected[], IgnoredEvent[], Delivery[], string[]] = [[], [], [], []];
	const { log, lines } = logLines();
	const accept = createAccept({
		route: () => ({ matches: [{ route: "r", to: TO }] }),
		version: "1.2.3",
		destinations,
		store: async (blob) => `https://contoso.blob.core.windows.net/${blob}`,
		ledger: {
			async accept(delivery) {
				accepted.push(delivery);
				return parts.write === undefined ? { kind: "written", entry: `e-${delivery.event.id}` } : parts.write(delivery);
			},
			ensureWakeUp: parts.ensureWakeUp ?? (async () => NEW_LANE),
			acquire: async () => undefined,
		},
		inline: {
			offer(lane, entry, each) {
				offered.push(entry);
				return parts.offer === undefined ? Promise.resolve({ kind: "dispatched" }) : parts.offer(lane, entry, each);
			},
		},
		recordRejected: async (rejected) => {
			kept.push(rejected);
			return `key of ${rejected.event.id}`;
		},
		ignored: (one) => ignored.push(one),
		now: () => 0,
		...parts,
	});
	return {
		accept: (elements: readonly unknown[], deadline = never) => accept(elements, { log, deadline }),
		...{ kept, ignored, accepted, offered, lines },
	};
}

interface Ledger {
	readonly write: (delivery: Delivery) => Promise<Accepted>;
	readonly ensureWakeUp: AcceptOptions["ledger"]["ensureWakeUp"];
	readonly offer: AcceptOptions["inline"]["offer"];
}

const outcomes = (results: readonly { readonly id: string | null; readonly outcome: string }[]) =>
	results.map(({ id, outcome }) => `${id} ${outcome}`);
const broken = (message: string) => () => {
	throw new TypeError(message);
};

describe("one element that breaks what handles it", () => {
	const routeBreaks: Partial<AcceptOptions> = {
		route: ({ id }) => (id === "bad" ? broken("routing is broken")() : { matches: [{ route: "r", to: TO }] }),
	};

	it("is a dead letter that names the reason, and its neighbours are delivered", async () => {
		const { accept, kept } = accepting(routeBreaks);
		const results = await accept([event("one"), event("bad"), event("two")]);
		expect(outcomes(results)).toEqual(["one dispatched", "bad rejected", "two dispatched"]);
		expect(kept).toMatchObject([{ element: { id: "bad" }, reason: "it cannot be handled: routing is broken" }]);
	});

	it("is a dead letter at the one destination whose request cannot be planned", async () => {
		const matches = ["a", "b"].map((name) => ({ route: name, to: repositoryDispatch(`contoso/${name}`, "t") }));
		const { accept, kept } = accepting({
			route: () => ({ matches }),
			destinations: {
				...destinations,
				build(to) {
					if (to?.id.startsWith("contoso/a")) throw new RangeError("Maximum call stack size exceeded");
					return { ok: false, tooLarge: false, reason: "it is too large" };
				},
			},
		});
		await accept([event("one")]);
		expect(kept.map(({ route, reason, event: { run } }) => [route, reason, run])).toEqual([
			["a", "it cannot be handled: Maximum call stack size exceeded", exampleOf("RunCompleted").data["runId"]],
			["b", "it is too large", exampleOf("RunCompleted").data["runId"]],
		]);
	});

	it("is unavailable where storage is away, and a dead letter where storage refuses it", async () => {
		const end = async (status: number | undefined) => {
			const store = async () => Promise.reject(new StorageError("no blob", status));
			const large = { ...(runCompleted.data as object), properties: { log: "x".repeat(80_000) } };
			const results = await accepting({ store }).accept([event("one", { data: large })]);
			if (status !== 413) expect(results).toMatchObject([{ reason: "it could not be stored: no blob" }]);
			return outcomes(results);
		};
		expect(await end(503)).toEqual(["one unavailable"]);
		expect(await end(undefined)).toEqual(["one unavailable"]);
		expect(await end(413)).toEqual(["one rejected"]);
	});

	it("is unavailable where it cannot even be recorded as a dead letter, and it alone", async () => {
		const recordRejected = async () => Promise.reject(new StorageError("away", 503));
		const { accept } = accepting({ ...routeBreaks, recordRejected });
		expect(outcomes(await accept([event("bad"), event("good")]))).toEqual(["bad unavailable", "good dispatched"]);
	});

	it("is a dead letter when storage refuses its rows, with storage's own words", async () => {
		const { accept, kept } = accepting({
			write: async ({ event: { id } }) =>
				id === "bad" ? { kind: "refused", reason: "the column time is too large" } : { kind: "written", entry: "e" },
		});
		const results = await accept([event("bad"), event("good")]);
		expect(outcomes(results)).toEqual(["bad rejected", "good dispatched"]);
		expect(kept).toMatchObject([
			{ route: "r", to: TO, reason: expect.stringContaining("the column time is too large") },
		]);
	});

	const fails = () => Promise.reject(new TypeError("broken"));
	const nothing = () => Promise.resolve(undefined);
	it.each<[string, Partial<Ledger>]>([
		["write", { write: fails }],
		["offer", { offer: fails }],
		["ensureWakeUp", { offer: nothing, ensureWakeUp: fails }],
	])("is unavailable when what is broken is the ledger: %s", async (_, parts) => {
		expect(outcomes(await accepting(parts).accept([event("one")]))).toEqual(["one unavailable"]);
	});
});

describe("the elements of one request", () => {
	it("are recorded before any of them is delivered", async () => {
		const order: string[] = [];
		const { accept } = accepting({
			write: async ({ event: { id } }) => {
				await new Promise(setImmediate);
				order.push(`write ${id}`);
				return { kind: "written", entry: id };
			},
			offer: async (_lane, entry): Promise<Disposition> => {
				order.push(`offer ${entry}`);
				return { kind: "dispatched" };
			},
		});
		await accept([event("1"), event("2"), event("3")]);
		expect(order).toEqual(["write 1", "write 2", "write 3", "offer 1", "offer 2", "offer 3"]);
	});

	it("are one dead letter and one result where none of them is an event", async () => {
		for (const elements of [Array(5_000).fill(0), [1, null, "x", [], {}], [{ id: "a" }, { type: "b" }]]) {
			const { accept, kept, lines } = accepting();
			const results = await accept(elements);
			expect(results).toHaveLength(1);
			expect(results[0]).toMatchObject({ id: null, outcome: "rejected", key: "key of " });
			expect(results[0]?.reason).toMatch(
				new RegExp(`^none of the ${elements.length} elements is an event; the first one: .{10}`),
			);
			expect(kept).toMatchObject([{ element: elements }]);
			expect(lines).toHaveLength(1);
		}
	});

	it("let others have their turn while thousands of them are planned", async () => {
		const { accept } = accepting();
		const answer = accept(Array.from({ length: 1_000 }, (_, index) => event(`${index}`)));
		let turns = 0;
		let isOver = false;
		void answer.then(() => (isOver = true));
		for (; !isOver; turns++) await new Promise(setImmediate);
		expect(turns).toBeGreaterThanOrEqual(10);
	});

	it.each([
		["dispatched", { reason: null }, "it was dispatched before"],
		["coalesced", { window: "w1" }, "it was dispatched before, together with other events: w1"],
		["discarded", { reason: "a 422" }, "it was a dead letter, and was discarded: a 422"],
		["dead", { reason: "a 422" }, "it is a dead letter: a 422"],
	] as const)("are duplicates that say so, where they were %s before", async (state, more, reason) => {
		const { accept, offered } = accepting({
			write: async () => ({ kind: "known", receipt: { state, ...more } as unknown as Receipt }),
		});
		expect(await accept([event("one")])).toMatchObject([{ outcome: "duplicate", reason }]);
		expect(offered).toEqual([]);
	});

	it("wait for their turn where nothing is known that keeps them", async () => {
		const { accept } = accepting({ offer: async () => undefined });
		expect(await accept([event("one")])).toMatchObject([{ outcome: "accepted", reason: "it waits for its turn" }]);
	});

	it("are a dead letter each where one of them is meant to be an event", async () => {
		const { accept, kept } = accepting();
		const results = await accept([0, event("bad", { data: 1 }), "x"]);
		expect(outcomes(results)).toEqual(["null rejected", "bad rejected", "null rejected"]);
		expect(kept).toHaveLength(3);
	});

	it("say that they wait for another bridge, where their lane belongs to another address", async () => {
		const { accept } = accepting({
			offer: async () => undefined,
			ensureWakeUp: async () => ({ ...NEW_LANE, address: "https://github.contoso.example/api/v3" }),
		});
		expect(await accept([event("one")])).toMatchObject([
			{ outcome: "accepted", reason: expect.stringContaining("belongs to https://github.contoso.example/api/v3") },
		]);
	});

	it("have reasons that make no answer large: they are shorter the more there are", async () => {
		const { accept } = accepting({ route: () => ({ matches: [], reason: "😀".repeat(100_000), missed: [] }) });
		const size = async (count: number) =>
			JSON.stringify(await accept(Array.from({ length: count }, (_, index) => event(`${index}`)))).length;
		expect(await size(1)).toBeLessThan(1_500);
		expect(await size(5_000)).toBeLessThan(2_000_000);
	});

	it("tell of each one that no route takes, once, and write nothing for it", async () => {
		const { accept, ignored, accepted } = accepting({
			route: () => ({ matches: [], reason: "no route matches", missed: [] }),
		});
		expect(outcomes(await accept([event("one"), event("two")]))).toEqual(["one ignored", "two ignored"]);
		expect(ignored).toMatchObject([
			{ event: { id: "one", source: exampleOf("RunCompleted").source }, reason: "no route matches" },
			{ event: { id: "two" }, reason: "no route matches" },
		]);
		expect(accepted).toEqual([]);
	});

	it("are answered when time is up: what has ended as it did, the rest unavailable, with one line each", async () => {
		let isPassed = false;
		let pass = () => {};
		const passed = new Promise<undefined>((resolve) => {
			pass = () => {
				isPassed = true;
				resolve(undefined);
			};
		});
		let resolveLate = (_: undefined) => {};
		const { accept, lines } = accepting({
			offer: (_lane, entry): Promise<Disposition | undefined> =>
				entry === "e-one" ? Promise.resolve({ kind: "dispatched" }) : new Promise((resolve) => (resolveLate = resolve)),
		});
		const answer = accept([event("one"), event("two")], { passed, isPassed: () => isPassed });
		for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate);
		pass();
		expect(outcomes(await answer)).toEqual(["one dispatched", "two unavailable"]);
		resolveLate(undefined);
		await new Promise(setImmediate);
		expect(lines.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(["one dispatched", "two unavailable"]);
	});

	it("are not delivered by this request when they are recorded after its time is up: their wake-up does it", async () => {
		let pass = () => {};
		const passed = new Promise<undefined>((resolve) => (pass = () => resolve(undefined)));
		let isPassed = false;
		const { accept, offered } = accepting({
			write: async ({ event: { id } }) => {
				isPassed = true;
				pass();
				await new Promise(setImmediate);
				return { kind: "written", entry: id };
			},
		});
		expect(outcomes(await accept([event("one")], { passed, isPassed: () => isPassed }))).toEqual(["one unavailable"]);
		for (let turns = 0; turns < 5; turns++) await new Promise(setImmediate);
		expect(offered).toEqual([]);
	});

	it("have a line each, with the key, the reason and the time that it took", async () => {
		let clock = 1_000;
		const { accept, lines } = accepting({
			now: () => clock,
			offer: async (_lane, entry): Promise<Disposition> => {
				clock = 1_025;
				if (entry === "e-one") return { kind: "dispatched" };
				return { kind: "dead-lettered", reason: "it can never succeed" };
			},
		});
		const [one, two] = await accept([event("one"), event("two")]);
		expect([one?.key, one?.reason, two?.reason]).toEqual([expect.any(String), null, "it can never succeed"]);
		expect(lines).toMatchObject([
			{ outcome: "dispatched", key: one?.key, reason: null, destination: TO.id, ms: 25 },
			{ outcome: "rejected", key: two?.key, reason: "it can never succeed", ms: 25 },
		]);
	});

	it("are woken for when their lane may send again, and when its pace has a slot, whichever is later", async () => {
		const clock = Date.parse("2026-05-26T12:00:00Z");
		const asked: number[] = [];
		const wakeAt = async (state: LaneState, notBefore = 0) => {
			const { accept } = accepting({
				now: () => clock,
				offer: async (): Promise<Disposition> => ({ kind: "deferred", notBefore, reason: "later" }) as Disposition,
				ensureWakeUp: async (_lane, earliest) => {
					asked.push(earliest(state) - clock);
					return state;
				},
			});
			return accept([event("one")]);
		};
		const paused = { ...NEW_LANE, pause: { until: clock + 60_000, reason: "an outage" } };
		const [{ reason } = {}] = await wakeAt(paused);
		expect(reason).toBe("paused until 2026-05-26T12:01:00.000Z: an outage");
		await wakeAt({ ...NEW_LANE, calls: [clock] });
		await wakeAt({ ...paused, calls: [clock] });
		await wakeAt(NEW_LANE, clock + 5_000);
		expect(asked).toEqual([60_000, 1_000, 60_000, 5_000]);
	});

	it("are woken for when a window is quiet, where they are gathered", async () => {
		const asked: number[] = [];
		const { accept, offered } = accepting({
			now: () => 1_000,
			route: () => ({ matches: [{ route: "r", to: TO, coalesce: { quietSeconds: 30, maxSeconds: 600 } }] }),
			ensureWakeUp: async (_lane, earliest) => {
				asked.push(earliest(NEW_LANE));
				return NEW_LANE;
			},
		});
		expect(await accept([event("one")])).toMatchObject([
			{
				outcome: "accepted",
				reason: "it is in a window (coalesce) and is dispatched when the window closes",
			},
		]);
		expect([asked, offered]).toEqual([[31_000], []]);
	});

	it("are not begun to be recorded after time is up", async () => {
		const { accept, accepted } = accepting();
		const deadline = { passed: Promise.resolve(undefined), isPassed: () => true };
		expect(await accept([event("one")], deadline)).toMatchObject([
			{ id: "one", outcome: "unavailable", reason: expect.stringMatching(/^the request ran out of time; the next/) },
		]);
		expect(accepted).toEqual([]);
	});
});

describe("the time of a request", () => {
	beforeEach(() => void jest.useFakeTimers());
	afterEach(() => void jest.useRealTimers());

	it("is up after its milliseconds, for all that wait for it and all that ask", async () => {
		const deadline = deadlineAfter(1_000);
		await jest.advanceTimersByTimeAsync(999);
		expect(deadline.isPassed()).toBe(false);
		await jest.advanceTimersByTimeAsync(1);
		expect([await deadline.passed, deadline.isPassed()]).toEqual([undefined, true]);
	});

	it("is never up once it is not waited for any more", async () => {
		const deadline = deadlineAfter(1_000);
		deadline.clear();
		await jest.advanceTimersByTimeAsync(2_000);
		expect(deadline.isPassed()).toBe(false);
	});
});

describe("an event that storage would refuse", () => {
	let fixture: BridgeFixture;
	let ledger: TestLedger;
	beforeEach(async () => {
		fixture = await startFixture();
		ledger = await openTestLedger();
	});
	afterEach(() => fixture.github.close());

	const nested = JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`);
	const BAD = {
		"a time with 40,000 digits": { eventTime: `2026-05-26T12:00:00.${"1".repeat(40_000)}Z` },
		"a type with 40,000 characters": { eventType: "x".repeat(40_000) },
		"an id with 40,000 characters": { id: "😀".repeat(20_000) },
		"a subject with 40,000 characters": { subject: "é".repeat(40_000) },
		"a subject of half characters": { subject: "\ud83d".repeat(2_000) },
		"a subject of control characters": { subject: "\u0000\u0001".repeat(2_000) },
		"data nested 5,000 levels": { eventType: "Contoso.Deep", data: nested },
	};
	const ROUTES = {
		"each event for itself": { name: "r", to: { repository: "contoso/a", dispatchType: "t" } },
		"each event for itself, named after its type": { name: "r", to: { repository: "contoso/a" } },
		gathered: {
			name: "r",
			to: { repository: "contoso/a", dispatchType: "t" },
			coalesce: { quietSeconds: 30, maxSeconds: 600 },
		},
	};
	const cases = Object.keys(ROUTES).flatMap((route) => Object.keys(BAD).map((bad) => [bad, route] as const));

	it.each(cases)(
		"never keeps its neighbour from being accepted, nor is it tried for ever: %s, %s",
		async (bad, name) => {
			const { log } = logLines();
			const route = ROUTES[name as keyof typeof ROUTES];
			const env = { BRIDGE_ROUTES: JSON.stringify({ routes: [route] }) };
			const bridge = fixture.bridge(env, { openStorage: async () => ledger.storage });
			const elements = [event("bad", BAD[bad as keyof typeof BAD]), event("good")];
			for (const times of [1, 2]) {
				const [first, second] = await bridge.accept(elements, { log });
				expect(first?.outcome).not.toBe("unavailable");
				expect(second?.outcome).toBe("coalesce" in route ? "accepted" : times === 1 ? "dispatched" : "duplicate");
				if (first?.outcome !== "rejected") continue;
				const letters = await ledger.rows("rejected", "x-");
				expect(letters.map(({ columns }) => columns["key"])).toContain(first.key);
			}
		},
	);
});
