import { describe, expect, it } from "@jest/globals";
import { NEW_LANE } from "../../src/ledger/lane-state.ts";
import { finishWrites, readEntry } from "../../src/ledger/outbox.ts";
import { readReceipt, showReceipt } from "../../src/ledger/receipt.ts";
import { eventColumns, newReceipt, plainColumns } from "../../src/ledger/receipt-columns.ts";
import { receiptKey } from "../../src/ledger/rows.ts";
import type { Columns } from "../../src/storage/storage.ts";
import { bytesOf, checkLimits } from "../../src/storage/transactions.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { delivery } from "../helpers/deliveries.ts";

const LONG = { letters: "x", quotes: '"', accents: "é", emoji: "😀", controls: "\u0001", halves: "\ud83d" };
const MIB = 1024 * 1024;
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

	it("keep a time of any usual precision as it arrived", () => {
		const time = "2026-05-26T12:00:00.123456789+02:00";
		expect(eventColumns({ ...facts("x"), time })["time"]).toBe(time);
	});

	it("can be made plain, for a storage that refuses them nevertheless", () => {
		const columns: Columns = { key: "ab", n: 1, id: "é\u0000x".repeat(300) };
		expect(plainColumns(columns)).toEqual({ key: "ab", n: 1, id: `${"??x".repeat(66)}??` });
	});

	it("are read, whatever is wrong with the attempts", () => {
		const row = (attempts: string) => ({
			rowKey: "r-1",
			etag: "",
			columns: { key: "ab", state: "dispatched", attempts },
		});
		for (const attempts of ["{", "7", "null", "[1]"]) {
			expect(readReceipt(row(attempts))).toMatchObject({ key: "ab", state: "dispatched", attempts: [] });
		}
	});
});

describe("the receipt of a delivery that steps aside", () => {
	const NOW = Date.parse("2026-05-26T12:00:00Z");
	const row = (notBefore: string) => {
		const to = JSON.stringify({ id: "contoso/fraud-model#t", repository: "contoso/fraud-model", dispatchType: "t" });
		return {
			rowKey: "r-1",
			etag: "1",
			columns: { key: "k", state: "accepted", to, reason: "502; looked for", notBefore },
		};
	};

	it("is paused, and says what for and until when", () => {
		const shown = showReceipt(readReceipt(row("2026-05-26T12:00:30Z")), "default", NEW_LANE, NOW);
		expect(shown).toMatchObject({ state: "paused", reason: "502; looked for; until 2026-05-26T12:00:30.000Z" });
	});

	it.each(["2026-05-26T12:00:00Z", "9999-12-31T00:00:00Z", "never", ""])("is accepted with the time %j", (time) => {
		const shown = showReceipt(readReceipt(row(time)), "default", NEW_LANE, NOW);
		expect(shown).toMatchObject({ state: "accepted", reason: "502; looked for" });
	});
});
