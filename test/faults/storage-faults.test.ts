import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fromColumns } from "../../src/ledger/lane-state.ts";
import { isFinal, readReceipt } from "../../src/ledger/receipt.ts";
import { STATE_KEY } from "../../src/ledger/rows.ts";
import { arrivals } from "../helpers/arrivals.ts";
import { type BridgeWorld, startWorld } from "../helpers/bridge-world.ts";
import {
	type CallKind,
	type Fault,
	type FaultProxy,
	isFor,
	startFaultProxy,
	type Target,
} from "../helpers/fault-proxy.ts";
import { fileStorage } from "../helpers/file-storage.ts";
import { ROUTES, SCENARIOS, type Scenario } from "./scenarios.ts";

/** `npm run faults` plays every fault at every call; `npm test` plays every fault once at each kind of call. */
const IS_FULL = (globalThis as { readonly ALL_FAULTS?: true }).ALL_FAULTS === true;
const LANE = "default";
/** A call that is not answered ends after five seconds, or twenty; here it ends after a tenth of that. */
const HASTE = 10;
/** A fault may cost some: while a lease is left behind, each message that is there looks every five seconds, for thirty. */
const MORE_MESSAGES = 20;
/** At how many calls of each kind `npm test` plays a fault: more where few kinds can meet it. */
const placesOf = ({ answer }: Fault) => (answer === "empty page" ? 30 : IS_FOR_TRANSACTIONS.has(answer) ? 16 : 1);
const IS_FOR_TRANSACTIONS = new Set<Fault["answer"]>(["empty", "cut short", "inner 503"]);
/** Shares no factor with most numbers, so that it leads everywhere. */
const STRIDE = 17;

const BOTH = ["first", "all"] as const;
const FAULTS: readonly (readonly [name: string, fault: Fault])[] = [
	...BOTH.flatMap((tries) => {
		const often = tries === "all" ? ", at every try" : "";
		return [
			[`500, though it was done${often}`, { done: true, answer: "500", tries }],
			[`500, and it was not done${often}`, { done: false, answer: "500", tries }],
			[`503 ServerBusy${often}`, { done: false, answer: "503", tries }],
			[`the connection is reset before it was done${often}`, { done: false, answer: "reset", tries }],
			[`the connection is reset after it was done${often}`, { done: true, answer: "reset", tries }],
		] as const;
	}),
	["no answer, though it was done", { done: true, answer: "none", tries: "all" }],
	["no answer, and it was not done", { done: false, answer: "none", tries: "all" }],
	["an empty page with a continuation", { done: false, answer: "empty page", tries: "all" }],
	["202 without a body, though it was done", { done: true, answer: "empty", tries: "all" }],
	["202 without a body, and it was not done", { done: false, answer: "empty", tries: "all" }],
	["202 with a body that breaks off, though it was done", { done: true, answer: "cut short", tries: "all" }],
	["202 with a 503 in its body", { done: false, answer: "inner 503", tries: "all" }],
];

const realTimeout = AbortSignal.timeout;
let proxy: FaultProxy;
beforeAll(async () => {
	proxy = await startFaultProxy(await fileStorage());
});
afterAll(async () => {
	AbortSignal.timeout = realTimeout;
	await proxy.close();
});

interface Played {
	readonly calls: readonly CallKind[];
	readonly puts: number;
	/** The call that met the fault. */
	readonly hit: string | undefined;
}

/** Plays a scenario while one call meets a fault, and looks at what is left when all faults have stopped. */
async function play(scenario: Scenario, target?: Target, fault?: Fault): Promise<Played> {
	const world = await startWorld({
		connectionString: proxy.connectionString,
		settings: { BRIDGE_ROUTES: ROUTES },
	});
	AbortSignal.timeout = (ms) => realTimeout(fault?.answer === "none" ? ms / HASTE : ms);
	proxy.arm(target, fault);
	try {
		await scenario(world);
		expect({ isQueueEmpty: await world.wakeAll() }).toEqual({ isQueueEmpty: true });
		const hit = proxy.hit();
		await checkEnd(world);
		return { calls: proxy.calls.map(({ kind }) => kind), puts: world.puts(), hit: hit?.what };
	} catch (error) {
		const { what, tries } = proxy.hit() ?? {};
		const where = `${target?.kind} ${target?.nth}, ${what} (tries: ${tries})`;
		throw new Error(`${where}:\n${(error as Error).message}`, { cause: error });
	} finally {
		proxy.arm();
		await world.close();
	}
}

