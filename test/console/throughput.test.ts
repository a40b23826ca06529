import { describe, expect, it } from "@jest/globals";
import type { Counts, Receipt } from "../../src/console/browser/answers.ts";
import { throughputOf } from "../../src/console/browser/throughput.ts";
import { emptyView, type Filter, type View } from "../../src/console/browser/view.ts";
import { receiptOf } from "./receipt-of.ts";

const NOW = Date.parse("2026-03-14T09:00:30Z");
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();
let count = 0;
const one = (part: Partial<Receipt>) => receiptOf({ key: `key ${count++}`, ...part });
const view = (part: Partial<View>): View => ({ ...emptyView(NOW), ...part });
const over = (range: Filter["range"]) => ({ state: "", find: "", range }) as const;
/** What is not zero, by how many bars ago. */
const bars = (part: Partial<View>) => {
	const all = throughputOf(view(part)).bars;
	return all
		.map(({ received, sent, lost }, index) => [all.length - 1 - index, received, sent, lost])
		.filter(([, ...counts]) => counts.some((each) => Number(each) > 0));
};
const told = (recent: readonly Receipt[]) => bars({ recent });

describe("the throughput of the last hour", () => {
	it("is an hour of minutes, the current one last", () => {
		const { bars: minutes, barMs, isWhole } = throughputOf(view({}));
		expect([minutes.length, barMs, isWhole]).toEqual([60, 60_000, true]);
		expect(minutes.at(-1)?.from).toBe(Date.parse("2026-03-14T09:00:00Z"));
		expect(minutes.at(0)?.from).toBe(Date.parse("2026-03-14T08:01:00Z"));
	});

	it("counts an event where it was received, and again where GitHub took it or it was lost", () => {
		expect(
			told([
				one({ acceptedAt: ago(0), state: "paused" }),
				one({ acceptedAt: ago(20), finishedAt: ago(3), state: "dispatched" }),
				one({ acceptedAt: ago(20), finishedAt: ago(10), state: "dead" }),
				one({ acceptedAt: ago(5), state: "rejected" }),
			]),
		).toEqual([
			[20, 2, 0, 0],
			[10, 0, 0, 1],
			[5, 1, 0, 1],
			[3, 0, 1, 0],
			[0, 1, 0, 0],
		]);
	});

	it("counts a window's events as received, and its one dispatch as sent", () => {
		const gathered = { acceptedAt: ago(8), finishedAt: ago(6), window: "the window", state: "coalesced" } as const;
		const window = one({ key: "the window", acceptedAt: ago(6), finishedAt: ago(6), state: "dispatched" });
		expect(told([window, one(gathered), one(gathered)])).toEqual([
			[8, 2, 0, 0],
			[6, 0, 1, 0],
		]);
	});

	it("leaves out what is older, and what a clock ahead of this one has written", () => {
		expect(told([one({ acceptedAt: ago(60) }), one({ acceptedAt: ago(-2) }), one({ acceptedAt: "" })])).toEqual([]);
	});

	it.each([
		["quarter", 15, 60_000],
		["hour", 60, 60_000],
		["six", 60, 6 * 60_000],
		["day", 60, 24 * 60_000],
		["week", 60, 168 * 60_000],
	] as const)(
		"covers the time of the list: %s is %d bars of %d ms, and nothing falls out at its ends",
		(range, length, ms) => {
			const filter = over(range);
			const { bars: all, barMs } = throughputOf(view({ filter }));
			expect([all.length, barMs]).toEqual([length, ms]);
			const [first = 0, last = 0] = [all[0]?.from, all.at(-1)?.from];
			expect(last <= NOW && NOW < last + ms).toBe(true);
			const at = (time: number) => one({ acceptedAt: new Date(time).toISOString() });
			expect(bars({ filter, recent: [at(first), at(first - 1), at(NOW)] })).toEqual([
				[length - 1, 1, 0, 0],
				[0, 1, 0, 0],
			]);
		},
	);

	it("ends where a chosen time ends, and stays a chart where its bounds are turned round or missing", () => {
		const chosen = { since: "2026-03-14T07:00:00Z", until: "2026-03-14T07:30:00Z" };
		const { bars: all } = throughputOf(view({ filter: over(chosen) }));
		expect([all.length, all.at(-1)?.from]).toEqual([30, Date.parse(chosen.until)]);
		for (const range of [
			{ since: chosen.until, until: chosen.since },
			{ since: "", until: "" },
		])
			expect(throughputOf(view({ filter: over(range) })).bars.length).toBeGreaterThan(0);
	});

	describe("beyond the receipts that the page knows", () => {
		const minute = (minutes: number, received: number, states: Counts["minutes"][number]["states"]) => ({
			at: `${ago(minutes).slice(0, 16)}:00.000Z`,
			received,
			states,
		});
		const counts: Counts = {
			since: ago(60),
			until: ago(0),
			minutes: [
				minute(30, 900, { dispatched: 700, dead: 80, rejected: 40, paused: 80 }),
				minute(2, 10, { ignored: 10 }),
			],
			complete: true,
		};

		it("is what the bridge has counted: all dead letters are in the chart", () => {
			expect(bars({ recent: [one({})], isPart: true, counts })).toEqual([
				[30, 900, 700, 120],
				[2, 10, 0, 0],
			]);
			expect(throughputOf(view({ isPart: true, counts })).isWhole).toBe(true);
		});

		it("is at least what the page knows, and says so, where the bridge has not counted all or nothing", () => {
			expect(throughputOf(view({ isPart: true, counts: { ...counts, complete: false } })).isWhole).toBe(false);
			expect(throughputOf(view({ isPart: true, recent: [one({ acceptedAt: ago(1) })] }))).toMatchObject({
				isWhole: false,
			});
			expect(bars({ isPart: true, recent: [one({ acceptedAt: ago(1) })] })).toEqual([[1, 1, 0, 0]]);
		});
	});
});
