import type { BridgeClient, ShownReceipt } from "../bridge-client.ts";
import { collectReceipts } from "../collect-receipts.ts";

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
