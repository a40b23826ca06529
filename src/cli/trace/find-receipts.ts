import type { BridgeClient, ShownReceipts } from "../bridge-client.ts";
import { decodedPath } from "../bridge-url.ts";
import { collectReceipts } from "../collect-receipts.ts";

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
