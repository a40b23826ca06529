/** The elements of a delivery, or the status and the words that refuse it. */
export type Body =
	| { readonly ok: true; readonly elements: readonly unknown[] }
	| { readonly ok: false; readonly status: 400 | 413; readonly error: string };

/** Event Grid sends up to 1 MB and never repeats what was answered 413. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Reads a request's body: JSON, whatever its content type says; an object is one element, an array one for each. */
export async function readBody(request: {
	readonly headers: { get(name: string): string | null };
	arrayBuffer(): Promise<ArrayBuffer>;
}): Promise<Body> {
	const tooLarge = { ok: false, status: 413, error: `the body is over ${MAX_BODY_BYTES} bytes` } as const;
	if (Number(request.headers.get("content-length")) > MAX_BODY_BYTES) return tooLarge;
	const bytes = await request.arrayBuffer();
	if (bytes.byteLength > MAX_BODY_BYTES) return tooLarge;
	const body = parse(bytes);
	if (typeof body !== "object" || body === null) {
		return { ok: false, status: 400, error: "the body must be one event or an array of events, as JSON in UTF-8" };
	}
	const elements: readonly unknown[] = Array.isArray(body) ? body : [body];
	return elements.length > 0 ? { ok: true, elements } : { ok: false, status: 400, error: "the array holds no event" };
}

function parse(bytes: ArrayBuffer): unknown {
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
	} catch {
		return undefined;
	}
}
