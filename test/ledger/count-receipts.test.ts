import { beforeEach, describe, expect, it } from "@jest/globals";
import { type CountOptions, countReceipts } from "../../src/ledger/count-receipts.ts";
import { NEW_LANE, toColumns } from "../../src/ledger/lane-state.ts";
import { destinationColumn, receiptKey, STATE_KEY } from "../../src/ledger/rows.ts";
import type { Columns } from "../../src/storage/storage.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { newNames } from "../helpers/file-storage.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const START = Date.parse("2026-05-26T12:00:00Z");
const LANE = "default";
const at = (minutes: number) => new Date(START + minutes * 60_000).toISOString();

let ledger: TestLedger;
beforeEach(async () => {
	ledger = await openTestLedger(newNames());
	await ledger.storage.lease(`lanes/${LANE}`, 15);
});

async function write(number: number, columns: Columns): Promise<void> {
	const rowKey = receiptKey(at(number), `k${number}`);
	await ledger.storage.commit(LANE, [
		{
			kind: "insert",
			rowKey,
			columns: { key: `k${number}`, id: `event-${number}`, acceptedAt: at(number), ...columns },
		},
	]);
}

/** Counts the ten minutes from the start on, over pages of one row; tells how often a lane's state was read, too. */
async function count(options: Partial<CountOptions> = {}) {
	let states = 0;
	const storage = wrapStorage(ledger.storage, async ({ method, args }, make) => {
		if (method === "get") states += 1;
		if (method !== "list") return make();
		const [partition, range] = args as Parameters<typeof ledger.storage.list>;
		return ledger.storage.list(partition, { ...range, top: 1 });
	});
	const query = { since: START, until: START + 10 * 60_000 };
	const { minutes, complete } = await countReceipts(storage, query, { now: () => START, ...options });
	return { minutes, complete, states };
}

describe("the counts of receipts", () => {
	it("count what was accepted in the time, and what became final in it, each by its own time", async () => {
		await write(-1, { state: "dead", finishedAt: at(1) });
		await write(2, { state: "dead", finishedAt: at(11) });
		await write(3, { state: "dispatched" });
		expect(await count()).toMatchObject({
			minutes: [
				{ at: at(1), received: 0, states: { dead: 1 } },
				{ at: at(2), received: 1, states: {} },
				{ at: at(3), received: 1, states: { dispatched: 1 } },
			],
			complete: true,
			states: 0,
		});
	});

	it("say what a lane's receipts wait for, and read its state once", async () => {
		const pause = { until: START + 60_000, reason: "slow down" };
		await ledger.storage.commit(LANE, [
			{ kind: "insert", rowKey: STATE_KEY, columns: toColumns({ ...NEW_LANE, pause }) },
		]);
		const to = destinationColumn(repositoryDispatch("contoso/a", "t"));
		for (const number of [1, 2]) await write(number, { state: "accepted", ...to });
		const paused = [1, 2].map((minute) => ({ at: at(minute), received: 1, states: { paused: 1 } }));
		expect(await count()).toEqual({ minutes: paused, complete: true, states: 1 });
	});

	it.each<[string, number, number]>([
		["each page, up to the end of its time", 0, 3],
		["one page of each lane, however little time it has", -1, 1],
	])("read %s", async (_, maxMs, received) => {
		for (const number of [1, 2, 3]) await write(number, { state: "dispatched" });
		const { minutes, complete } = await count({ maxMs });
		expect([minutes.length, complete]).toEqual([received, received === 3]);
	});

	it("are the error of storage where no lane can be read", async () => {
		const away = wrapStorage(ledger.storage, async ({ method }, make) => {
			if (method === "list") throw new Error("no such luck");
			return make();
		});
		await expect(countReceipts(away, { since: 0, until: 1 }, { now: () => START })).rejects.toThrow("no such luck");
	});
});
