import { describe, expect, it } from "@jest/globals";
import { type LaneState, NEW_LANE } from "../../src/ledger/lane-state.ts";
import { newReceipt } from "../../src/ledger/ledger.ts";
import { finishWrites, readEntry } from "../../src/ledger/outbox.ts";
import { appendAttempt, eventColumns, RECEIPT_COLUMNS, readReceipt } from "../../src/ledger/receipt.ts";
import { showReceipt } from "../../src/ledger/receipt-query.ts";
import { destinationColumn, LONGEST_WAIT_MS, plainWrite, receiptKey } from "../../src/ledger/rows.ts";
import type { Attempt } from "../../src/model.ts";
import type { Columns } from "../../src/storage/storage.ts";
import { bytesOf, checkLimits } from "../../src/storage/transactions.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { delivery } from "../helpers/deliveries.ts";

const LONG = { letters: "x", quotes: '"', accents: "é", emoji: "😀", controls: "\u0001", halves: "\ud83d" };
const MIB = 1024 * 1024;
const NOW = Date.parse("2026-05-26T12:00:00Z");
const readRow = (columns: Columns) => readReceipt({ rowKey: "r-1", etag: "", columns });
const facts = (text: string) => ({
	id: text,
	type: text,
	source: text,
	subject: text,
	time: `2026-05-26T12:00:00.${"7".repeat(40_000)}+02:00`,
	run: text,
});

describe("a receipt's columns", () => {
	it.each(Object.entries(LONG))("fit into a row, a hundred of which fit into a transaction: %s", (_, character) => {
		const text = character.repeat(40_000);
		const columns = newReceipt(delivery(1, { event: facts(text), route: text, to: repositoryDispatch(text, text) }), {
			at: "2026-05-26T12:00:00.000Z",
			by: "by",
			place: "e-1",
		});
		const write = { kind: "insert", rowKey: receiptKey(facts(text).time, "ab"), columns } as const;
		expect(() => checkLimits("default", [write])).not.toThrow();
		expect(bytesOf(write)).toBeLessThan((4 * MIB) / 50);
		for (const value of Object.values(columns)) expect(String(value).isWellFormed()).toBe(true);
	});

	it.each(Object.entries(LONG))(
		"are whole texts that fit, too, when it is tried again and again: %s",
		(_, character) => {
			const reason = `x${character.repeat(40_000)}`;
			const attempt = { at: reason, status: 502, ms: 1, requestId: reason, reason };
			const kinds = ["deferred", "dead-lettered"] as const;
			for (const kind of kinds) {
				let entry = readEntry({ rowKey: "e-1-a", columns: { key: "ab", receipt: "r-1" } }, 0);
				for (let tries = 0; tries < 25; tries++) {
					const disposition = { kind, reason, notBefore: 1, failures: 1 };
					const writes = finishWrites(entry, disposition, attempt, 0);
					expect(() => checkLimits("default", writes)).not.toThrow();
					const { columns = {} } = writes[0] as { columns?: Columns };
					expect(String(columns["reason"]).isWellFormed()).toBe(true);
					const { attempts } = readReceipt({ rowKey: "r-1", etag: "", columns });
					expect(attempts.every((one) => one.reason?.isWellFormed() && one.requestId?.isWellFormed())).toBe(true);
					entry = { ...entry, attempts };
				}
			}
		},
	);

	it("keep a long time as one that can be read, at the same instant", () => {
		expect(eventColumns(facts("x"))["time"]).toBe("2026-05-26T10:00:00.777Z");
	});

	it.each([9, 44])("keep a time of any usual precision as it arrived: %i digits", (digits) => {
		const time = `2026-05-26T12:00:00.${"7".repeat(digits)}`;
		expect(eventColumns({ ...facts("x"), time })["time"]).toBe(time);
	});

	it("keep nothing of a long text that is no time", () => {
		expect(eventColumns({ ...facts("x"), time: "x".repeat(65) })["time"]).toBe("");
	});

	it("are no more than the delivery has", () => {
		const written = { at: "2026-05-26T12:00:00.000Z", by: "by", place: "e-1" };
		const columns = Object.entries(newReceipt(delivery(1), written)).filter(([, value]) => value !== undefined);
		expect(columns.map(([name]) => name)).toEqual([
			...["key", "state", "id", "type", "source", "subject", "time", "route", "to", "acceptedAt", "by", "place"],
		]);
		expect(newReceipt(delivery(1, { blobs: ["a", "b"] }), written)).toMatchObject({ blobs: "a b" });
	});

	it("can be made plain, for a storage that refuses them nevertheless", () => {
		const columns: Columns = { key: "ab", n: 1, id: "é\u0000x".repeat(300) };
		const plain = { key: "ab", n: 1, id: `${"??x".repeat(66)}??` };
		expect(plainWrite({ kind: "upsert", rowKey: "é", columns })).toEqual({
			kind: "upsert",
			rowKey: "é",
			columns: plain,
		});
	});

	it.each(["{", "7", "null", "[1]", "[[]]", '[{"status":502},null]'])(
		"are read, and say so where the attempts cannot be read: %s",
		(attempts) => {
			const damage = "its row in storage is damaged: the attempts cannot be read";
			expect(readRow({ state: "dead", attempts })).toMatchObject({ state: "dead", attempts: [], reason: damage });
			const reason = `given up; ${damage}`;
			expect(readRow({ attempts, reason: "given up" })).toMatchObject({ attempts: [], reason });
		},
	);

	it.each([{}, { at: null, status: "x", ms: "x", requestId: 7, reason: {} }])(
		"are read, whatever one attempt holds: %j",
		(bad) => {
			const good: Attempt = { at: "2026-05-26T12:00:00.000Z", status: 204, ms: 7, requestId: "A:1", reason: "r" };
			const { attempts, reason } = readRow({ attempts: JSON.stringify([bad, good]) });
			expect([attempts, reason]).toEqual([
				[{ at: "", status: null, ms: 0, requestId: null, reason: null }, good],
				null,
			]);
		},
	);

	it.each([
		["that are not there", {}],
		["that a merge has emptied", Object.fromEntries(RECEIPT_COLUMNS.map((name) => [name, ""]))],
		["of which the runs cannot be read", { runs: "{" }],
	])("say nothing %s", (_, columns) => {
		expect(readRow(columns)).toEqual({
			rowKey: "r-1",
			key: "",
			state: "accepted",
			event: { id: "", type: "", source: "", subject: "", time: "" },
			...{ route: null, to: null, acceptedAt: "", finishedAt: null, replayedAt: null, changedAt: null },
			...{ attempts: [], reason: null, window: null, dispatch: null, arrived: null, judge: null, by: null },
			...{ place: null, blobs: [], runs: [], following: null, followingReason: null, notBefore: 0 },
		});
	});
});

