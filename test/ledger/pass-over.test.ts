import { describe, expect, it } from "@jest/globals";
import { passOver, type View } from "../../src/ledger/lane-lease.ts";
import { type Entry, newEntry, readEntry } from "../../src/ledger/outbox.ts";
import { entryKey } from "../../src/ledger/rows.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const dueAt = ({ notBefore }: Entry) => notBefore;

/** Deliveries in their order, each due so many milliseconds from now. */
function viewOf(due: readonly number[], passedUntil: number | null = null): View {
	const entries = due.map((inMs, index) => {
		const written = newEntry({ key: `k${index}`, receipt: "r-1", acceptedAt: NOW, to: undefined, route: "a" });
		const columns = { ...written, notBefore: new Date(NOW + inMs).toISOString() };
		return readEntry({ rowKey: entryKey(NOW, index, "k"), columns }, NOW);
	});
	return { windows: [], entries, complete: true, isCut: false, passedUntil };
}
const many = (count: number, inMs: number) => Array.from({ length: count }, (_, index) => inMs + index);

describe("the deliveries at the beginning of a lane that need not be read again", () => {
	it.each<[string, readonly number[], number | undefined]>([
		["are a page of those that are not due", many(32, 5_000), 32],
		["are all before the first that is due", [...many(40, 5_000), 0, ...many(40, 5_000)], 40],
		["are none where the first is due", [0, ...many(40, 5_000)], undefined],
		["are none where they are less than a page", many(31, 5_000), undefined],
		["are none where less than a page comes before the first that is due", [...many(31, 5_000), 0], undefined],
		["are none where there is none", [], undefined],
	])("%s", (_, due, count) => {
		const view = viewOf(due);
		const last = count === undefined ? undefined : view.entries[count - 1]?.rowKey;
		const expected = last === undefined ? undefined : { from: `${last}~`, until: NOW + 5_000 };
		expect(passOver(view, dueAt, NOW)).toEqual(expected);
	});

	it("are counted on in a reading that has passed over some and was cut: none of them is due before the first of all", () => {
		const view = { ...viewOf(many(40, 5_000), NOW + 1), complete: false, isCut: true };
		expect(passOver(view, dueAt, NOW)).toEqual({ from: `${view.entries.at(-1)?.rowKey}~`, until: NOW + 1 });
	});

	it.each([
		["none", null, 5_000],
		["some", NOW + 1, 1],
	])("are all of a reading that was cut, however few it came to, where %s were passed over", (_, passedUntil, inMs) => {
		const view = { ...viewOf(many(3, 5_000), passedUntil), complete: false, isCut: true };
		expect(passOver(view, dueAt, NOW)).toEqual({ from: `${view.entries.at(-1)?.rowKey}~`, until: NOW + inMs });
	});

	it("are not counted anew in a reading that has passed over some", () => {
		expect(passOver(viewOf(many(40, 5_000), NOW + 1), dueAt, NOW)).toBeUndefined();
	});
});
