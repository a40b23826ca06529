import { plain } from "../log.ts";
import type { BridgeClient, ReceiptsAsked, ShownReceipt, ShownReceipts } from "./bridge-client.ts";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";

/** One request looks at a part of a long history; so many are enough for any. */
const MOST_REQUESTS = 100;
/** One request answers so many. */
const MOST_AT_ONCE = 500;

/**
 * Receipts, the newest event first, until there are as many as were asked for or nothing is left to look at: an answer
 * that stopped early says where it goes on. What was found is answered although the rest cannot be read: `problems` names
 * that, and nothing goes on behind it.
 */
export async function collectReceipts(
	bridge: Pick<BridgeClient, "receipts">,
	asked: ReceiptsAsked & { readonly limit: number },
): Promise<ShownReceipts> {
	const receipts: ShownReceipt[] = [];
	const problems = new Set<string>();
	let from = asked.continue;
	for (let request = 1; ; request += 1) {
		const next = from === undefined ? {} : { continue: from };
		const limit = Math.min(asked.limit - receipts.length, MOST_AT_ONCE);
		const answer = await bridge.receipts({ ...asked, limit, ...next }).catch((error: unknown) => {
			if (request === 1 || !(error instanceof CliError)) throw error;
			return error;
		});
		if (answer instanceof CliError) return { receipts, complete: false, problems: [...problems, answer.message] };
		const { continue: after, ...rest } = answer;
		receipts.push(...answer.receipts);
		for (const problem of answer.problems ?? []) problems.add(problem);
		const found = { ...rest, receipts, problems: [...problems] };
		if (after === undefined || after === from) return found;
		from = after;
		if (receipts.length >= asked.limit || request >= MOST_REQUESTS) return { ...found, continue: after };
	}
}

/** Says what could not be read, so that a list is not taken for the whole. */
export function noteProblems({ stderr }: Pick<Io, "stderr">, problems: readonly string[] = []): void {
	for (const problem of new Set(problems)) stderr.write(`note: ${plain(problem)}\n`);
}

/** What an empty list is worth where not all was read. */
export const NOT_ALL_READ = "the bridge could not read all receipts; try again later";
