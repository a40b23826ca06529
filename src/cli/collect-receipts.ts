import type { BridgeClient, ReceiptsAsked, ShownReceipt, ShownReceipts } from "./bridge-client.ts";

/** One request looks at a part of a long history; so many are enough for any. */
const MOST_REQUESTS = 100;
/** One request answers so many. */
const MOST_AT_ONCE = 500;

/**
 * Receipts, the newest event first, until there are as many as were asked for or nothing is left to look at: an answer
 * that stopped early says where it goes on.
 */
export async function collectReceipts(
	bridge: Pick<BridgeClient, "receipts">,
	asked: ReceiptsAsked & { readonly limit: number },
): Promise<ShownReceipts> {
	const receipts: ShownReceipt[] = [];
	const problems = new Set<string>();
	let from: string | undefined;
	for (let request = 1; ; request += 1) {
		const next = from === undefined ? {} : { continue: from };
		const limit = Math.min(asked.limit - receipts.length, MOST_AT_ONCE);
		const answer = await bridge.receipts({ ...asked, limit, ...next });
		receipts.push(...answer.receipts);
		for (const problem of answer.problems ?? []) problems.add(problem);
		const isEnd = answer.continue === undefined || answer.continue === from;
		from = answer.continue;
		if (isEnd || receipts.length >= asked.limit || request >= MOST_REQUESTS) {
			return { ...answer, receipts, problems: [...problems] };
		}
	}
}