/** What was acknowledged has arrived once, or is a dead letter with a reason; nothing waits, and nothing is left. */
async function checkEnd({ log, github, ledger, now }: BridgeWorld): Promise<void> {
	const outcomes = new Map<string, string>();
	for (const { stage, outcome, id } of log.lines) {
		if (stage !== "accept" || outcome === "unavailable") continue;
		const first = outcomes.get(String(id));
		if (first === undefined || first === "rejected") outcomes.set(String(id), String(outcome));
	}
	const arrived = await arrivals(github.received, ledger.blob);
	const receipts = [...(await ledger.rows(LANE, "r-")), ...(await ledger.rows("rejected", "r-"))].map(readReceipt);
	const ends: Record<string, string> = {};
	const expected: Record<string, string> = {};
	for (const [id, outcome] of outcomes) {
		const isDead = (state: string) => ["dead", "rejected", "discarded"].includes(state);
		const dead = receipts.find(({ event, state }) => event.id === id && isDead(state));
		const times = arrived.get(id)?.length ?? 0;
		if (outcome === "ignored") continue;
		// What waited for a time before it was refused is discarded all the same.
		const isGivenUp = outcome === "rejected" || dead?.state === "discarded";
		expected[id] = isGivenUp && times === 0 ? "dead, with a reason" : "arrived once";
		ends[id] =
			times > 0
				? times === 1
					? "arrived once"
					: `arrived ${times} times`
				: dead?.reason
					? "dead, with a reason"
					: "lost";
	}
	expect(ends).toEqual(expected);
	expect(receipts.filter((receipt) => !isFinal(receipt)).map(({ event, state }) => `${event.id} is ${state}`)).toEqual(
		[],
	);
	const rows = await ledger.rows(LANE);
	expect(rows.map(({ rowKey }) => rowKey).filter((rowKey) => /^[bem]-/.test(rowKey))).toEqual([]);
	const state = rows.find(({ rowKey }) => rowKey === STATE_KEY);
	expect(state === undefined ? null : fromColumns(state.columns, now).wake.at).toBeNull();
	expect(await ledger.countMessages()).toBe(0);
}

/** A call of a scenario. */
interface Place extends Target {
	readonly name: string;
	readonly scenario: Scenario;
	/** Messages without any fault. */
	readonly puts: number;
}

/** The calls of all scenarios, by their kinds. */
const places = new Map<CallKind, Place[]>();
beforeAll(async () => {
	for (const [name, scenario] of Object.entries(SCENARIOS)) {
		const { calls, puts } = await play(scenario);
		for (const kind of new Set(calls)) {
			const ofKind = calls
				.filter((each) => each === kind)
				.map((_, index) => ({ kind, nth: index + 1, name, scenario, puts }));
			places.set(kind, [...(places.get(kind) ?? []), ...ofKind]);
		}
	}
});

/** Every call that can meet a fault; or one of each kind, another one for each fault. */
function placesFor(fault: Fault, turn: number): readonly Place[] {
	const kinds = [...places].filter(([kind]) => isFor(fault, kind)).map(([, ofKind]) => ofKind);
	if (IS_FULL) return kinds.flat();
	return kinds.flatMap((ofKind, index) => {
		const most = Math.min(placesOf(fault), ofKind.length);
		const spread = (number: number) => Math.floor((number * ofKind.length) / most) + (turn + index) * STRIDE;
		return Array.from({ length: most }, (_, number) => ofKind[spread(number) % ofKind.length] ?? []).flat();
	});
}

describe("whichever call of storage fails", () => {
	it("is one of all kinds that the bridge makes", () => {
		expect([...places.keys()].sort()).toEqual([
			"acquire lease",
			"create container",
			"create queue",
			"create table",
			"delete blob",
			"delete message",
			"download blob",
			"list blobs",
			"put message",
			"read row",
			"release lease",
			"table query",
			"table transaction",
			"upload blob",
		]);
	});

	it.each(FAULTS.map(([name, fault], turn) => [name, fault, turn] as const))(
		"with %s, what was acknowledged arrives once, and nothing is left behind",
		async (_, fault, turn) => {
			const failures: string[] = [];
			let hits = 0;
			for (const place of placesFor(fault, turn)) {
				const { name, scenario, kind, nth } = place;
				try {
					const { puts, hit } = await play(scenario, place, fault);
					if (hit !== undefined) hits += 1;
					if (puts <= place.puts + MORE_MESSAGES) continue;
					failures.push(`${name}, ${kind} ${nth}, ${hit}: ${puts} messages instead of ${place.puts}`);
				} catch (error) {
					failures.push(`${name}, ${(error as Error).message}`);
				}
			}
			expect(failures).toEqual([]);
			expect(hits).toBeGreaterThan(0);
		},
		IS_FULL ? 60 * 60_000 : 120_000,
	);
});
