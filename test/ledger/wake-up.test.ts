import { describe, expect, it } from "@jest/globals";
import { isSuperseded, isWokenInTime, readRecordedWakeUp, readWakeUp, writeWakeUp } from "../../src/ledger/wake-up.ts";

describe("a wake-up that finds another recorded", () => {
	const NOW = 10_000_000;
	const soon = NOW + 60_000;

	it.each([
		["ends when a higher number is recorded that surfaces soon", 3, { last: 4, at: soon }, true],
		["ends when one is recorded that is being heeded", 3, { last: 4, at: NOW - 60_000 }, true],
		["comes back when it is the recorded one", 4, { last: 4, at: soon }, false],
		[
			"comes back when a lower one is recorded: a successor can surface before it is recorded",
			5,
			{ last: 4, at: soon },
			false,
		],
		["comes back when none is recorded any more", 3, { last: 4, at: null }, false],
		["comes back when none was ever recorded", 0, { last: 0, at: null }, false],
		[
			"comes back when the recorded one surfaces later: its drainer may not have seen everything",
			3,
			{ last: 4, at: soon + 1 },
			false,
		],
		["comes back when the recorded one ought to have been heeded long ago", 3, { last: 4, at: NOW - 3_600_000 }, false],
	])("%s", (_, wake, record, superseded) => {
		expect(isSuperseded(wake, record, NOW)).toBe(superseded);
	});
});

describe("an acceptor that has written an entry", () => {
	const NOW = 10_000_000;
	const MINUTE = 60_000;

	it.each([
		["relies on a wake-up that surfaces before the entry is due", NOW + 50, NOW + 100, true],
		["relies on one up to a minute later, as a drainer's own watchdog is", NOW + MINUTE + 100, NOW + 100, true],
		["puts one when the recorded one surfaces later than that", NOW + MINUTE + 101, NOW + 100, false],
		["counts that minute from now where the entry has been due for longer", NOW + MINUTE, NOW - 5 * MINUTE, true],
		["puts one when the recorded one surfaces later than a minute from now", NOW + MINUTE + 1, NOW - 5 * MINUTE, false],
		["relies on one that has surfaced and is heeded, or comes back in ten minutes", NOW - 11 * MINUTE, NOW, true],
		["puts one when the recorded one ought to have been heeded long ago", NOW - 20 * MINUTE, NOW, false],
		["puts one when none is recorded", null, NOW, false],
	])("%s", (_, at, dueAt, inTime) => {
		expect(isWokenInTime({ last: 9, at }, dueAt, NOW)).toBe(inTime);
	});

	it("puts one when none is recorded, whatever the clock says", () => {
		expect(isWokenInTime({ last: 9, at: null }, 0, 0)).toBe(false);
	});
});

describe("the record of a wake-up", () => {
	const NOW = 10_000_000;
	const DAY = 86_400_000;
	const HIGHEST = 2 ** 50;

	it.each([
		["as it was written", { last: 7, at: NOW + 50 }, { last: 7, at: NOW + 50 }],
		["without a time", { last: 7, at: null }, { last: 7, at: null }],
		["with a time that is none", { last: 7, at: "soon" }, { last: 7, at: null }],
		["with a time that is too far ahead", { last: 7, at: NOW + 2 * DAY }, { last: 7, at: NOW + DAY }],
		["with the highest number", { last: HIGHEST, at: null }, { last: HIGHEST, at: null }],
		["with a number that is too high", { last: HIGHEST + 1, at: null }, { last: 0, at: null }],
		["with a number below 0", { last: -1, at: null }, { last: 0, at: null }],
		["with no number", { last: "7" }, { last: 0, at: null }],
		["that is not there", undefined, { last: 0, at: null }],
		["that is none", 7, { last: 0, at: null }],
	])("is read %s", (_, value, record) => {
		expect(readRecordedWakeUp(value, NOW)).toEqual(record);
	});
});

describe("a wake-up's message", () => {
	it("is read as it was written", () => {
		expect(readWakeUp(JSON.parse(writeWakeUp({ lane: "default", wake: 7 })))).toEqual({ lane: "default", wake: 7 });
	});

	it.each([
		["nothing", undefined],
		["null", null],
		["a text", "default"],
		["a number", 7],
		["no lane", { wake: 1 }],
		["a lane that is no text", { lane: 7, wake: 1 }],
		["no number", { lane: "default" }],
		["a number as a text", { lane: "default", wake: "1" }],
		["half a number", { lane: "default", wake: 1.5 }],
		["a lane that would be a path", { lane: "a/b", wake: 1 }],
		["a lane that begins with none of its characters", { lane: "-a", wake: 1 }],
		["a lane that ends with none", { lane: "a\n", wake: 1 }],
		["a lane of 202 characters", { lane: "a".repeat(202), wake: 1 }],
	])("is none if it is %s", (_, message) => {
		expect(readWakeUp(message)).toBeUndefined();
	});
});
