import { describe, expect, it } from "@jest/globals";
import { type Entry, finishWrites, newEntry, readEntry } from "../../src/ledger/outbox.ts";
import { entryKey, LONGEST_WAIT_MS, MAX_SKEW_MS } from "../../src/ledger/rows.ts";
import type { Destination, Disposition } from "../../src/model.ts";
import type { Columns, Write } from "../../src/storage/storage.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const ACCEPTED = NOW - 60_000;
const KEY = "0123456789abcdef0123456789abcdef";
const ROW = entryKey(ACCEPTED, 7, KEY);
const TO: Destination = { id: "contoso/a#x", repository: "contoso/a", dispatchType: "x" };
const WRITTEN = newEntry({ key: KEY, receipt: "r-1-2", acceptedAt: ACCEPTED, to: TO, route: "train" });
const SINCE = NOW - 5_000;
const iso = (ms: number) => new Date(ms).toISOString();

const read = (columns: Columns = {}, rowKey = ROW) => readEntry({ rowKey, columns: { ...WRITTEN, ...columns } }, NOW);

describe("a delivery's row", () => {
	it("is read as it was written", () => {
		expect(read()).toEqual({
			rowKey: ROW,
			key: KEY,
			receipt: "r-1-2",
			acceptedAt: ACCEPTED,
			to: TO,
			target: "contoso/a",
			route: "train",
			notBefore: 0,
			failures: 0,
			failingSince: undefined,
			doubt: undefined,
			attempts: [],
		});
	});

	it("without a column says nothing of it, and has its time and its receipt by its own key", () => {
		expect(readEntry({ rowKey: ROW, columns: {} }, NOW)).toEqual({
			rowKey: ROW,
			key: "",
			receipt: expect.stringMatching(new RegExp(`^r-\\d{16}-${ROW}$`)),
			acceptedAt: ACCEPTED,
			to: undefined,
			target: "",
			route: "",
			notBefore: 0,
			failures: 0,
			failingSince: undefined,
			doubt: undefined,
			attempts: [],
		});
		expect(readEntry({ rowKey: "e-x", columns: {} }, NOW).acceptedAt).toBe(NOW);
	});

	const AHEAD = NOW + LONGEST_WAIT_MS;
	it.each<[string, Columns, Partial<Entry>]>([
		["a wait of a day", { notBefore: iso(AHEAD) }, { notBefore: AHEAD }],
		["a longer wait", { notBefore: iso(AHEAD + 1) }, { notBefore: 0 }],
		["a wait that is no time", { notBefore: "soon" }, { notBefore: 0 }],
		["a first failure", { failingSince: iso(SINCE) }, { failingSince: SINCE }],
		["a first failure that is no time", { failingSince: "then" }, { failingSince: undefined }],
		["a time of acceptance that is ahead", { acceptedAt: iso(NOW + 5) }, { acceptedAt: NOW }],
		["failures", { failures: 3 }, { failures: 3 }],
		["failures of an earlier version", { troubles: 2 }, { failures: 2 }],
		["failures that are no number", { failures: "many" }, { failures: 0 }],
		["less than no failures", { failures: -1 }, { failures: 0 }],
		["what is sent", { body: Buffer.from("{}") }, { body: "{}" }],
		["a blob of what is sent", { bodyBlob: "bodies/a" }, { bodyBlob: "bodies/a" }],
		["a list of members", { closing: "closing/a" }, { closing: "closing/a" }],
		["a second dispatch", { resent: true }, { resent: true }],
		["attempts that are none", { attempts: "[" }, { attempts: [] }],
	])("with %s is read", (_, columns, expected) => {
		expect(read(columns)).toMatchObject(expected);
	});

	it.each<[string, unknown, unknown]>([
		["times", { since: SINCE, from: SINCE + 1 }, { since: SINCE, from: SINCE + 1 }],
		["no time of its last call", { since: SINCE }, { since: SINCE }],
		["a last call at no time", { since: SINCE, from: "then" }, { since: SINCE, from: SINCE }],
		["a clock that is far off, and may be", { since: NOW - MAX_SKEW_MS }, { since: NOW - MAX_SKEW_MS }],
		["a clock that is further off", { since: NOW - MAX_SKEW_MS - 1 }, undefined],
		["a clock that is as far ahead", { since: NOW + MAX_SKEW_MS + 1 }, undefined],
		["looks", { since: SINCE, looks: 2 }, { since: SINCE, looks: 2 }],
		["looks that are no number", { since: SINCE, looks: "2" }, { since: SINCE }],
		["a reason", { since: SINCE, reason: "no runs" }, { since: SINCE, reason: "no runs" }],
		["a reason that is no text", { since: SINCE, reason: 7 }, { since: SINCE }],
		["nothing", {}, undefined],
		["null", null, undefined],
	])("is in doubt with %s, as far as that can be", (_, doubt, expected) => {
		expect(read({ doubt: JSON.stringify(doubt) }).doubt).toEqual(expected);
	});

	it.each(["", "{", "{}", "[]", "7"])("is not in doubt where its column holds %j", (doubt) => {
		expect(read({ doubt }).doubt).toBeUndefined();
	});
});

