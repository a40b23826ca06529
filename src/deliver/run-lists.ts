import type { RunsAnswer, SeenRun } from "../destinations/destination.ts";
import type { Destinations } from "../destinations/list.ts";
import { PAGE_RUNS } from "../destinations/read-runs.ts";
import { targetOf } from "../ledger/rows.ts";
import type { Destination } from "../model.ts";
import { LIST_MS, type Listing } from "./find-run.ts";

export interface RunListsOptions {
	readonly destinations: Pick<Destinations, "listRuns">;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** The runs of destinations, as their services last listed them to this process. */
export interface RunLists {
	/**
	 * The runs of a destination. A list is read at most every half minute and shared, because an incident leaves hundreds of
	 * deliveries in doubt at once. It takes no longer than two calls. Never rejects.
	 * @param from how far back the list should reach, epoch milliseconds of the service's clock. A shared list may not reach
	 * that far
	 */
	read(to: Destination, from: number): Promise<Listing>;
}

/** How far back the bridge checks whether any run has a key. GitHub keeps the data of a run for 90 days. */
const LOOK_BACK_MS = 90 * 86_400_000;
/** Of a hundred runs each. GitHub lists a thousand at most. Source: docs.github.com, "List workflow runs for a repository". */
const MOST_PAGES = 10;
/** No page is begun after so long. */
const PAGES_MS = 10_000;

export function createRunLists({ destinations, now }: RunListsOptions): RunLists {
	const lists = new Map<string, { readonly at: number; readonly listing: Promise<Listing> }>();

	async function ask(to: Destination, from: number, at: number): Promise<Listing> {
		try {
			return { at, from, answer: await readPages(to, from, at) };
		} catch (error) {
			const answer: RunsAnswer = {
				kind: "unavailable",
				reason: `the bridge failed to list the runs: ${(error as Error).message}`,
			};
			return { at, from, answer };
		}
	}

	/** One page is enough unless hundreds of runs were started since. */
	async function readPages(to: Destination, from: number, at: number): Promise<RunsAnswer> {
		const runs = new Map<string, SeenRun>();
		let unreadable = 0;
		for (let page = 1; ; page++) {
			const answer = await destinations.listRuns(to, at - LOOK_BACK_MS, undefined, page);
			if (answer.kind !== "runs") return answer;
			for (const run of answer.runs) runs.set(run.id, run);
			unreadable += answer.unreadable ?? 0;
			const isFull = answer.runs.length + (answer.unreadable ?? 0) >= PAGE_RUNS;
			const isEnd = answer.complete || (isFull && answer.runs.some(({ createdAt }) => createdAt < from));
			if (isEnd || !isFull || page === MOST_PAGES || now() - at > PAGES_MS) {
				return { ...answer, runs: [...runs.values()], unreadable, complete: isEnd && unreadable === 0 };
			}
		}
	}

	/** A clock that was set back must not make a list last. */
	const isFresh = (readAt: number, at: number) => Math.abs(at - readAt) < LIST_MS;

	return {
		read(to, from) {
			const at = now();
			const name = `${to.token ?? ""} ${targetOf(to)}`;
			const known = lists.get(name);
			if (known !== undefined && isFresh(known.at, at)) return known.listing;
			for (const [other, list] of lists) if (!isFresh(list.at, at)) lists.delete(other);
			const listing = ask(to, from, at);
			lists.set(name, { at, listing });
			return listing;
		},
	};
}
