import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { MAX_MS } from "../../src/operate/dead-letters.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { newNames } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger } from "../helpers/test-ledger.ts";

/** One search reads forty such pages, of two partitions, in a little less than the time of a request. */
const PAGE_MS = 450;

let fixture: BridgeFixture;
beforeEach(async () => {
	fixture = await startFixture();
});
afterEach(() => fixture.github.close());

describe("a discard of all dead letters", () => {
	it("ends with its time, though each search of its own would have as much", async () => {
		const start = Date.parse("2026-06-01T00:00:00Z");
		let clock = start;
		const ledger = await openTestLedger(newNames());
		const storage = wrapStorage(ledger.storage, async ({ method }, make) => {
			if (method !== "list") return make();
			clock += PAGE_MS;
			return { rows: [], next: "more" };
		});
		const bridge = fixture.bridge({}, { now: () => clock, openStorage: async () => storage }, ledger.names);
		expect(await bridge.discard({}, logLines().log)).toMatchObject({ discarded: [], more: true });
		expect(clock - start).toBeGreaterThan(MAX_MS);
		expect(clock - start).toBeLessThanOrEqual(MAX_MS + 2 * PAGE_MS);
	});
});
