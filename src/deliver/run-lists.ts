import type { RunsAnswer } from "../destinations/destination.ts";
import type { Destinations } from "../destinations/list.ts";
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
	 * The runs of a destination. A list is read at most every half minute, whoever asks: an incident leaves hundreds of
	 * deliveries in doubt at once. Never rejects.
	 */
	read(to: Destination): Promise<Listing>;
}

/** So far back it is looked whether runs have keys at all. GitHub keeps what belongs to a run for 90 days. */
const LOOK_BACK_MS = 90 * 86_400_000;

export function createRunLists({ destinations, now }: RunListsOptions): RunLists {
	const lists = new Map<string, { readonly at: number; readonly listing: Promise<Listing> }>();

	/** A clock that was set back must not make a list last. */
	const isFresh = (readAt: number, at: number) => Math.abs(at - readAt) < LIST_MS;

	async function ask(to: Destination, at: number): Promise<Listing> {
		try {
			return { at, answer: await destinations.listRuns(to, at - LOOK_BACK_MS) };
		} catch (error) {
			const answer: RunsAnswer = {
				kind: "unavailable",
				reason: `the bridge failed at it: ${(error as Error).message}`,
			};
			return { at, answer };
		}
	}

	return {
		read(to) {
			const at = now();
			const name = `${to.token ?? ""} ${targetOf(to)}`;
			const known = lists.get(name);
			if (known !== undefined && isFresh(known.at, at)) return known.listing;
			for (const [other, list] of lists) if (!isFresh(list.at, at)) lists.delete(other);
			const listing = ask(to, at);
			lists.set(name, { at, listing });
			return listing;
		},
	};
}
