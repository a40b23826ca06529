import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import {
	deadLetterKey,
	entryKey,
	IGNORED_LANE,
	inOrder,
	memberKey,
	memberRange,
	NO_LANE,
	ROWS,
	receiptKey,
	STATE_KEY,
	windowKey,
} from "../../src/ledger/rows.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const FIRST = Date.parse("0000-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");
const anyTime = fc.integer({ min: FIRST, max: LAST });
const accepted = fc.integer({ min: 0, max: LAST });
const iso = (time: number) => new Date(time).toISOString();
/** As the table compares keys. */
const sorts = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));
const within = (key: string, { from, to }: { from: string; to: string }) => sorts(key, from) >= 0 && sorts(key, to) < 0;

describe("a receipt's key", () => {
	it("puts the newest event first, for every time from year 0 to 9999", () => {
		fc.assert(
			fc.property(anyTime, anyTime, (one, other) => {
				const order = sorts(receiptKey(iso(one), KEY), receiptKey(iso(other), KEY));
				expect(order).toBe(Math.sign(other - one));
			}),
		);
		expect([FIRST, 0, LAST].map((time) => receiptKey(iso(time), KEY).length)).toEqual(Array(3).fill(2 + 16 + 1 + 32));
	});

	it.each([
		["2026-05-26T12:00:00Z"],
		["2026-05-26T12:00:00.000Z"],
		["2026-05-26T12:00:00.0000000Z"],
		["2026-05-26T12:00:00+00:00"],
		["2026-05-26T14:00:00+02:00"],
		["2026-05-26T12:00:00.0004Z"],
		["2026-05-26t12:00:00z"],
	])("is the same for every spelling of one moment: %s", (time) => {
		expect(receiptKey(time, KEY)).toBe(receiptKey("2026-05-26T12:00:00Z", KEY));
	});

	it("tells deliveries of one moment apart", () => {
		expect(receiptKey(iso(0), KEY)).not.toBe(receiptKey(iso(0), KEY.replace("0", "1")));
	});

	it("is there for an event without a time", () => {
		expect(receiptKey("", KEY)).toBe(receiptKey("1970-01-01T00:00:00Z", KEY));
	});

	it("has a dead letter's key of its own, in the same order", () => {
		const [older, newer] = [1_000, 2_000].map((time) => deadLetterKey(receiptKey(iso(time), KEY))) as [string, string];
		expect(sorts(newer, older)).toBe(-1);
		expect(within(newer, ROWS.deadLetters)).toBe(true);
	});
});

describe("an entry's key", () => {
	it("sorts in the order of acceptance, then of the instance's own count", () => {
		fc.assert(
			fc.property(accepted, accepted, fc.nat(999_999), fc.nat(999_999), (at, later, count, next) => {
				const order = sorts(entryKey(at, count, KEY), entryKey(later, next, KEY));
				expect(order).toBe(Math.sign(at - later) || Math.sign(count - next));
			}),
		);
	});

	it("keeps the order of those that an instance accepts in one millisecond", () => {
		fc.assert(
			fc.property(accepted, fc.nat(999_999), fc.nat(999_999), (at, count, next) => {
				expect(sorts(entryKey(at, count, KEY), entryKey(at, next, KEY))).toBe(Math.sign(count - next));
			}),
		);
	});

	it("differs between instances that accept in the same millisecond", () => {
		expect(entryKey(5, 1, KEY)).not.toBe(entryKey(5, 1, KEY.replace("0", "1")));
	});
});

describe("a member's key", () => {
	it("sorts in the order of acceptance within its group, and no group's range holds another's", () => {
		fc.assert(
			fc.property(accepted, accepted, (one, other) => {
				const order = sorts(memberKey("aa", one, KEY, 1), memberKey("aa", other, KEY, 1));
				expect(order).toBe(Math.sign(one - other));
			}),
		);
		const member = memberKey("aa", 5, KEY, 1);
		expect(["a", "aa", "aaa", "ab"].map((group) => within(member, memberRange(group)))).toEqual([
			false,
			true,
			false,
			false,
		]);
	});

	it("is passed by with a tilde", () => {
		const [seen, next] = [memberKey("aa", 5, KEY, 1), memberKey("aa", 6, KEY, 1)];
		expect(sorts(seen, `${seen}~`)).toBe(-1);
		expect(sorts(`${seen}~`, next)).toBe(-1);
	});
});

describe("the rows of a lane", () => {
	const rows = {
		state: STATE_KEY,
		window: windowKey("ff"),
		entry: entryKey(LAST, 999_999, KEY),
		member: memberKey("ff", 0, KEY, 1),
		receipt: receiptKey(iso(LAST), KEY),
		deadLetter: deadLetterKey(receiptKey(iso(FIRST), KEY)),
	};

	it("are read by a drainer from the state row on, as far as it cares", () => {
		const seen = Object.entries(rows).filter(([, key]) => within(key, ROWS.pending));
		expect(seen.map(([row]) => row)).toEqual(["state", "window", "entry"]);
		const order = [rows.state, rows.window, rows.entry];
		expect([...order].sort(sorts)).toEqual(order);
	});

	it.each([
		["windows", "window"],
		["entries", "entry"],
		["receipts", "receipt"],
		["deadLetters", "deadLetter"],
	] as const)("have ranges of their own: %s", (range, row) => {
		expect(Object.entries(rows).flatMap(([name, key]) => (within(key, ROWS[range]) ? [name] : []))).toEqual([row]);
	});

	it("have times of one length", () => {
		expect(inOrder(0)).toHaveLength(16);
		expect(inOrder(LAST)).toHaveLength(16);
	});
});

describe("rows that an earlier version has written", () => {
	it("are found under the same keys", () => {
		const time = "2026-05-26T12:00:00Z";
		expect([STATE_KEY, NO_LANE, IGNORED_LANE]).toEqual(["a-state", "rejected", "ignored"]);
		expect(receiptKey(time, KEY)).toBe(`r-0998220203200000-${KEY}`);
		expect(deadLetterKey(receiptKey(time, KEY))).toBe(`x-0998220203200000-${KEY}`);
		expect(entryKey(Date.parse(time), 1_000_007, KEY)).toBe("e-0001779796800000-000007-01234567");
		expect(windowKey("ab")).toBe("b-ab");
		expect(memberKey("ab", Date.parse(time), KEY, 3)).toBe(`m-ab-0001779796800000-${KEY}-3`);
	});
});
