import { describe, expect, it } from "@jest/globals";
import { type FinishParts, finish } from "../../src/deliver/finish.ts";
import type { LaneLease } from "../../src/ledger/lane-lease.ts";
import { NEW_LANE } from "../../src/ledger/lane-state.ts";
import { LeaseLost } from "../../src/ledger/leased-row.ts";
import { type Entry, newEntry, readEntry } from "../../src/ledger/outbox.ts";
import { entryKey, receiptKey } from "../../src/ledger/rows.ts";
import type { Classification } from "../../src/model.ts";
import { StorageError, type Write } from "../../src/storage/storage.ts";
import { destinations } from "../../support/destinations.ts";
import { delivery } from "../helpers/deliveries.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const LANE = "default";
const TAKEN: Classification = { kind: "taken" };
const REFUSED: Classification = { kind: "permanent", reason: "422" };
const GONE = new StorageError("a row is gone", 404);
const FULL = new StorageError("the row takes no more", 400);
const LOST = new LeaseLost("another drainer has the lane");

const { key, event, to, route } = delivery(1);
const receipt = receiptKey(event.time, key);
const rowKey = entryKey(NOW, 0, key);
const columns = newEntry({ key, receipt, acceptedAt: NOW, to, route });
const entry: Entry = { ...readEntry({ rowKey, columns }, NOW), body: "{}" };

interface Scripted {
	/** What the lease's commits, and then those of storage without the lease, end with; left out, they are written. */
	readonly commits?: readonly Error[];
	readonly facts?: readonly Error[];
	/** Keys of rows that are not there. */
	readonly gone?: readonly string[];
}

/** Finishes a delivery, and tells what was written with the lease and without it, and how it ended. */
async function finished(classification: Classification, { commits = [], facts = [], gone = [] }: Scripted) {
	const [withLease, withoutLease]: [Write[][], Write[][]] = [[], []];
	const record = (to: Write[][], ends: readonly Error[], writes: readonly Write[]) => {
		to.push([...writes]);
		const end = ends[to.length - 1];
		return end === undefined ? Promise.resolve([]) : Promise.reject(end);
	};
	const lease = {
		lane: LANE,
		state: () => NEW_LANE,
		commit: (_: unknown, writes: readonly Write[]) => record(withLease, commits, writes),
	} as unknown as LaneLease;
	const nothing = async () => {};
	const parts = {
		storage: {
			get: async (_: string, row: string) => (gone.includes(row) ? undefined : { rowKey: row, etag: "1", columns: {} }),
			commit: (_: string, writes: readonly Write[]) => record(withoutLease, facts, writes),
		},
		destinations,
		giveUpMs: 86_400_000,
		looksUp: false,
		follow: { isOn: false, resends: () => false, before: nothing, after: nothing },
		now: () => NOW,
		random: () => 1,
		skews: new Map(),
	} as unknown as FinishParts;
	const answer = { classification, calls: [], ms: 1 };
	const end = await finish(parts, lease, { entry, at: NOW, answer }, false, () => {}).then(
		({ kind }) => kind,
		(error: Error) => error,
	);
	return { withLease: withLease.map(told), withoutLease: withoutLease.map(told), end, last: withLease.at(-1) ?? [] };
}

/** What is done with which row: `merge receipt`. */
function told(writes: readonly Write[]): readonly string[] {
	const names = new Map([
		[receipt, "receipt"],
		[rowKey, "entry"],
	]);
	return writes.map((write) => `${write.kind} ${names.get(write.rowKey) ?? "dead letter"}`);
}

const ALL = ["merge receipt", "delete entry"];

describe("the result of a lane that another drainer has acquired", () => {
	it("is written without the lane's state where the service has taken it", async () => {
		const { withLease, withoutLease, end } = await finished(TAKEN, { commits: [LOST] });
		expect([withLease, withoutLease, end]).toEqual([[ALL], [ALL], LOST]);
	});

	it("is written to the receipt alone where the other one has removed the delivery", async () => {
		const { withoutLease, end } = await finished(TAKEN, { commits: [LOST], facts: [GONE] });
		expect([withoutLease, end]).toEqual([[ALL, ["merge receipt"]], LOST]);
	});

	it("is let go where the receipt is gone, too", async () => {
		const { withoutLease, end } = await finished(TAKEN, { commits: [LOST], facts: [GONE, GONE] });
		expect([withoutLease.length, end]).toEqual([2, LOST]);
	});

	it("is told where storage refuses it for another reason", async () => {
		const { withoutLease, end } = await finished(TAKEN, { commits: [LOST], facts: [FULL] });
		expect([withoutLease, end]).toEqual([[ALL], FULL]);
	});

	it("is the other one's to find out where it is no fact", async () => {
		const { withoutLease, end } = await finished(REFUSED, { commits: [LOST] });
		expect([withoutLease, end]).toEqual([[], LOST]);
	});
});

describe("a result of which storage refuses a row", () => {
	it.each<[string, Classification, StorageError, readonly string[], readonly string[]]>([
		["is written without the delivery that is gone", TAKEN, GONE, [rowKey], ["merge receipt"]],
		["is written without the receipt that is gone", TAKEN, GONE, [receipt], ["delete entry"]],
		["is no write of a row where both are gone", TAKEN, GONE, [receipt, rowKey], []],
		["leaves the receipt that takes no more, and removes the delivery", TAKEN, FULL, [], ["delete entry"]],
		[
			"makes a new receipt for a dead letter whose receipt is gone",
			REFUSED,
			GONE,
			[receipt],
			["upsert receipt", "delete entry", "upsert dead letter"],
		],
		[
			"keeps the dead letter of a receipt that takes no more",
			REFUSED,
			FULL,
			[],
			["delete entry", "upsert dead letter"],
		],
	])("%s", async (_, classification, refusal, gone, second) => {
		const { withLease, withoutLease, end } = await finished(classification, { commits: [refusal], gone });
		expect([withLease[1], withLease.length, withoutLease]).toEqual([second, 2, []]);
		expect(end).toBe(classification === TAKEN ? "dispatched" : "dead-lettered");
	});

	it("says in that new receipt whose it is, since when it waits, and why it ended", async () => {
		const { last } = await finished(REFUSED, { commits: [GONE], gone: [receipt] });
		const acceptedAt = new Date(NOW).toISOString();
		const written = last.find((write) => write.rowKey === receipt);
		expect(written).toMatchObject({ columns: { key, route, acceptedAt, state: "dead", reason: "422" } });
	});

	it("is told where storage refuses the rest, too", async () => {
		const { withLease, end } = await finished(TAKEN, { commits: [FULL, GONE] });
		expect([withLease.length, end]).toEqual([2, GONE]);
	});

	it("is not repeated where storage did not answer", async () => {
		const silence = new StorageError("no answer", undefined);
		const { withLease, end } = await finished(TAKEN, { commits: [silence] });
		expect([withLease, end]).toEqual([[ALL], silence]);
	});
});
