import pMap from "p-map";
import { isStorageError, type Storage, type StorageError, type Write } from "./storage.ts";
import { bytesOf } from "./transactions.ts";

/** Hands its items over in groups. */
type Batcher<Item, Result> = (item: Item) => Promise<Result>;

export interface BatcherOptions<Item, Result> {
	/**
	 * Answers one result for each item, in their order. A Promise among them that rejects is its own item's fault alone;
	 * a rejection of the whole is every item's.
	 */
	readonly flush: (items: readonly Item[]) => Promise<readonly (Result | Promise<Result>)[]>;
	/** How many groups may be under way at once. */
	readonly groups: number;
	/** What an item adds to its group, and how much a group holds. An item alone may be larger. */
	readonly weigh?: (item: Item) => number;
	readonly capacity?: number;
}

/**
 * Groups what comes at the same time, as a database does with its log: while groups are under way, the next one
 * gathers. An item alone does not wait.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
	const { flush, groups, weigh = () => 1, capacity = Number.POSITIVE_INFINITY } = options;
	type Waiting = { item: Item; resolve: (result: Result | Promise<Result>) => void; reject: (error: unknown) => void };
	let waiting: Waiting[] = [];
	let underWay = 0;
	let scheduled = false;

	/** At the end of the event loop's turn, so that all events of one request share a transaction. */
	function schedule(): void {
		if (scheduled) return;
		scheduled = true;
		setImmediate(() => {
			scheduled = false;
			while (waiting.length > 0 && underWay < groups) run(take());
		});
	}

	function take(): Waiting[] {
		let weight = 0;
		const fitting = waiting.findIndex(({ item }, index) => {
			weight += weigh(item);
			return index > 0 && weight > capacity;
		});
		const group = fitting < 0 ? waiting : waiting.slice(0, fitting);
		waiting = waiting.slice(group.length);
		return group;
	}

	async function run(group: readonly Waiting[]): Promise<void> {
		underWay += 1;
		try {
			const results = await flush(group.map(({ item }) => item));
			for (const [index, { resolve }] of group.entries()) resolve(results[index] as Result);
		} catch (error) {
			for (const { reject } of group) reject(error);
		} finally {
			underWay -= 1;
			schedule();
		}
	}

	return (item) =>
		new Promise((resolve, reject) => {
			waiting.push({ item, resolve, reject });
			schedule();
		});
}

/** Rows that are written together or not at all. */
export interface RowGroup {
	/** Two with the same one are the same. */
	readonly id: string;
	readonly writes: readonly Write[];
}

/** A transaction holds 100 rows and 4 MiB. */
const ROWS = 100;
const BYTES = 3 * 1024 * 1024;
const SINGLES_AT_ONCE = 4;

/**
 * Writes what comes at the same time in shared transactions. Where something about one is in the way, each is written
 * alone: that one must not harm its neighbours.
 * @param settle makes the result of one that was written, or of one that is refused: a conflict, or its content. One that
 *   was there twice is settled once; `isFirst` is false for the second
 */
export function createGroupWriter<Item extends RowGroup, Result>(
	storage: Storage,
	partition: string,
	settle: (item: Item, refusal: StorageError | undefined, isFirst: boolean) => Promise<Result>,
): Batcher<Item, Result> {
	/** Undefined when all rows were written; else what was refused about them, rather than about the service. */
	async function tryCommit(items: readonly Item[]): Promise<StorageError | undefined> {
		const writes = new Map(items.flatMap((item) => item.writes).map((write) => [write.rowKey, write]));
		try {
			await storage.commit(partition, [...writes.values()]);
			return undefined;
		} catch (error) {
			if (isStorageError(error) && (error.status === 409 || error.refusesContent)) return error;
			throw error;
		}
	}

	async function flush(items: readonly Item[]): Promise<readonly Promise<Result>[]> {
		const unique = new Map([...items].reverse().map((item) => [item.id, item]));
		const refusal = await tryCommit([...unique.values()].reverse());
		const refusals = new Map<string, Promise<StorageError | undefined>>();
		const findOut = async (item: Item) => {
			const isKnown = refusal === undefined || unique.size === 1;
			const found = isKnown ? Promise.resolve(refusal) : tryCommit([item]);
			refusals.set(item.id, found);
			await found.catch(() => {});
		};
		await pMap(unique.values(), findOut, { concurrency: SINGLES_AT_ONCE });
		return items.map(async (item) => settle(item, await refusals.get(item.id), unique.get(item.id) === item));
	}

	const weigh = ({ writes }: Item) => {
		const bytes = writes.reduce((sum, write) => sum + bytesOf(write), 0);
		return Math.max(writes.length, (bytes / BYTES) * ROWS);
	};
	return createBatcher({ flush, groups: 2, weigh, capacity: ROWS });
}
