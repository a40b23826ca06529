import type { Receipt, Receipts } from "./answers.ts";
import { TONES } from "./way-of.ts";

/** The receipts that the page knows, from one answer to the next. */
export interface Recent {
	/** The last accepted first. */
	list(): readonly Receipt[];
	/** Takes in an answer without a filter. */
	merge(answer: Receipts, limit: number): void;
	/** How many to ask for next. */
	limit(): number;
	/** Whether the bridge holds more than is known here. */
	isPart(): boolean;
	clear(): void;
}

/** The most that one answer holds. */
export const ALL = 500;
const FEW = 100;
const KEPT = 2_000;

/**
 * Remembers receipts, so that few have to be asked for: all that one answer holds at first, and again when few would
 * not tell everything, since more have come or something older is still on its way.
 */
export function createRecent(): Recent {
	let known = new Map<string, Receipt>();
	let limit = ALL;
	let isPart = false;

	function merge({ receipts, complete, problems = [] }: Receipts, asked: number): void {
		const answered = new Map(receipts.map((receipt) => [receipt.key, receipt]));
		const isAll = complete && receipts.length < asked;
		const isUnread = problems.length > 0;
		const until = eventTime(receipts.at(-1));
		// The answer holds the newest events; what should be among them and is not has been replaced by a replay, unless it
		// could not be read.
		const older = [...known.values()].filter(
			(receipt) => !answered.has(receipt.key) && (isUnread || eventTime(receipt) <= until),
		);
		const fresh = receipts.filter(({ key }) => !known.has(key)).length;
		known = new Map([...receipts, ...(isAll ? [] : older)].map((receipt) => [receipt.key, receipt]));
		if (asked === ALL || isAll || isUnread) isPart = !isAll;
		const unsettled = isAll ? [] : older.filter(({ state }) => TONES[state] === "moving" || TONES[state] === "delayed");
		limit = !isAll && (fresh === receipts.length || unsettled.length > 0) ? ALL : FEW;
		if (known.size > KEPT)
			known = new Map(
				list()
					.slice(0, KEPT)
					.map((receipt) => [receipt.key, receipt]),
			);
	}

	function list(): readonly Receipt[] {
		return [...known.values()].sort((one, other) => Date.parse(other.acceptedAt) - Date.parse(one.acceptedAt));
	}

	return {
		list,
		merge,
		limit: () => limit,
		isPart: () => isPart,
		clear() {
			known = new Map();
			limit = ALL;
		},
	};
}

function eventTime(receipt: Receipt | undefined): number {
	return Date.parse(receipt?.event.time ?? "") || 0;
}
