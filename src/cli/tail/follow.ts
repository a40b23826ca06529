import { isDeepStrictEqual } from "node:util";
import type { BridgeClient, ReceiptsAsked, ShownReceipt } from "../bridge-client.ts";
import { CliError } from "../cli-error.ts";
import { newsOf } from "../runs.ts";

export interface FollowOptions {
	readonly asked: Pick<ReceiptsAsked, "state" | "find">;
	/** How many of those that are there already are shown at first. */
	readonly lines: number;
	/** Waits until the next look; answers false where that was the last one. */
	readonly wait: () => Promise<boolean>;
	/** Is handed each receipt, and again whenever it has changed. `isRun`: since a run was found, or has ended. */
	readonly show: (receipt: ShownReceipt, isRun: boolean) => void;
	/** Is told when the bridge does not answer, and when it does again. */
	readonly outage: (message: string | undefined) => void;
}

const AT_ONCE = 500;

/** Looks at the receipts again and again, and shows each change once. */
export async function follow(bridge: BridgeClient, options: FollowOptions): Promise<void> {
	const { asked, lines, wait, show, outage } = options;
	const known = new Map<string, Mark>();
	let answers = true;

	async function look(): Promise<readonly ShownReceipt[]> {
		const { receipts } = await bridge.receipts({ ...asked, limit: AT_ONCE });
		// The newest is answered first, and read last.
		return receipts.filter((receipt) => !isDeepStrictEqual(known.get(receipt.key), markOf(receipt))).reverse();
	}

	// What fails at once is a mistake to repair; what fails later may come back.
	const first = await look();
	note(first);
	for (const receipt of lines === 0 ? [] : first.slice(-lines)) show(receipt, false);
	while (await wait()) {
		try {
			const changed = await look();
			if (!answers) outage(undefined);
			answers = true;
			const isRun = changed.map((receipt) => known.get(receipt.key)?.delivery === markOf(receipt).delivery);
			note(changed);
			changed.forEach((receipt, index) => {
				show(receipt, isRun[index] === true);
			});
		} catch (error) {
			if (!(error instanceof CliError)) throw error;
			if (answers) outage(error.message);
			answers = false;
		}
	}

	function note(receipts: readonly ShownReceipt[]): void {
		for (const receipt of receipts) known.set(receipt.key, markOf(receipt));
	}
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
