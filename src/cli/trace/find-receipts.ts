import { type BridgeClient, collectReceipts, type ShownReceipt, type ShownReceipts } from "../bridge-client.ts";
import { decodedPath } from "../bridge-url.ts";

/** An event of some routes has a few receipts; more is a text that is found in many. */
export const USUAL_LIMIT = 20;

/**
 * The receipts that a text means, the newest event first: an event's id, a run, a key, or a blob, by its subject, its
 * address, or its path with the container in front.
 */
export async function findReceipts(
	bridge: Pick<BridgeClient, "receipts">,
	text: string,
	limit = USUAL_LIMIT,
): Promise<ShownReceipts> {
	const problems: string[] = [];
	let complete = true;
	for (const find of spellingsOf(text)) {
		const found = await collectReceipts(bridge, { find, limit });
		problems.push(...(found.problems ?? []));
		if (found.receipts.length > 0) return { ...found, problems };
		complete &&= found.complete;
	}
	return { receipts: [], complete, problems };
}

/** As it was given, and as subjects write it. */
function spellingsOf(text: string): readonly string[] {
	const path = URL.canParse(text) && /^https?:/i.test(text) ? decodedPath(new URL(text).pathname) : text;
	const [, container, blob] = /^\/?([^/]+)\/(.+)$/.exec(path) ?? [];
	const asSubject = container === undefined ? [] : [`containers/${container}/blobs/${blob}`];
	return [...new Set([text, ...asSubject])];
}

/** A window, as receipts tell of it. */
export interface TracedWindow {
	/** The receipt of its one dispatch; undefined where it is gone. */
	readonly dispatch: ShownReceipt | undefined;
	/** How many events it holds, as far as they were counted. */
	readonly events: number;
	/** Whether there are more. */
	readonly isMore: boolean;
}

/** One trace: of an event, or of the dispatch that several of the found ones went out with. */
export interface Traced {
	readonly receipt: ShownReceipt;
	/** The window that it went out with, or whose dispatch it is. */
	readonly window?: TracedWindow;
}

/** Of a window whose dispatch is traced, its events are counted up to here; of another one, to what one request answers. */
const MOST_EVENTS = 10_000;
const MOST_OF_ONE_REQUEST = 500;

/** What to trace of the receipts that were found: a window's dispatch once, however many of its events are among them. */
export async function foldWindows(
	bridge: Pick<BridgeClient, "receipts">,
	receipts: readonly ShownReceipt[],
): Promise<readonly Traced[]> {
	const traced: Traced[] = [];
	const told = new Set<string>();
	for (const receipt of receipts) {
		const key = isDispatchOfWindow(receipt) ? receipt.key : receipt.window;
		if (key === null) {
			traced.push({ receipt });
			continue;
		}
		if (told.has(key)) continue;
		told.add(key);
		const isFolded = receipts.filter((other) => other.key === key || other.window === key).length > 1;
		const isWhole = isFolded || receipt.key === key;
		const window = await readWindow(bridge, key, isWhole ? MOST_EVENTS : MOST_OF_ONE_REQUEST);
		traced.push({ receipt: isWhole ? (window.dispatch ?? receipt) : receipt, window });
	}
	return traced;
}

/** A window's dispatch is an event of its own, whose id is the key. */
function isDispatchOfWindow({ key, event }: ShownReceipt): boolean {
	return event.id === key;
}

async function readWindow(bridge: Pick<BridgeClient, "receipts">, key: string, limit: number): Promise<TracedWindow> {
	const { receipts, complete } = await collectReceipts(bridge, { find: key, limit });
	return {
		dispatch: receipts.find((receipt) => receipt.key === key),
		events: receipts.filter(({ window }) => window === key).length,
		isMore: !complete,
	};
}
