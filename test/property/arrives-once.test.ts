import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { OUTCOMES } from "../../src/model.ts";
import { arrivals } from "../helpers/arrivals.ts";
import { type BridgeWorld, startWorld } from "../helpers/bridge-world.ts";

const coalesce = { quietSeconds: 30, maxSeconds: 600 };
const to = { repository: "contoso/fraud-model" };
const ROUTES = [
	{ name: "alone", source: "/alone", to },
	{ name: "fixed", source: "/fixed", to: { ...to, dispatchType: "always-this" } },
	{ name: "gathered", source: "/gathered", to, coalesce },
	{ name: "gathered-fixed", source: "/gathered-fixed", to: { ...to, dispatchType: "gathered" }, coalesce },
	{ name: "directories", source: "/directories", to, coalesce: { ...coalesce, by: "directory" } },
];
const RUNS = 40;

const LONG = 70_000;
/** A receipt shows so many characters of an id. */
const MAX_FACT = 1_500;
/** Stands for what is nested too deeply for fast-check itself. */
const NESTED = "nested";
const nested = (depth: number) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`) as unknown;

/** What nobody would write, and what somebody may send. */
const absurdText = fc.oneof(
	fc.string({ unit: "grapheme", maxLength: 40 }),
	fc.constantFrom(
		"",
		" ",
		".",
		"__proto__",
		"a'b",
		'a"b',
		"a/b\\c#d?e",
		"a\nb\tc\0d",
		"\ud800",
		"🌩️".repeat(60),
		"x".repeat(LONG),
	),
	fc.constantFrom<unknown>(null, 0, true, [], {}),
);
const types = fc.oneof(
	{ weight: 4, arbitrary: fc.constantFrom<unknown>("Contoso.Order", "CONTOSO.ORDER", "Contoso.Reading") },
	fc.constantFrom<unknown>(
		"Microsoft.",
		"Microsoft.Storage.BlobCreated",
		`Contoso.${"x".repeat(100)}`,
		"...",
		"Contoso. Order",
	),
	absurdText,
);
const times = fc.oneof(
	{
		weight: 5,
		arbitrary: fc.constantFrom<unknown>(
			"2026-05-26T11:59:00Z",
			"2026-05-26T13:59:00+02:00",
			"2026-05-26T11:58:00.1234567Z",
		),
	},
	fc.constantFrom<unknown>(
		`2026-05-26T11:59:00.${"1".repeat(25_000)}Z`,
		"2016-12-31T23:59:60Z",
		"9999-12-31T23:59:59Z",
		"0000-01-01T00:00:00Z",
		"2026-02-30T00:00:00Z",
		"+275760-09-13T00:00:00Z",
		"2026-05-26T11:59:00+99:99",
		"",
	),
	absurdText,
);
const sources = fc.constantFrom(...ROUTES.map(({ source }) => source));
const data = fc.oneof(
	fc.jsonValue({ maxDepth: 2 }),
	fc.constantFrom<unknown>({ text: "x".repeat(62_000) }, { text: "x".repeat(LONG) }, NESTED, { n: 2 ** 60 }),
);
const event = fc
	.record({
		id: fc.oneof({ weight: 4, arbitrary: fc.constantFrom<unknown>("1", "2", "3") }, absurdText),
		type: types,
		source: fc.oneof({ weight: 9, arbitrary: sources }, absurdText),
		subject: fc.oneof({ weight: 3, arbitrary: fc.constantFrom<unknown>("a/b", "a/c", "b/c", undefined) }, absurdText),
		time: times,
		data,
	})
	.map((members) => ({ specversion: "1.0", ...members }));
const good = fc
	.record({ id: fc.constantFrom("1", "2"), source: sources, subject: fc.constantFrom("a/b", "b/c") })
	.map((members) => ({
		specversion: "1.0",
		type: "Contoso.Order",
		time: "2026-05-26T11:59:00Z",
		data: {},
		...members,
	}));
const element = fc.oneof({ weight: 6, arbitrary: event }, { weight: 2, arbitrary: good }, fc.jsonValue());
const requests = fc.array(fc.array(element, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 });

describe("whatever is accepted", () => {
	it("arrives exactly once, alone or in one manifest, and whatever is not says why", async () => {
		await fc.assert(
			fc.asyncProperty(requests, async (all) => {
				const world = await startWorld({ settings: { BRIDGE_ROUTES: JSON.stringify({ routes: ROUTES }) } });
				try {
					await check(world, all);
				} finally {
					await world.close();
				}
			}),
			{ numRuns: RUNS, interruptAfterTimeLimit: 90_000 },
		);
	}, 300_000);
});

/** As it arrives: JSON. */
function materialised(sent: unknown): unknown {
	const element = JSON.parse(JSON.stringify(sent)) as unknown;
	const { data } = (element ?? {}) as { data?: unknown };
	return data === NESTED ? { ...(element as object), data: nested(5_000) } : element;
}

async function check(world: BridgeWorld, requests: readonly (readonly unknown[])[]): Promise<void> {
	const acknowledged = new Set<string>();
	const refused = new Set<string>();
	for (const elements of requests) {
		for (const { outcome, key, reason } of await world.deliver(elements.map(materialised))) {
			expect(Object.keys(OUTCOMES)).toContain(outcome);
			if (outcome !== "dispatched") expect(reason).toBeTruthy();
			if (outcome === "dispatched" || outcome === "accepted") acknowledged.add(String(key));
			if (outcome === "duplicate") expect([...acknowledged, ...refused]).toContain(key);
			if (outcome === "rejected") refused.add(String(key));
		}
	}
	expect(await world.wakeAll()).toBe(true);
	const { receipts } = await world.bridge.receipts({ limit: 500 });
	const receiptOf = (key: string) => receipts.find((receipt) => receipt.key === key);
	const sent = world.github.received.map(
		({ client_payload }) => (client_payload as { bridge: { key: string } }).bridge.key,
	);
	const gathered = new Map<string, string[]>();
	for (const key of acknowledged) {
		const { state, window } = receiptOf(key) ?? {};
		expect({ key, state }).toEqual({ key, state: window === null ? "dispatched" : "coalesced" });
		if (window) gathered.set(window, [...(gathered.get(window) ?? []), key]);
	}
	const alone = [...acknowledged].filter((key) => !receiptOf(key)?.window);
	expect(sent.toSorted()).toEqual([...alone, ...gathered.keys()].toSorted());
	const arrived = await arrivals(world.github.received, world.ledger.blob);
	for (const [window, keys] of gathered) {
		const ids = [...arrived].flatMap(([id, ways]) =>
			ways.filter((way) => way === window).map(() => id.slice(0, MAX_FACT)),
		);
		expect(ids.toSorted()).toEqual(keys.map((key) => receiptOf(key)?.event.id.toString()).toSorted());
	}
	for (const key of refused) {
		expect({ key, ...receiptOf(key) }).toMatchObject({ key, state: "rejected", reason: expect.stringMatching(/./) });
	}
}
