import type { Counts, Local, Receipt } from "./answers.ts";
import { type Filter, NO_FILTER } from "./filter.ts";
import type { Health } from "./health-answer.ts";

/** What the page shows; a new object with every change. */
export interface View {
	/** The time of this change, epoch milliseconds. */
	readonly now: number;
	/** When the bridge answered last, epoch milliseconds; undefined until it has. */
	readonly seenAt: number | undefined;
	/** `asking`: no answer has come yet. `locked`: a function key is needed. */
	readonly access: "asking" | "open" | "locked";
	/** Why the last look failed, in words; undefined while the bridge answers. */
	readonly problem: string | undefined;
	/** The last look got no answer at all. */
	readonly isOffline: boolean;
	readonly health: Health | undefined;
	/** One page of the list: the newest events, or what the filter finds. */
	readonly shown: readonly Receipt[];
	/** False where the list has a further page. */
	readonly complete: boolean;
	/** The number of the page, from 0. */
	readonly page: number;
	/** The newest receipts that the page knows, and whether the bridge has more. */
	readonly recent: readonly Receipt[];
	readonly isPart: boolean;
	/** What the bridge could not read of the receipts, in words. */
	readonly unread: readonly string[];
	/** The newest dead letters, and whether the bridge has more of them. */
	readonly deadLetters: readonly Receipt[];
	readonly hasMoreDeadLetters: boolean;
	/** The newest events that no route took. */
	readonly ignored: readonly Receipt[];
	/** Per-minute counts; undefined where the bridge does not offer them. */
	readonly counts: Counts | undefined;
	/** The receipt that is open. */
	readonly opened: Opened | undefined;
	/** Undefined except on the local host. */
	readonly local: Local | undefined;
	readonly filter: Filter;
	/** Whether the page keeps asking. */
	readonly running: boolean;
}

/** A receipt that a link or a click asks for. */
export interface Opened {
	readonly key: string;
	/** Undefined while it is looked for, and where it was not found. */
	readonly receipt: Receipt | undefined;
	/** The bridge has no receipt with that key. */
	readonly isMissing: boolean;
}

export type Part = { -readonly [Key in keyof View]?: View[Key] };

/** The view before the first answer. */
export function emptyView(now: number): View {
	return {
		now,
		seenAt: undefined,
		access: "asking",
		problem: undefined,
		isOffline: false,
		health: undefined,
		shown: [],
		complete: true,
		page: 0,
		recent: [],
		isPart: false,
		unread: [],
		deadLetters: [],
		hasMoreDeadLetters: false,
		ignored: [],
		counts: undefined,
		opened: undefined,
		local: undefined,
		filter: NO_FILTER,
		running: true,
	};
}

/** The receipt with that key, if the page knows it. */
export function knownReceipt(view: View, key: string): Receipt | undefined {
	const { shown, recent, deadLetters, ignored, opened } = view;
	const isIt = (receipt: Receipt) => receipt.key === key;
	return (
		recent.find(isIt) ??
		shown.find(isIt) ??
		deadLetters.find(isIt) ??
		ignored.find(isIt) ??
		(opened?.key === key ? opened.receipt : undefined)
	);
}
