import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { callTime, type Limit, logCalls, nextSlot, parsePace, usedOf } from "../../src/ledger/pace.ts";

const MARGIN_MS = 500;
const USUAL = limits("1/s,80/m,500/h");

function limits(text: string): readonly Limit[] {
	const parsed = parsePace(text);
	if (typeof parsed === "string") throw new Error(parsed);
	return parsed;
}

/** How a call went: its way to GitHub, GitHub's work, and its way back, in milliseconds. */
interface Latency {
	readonly there: number;
	readonly back: number;
}

/** Makes calls one after the other, each at its slot, as a drainer does. Answers when each arrived, and when it left. */
function simulate(pace: readonly Limit[], latencies: Iterable<Latency>): { left: number[]; arrived: number[] } {
	let [now, calls]: [number, readonly number[]] = [1_000_000, []];
	const [left, arrived]: number[][] = [[], []];
	for (const { there, back } of latencies) {
		const start = nextSlot(calls, pace, now);
		now = start + there + back;
		left?.push(start);
		arrived?.push(start + there);
		calls = logCalls(calls, [callTime(start, now)], pace, now);
	}
	return { left: left as number[], arrived: arrived as number[] };
}

/** The most of these times that lie within any span of that length, its end excluded. */
function mostWithin(times: readonly number[], ms: number): number {
	const sorted = [...times].sort((one, other) => one - other);
	return Math.max(...sorted.map((from) => sorted.filter((time) => time >= from && time < from + ms).length));
}

describe("a pace", () => {
	it.each([
		[
			"1/s,80/m,500/h",
			[
				[1, 1_000],
				[80, 60_000],
				[500, 3_600_000],
			],
		],
		[" 5 / m ", [[5, 60_000]]],
		["10000/h", [[10_000, 3_600_000]]],
	])("is read from %j", (text, expected) => {
		expect(limits(text)).toEqual(expected.map(([count, ms]) => ({ count, ms })));
	});

	it.each(["", "1", "1/", "/s", "1/d", "1/s,", "1/s;2/m", "-1/s", "1.5/s", "one/s", "1/S"])(
		"is refused as %j",
		(text) => {
			expect(parsePace(text)).toContain("expected a list such as 1/s,80/m,500/h");
		},
	);

	it("is refused by the one limit that is none", () => {
		expect(parsePace("1/s, 5/d ,9/h")).toBe('"5/d" is not a limit; expected a list such as 1/s,80/m,500/h');
		expect(parsePace("1/s, 0/m ")).toBe('"0/m": the number must be from 1 to 10000');
	});

	it.each(["0/s", "10001/h", "99999999999/m"])("is refused as %s, whose number is out of bounds", (text) => {
		expect(parsePace(text)).toBe(`"${text}": the number must be from 1 to 10000`);
	});
});

describe("the next slot", () => {
	const five = limits("5/m");

	it("is now while a limit has room", () => {
		expect(nextSlot([], five, 7)).toBe(7);
		expect(nextSlot([3, 4, 5, 6], five, 7)).toBe(7);
	});

	it("is when the oldest call of a full window leaves it, half a second later than stated", () => {
		expect(nextSlot([1, 3, 4, 5, 6], five, 7)).toBe(1 + 60_000 + MARGIN_MS);
		expect(nextSlot([0, 1, 3, 4, 5, 6], five, 7)).toBe(1 + 60_000 + MARGIN_MS);
		expect(nextSlot([1, 3, 4, 5, 6], five, 1 + 60_000 + MARGIN_MS)).toBe(1 + 60_000 + MARGIN_MS);
		expect(nextSlot([1, 3, 4, 5, 6], five, 60_000 + MARGIN_MS)).toBe(1 + 60_000 + MARGIN_MS);
	});

	it("keeps a second exactly", () => {
		expect(nextSlot([5_000], limits("1/s"), 5_001)).toBe(6_000);
		expect(nextSlot([5_000], limits("1/s"), 6_000)).toBe(6_000);
	});

	it("obeys the limit that asks for most", () => {
		const minute = Array.from({ length: 80 }, (_, index) => index * 700);
		expect(nextSlot(minute, USUAL, 56_001)).toBe(60_000 + MARGIN_MS);
		expect(nextSlot([0, 56_000], USUAL, 56_001)).toBe(57_000);
	});

	it("sends a small burst at once where nothing forbids it", () => {
		const { left } = simulate(limits("80/m,500/h"), Array(5).fill({ there: 0, back: 0 }));
		expect(left.at(-1)).toBe(left[0]);
	});
});

