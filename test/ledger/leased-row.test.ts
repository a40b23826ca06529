import { beforeEach, describe, expect, it } from "@jest/globals";
import { LeasedRow, LeaseLost } from "../../src/ledger/leased-row.ts";
import { type Storage, StorageError, type Write } from "../../src/storage/storage.ts";
import { type StorageCall, wrapStorage } from "../../support/wrap-storage.ts";
import { openTestLedger, type TestLedger } from "../helpers/test-ledger.ts";

const LANE = "default";
const ROW = "state";
const OTHER: Write = { kind: "upsert", rowKey: "other", columns: { key: "other" } };
const NO_ANSWER = new StorageError("socket hang up", undefined);

let ledger: TestLedger;
let clock: number;
let calls: string[];
beforeEach(async () => {
	ledger = await openTestLedger();
	clock = 0;
	calls = [];
});

/** Fails the calls that `fault` answers an error for. */
function faulty(fault: (call: StorageCall) => Error | undefined): Storage {
	return wrapStorage(ledger.storage, async (call, make) => {
		calls.push(call.method);
		const error = fault(call);
		if (error !== undefined) throw error;
		return make();
	});
}

async function take(role: "drainer" | "follower" = "drainer", storage: Storage = ledger.storage): Promise<LeasedRow> {
	const blob = `lanes/${LANE}`;
	const row = await LeasedRow.acquire({ storage, blob, lane: LANE, rowKey: ROW, role, monotonic: () => clock });
	if (row === undefined) throw new Error("another process has the lease");
	return row;
}

const stored = async (rowKey = ROW) => (await ledger.rows(LANE, rowKey))[0]?.columns;

describe.each(["drainer", "follower"] as const)("a row that a %s has leased", (role) => {
	it("is written with others, again and again", async () => {
		const row = await take(role);
		await row.write({ value: 1 }, [OTHER]);
		await row.write({ value: 2 });
		expect([(await stored())?.["value"], (await stored("other"))?.["key"]]).toEqual([2, "other"]);
		expect((await row.read())?.columns).toMatchObject({ value: 2 });
	});

	it("is lost where another process has written it, with who that is and why", async () => {
		const row = await take(role);
		await row.write({ value: 1 });
		await ledger.storage.commit(LANE, [{ kind: "merge", rowKey: ROW, columns: { by: "another" } }]);
		const lost = await row.write({ value: 2 }, [OTHER]).catch((error: unknown) => error);
		expect(lost).toBeInstanceOf(LeaseLost);
		expect(lost).toMatchObject({
			message: `another ${role} has written to the lane "${LANE}" meanwhile`,
			cause: { name: "StorageError" },
		});
		expect([(await stored())?.["value"], await stored("other")]).toEqual([1, undefined]);
	});

	it("is lost where its row is gone", async () => {
		const row = await take(role);
		await row.write({ value: 1 });
		await ledger.storage.commit(LANE, [{ kind: "delete", rowKey: ROW }]);
		await expect(row.write({ value: 2 })).rejects.toThrow(LeaseLost);
	});

	it("is lost where its lease is, with who has lost it and why", async () => {
		const row = await take(
			role,
			faulty(({ method }) => (method === "renew" ? new StorageError("the lease is another's", 409) : undefined)),
		);
		clock = 20_000;
		const lost = await row.ensureFor().catch((error: unknown) => error);
		expect(lost).toBeInstanceOf(LeaseLost);
		expect(lost).toMatchObject({
			message: `the ${role} has lost its lease of the lane "${LANE}"`,
			cause: { message: "the lease is another's" },
		});
	});
});

describe("a write of a leased row", () => {
	it("that is refused for another row is no lost lease, and can be made without that row", async () => {
		const row = await take();
		await row.write({ value: 1 });
		const gone: Write = { kind: "merge", rowKey: "gone", columns: {} };
		await expect(row.write({ value: 2 }, [gone])).rejects.toMatchObject({ name: "StorageError", conflict: true });
		await row.write({ value: 3 });
		expect((await stored())?.["value"]).toBe(3);
	});

	it("ends as lost where it cannot be found out whose the row is", async () => {
		const row = await take(
			"drainer",
			faulty(({ method }) => (method === "get" ? new Error("no") : undefined)),
		);
		await ledger.storage.commit(LANE, [{ kind: "insert", rowKey: ROW, columns: {} }]);
		await expect(row.write({ value: 1 })).rejects.toThrow(LeaseLost);
	});

	it("ends with an error that is not of storage as it is", async () => {
		const fault = Object.assign(new Error("a fault of ours"), { conflict: true });
		const row = await take(
			"drainer",
			faulty(({ method }) => (method === "commit" ? fault : undefined)),
		);
		await expect(row.write({ value: 1 })).rejects.toBe(fault);
	});

	it.each<[string, Error | undefined, boolean]>([
		["and is written after it", undefined, true],
		["and is written although the lease could not be renewed", new StorageError("busy", 503), true],
		["and is given up where the lease is lost", new StorageError("another has it", 409), false],
	])("without an answer is repeated, the lease is renewed before, %s", async (_, renewal, isWritten) => {
		let commits = 0;
		const row = await take(
			"drainer",
			faulty(({ method }) => {
				if (method === "renew") return renewal;
				if (method !== "commit" || ++commits > 1) return undefined;
				clock += 20_000;
				return NO_ANSWER;
			}),
		);
		const written = row.write({ value: 1 });
		if (isWritten) await written;
		else await expect(written).rejects.toThrow(LeaseLost);
		expect([calls.includes("renew"), (await stored())?.["value"]]).toEqual([true, isWritten ? 1 : undefined]);
	});

	it("is repeated for as long as it is told to", async () => {
		const row = await take(
			"drainer",
			faulty(({ method }) => (method === "commit" ? NO_ANSWER : undefined)),
		);
		await expect(row.write({ value: 1 }, [], -10_000)).rejects.toBe(NO_ANSWER);
		expect(calls.filter((method) => method === "commit")).toHaveLength(1);
	});
});

describe("a lease", () => {
	it("whose renewal took long is renewed once more", async () => {
		const row = await take(
			"drainer",
			faulty(({ method }) => {
				if (method === "renew" && calls.filter((call) => call === "renew").length === 1) clock += 20_000;
				return undefined;
			}),
		);
		clock = 16_000;
		await row.ensureFor();
		expect(calls).toEqual(["lease", "renew", "renew"]);
	});

	it("is released, and its release may fail", async () => {
		const row = await take();
		await row.release();
		const next = await take(
			"drainer",
			faulty(({ method }) => (method === "release" ? NO_ANSWER : undefined)),
		);
		await expect(next.release()).resolves.toBeUndefined();
		expect(next.id).not.toBe(row.id);
	});
});
