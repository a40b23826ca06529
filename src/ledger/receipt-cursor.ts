import { readContinue, writeContinue } from "./continue-token.ts";

/** Where a search goes on: what is not in it has been looked through. */
export interface Cursor {
	/** Whether the search is for the whole of the text, and whether it has found anything. */
	readonly exact: boolean;
	readonly found: boolean;
	readonly lanes: ReadonlyMap<string, Position>;
}

/** A place among a lane's receipts. */
export interface Position {
	/** The first key of the range. */
	readonly from: string;
	/** What storage has answered for the next page of this range. */
	readonly after?: string;
}

/** A cursor as `continue`. */
export function writeCursor({ exact, found, lanes }: Cursor, question: string): string {
	const places = [...lanes].map(([lane, { from, after }]) =>
		after === undefined ? [lane, from] : [lane, from, after],
	);
	return writeContinue([exact, found, places], question);
}

/** Throws WrongContinue for what `writeCursor` has not written for this question. */
export function readCursor(token: string, question: string): Cursor {
	const [exact, found, places] = readContinue(token, question) as [boolean, boolean, [string, string, string?][]];
	const lanes = new Map(
		places.map(([lane, from, after]) => [lane, after === undefined ? { from } : { from, after }] as const),
	);
	return { exact, found, lanes };
}
