import type { Api, Query } from "./api.ts";
import { ALL, type Recent } from "./recent.ts";
import { boundsOf, type Filter, isNarrow, type View } from "./view.ts";

/** The rows of one page of the list. */
export const PAGE = 100;

type Listed = Pick<View, "recent" | "isPart" | "unread" | "shown" | "complete" | "page">;

/** The list of events, page by page: what is known first, then what the bridge is asked for. */
export function createPages(api: Api, now: () => number, recent: Recent) {
	let page = 0;
	/** Where the pages begin that the bridge has to be asked for: the last one is shown. */
	let cursors: string[] = [];
	/** A question that goes on must stay the same, its times included. */
	let bounds: ReturnType<typeof boundsOf> = {};
	/** Counts turns and new beginnings, so that an answer that was overtaken by one turns no page. */
	let moves = 0;

	function questionOf({ state, find, range }: Filter): Query {
		const next = cursors.at(-1);
		if (next === undefined) return { limit: PAGE, state, find, ...boundsOf(range, now()) };
		return { limit: PAGE, state, find, ...bounds, continue: next };
	}

	return {
		/** The newest receipts, and one page of what the filter finds. */
		async list(filter: Filter): Promise<Listed> {
			const limit = recent.limit();
			const newest = await api.receipts({ limit });
			recent.merge(newest, limit);
			const unread = newest.problems ?? [];
			const known = { recent: recent.list(), isPart: recent.isPart(), unread, page };
			if (cursors.length === 0 && !isNarrow(filter)) {
				const shown = known.recent.slice(page * PAGE, (page + 1) * PAGE);
				return { ...known, shown, complete: known.recent.length <= (page + 1) * PAGE && !known.isPart };
			}
			const { receipts, complete, problems = [] } = await api.receipts(questionOf(filter));
			return { ...known, shown: receipts, complete, unread: [...new Set([...unread, ...problems])] };
		},
		/** Turns to the next page, or to the one before. */
		async turn(forward: boolean, filter: Filter): Promise<void> {
			moves += 1;
			const mine = moves;
			if (!forward) {
				cursors.pop();
				page = Math.max(0, page - 1);
				return;
			}
			const isKnown = cursors.length === 0 && !isNarrow(filter);
			if (!isKnown || recent.list().length <= (page + 1) * PAGE) {
				if (cursors.length === 0) bounds = boundsOf(filter.range, now());
				// Behind the receipts that are known, in the bridge's order.
				const question = isKnown ? { limit: ALL } : { ...questionOf(filter), ...bounds };
				const { continue: next } = await api.receipts(question);
				if (next === undefined || mine !== moves) return;
				cursors.push(next);
			}
			page += 1;
		},
		/** Back to the first page: the filter has changed. */
		toFirst(): void {
			moves += 1;
			cursors = [];
			page = 0;
		},
	};
}
