import { describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { receipts } from "../../src/functions/receipts.ts";
import { callFunction } from "../helpers/call-function.ts";

/** What the bridge is asked for; undefined where the question is refused. */
async function readTime(since: string): Promise<number | undefined> {
	let asked: number | undefined;
	const bridge: Pick<Bridge, "receipts"> = {
		async receipts(query) {
			asked = query.since;
			return { receipts: [], complete: true, problems: [] };
		},
	};
	const path = `/api/receipts?since=${encodeURIComponent(since)}`;
	const { status } = await callFunction(
		receipts(async () => bridge as Bridge),
		{ method: "GET", path },
	);
	expect(status).toBe(asked === undefined ? 400 : 200);
	return asked;
}

describe("a time of a question", () => {
	it.each([
		["2026-03-14T08:15:00Z", "2026-03-14T08:15:00.000Z"],
		["2026-03-14t08:15:00.1234567z", "2026-03-14T08:15:00.123Z"],
		["2026-03-14T10:15:00+02:00", "2026-03-14T08:15:00.000Z"],
		["2026-03-14T10:15:00 02:00", "2026-03-14T08:15:00.000Z"],
		["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
		["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"],
		["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"],
		["0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"],
	])("%s is %s", async (text, iso) => {
		expect(new Date((await readTime(text)) ?? Number.NaN).toISOString()).toBe(iso);
	});

	it.each(["now", "2026-03-14", "2026-03-14T08:15Z", "2026-03-14T08:15:00", "2026-02-30T00:00:00Z"])(
		"%j is none",
		async (text) => {
			expect(await readTime(text)).toBeUndefined();
		},
	);

	it.each([
		"2026-13-01T00:00:00Z",
		"2026-03-14T25:00:00Z",
		"2026-03-14T08:61:00Z",
		"1773476100",
		"+010000-01-01T00:00:00Z",
	])("%j is none", async (text) => {
		expect(await readTime(text)).toBeUndefined();
	});
});