describe("the rows of a delivery", () => {
	const ATTEMPT = { at: iso(NOW), status: 503, ms: 5, requestId: null, reason: "down" };
	const entry = { ...read(), body: "{}" };
	const deferred = { kind: "deferred", reason: "down", failures: 2, notBefore: 0 } as const;
	const columnsOf = (writes: readonly Write[], rowKey: string) => {
		const write = writes.find((one) => one.rowKey === rowKey);
		return write !== undefined && "columns" in write ? write.columns : undefined;
	};
	const written = (disposition: Disposition, of: Entry = entry) => finishWrites(of, disposition, ATTEMPT, NOW);

	it("that is tried again keep what is known, and leave alone what is not", () => {
		const writes = written(deferred);
		expect(columnsOf(writes, entry.rowKey)).toEqual({ attempts: JSON.stringify([ATTEMPT]), doubt: "", failures: 2 });
		expect(columnsOf(writes, entry.receipt)).toEqual({ attempts: JSON.stringify([ATTEMPT]), reason: "down" });
	});

	it("that steps aside say until when, and since when it fails", () => {
		const writes = written({ ...deferred, notBefore: NOW + 5, failingSince: SINCE });
		const aside = { notBefore: iso(NOW + 5) };
		expect(columnsOf(writes, entry.rowKey)).toMatchObject({ ...aside, failingSince: iso(SINCE) });
		expect(columnsOf(writes, entry.receipt)).toMatchObject(aside);
	});

	it("that is in doubt say so, and say so no more when it is not", () => {
		const doubt = { since: SINCE };
		expect(columnsOf(written({ ...deferred, doubt }), entry.rowKey)).toMatchObject({ doubt: JSON.stringify(doubt) });
		expect(columnsOf(written(deferred, { ...entry, doubt }), entry.rowKey)).toMatchObject({ doubt: "" });
	});

	it("that was taken are its receipt alone, without a reason", () => {
		const writes = written({ kind: "dispatched" });
		expect(writes.map(({ kind, rowKey }) => [kind, rowKey])).toEqual([
			["merge", entry.receipt],
			["delete", entry.rowKey],
		]);
		expect(columnsOf(writes, entry.receipt)).toEqual({
			attempts: JSON.stringify([ATTEMPT]),
			finishedAt: iso(NOW),
			reason: "",
			state: "dispatched",
		});
	});

	it("that is given up are a dead letter with all that a replay needs", () => {
		const of = { ...entry, closing: "closing/a" };
		const writes = written({ kind: "dead-lettered", reason: "refused" }, of);
		expect(columnsOf(writes, of.receipt)).toMatchObject({ state: "dead", reason: "refused" });
		expect(columnsOf(writes, "x-1-2")).toEqual({
			key: KEY,
			receipt: "r-1-2",
			to: JSON.stringify(TO),
			route: "train",
			closing: "closing/a",
			body: Buffer.from("{}"),
			attempts: JSON.stringify([ATTEMPT]),
		});
	});

	it("without a call keep its attempts", () => {
		const of = { ...entry, attempts: [ATTEMPT] };
		const [receipt] = finishWrites(of, deferred, undefined, NOW);
		expect(receipt).toMatchObject({ columns: { attempts: JSON.stringify([ATTEMPT]) } });
	});
});
