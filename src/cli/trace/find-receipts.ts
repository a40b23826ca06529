import type { BridgeClient, ShownReceipt } from "../bridge-client.ts";
import { collectReceipts } from "../collect-receipts.ts";

const MOST = 20;

/**
 * The receipts that a text means, the newest event first: an event's id, a run, a key, or a blob, by its subject, its
 * address, or its path with the container in front.
 */
export async function findReceipts(bridge: BridgeClient, text: string): Promise<readonly ShownReceipt[]> {
	for (const find of spellingsOf(text)) {
		const { receipts } = await collectReceipts(bridge, { find, limit: MOST });
		if (receipts.length > 0) return receipts;
	}
	return [];
}

/** As it was given, and as subjects write it. */
function spellingsOf(text: string): readonly string[] {
	const path = URL.canParse(text) && /^https?:/i.test(text) ? decoded(new URL(text).pathname) : text;
	const [, container, blob] = /^\/?([^/]+)\/(.+)$/.exec(path) ?? [];
	const asSubject = container === undefined ? [] : [`containers/${container}/blobs/${blob}`];
	return [...new Set([text, ...asSubject])];
}

function decoded(path: string): string {
	try {
		return decodeURIComponent(path);
	} catch {
		return path;
	}
}