describe("the time that stands for a call", () => {
	it("is its start, or half a second before its answer where that is later", () => {
		expect(callTime(1_000, 1_400)).toBe(1_000);
		expect(callTime(1_000, 1_500)).toBe(1_000);
		expect(callTime(1_000, 1_501)).toBe(1_001);
		expect(callTime(1_000, 11_000)).toBe(10_500);
	});
});

describe("the log of calls", () => {
	it("forgets what no limit counts any more", () => {
		expect(logCalls([0, 1, 2], [60_501], limits("5/m"), 60_501)).toEqual([2, 60_501]);
		expect(logCalls([0, 1, 2, 3, 4, 5], [6], limits("5/m"), 6)).toEqual([2, 3, 4, 5, 6]);
	});

	it("brings what is new into its order", () => {
		expect(logCalls([10, 30], [20, 5], limits("9/m"), 40)).toEqual([5, 10, 20, 30]);
	});

	it("leaves no call in the future, whatever a clock did", () => {
		expect(logCalls([5_000_000, 9_000_000], [20], limits("9/m"), 100)).toEqual([20, 100, 100]);
	});
});

describe("whatever the latency", () => {
	const latency = fc.record({ there: fc.nat(9_000), back: fc.nat(1_000) });
	const quick = fc.record({ there: fc.nat(300), back: fc.nat(300) });

	it("never lets more calls arrive in any minute or hour than GitHub allows, strictly counted", () => {
		const pace = fc.constantFrom("3/m", "7/m,20/h", "1/s,5/m", "12/m,30/h");
		const calls = fc.array(fc.oneof(latency, quick), { minLength: 1, maxLength: 80 });
		fc.assert(
			fc.property(pace, calls, (text, latencies) => {
				const { arrived } = simulate(limits(text), latencies);
				for (const { count, ms } of limits(text)) {
					if (ms > 1_000) expect(mostWithin(arrived, ms)).toBeLessThanOrEqual(count);
				}
			}),
			{ numRuns: 500 },
		);
	});

	it("never lets two calls leave within a second of one another", () => {
		fc.assert(
			fc.property(fc.array(latency, { minLength: 2, maxLength: 40 }), (latencies) => {
				expect(mostWithin(simulate(USUAL, latencies).left, 1_000)).toBe(1);
			}),
		);
	});

	it("uses at least 99 % of the allowance for a backlog", () => {
		const hours = 12;
		const latencies = Array.from({ length: 500 * (hours + 1) }, (_, index) => ({ there: 40 + (index % 90), back: 60 }));
		const { left } = simulate(USUAL, latencies);
		const first = left[0] as number;
		const sent = left.filter((time) => time < first + hours * 3_600_000).length;
		expect(sent / (500 * hours)).toBeGreaterThanOrEqual(0.99);
		expect(sent).toBeLessThanOrEqual(500 * hours);
	});
});

describe("how much of a limit is used", () => {
	const [minute] = limits("3/m") as [Limit];

	it("is what its window still counts", () => {
		const now = 1_000_000;
		const edge = now - 60_000 - MARGIN_MS;
		expect(usedOf(minute, [], now)).toBe(0);
		expect(usedOf(minute, [edge - 1, edge, edge + 1, now], now)).toBe(2);
	});

	it("is never more than there is, as after a pace was made slower", () => {
		expect(usedOf(minute, [1, 2, 3, 4, 5], 5)).toBe(3);
	});
});
