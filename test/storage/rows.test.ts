import { describe, expect, it } from "@jest/globals";
import { createRecordRejected, readRejected, replayDead } from "../../src/ledger/dead-letters.ts";
import { NO_LANE } from "../../src/ledger/rows.ts";
import { readBody, storeBody } from "../../src/storage/rows.ts";
import { delivery, joining } from "../helpers/deliveries.ts";
import { LANE, type LaneHarness, START, startLane } from "../helpers/lane-harness.ts";
import { openTestLedger } from "../helpers/test-ledger.ts";

const KIB = 1024;
const SIZES = [1, 59 * KIB, 60 * KIB, 60 * KIB + 1, 61 * KIB, Math.floor(63.9 * KIB)];
const REFUSED = { classification: { kind: "permanent", reason: "422" } } as const;

/** A text of so many bytes, with characters of several bytes in it. */
const textOf = (bytes: number) => `${"é".repeat(Math.floor(bytes / 2))}${bytes % 2 === 1 ? "x" : ""}`;

/** Everything that was sent, after a dead letter was fed back once. */
async function replayed(lane: LaneHarness): Promise<readonly string[]> {
	lane.answer = () => REFUSED;
	await lane.wakeAll();
	const dead = (await lane.receipts()).filter(({ state }) => state === "dead");
	expect(dead).toHaveLength(1);
	const [letter] = await lane.ledger.rows(LANE, "x-");
	expect(letter?.columns).toMatchObject({ receipt: dead[0]?.rowKey });
	lane.answer = () => undefined;
	expect(await replayDead(lane.ledger.storage, LANE, dead[0]?.rowKey ?? "", { now: lane.now, by: "test" })).toEqual({
		kind: "moved",
	});
	await lane.instance.ledger.ensureWakeUp(LANE, () => lane.now);
	await lane.wakeAll();
	expect(await lane.ledger.rows(LANE, "x-")).toEqual([]);
	return lane.sent.map(({ body }) => body);
}

describe("a text of any size", () => {
	it.each(SIZES)("of %d bytes is read as it was stored, with no more than its row", async (bytes) => {
		const { storage } = await openTestLedger();
		for (const kind of ["body", "line", "event"] as const) {
			const { columns, blobs } = await storeBody(storage, kind, "k1", textOf(bytes));
			await storage.commit("lane", [{ kind: "upsert", rowKey: "a", columns }]);
			const row = await storage.get("lane", "a");
			expect(await readBody(storage, kind, row?.columns ?? {})).toBe(textOf(bytes));
			expect(blobs).toHaveLength(bytes > 60 * KIB ? 1 : 0);
		}
	});

	it("that is gone is told from one that is empty", async () => {
		const { storage } = await openTestLedger();
		expect(await readBody(storage, "line", {})).toBeUndefined();
		expect(await readBody(storage, "line", { lineBlob: "lines/gone.json" })).toBeUndefined();
		expect(await readBody(storage, "line", { line: new Uint8Array() })).toBe("");
	});
});

describe.each(SIZES)("what takes %d bytes", (bytes) => {
	it("is sent again as it was when the dead letter of an event is replayed", async () => {
		const lane = await startLane();
		const body = (fill: string) => JSON.stringify({ event_type: "t", client_payload: { id: "1", fill } });
		const sent = body("x".repeat(Math.max(bytes - body("").length, 0)));
		await lane.instance.accept(delivery(0, { how: { body: sent } }));
		expect(await replayed(lane)).toEqual([sent, sent]);
	});

	it("is sent again as it was from a row of an earlier version, which had more in a property", async () => {
		const lane = await startLane();
		await lane.instance.accept(delivery(0));
		const [row] = await lane.ledger.rows(LANE, "e-");
		const sent = JSON.stringify({
			event_type: "t",
			client_payload: { id: "1", fill: "x".repeat(Math.max(bytes - 60, 1)) },
		});
		const columns = { body: Buffer.from(sent) };
		await lane.ledger.storage.commit(LANE, [{ kind: "merge", rowKey: row?.rowKey ?? "", columns }]);
		expect(await replayed(lane)).toEqual([sent, sent]);
	});

	it("is sent again as it was when the dead letter of a window is replayed", async () => {
		const lane = await startLane();
		// With so much data the events are not sent along; their source is, as long as it may be.
		const line = (source: string) =>
			JSON.stringify({ ...joining(0).event, source, data: { fill: "x".repeat(61 * KIB) } });
		const most = Math.max(bytes - 1_200, 1);
		await lane.instance.accept(joining(0, { how: { line: line("s".repeat(most)) } }));
		const [first = "", ...again] = await replayed(lane);
		expect(Buffer.byteLength(first)).toBeGreaterThan(most);
		expect(again).toEqual([first]);
		expect(JSON.parse(first).client_payload.source).toHaveLength(most);
	});

	it("is a line of the manifest as it arrived", async () => {
		const lane = await startLane();
		const line = JSON.stringify({ ...joining(0).event, data: { fill: textOf(bytes) } });
		await lane.instance.accept(joining(0, { how: { line } }));
		await lane.wakeAll();
		expect(await lane.ledger.blob(`manifests/${lane.sent[0]?.id}.jsonl`)).toBe(`${line}\n`);
	});

	it("is there to be replayed when it was rejected", async () => {
		const { storage, rows } = await openTestLedger();
		const element = { fill: textOf(bytes) };
		const event = { id: "1", type: "t", source: "", subject: "", time: "" };
		const rejected = { element, event, route: null, to: null, reason: "invalid" };
		await createRecordRejected({ storage, now: () => START })(rejected);
		const [receipt] = await rows(NO_LANE, "r-");
		expect((await readRejected(storage, receipt?.rowKey ?? ""))?.element).toEqual(element);
	});
});