describe("the attempts of a delivery", () => {
	it("are the first one and the last ones, where there are many", () => {
		let attempts: readonly Attempt[] = [];
		for (let ms = 1; ms <= 25; ms++) {
			attempts = appendAttempt(attempts, { at: "", status: 502, ms, requestId: null, reason: null });
			expect(attempts).toHaveLength(Math.min(ms, 20));
		}
		expect(attempts.map(({ ms }) => ms)).toEqual([1, ...Array.from({ length: 19 }, (_, index) => index + 7)]);
	});
});

describe("a run of a receipt", () => {
	const read = (run: object) => readRow({ runs: JSON.stringify([{ id: "1", ...run }]) }).runs[0];
	const ADDRESS = "https://github.example/";

	it.each([
		[`${ADDRESS}a?b#c`, true],
		["http://127.0.0.1:7072/a", true],
		[ADDRESS.padEnd(1_000, "x"), true],
		[ADDRESS.padEnd(1_001, "x"), false],
		[`javascript:alert(1)//${ADDRESS}`, false],
		[`${ADDRESS}a b`, false],
		[`${ADDRESS}"><script>`, false],
		["https://[", false],
	])("has a page only if a person may follow its address: %s", (url, isPage) => {
		expect(read({ url })?.url).toBe(isPage ? url : null);
	});

	it.each([
		[2, 2],
		[1, 1],
		[0, 1],
		[-1, 1],
		[1.5, 1],
		["2", 1],
	])("that says it is attempt %j is shown as attempt %i", (attempt, shown) => {
		expect(read({ attempt })?.attempt).toBe(shown);
	});
});

describe("a receipt of a lane that sends nothing now", () => {
	const pause = { until: NOW + 1_000, reason: "slow down" };
	const parked = (probeAt: number) => ({ parked: { since: NOW, probeAt, reason: "401" } });
	const breakers = { "contoso/a": { since: NOW, probeAt: NOW + 1, reason: "404" } };
	const to = destinationColumn(repositoryDispatch("contoso/a", "t"));
	const waits = { state: "accepted", ...to };

	it.each<[string, Columns, Partial<LaneState>, string, string | null]>([
		["waits for the end of a pause", waits, { pause }, "paused", "slow down; until 2026-05-26T12:00:01.000Z"],
		["waits for its next try", waits, parked(NOW + 1), "parked", "401; tried again at 2026-05-26T12:00:00.001Z"],
		["says so where its next try is due", waits, parked(NOW), "parked", "401; the next try is due now"],
		["waits for its destination", waits, { breakers }, "parked", "404; tried again at 2026-05-26T12:00:00.001Z"],
		[
			"waits, too, if its destination cannot be read",
			{ to: "{" },
			parked(NOW),
			"parked",
			"401; the next try is due now",
		],
		["waits for nothing if it is final", { ...waits, state: "dispatched" }, { pause }, "dispatched", null],
	])("%s", (_, columns, state, shownState, reason) => {
		const shown = showReceipt(readRow(columns), "default", { ...NEW_LANE, ...state }, NOW);
		expect(shown).toMatchObject({ lane: "default", state: shownState, reason });
	});
});

describe("the receipt of a delivery that steps aside", () => {
	const row = (notBefore: string) => {
		const to = JSON.stringify({ id: "contoso/fraud-model#t", repository: "contoso/fraud-model", dispatchType: "t" });
		return {
			rowKey: "r-1",
			etag: "1",
			columns: { key: "k", state: "accepted", to, reason: "502; looked for", notBefore },
		};
	};

	it("is paused for a day at most", () => {
		const [last, later] = [0, 1].map((ms) => new Date(NOW + LONGEST_WAIT_MS + ms).toISOString()) as [string, string];
		const stateOf = (time: string) => showReceipt(readReceipt(row(time)), "default", NEW_LANE, NOW).state;
		expect([stateOf(last), stateOf(later)]).toEqual(["paused", "accepted"]);
	});

	it("is paused, and says what for and until when", () => {
		const shown = showReceipt(readReceipt(row("2026-05-26T12:00:30Z")), "default", NEW_LANE, NOW);
		expect(shown).toMatchObject({ state: "paused", reason: "502; looked for; until 2026-05-26T12:00:30.000Z" });
	});

	it.each(["2026-05-26T12:00:00Z", "9999-12-31T00:00:00Z", "never", ""])("is accepted with the time %j", (time) => {
		const shown = showReceipt(readReceipt(row(time)), "default", NEW_LANE, NOW);
		expect(shown).toMatchObject({ state: "accepted", reason: "502; looked for" });
	});
});
