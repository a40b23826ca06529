/** GitHub's answers that the bridge reads have a few kilobytes; a page or a stream of something else may have gigabytes. */
export const ANSWER_BYTES = 64 * 1024;

/** Statuses that have no body. Source: Fetch, "null body status". */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * A `fetch` whose answers have a body of `ANSWER_BYTES` at most, already read: what comes after that is not waited for,
 * and the connection is given up.
 */
export function boundedFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
	return async (url, init) => {
		const response = await fetch(url, init);
		const { status, statusText, headers } = response;
		const body = await readStart(response);
		return new Response(WITHOUT_BODY.has(status) ? null : body, { status, statusText, headers });
	};
}

async function readStart(response: Response): Promise<Uint8Array | null> {
	const reader = response.body?.getReader();
	if (reader === undefined) return null;
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	try {
		while (bytes < ANSWER_BYTES) {
			const { done, value } = await reader.read();
			if (done) return Buffer.concat(chunks);
			chunks.push(value);
			bytes += value.byteLength;
		}
	} catch (error) {
		// A refusal is one, even if its words are cut off; whether a success was meant is not known.
		if (response.ok) throw error;
	}
	reader.cancel().catch(() => {});
	return Buffer.concat(chunks).subarray(0, ANSWER_BYTES);
}
