import { describe, expect, it } from "@jest/globals";
import {
	entryKey,
	followKey,
	groupOfMember,
	memberKey,
	membersOf,
	readCount,
	readMembers,
	readServiceTime,
	readTime,
	readTimeUntil,
	readWait,
	receiptKey,
	receiptOfFollow,
	timeInKey,
} from "../../src/ledger/rows.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const DAY_MS = 86_400_000;
const LATEST = 8e15;
const NO_TIMES = [undefined, null, "", "soon", "1798000000000x", true, {}, [], Number.NaN, 8e15 + 1, -8e15 - 1, 1e300];

describe("a time of a row", () => {
	it.each([
		[NOW, NOW],
		["2026-05-26T12:00:00Z", NOW],
		["2026-05-26T14:00:00.000+02:00", NOW],
		[0, 0],
		[LATEST, LATEST],
		[-LATEST, -LATEST],
	])("is read: %p", (value, time) => {
		expect(readTime(value)).toBe(time);
		expect(readTimeUntil(value, LATEST)).toBe(time);
		expect(readServiceTime(value, time)).toBe(time);
	});

	it.each(NO_TIMES)("is none where no time can be written again: %p", (value) => {
		expect(readTime(value)).toBeUndefined();
		expect(readTimeUntil(value, LATEST)).toBeUndefined();
		expect(readServiceTime(value, NOW)).toBeUndefined();
		expect(readWait(value, NOW)).toBeUndefined();
	});

	it("is as late as it may be, and not later", () => {
		expect([NOW, NOW + 1].map((time) => readTimeUntil(time, NOW))).toEqual([NOW, undefined]);
		expect([NOW + DAY_MS, NOW + DAY_MS + 1].map((time) => readWait(time, NOW))).toEqual([NOW + DAY_MS, NOW + DAY_MS]);
	});

	it("is a service's where its clock is at most four hundred days off", () => {
		for (const off of [-400 * DAY_MS, 400 * DAY_MS]) {
			expect(readServiceTime(NOW + off, NOW)).toBe(NOW + off);
			expect(readServiceTime(NOW + off + Math.sign(off), NOW)).toBeUndefined();
		}
	});
});

describe("a number of a row", () => {
	it.each([
		[0, 0],
		[7, 7],
		[Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
		[-1, 0],
		[1.5, 0],
		[2 ** 53, 0],
		["7", 0],
		[null, 0],
		[undefined, 0],
	])("is a count: %p is %d", (value, count) => {
		expect(readCount(value)).toBe(count);
	});
});

describe("an object of a row", () => {
	it("has the members that are written", () => {
		expect(readMembers('{"a":1,"b":null}')).toEqual({ a: 1, b: null });
		expect(membersOf({ a: 1 })).toEqual({ a: 1 });
	});

	it.each([undefined, "", "{", "null", "7", '"text"', "[1]", "undefined"])("has none where it is none: %p", (text) => {
		expect(readMembers(text)).toEqual({});
	});

	it.each([undefined, null, 7, "text", [1]])("has none where it is %p", (value) => {
		expect(membersOf(value)).toEqual({});
	});
});

describe("a row's key", () => {
	const receipt = receiptKey("2026-05-26T12:00:00Z", "0123456789abcdef");

	it("says the time that it was made of", () => {
		expect(timeInKey(entryKey(NOW, 3, "k"))).toBe(NOW);
		expect(timeInKey(followKey(NOW, receipt))).toBe(NOW);
		for (const key of ["e", "e-x-1", "e-9999999999999999-1"])
			expect([key, timeInKey(key) ?? null]).toEqual([key, null]);
	});

	it("says the receipt that it was made of", () => {
		expect(receiptOfFollow(followKey(NOW, receipt))).toBe(receipt);
	});

	it("says the group of a member, and of nothing else", () => {
		const member = memberKey("ab12", NOW, "k", 1);
		expect(groupOfMember(member)).toBe("ab12");
		for (const key of [`x${member}`, "m-", "m--1", "m-xy-1", "e-ab12-1"]) expect(groupOfMember(key)).toBeUndefined();
	});
});
