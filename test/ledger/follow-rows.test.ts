import { describe, expect, it } from "@jest/globals";
import { followWrites, readFollowRows } from "../../src/ledger/follow-rows.ts";
import { newEntry, readEntry } from "../../src/ledger/outbox.ts";
import { entryKey, followKey, MAX_SKEW_MS } from "../../src/ledger/rows.ts";
import type { Answer, Destination, Run } from "../../src/model.ts";
import type { Columns } from "../../src/storage/storage.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const RECEIPT = "r-0998220203020000-0123";
const TO: Destination = { id: "contoso/a#x", repository: "contoso/a", dispatchType: "x" };
const RUN: Run = {
	id: "7",
	url: "https://github.com/contoso/a/actions/runs/7",
	workflow: null,
	status: "queued",
	conclusion: null,
	attempt: 1,
	certain: true,
};
const POLICY = { isOn: true, resends: () => true };
const iso = (ms: number) => new Date(ms).toISOString();

const entryOf = (columns: Columns = {}, to: Destination | undefined = TO) =>
	readEntry(
		{
			rowKey: entryKey(NOW, 0, "k"),
			columns: { ...newEntry({ key: "k", receipt: RECEIPT, acceptedAt: NOW, to, route: "a" }), ...columns },
		},
		NOW,
	);
const answerOf = (more: Partial<Answer> = {}): Answer => ({
	classification: { kind: "taken" },
	ms: 2_000,
	calls: [],
	...more,
});

function written(answer: Answer, entry = entryOf(), policy = POLICY) {
	const { receipt, rows } = followWrites(entry, answer, policy, NOW);
	const [row] = rows;
	return { receipt, rowKey: row?.rowKey, columns: row !== undefined && "columns" in row ? row.columns : undefined };
}

describe("what is written to follow a delivery", () => {
	it("is its receipt and a row, by the service's clock", () => {
		const serverTime = NOW + 3_600_000;
		const { receipt, rowKey, columns } = written(answerOf({ serverTime }));
		expect(receipt).toEqual({ runs: "[]", following: "looking", followingReason: "" });
		expect(rowKey).toBe(followKey(serverTime, RECEIPT));
		expect(columns).toMatchObject({
			takenAt: iso(serverTime),
			finishedAt: iso(NOW),
			from: iso(serverTime - 2_000),
			resends: true,
		});
	});

	it.each<[string, Partial<Answer>, Columns, number]>([
		["the beginning of the call, in whole seconds", { ms: 1_500 }, {}, NOW - 2_000],
		["the end of a call that took less than no time", { ms: -5_000 }, {}, NOW],
		["at most a minute before", { ms: 3_600_000 }, {}, NOW - 60_000],
		["the first call that is in doubt", {}, { doubt: JSON.stringify({ since: NOW - 90_000 }) }, NOW - 90_000],
		["the beginning of the call, where the doubt is later", {}, { doubt: JSON.stringify({ since: NOW }) }, NOW - 2_000],
	])("has runs from %s", (_, answer, columns, from) => {
		expect(written(answerOf(answer), entryOf(columns)).columns?.["from"]).toBe(iso(from));
	});

	it.each<[string, number | undefined, number]>([
		["the service's clock", NOW - MAX_SKEW_MS, NOW - MAX_SKEW_MS],
		["our clock, where the service's is further off", NOW - MAX_SKEW_MS - 1, NOW],
		["our clock, where the service does not say", undefined, NOW],
	])("has its time by %s", (_, serverTime, takenAt) => {
		const answer = answerOf(serverTime === undefined ? {} : { serverTime });
		expect(written(answer).columns?.["takenAt"]).toBe(iso(takenAt));
	});

	it("with a run is running, and is not sent once more", () => {
		const { receipt, columns } = written(answerOf({ run: RUN }));
		expect(receipt).toMatchObject({ following: "running", runs: JSON.stringify([RUN]) });
		expect(columns).toMatchObject({ following: "running" });
		expect(columns).not.toHaveProperty("resends");
	});

	it("of a second dispatch says so, and there is no third", () => {
		const { receipt, columns } = written(answerOf(), entryOf({ resent: true }));
		expect(receipt["followingReason"]).toContain("a second time");
		expect(columns).toMatchObject({ resent: true });
		expect(columns).not.toHaveProperty("resends");
	});

	it.each<[string, ReturnType<typeof entryOf>, typeof POLICY]>([
		["where runs are not followed", entryOf(), { ...POLICY, isOn: false }],
		["where it is not known where it went", { ...entryOf(), to: undefined }, POLICY],
	])("is its receipt alone %s", (_, entry, policy) => {
		expect(written(answerOf(), entry, policy)).toEqual({
			receipt: { runs: "[]", following: "off", followingReason: "" },
			rowKey: undefined,
			columns: undefined,
		});
	});
});

describe("a row that is followed", () => {
	const AHEAD = NOW + MAX_SKEW_MS;
	const rowKey = followKey(NOW - 5_000, RECEIPT);
	const read = async (columns: Columns, key = rowKey) => {
		const list = async () => ({ rows: [{ rowKey: key, etag: "1", columns }] });
		return (await readFollowRows({ list }, "default", NOW))[0];
	};

	it("is read as it was written", async () => {
		const { rowKey: key, columns } = written(answerOf({ run: RUN }), entryOf({ resent: true }));
		expect(await read(columns ?? {}, key)).toEqual({
			rowKey: key,
			etag: "1",
			key: "k",
			receipt: RECEIPT,
			to: TO,
			route: "a",
			takenAt: NOW,
			finishedAt: NOW,
			from: NOW - 2_000,
			following: "running",
			runs: [RUN],
			readAt: 0,
			resends: false,
			resent: true,
			again: undefined,
		});
	});

	it.each<[string, Columns, object]>([
		["nothing", {}, { takenAt: NOW - 5_000, finishedAt: NOW - 5_000, from: NOW - 5_000, receipt: RECEIPT, runs: [] }],
		["a receipt that cannot be one", { receipt: "x" }, { receipt: RECEIPT }],
		["another state", { following: "gone" }, { following: "looking" }],
		["a time as far ahead as a clock may be", { from: iso(AHEAD) }, { from: AHEAD }],
		["a time that is further ahead", { from: iso(AHEAD + 1) }, { from: NOW - 5_000 }],
		["a time that is none", { takenAt: "then" }, { takenAt: NOW - 5_000 }],
		["when its run was read", { readAt: iso(NOW) }, { readAt: NOW }],
		["where it went back to", { again: "e-1" }, { again: "e-1" }],
	])("that has %s is read as far as it can be", async (_, columns, expected) => {
		expect(await read(columns)).toMatchObject(expected);
	});
});
