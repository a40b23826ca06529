import { beforeEach, describe, expect, it } from "@jest/globals";
import { createPoisoned } from "../../src/operate/operate.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { newNames } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger } from "../helpers/test-ledger.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");

let put: (readonly unknown[])[];
beforeEach(() => {
	put = [];
});

const storage = {
	put: async (...args: readonly unknown[]) => {
		put.push(args);
		return { id: "", popReceipt: "" };
	},
} as unknown as Storage;

describe("a message that failed in all its tries", () => {
	it.each<[string, unknown, string | undefined, string]>([
		["bytes", Buffer.from('{"lane": "a"}'), undefined, '{"lane": "a"}'],
		["what JSON was read as", { lane: "a" }, "other", '{"lane":"a"}'],
		["a text", "a", undefined, '"a"'],
	])("goes back into its queue for half a minute, and a line says so: %s", async (_, message, queue, text) => {
		const { log, lines } = logLines();
		await createPoisoned(storage, () => NOW).putBack(message, log, queue);
		expect(put).toEqual([[text, 30, queue]]);
		const reason = "all tries of this message failed; the bridge puts it back and tries again";
		const named = queue === undefined ? {} : { queue };
		expect(lines).toStrictEqual([{ level: "error", stage: "wake-up", change: "put back", ...named, reason }]);
	});
});

describe("events that could not be accepted in all tries", () => {
	it("become dead letters, and a line for each names the event, its key and the reason", async () => {
		const ledger = await openTestLedger(newNames());
		const { log, lines } = logLines();
		const events = [{ id: "one" }, { id: "two" }];
		await createPoisoned(ledger.storage, () => NOW).deadLetter(events, "no such luck", log);
		const rows = await ledger.rows("rejected", "r-");
		const keys = new Map(rows.map(({ columns }) => [columns["id"], columns["key"]]));
		expect(keys.size).toBe(2);
		expect(lines).toEqual(
			events.map(({ id }) => {
				const key = keys.get(id);
				return { level: "error", stage: "dead-letter", change: "poisoned", id, key, reason: "no such luck" };
			}),
		);
	});
});
