/** An answer as it came. */
export interface RawResponse {
	readonly status: number;
	/** By lower-case name. */
	readonly headers: Readonly<Record<string, string>>;
	readonly text: string;
}

/** Most answers that the bridge reads have a few kilobytes; a page or a stream of something else may have gigabytes. */
export const ANSWER_BYTES = 64 * 1024;

/** A `fetch` that reads a body up to so many bytes: the rest is not waited for, and the connection is given up. */
export function boundedFetch(fetch: typeof globalThis.fetch, most = ANSWER_BYTES) {
	return async (...request: Parameters<typeof fetch>): Promise<RawResponse> => {
		const response = await fetch(...request);
		const { status, headers } = response;
		return { status, headers: Object.fromEntries(headers), text: await readStart(response, most) };
	};
}

async function readStart(response: Response, most: number): Promise<string> {
	const reader = response.body?.getReader();
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	try {
		while (reader !== undefined && bytes < most) {
			const { done, value } = await reader.read();
			if (done) break;
			chunks.push(value);
			bytes += value.byteLength;
		}
	} catch (error) {
		// A refusal is one, even if its words are cut off; whether a success was meant is not known.
		if (response.ok) throw error;
	}
	reader?.cancel().catch(() => {});
	return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, most));
}
