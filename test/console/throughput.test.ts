import { describe, expect, it } from "@jest/globals";
import type { Receipt } from "../../src/console/browser/answers.ts";
import { MINUTES, throughput } from "../../src/console/browser/throughput.ts";
import { receiptOf } from "./receipt-of.ts";

const NOW = Date.parse("2026-03-14T09:00:30Z");
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();
let count = 0;
const one = (part: Partial<Receipt>) => receiptOf({ key: `key ${count++}`, ...part });
/** What is not zero, by how many minutes ago. */
const told = (receipts: readonly Receipt[]) =>
	throughput(receipts, NOW)
		.map(({ received, sent, lost }, index) => [MINUTES - 1 - index, received, sent, lost])
		.filter(([, ...counts]) => counts.some((each) => each > 0));

describe("the throughput of the last hour", () => {
	it("is an hour of minutes, the current one last", () => {
		const minutes = throughput([], NOW);
		expect(minutes).toHaveLength(60);
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
});
