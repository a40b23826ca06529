import { isDeepStrictEqual } from "node:util";
import type { BridgeClient, ReceiptsAsked, ShownReceipt } from "../bridge-client.ts";
import { CliError } from "../cli-error.ts";
import { collectReceipts } from "../collect-receipts.ts";
import { newsOf } from "../runs.ts";

export interface FollowOptions {
	readonly asked: Pick<ReceiptsAsked, "state" | "find">;
	/** How many of those that are there already are shown at first. */
	readonly lines: number;
	/** Waits until the next look; answers false where that was the last one. */
	readonly wait: () => Promise<boolean>;
	/** Is handed each line, in the order of time. */
	readonly show: (line: Line) => void;
	/** Is told when the bridge does not answer, or cannot read all receipts, and when it does again. */
	readonly outage: (message: string | undefined) => void;
}

/** A receipt that is new, or has changed. */
export interface Line {
	readonly receipt: ShownReceipt;
	/** Epoch milliseconds, by the bridge's clock: when the delivery came so far, or when a change of its run was seen. */
	readonly at: number;
}

/** One request answers so many. */
const AT_ONCE = 500;
/** What changed besides these is shown with the next looks, which go on there. */
const MOST_CHANGES = 10_000;
/** The clock of storage may be so far behind that of the bridge; what comes twice is shown once. */
const OVERLAP_MS = 30_000;

/**
 * Looks at the receipts again and again, and shows each change once. At first at the newest ones, and then at what was
 * written since, however many there are and however old their events.
 */
export async function follow(bridge: BridgeClient, options: FollowOptions): Promise<void> {
	const { asked, lines, wait, show, outage } = options;
	const known = new Map<string, Mark>();
	let isWell = true;

	function changes(receipts: readonly ShownReceipt[]): readonly Line[] {
		const changed = receipts.filter((receipt) => !isDeepStrictEqual(known.get(receipt.key), markOf(receipt)));
		const seen = changed.map((receipt): Line => {
			// A receipt does not tell when its run has changed: that is seen now.
			const isRun = known.get(receipt.key)?.delivery === markOf(receipt).delivery;
			return { receipt, at: isRun ? bridge.now() : timeOf(receipt) };
		});
		for (const receipt of changed) known.set(receipt.key, markOf(receipt));
		return seen.sort((one, other) => (one.at || 0) - (other.at || 0));
	}

	function judge(problem: string | undefined): void {
		if (isWell !== (problem === undefined)) outage(problem);
		isWell = problem === undefined;
	}

	// What fails at once is a mistake to repair; what fails later may come back.
	const { receipts, problems } = await bridge.receipts({ ...asked, limit: AT_ONCE });
	judge(problems?.[0]);
	let [since, begun] = [bridge.now(), bridge.now()];
	let rest: Pick<ReceiptsAsked, "continue"> = {};
	// The newest is answered first, and read last.
	const first = changes(receipts.toReversed());
	for (const line of lines === 0 ? [] : first.slice(-lines)) show(line);
	while (await wait()) {
		try {
			if (rest.continue === undefined) begun = bridge.now();
			const changedSince = new Date(since - OVERLAP_MS).toISOString();
			const found = await collectReceipts(bridge, { ...asked, changedSince, limit: MOST_CHANGES, ...rest });
			judge(found.problems?.[0]);
			rest = found.continue === undefined ? {} : { continue: found.continue };
			if (found.complete) since = begun;
			for (const line of changes(found.receipts.toReversed())) show(line);
		} catch (error) {
			if (!(error instanceof CliError)) throw error;
			judge(error.message);
			rest = {};
		}
	}
}

/** When a delivery came as far as it is. */
function timeOf({ finishedAt, attempts, acceptedAt }: ShownReceipt): number {
	return Date.parse(finishedAt ?? attempts.at(-1)?.at ?? acceptedAt);
}

/** What has to change for a receipt to be shown again. */
interface Mark {
	readonly delivery: string;
	readonly runs: readonly unknown[];
}

/** A reason that only names another time says nothing new. */
function markOf(receipt: ShownReceipt): Mark {
	const { state, attempts, finishedAt, window, reason } = receipt;
	const why = reason?.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "");
	return { delivery: JSON.stringify([state, attempts.length, finishedAt, window, why]), runs: newsOf(receipt) };
}
