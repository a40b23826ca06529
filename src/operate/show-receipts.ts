import pMap from "p-map";
import type { Destinations } from "../destinations/list.ts";
import { readDeadRequest } from "../ledger/dead-letters.ts";
import type { FoundReceipts } from "../ledger/list-receipts.ts";
import type { ReceiptState } from "../ledger/receipt.ts";
import { type FoundReceipt, receiptsOf } from "../ledger/receipt-query.ts";
import { groupOfMember } from "../ledger/rows.ts";
import { clipText } from "../log.ts";
import type { Storage } from "../storage/storage.ts";
import { adviseReplay, type ReplayAdvice } from "./advise-replay.ts";

/** A receipt with what a person wants to know beside it. */
export interface ShownReceipt extends FoundReceipt {
	/** The page where the runs of its destination are seen; null where there is none. */
	readonly page: string | null;
	/** What a replay would do; null where it is no dead letter. */
	readonly replay: ReplayAdvice | null;
	/** Of an event in an open window: the group of that window, as health calls it; else null. */
	readonly group: string | null;
	/** Where it was asked for: what a replay of a dead letter sends; null where there is nothing. */
	readonly sends?: Sends | null;
	/** Of a window's event: the state of the dispatch that it went out with; null where that is not known. */
	readonly windowState: ReceiptState | null;
}

/** The exact request of a dead letter. */
interface Sends {
	/** Its method and URL. */
	readonly line: string;
	/** The beginning of its body. */
	readonly text: string;
	/** How long all of the body is, and whether `text` is all of it. */
	readonly bytes: number;
	readonly whole: boolean;
}

interface ShowOptions {
	readonly storage: Storage;
	readonly destinations: Pick<Destinations, "pageOf" | "requestLine">;
	/** What would judge a rejected event now. */
	readonly judge: string;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** Receipts, and what could not be read for them. */
export interface Shown {
	readonly receipts: readonly ShownReceipt[];
	readonly problems: readonly string[];
}

/** The events of a window share one dispatch, so that these are few. */
const READS_AT_ONCE = 16;

/** Receipts as they are shown, and what could not be read for that. A window's events show the runs of its dispatch. */
export async function showReceipts(
	{ receipts, problems }: Pick<FoundReceipts, "receipts" | "problems">,
	options: ShowOptions,
): Promise<Shown> {
	const { dispatchOf, unread } = await readDispatches(receipts, options);
	const shown = receipts.map((receipt) => show(receipt, dispatchOf(receipt), options));
	return { receipts: shown, problems: [...problems, ...unread] };
}

/** The dispatches that windows' events went out with: from among these receipts, or read, each once. */
async function readDispatches(receipts: readonly FoundReceipt[], options: ShowOptions) {
	const known = new Map<string, FoundReceipt | undefined>(
		receipts.map((receipt) => [placeOf(receipt.lane, receipt.rowKey), receipt]),
	);
	const missing = new Map(
		receipts.flatMap(({ lane, dispatch }) => {
			const isKnown = dispatch === null || known.has(placeOf(lane, dispatch));
			return isKnown ? [] : [[placeOf(lane, dispatch), { lane, dispatch }] as const];
		}),
	);
	const unread = new Set<string>();
	const { storage, now } = options;
	const lanes = new Set([...missing.values()].map(({ lane }) => lane));
	const showIn = new Map([...lanes].map((lane) => [lane, receiptsOf(storage, lane, now)]));
	const read = async ([place, { lane, dispatch }]: readonly [string, { lane: string; dispatch: string }]) => {
		try {
			const row = await storage.get(lane, dispatch);
			known.set(place, row && (await showIn.get(lane)?.(row)));
		} catch (error) {
			unread.add(`a window's dispatch in the lane "${lane}" cannot be read: ${(error as Error).message}`);
		}
	};
	await pMap(missing, read, { concurrency: READS_AT_ONCE });
	const dispatchOf = ({ lane, dispatch }: FoundReceipt) =>
		dispatch === null ? undefined : known.get(placeOf(lane, dispatch));
	return { dispatchOf, unread };
}

function placeOf(lane: string, rowKey: string): string {
	return `${lane} ${rowKey}`;
}

function show(
	receipt: FoundReceipt,
	dispatch: FoundReceipt | undefined,
	{ destinations, judge }: ShowOptions,
): ShownReceipt {
	const { to } = receipt;
	const ofWindow = dispatch && {
		runs: dispatch.runs,
		following: dispatch.following,
		followingReason: dispatch.followingReason,
	};
	return {
		...receipt,
		...ofWindow,
		page: to && destinations.pageOf(to),
		replay: adviseReplay(receipt, judge),
		group: (receipt.state === "coalescing" && groupOfMember(receipt.place ?? "")) || null,
		windowState: dispatch?.state ?? null,
	};
}

/** What is shown of a request. */
const MAX_SENT = 4_000;

/** Receipts with what replays of them would send. One that cannot be read is named, and has none. */
export async function withRequests(shown: Shown, { storage, destinations }: ShowOptions): Promise<Shown> {
	const problems = [...shown.problems];
	const read = async (receipt: ShownReceipt): Promise<ShownReceipt> => {
		const { state, lane, rowKey, to, key } = receipt;
		if (state !== "dead" || to === null) return { ...receipt, sends: null };
		try {
			const body = await readDeadRequest(storage, lane, rowKey);
			if (body === undefined) return { ...receipt, sends: null };
			const [text, bytes] = [clipText(body, MAX_SENT), Buffer.byteLength(body)];
			return { ...receipt, sends: { line: destinations.requestLine(to), text, bytes, whole: text === body } };
		} catch (error) {
			problems.push(`what ${key} would send cannot be read: ${(error as Error).message}`);
			return { ...receipt, sends: null };
		}
	};
	return { receipts: await pMap(shown.receipts, read, { concurrency: READS_AT_ONCE }), problems };
}
