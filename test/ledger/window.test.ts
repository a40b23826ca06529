import { describe, expect, it } from "@jest/globals";
import {
	acceptedAtOf,
	ensureWindow,
	MAX_EVENTS,
	readWindow,
	toGroup,
	WINDOW_COLUMNS,
} from "../../src/ledger/window.ts";
import type { Columns } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";

const GROUP = "ab".repeat(16);
const to = repositoryDispatch("contoso/model", "uploaded");
const group = { group: GROUP, quietMs: 1_000, maxMs: 60_000, maxEvents: 7, route: "uploads", to };
const MEMBER = `m-${GROUP}-0001779796800000-key-1`;

/** The columns that a group's row gets. */
function columnsOf(write: ReturnType<typeof ensureWindow>): Columns {
	expect(write).toMatchObject({ kind: "upsert", rowKey: `b-${GROUP}` });
	return "columns" in write ? write.columns : {};
}
const read = (columns: Columns) => readWindow({ rowKey: `b-${GROUP}`, columns });

describe("the row of a window", () => {
	it.each([
		["that is new", group],
		["whose members are gathered anew", { ...group, after: "the key of a dispatch" }],
		["that does not say where it goes", { ...group, to: undefined }],
	])("says of a group %s what was written, and what was seen of its members", (_, written) => {
		const seen = { seen: 3, seenBytes: 450, newest: MEMBER };
		const columns = {
			...columnsOf(ensureWindow(written)),
			...seen,
			dueAt: "2026-05-26T12:00:30.000Z",
			oldestAt: "2026-05-26T12:00:00.000Z",
		};
		expect(WINDOW_COLUMNS).toEqual(expect.arrayContaining(Object.keys(columns)));
		const oldestAt = Date.parse("2026-05-26T12:00:00Z");
		expect(read(columns)).toEqual({
			...written,
			...seen,
			rowKey: `b-${GROUP}`,
			dueAt: oldestAt + 30_000,
			oldestAt,
		});
		expect(toGroup(read(columns))).toEqual(written);
		expect(ensureWindow(toGroup(read(columns)))).toEqual(ensureWindow(written));
	});

	it("closes at once where it holds nothing", () => {
		expect(read({})).toEqual({
			rowKey: `b-${GROUP}`,
			group: GROUP,
			quietMs: 0,
			maxMs: 0,
			maxEvents: MAX_EVENTS,
			route: "",
			to: undefined,
			dueAt: 0,
			seen: 0,
			seenBytes: 0,
		});
	});

	it.each(["", "m-", "x", `x${MEMBER}`, `x ${MEMBER}`, `${MEMBER}' or true`, `${MEMBER}/`])(
		"names no newest member where it holds %j",
		(newest) => {
			expect(read({ newest: MEMBER }).newest).toBe(MEMBER);
			expect(read({ newest }).newest).toBeUndefined();
		},
	);

	it("counts a member that does not say when it was accepted as the oldest", () => {
		expect([MEMBER, "m-x", "", undefined].map(acceptedAtOf)).toEqual([1_779_796_800_000, 0, 0, 0]);
	});
});
