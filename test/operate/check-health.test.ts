import { beforeEach, describe, expect, it } from "@jest/globals";
import { leaseBlob } from "../../src/ledger/lane-lease.ts";
import { NEW_LANE, toColumns } from "../../src/ledger/lane-state.ts";
import { STATE_KEY } from "../../src/ledger/rows.ts";
import { checkHealth } from "../../src/operate/check-health.ts";
import type { RouteTo } from "../../src/route/route.ts";
import { newNames } from "../helpers/file-storage.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const EARLY = "2026-05-31T23:59:58.000Z";
const LATER = "2026-05-31T23:59:59.000Z";

let ledger: TestLedger;
beforeEach(async () => {
	ledger = await openTestLedger(newNames());
});

/** The health of a bridge whose routes lead to these lanes; some of them have no token. */
function healthOf(lanes: readonly string[], without: readonly string[] = []) {
	return checkHealth({
		storage: ledger.storage,
		lanes: new Map(lanes.map((lane): [string, RouteTo] => [lane, { repository: lane }])),
		destinations: {
			policyOf: () => ({ address: "", limits: [], concurrency: 1 }),
			getToken: async ({ repository = "" }) => {
				if (without.includes(repository)) throw new Error("there is no token");
			},
		},
		routes: [],
		warnings: [],
		repair: "",
		now: () => NOW,
	});
}

describe("the health of a bridge with several lanes", () => {
	it.each<[string, string[], string[], string]>([
		["healthy where each has its token", ["a", "b"], [], "healthy"],
		["degraded where one has no token, though nothing waits", ["a", "b"], ["a"], "degraded"],
		["unhealthy where none has a token", ["a", "b"], ["a", "b"], "unhealthy"],
	])("is %s", async (_, lanes, without, status) => {
		expect((await healthOf(lanes, without)).status).toBe(status);
	});

	it.each([
		["the first", EARLY, LATER],
		["the last", LATER, EARLY],
	])("tells of the oldest delivery of all, where it is in %s lane", async (_, ofA, ofB) => {
		for (const [lane, acceptedAt] of [
			["a", ofA],
			["b", ofB],
		] as const) {
			await ledger.storage.write(leaseBlob(lane), Buffer.from(""), "text/plain");
			await ledger.storage.commit(lane, [
				{ kind: "insert", rowKey: STATE_KEY, columns: toColumns(NEW_LANE) },
				{ kind: "insert", rowKey: "e-1", columns: { key: "k", acceptedAt } },
			]);
		}
		expect((await healthOf(["a", "b"])).oldest).toBe(EARLY);
	});
});
