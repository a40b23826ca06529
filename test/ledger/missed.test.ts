import { describe, expect, it } from "@jest/globals";
import {
	type MissedTally,
	NONE_MISSED,
	readMissed,
	sumMissed,
	tallyMissed,
	writeMissed,
} from "../../src/ledger/ignored.ts";

const at = (minute: number) => new Date(Date.parse("2026-05-26T12:00:00Z") + minute * 60_000).toISOString();

describe("the counts of what missed a route", () => {
	it("are by the part of the route that an event does not meet, with the first and the last time", () => {
		const tally: MissedTally = new Map();
		tallyMissed(
			tally,
			[
				{ route: "a", by: "source" },
				{ route: "b", by: "includedEventTypes" },
			],
			at(1),
		);
		tallyMissed(tally, [{ route: "a", by: "source" }], at(2));
		tallyMissed(tally, [{ route: "a", by: "subjectEndsWith" }], at(3));
		expect(Object.fromEntries(tally)).toEqual({
			a: { by: { source: 2, subjectEndsWith: 1 }, since: at(1), last: at(3) },
			b: { by: { includedEventTypes: 1 }, since: at(1), last: at(1) },
		});
	});

	it("add up over writings", () => {
		const [first, second]: [MissedTally, MissedTally] = [new Map(), new Map()];
		tallyMissed(first, [{ route: "a", by: "source" }], at(1));
		tallyMissed(
			second,
			[
				{ route: "a", by: "source" },
				{ route: "a", by: "subjectEndsWith" },
				{ route: "c", by: "source" },
			],
			at(2),
		);
		expect(sumMissed(sumMissed(NONE_MISSED, first), second)).toEqual({
			a: { by: { source: 2, subjectEndsWith: 1 }, since: at(1), last: at(2) },
			c: { by: { source: 1 }, since: at(2), last: at(2) },
		});
	});

	it("fit into a property of a row, of however many routes: those stay that were missed last", () => {
		const tally: MissedTally = new Map();
		for (let index = 0; index < 1_000; index++) {
			// In no order of their times.
			const number = (index * 7) % 1_000;
			const route = String(number).padStart(16, "0");
			for (const by of ["source", "includedEventTypes", "advancedFilters", "onlyCompletedWrites"] as const) {
				tallyMissed(tally, [{ route, by }], at(number));
			}
		}
		const counts = sumMissed(NONE_MISSED, tally);
		expect(Object.keys(counts)).toHaveLength(200);
		expect(Math.min(...Object.keys(counts).map(Number))).toBe(800);
		const bytes = writeMissed(counts);
		expect(bytes.length).toBeLessThan(60 * 1024);
		expect(readMissed(bytes)).toEqual(counts);
	});

	it.each([
		["nothing", undefined],
		["a text", "{}"],
		["no JSON", Buffer.from("{")],
		["null", Buffer.from("null")],
	])("begin anew where a row holds %s", (_, column) => {
		expect(readMissed(column)).toEqual({});
	});

	const count = { by: { source: 2, subjectEndsWith: 1 }, since: at(1), last: at(2) };
	it.each<[string, unknown]>([
		["null", null],
		["a number", 7],
		["a count without parts", { ...count, by: undefined }],
		["a count whose parts are null", { ...count, by: null }],
		["a count whose parts are a number", { ...count, by: 7 }],
		["a count one of whose parts is a text", { ...count, by: { source: 2, subjectEndsWith: "x" } }],
		["a count that does not say when it began", { ...count, since: undefined }],
		["a count whose last time is a number", { ...count, last: 7 }],
	])("leave out %s, and no other route", (_, bad) => {
		expect(readMissed(writeMissed({ one: count, bad, other: count } as never))).toEqual({ one: count, other: count });
	});
});
