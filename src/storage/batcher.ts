/** Hands its items over in groups. */
export type Batcher<Item, Result> = (item: Item) => Promise<Result>;

export interface BatcherOptions<Item, Result> {
	/**
	 * Answers one result for each item, in their order. A promise among them that rejects is its own item's fault alone;
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

	/** At the end of the turn, so that all events of one request travel together. */
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
