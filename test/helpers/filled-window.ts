import { acquireLane, type LaneLease } from "../../src/ledger/lane-lease.ts";
import { destinationColumn, inOrder } from "../../src/ledger/rows.ts";
import { readWindow, type Window } from "../../src/ledger/window.ts";
import type { Join } from "../../src/model.ts";
import { type StorageCall, wrapStorage } from "../../support/wrap-storage.ts";
import { joining } from "./deliveries.ts";
import { type MemoryStorage, memoryStorage } from "./memory-storage.ts";

export const LANE = "default";
export const GROUP = "ab".repeat(16);
export const START = Date.parse("2026-05-26T12:00:00Z");

/** A window with members, in storage in memory. */
export interface Filled {
	readonly storage: MemoryStorage;
	readonly lease: LaneLease;
	readonly window: () => Window;
	/** The calls of storage since it was filled. */
	readonly calls: StorageCall[];
	/** What was read and is not written yet: most at any time. */
	readonly mostInFlight: () => number;
}

interface Filling {
	readonly count: number;
	/** Of each line. */
	readonly bytes?: number;
	/** A line of its own for an event. */
	readonly line?: string;
	readonly how?: Partial<Join>;
	/** When the event of a number was accepted, after the start. */
	readonly at?: (number: number) => number;
	/** Whether rows say how large their lines are. */
	readonly told?: boolean;
	/** Around every call of storage, once it is filled. */
	readonly around?: (call: StorageCall, make: () => Promise<unknown>) => Promise<unknown>;
}

/** A window with so many members, in a storage that counts what is in flight. */
export async function fill({
	count,
	bytes = 200,
	line: one,
	how = {},
	at = (number) => number,
	told = true,
	around = (_, make) => make(),
}: Filling): Promise<Filled> {
	let [inFlight, most] = [0, 0];
	const storage = memoryStorage({
		onBytes({ read = 0, written = 0 }) {
			inFlight += read - written;
			most = Math.max(most, inFlight);
		},
	});
	const { route, to } = joining(0);
	const isLarge = bytes > 60 * 1024;
	for (let number = 0; number < count; number++) {
		const { key, event } = joining(number);
		const fill = "x".repeat(Math.max(bytes - 200, 0));
		const line = Buffer.from(one ?? JSON.stringify({ ...event, data: { contentLength: 1, fill } }));
		if (isLarge) storage.putBlob(`lines/${key}.json`, line);
		const rowKey = `m-${GROUP}-${inOrder(START + at(number))}-${key}-${number}`;
		const where = isLarge ? { lineBlob: `lines/${key}.json` } : { line };
		const size = told ? { bytes: line.length } : {};
		await storage.commit(LANE, [
			{ kind: "insert", rowKey: `r-${key}`, columns: { state: "coalescing" } },
			{ kind: "insert", rowKey, columns: { key, receipt: `r-${key}`, ...size, ...where } },
		]);
	}
	const columns = { quietMs: 60_000, maxMs: 600_000, route, ...destinationColumn(to), ...how };
	await storage.commit(LANE, [{ kind: "upsert", rowKey: `b-${GROUP}`, columns }]);
	const calls: StorageCall[] = [];
	const watched = wrapStorage(storage, (call, make) => {
		if (["rowsOf", "putBlob"].includes(call.method)) return make();
		calls.push(call);
		return around(call, make);
	}) as MemoryStorage;
	const lease = await acquireLane({
		storage: watched,
		lane: LANE,
		address: "https://api.github.com",
		passed: new Map(),
		now: () => START,
		monotonic: () => 0,
	});
	if (lease === undefined) throw new Error("the lane is held");
	await lease.read(() => true);
	const window = () => {
		const row = storage.rowsOf(LANE).find(({ rowKey }) => rowKey.startsWith("b-"));
		if (row === undefined) throw new Error("there is no window");
		return readWindow(row);
	};
	calls.length = 0;
	return { storage: watched, lease, window, calls, mostInFlight: () => most };
}

/** The keys of its members' rows. */
export const left = ({ storage }: Pick<Filled, "storage">) =>
	storage
		.rowsOf(LANE)
		.map(({ rowKey }) => rowKey)
		.filter((rowKey) => rowKey.startsWith("m-"));
