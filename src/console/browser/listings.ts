import type { Receipt } from "./answers.ts";
import type { Api, Query } from "./api.ts";
import { boundsOf, type Filter, isNarrow } from "./filter.ts";
import { createRecent } from "./recent.ts";
import type { Opened, Part, View } from "./view.ts";
import { TONES } from "./tones.ts";

/** The rows of one page of the list, and the dead letters of each kind that are asked for. */
const PAGE = 100;
const IGNORED = 20;
/** The most that one answer holds. */
const ALL = 500;

type Listed = Pick<View, "recent" | "isPart" | "shown" | "complete" | "page">;

/** Asks for the lists of receipts that the page shows, and remembers where they go on. */
export function createListings(api: Api, now: () => number) {
	const recent = createRecent();
	let page = 0;
	/** Where the pages begin that the bridge has to be asked for: the last one is shown. */
	let cursors: string[] = [];
	/** A question that goes on must stay the same, its times included. */
	let bounds: ReturnType<typeof boundsOf> = {};

	/** The newest receipts, and one page of what the filter finds. */
	async function list(filter: Filter): Promise<Listed> {
		const limit = recent.limit();
		recent.merge(await api.receipts({ limit }), limit);
		const known = { recent: recent.list(), isPart: recent.isPart(), page };
		if (cursors.length === 0 && !isNarrow(filter)) {
			const shown = known.recent.slice(page * PAGE, (page + 1) * PAGE);
			return { ...known, shown, complete: known.recent.length <= (page + 1) * PAGE && !known.isPart };
		}
		const { receipts, complete } = await api.receipts(questionOf(filter));
		return { ...known, shown: receipts, complete };
	}

	function questionOf({ state, find, range }: Filter): Query {
		const next = cursors.at(-1);
		if (next === undefined) return { limit: PAGE, state, find, ...boundsOf(range, now()) };
		return { limit: PAGE, state, find, ...bounds, continue: next };
	}

	async function turn(forward: boolean, filter: Filter): Promise<void> {
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
			if (next === undefined) return;
			cursors.push(next);
		}
		page += 1;
	}

	/** What is asked for less often: dead letters, and what was ignored. */
	async function rest(view: View): Promise<Part> {
		const { deadLetters = 0, ignored: countOfIgnored = 0 } = view.health ?? {};
		const states = deadLetters > 0 ? (["dead", "rejected"] as const) : [];
		const [dead, ignored] = await Promise.all([
			Promise.all(states.map((state) => api.receipts({ state, limit: PAGE }))),
			countOfIgnored > 0 ? api.receipts({ state: "ignored", limit: IGNORED }) : { receipts: [] },
		]);
		const found = { ...view, deadLetters: dead.flatMap(({ receipts }) => receipts), ignored: ignored.receipts };
		return { ...correct(found), hasMoreDeadLetters: dead.some(({ complete }) => !complete) };
	}

	/** Dead letters and ignored events as they were found, corrected by what has become of events since. */
	function correct({ deadLetters, ignored }: View): Part {
		const known = new Map(recent.list().map((receipt) => [receipt.key, receipt]));
		const newest = (found: readonly Receipt[], isOne: (one: Receipt) => boolean) =>
			[...recent.list().filter(isOne), ...found.filter(({ key }) => !known.has(key))].sort(
				(one, other) => Date.parse(other.acceptedAt) - Date.parse(one.acceptedAt),
			);
		return {
			deadLetters: newest(deadLetters, ({ state }) => TONES[state] === "lost"),
			ignored: newest(ignored, ({ state }) => state === "ignored").slice(0, IGNORED),
		};
	}

	/** The open receipt, wherever it is; asked for by its event's time once that is known, which is little work. */
	async function opened({ opened: asked, ...view }: View): Promise<Opened | undefined> {
		if (asked === undefined) return undefined;
		const { key } = asked;
		const known = [...view.recent, ...view.shown, ...view.deadLetters, ...view.ignored].find((one) => one.key === key);
		if (known !== undefined) return { key, receipt: known, isMissing: false };
		const at = Date.parse(asked.receipt?.event.time ?? "");
		const bounds = Number.isNaN(at) ? {} : { since: at - 1_000, until: at + 1_000 };
		for (const state of ["", "dispatched", "dead"] as const) {
			const { receipts, complete } = await api.receipts({ find: key, state, limit: ALL, ...bounds });
			const receipt = receipts.find((one) => one.key === key);
			if (receipt !== undefined) return { key, receipt, isMissing: false };
			// The events of a window mention its key, too, and may fill an answer.
			if (complete) break;
		}
		return { key, receipt: undefined, isMissing: true };
	}

	return {
		list,
		rest,
		correct,
		opened,
		turn,
		toFirst(): void {
			cursors = [];
			page = 0;
		},
		clear: recent.clear,
	};
}
