import { elementTexts, isObject, readJson, readJsonOrText } from "../event/json.ts";

/** The elements of a delivery, or the status and the words that refuse it. */
export type Body =
	| {
			readonly ok: true;
			readonly elements: readonly unknown[];
			/** How an element arrived; left out where it did not arrive as JSON. */
			readonly textOf?: (element: unknown) => string | undefined;
	  }
	| { readonly ok: false; readonly status: 400 | 413 | 503; readonly error: string };

/** Event Grid sends up to 1 MB and never repeats what was answered 413. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Event Grid's own limit: `maxEventsPerBatch`. Source: learn.microsoft.com, "Event Grid message delivery and retry". */
export const MAX_ELEMENTS = 5_000;

/** Reads a request's body: JSON, whatever its content type says; an object is one element, an array one for each. */
export async function readBody(request: {
	readonly headers: Headers;
	arrayBuffer(): Promise<ArrayBuffer>;
}): Promise<Body> {
	const { headers } = request;
	if (Number(headers.get("content-length")) > MAX_BODY_BYTES) return refuse(413, TOO_LARGE);
	const bytes = await request.arrayBuffer();
	if (bytes.byteLength > MAX_BODY_BYTES) return refuse(413, TOO_LARGE);
	if (bytes.byteLength === 0 && headers.get("transfer-encoding")?.toLowerCase().includes("chunked"))
		return refuse(503, CHUNKED);
	if (isBinaryMode(headers)) return { ok: true, elements: [readBinaryMode(headers, bytes)] };
	if (bytes.byteLength === 0)
		return refuse(400, "the body is empty; it must be one event or an array of events, as JSON");
	// An invalid byte becomes U+FFFD, as it does at the other doors: it spoils the text that it stands in, and no more.
	return readElements(new TextDecoder().decode(bytes));
}

function readElements(text: string): Body {
	try {
		const read = readJson(text);
		if (isObject(read)) return { ok: true, elements: [read], textOf: () => text.trim() };
		if (!Array.isArray(read)) return refuse(400, "the body must be one event or an array of events, as JSON");
		if (read.length === 0) return refuse(400, "the array contains no event");
		if (read.length > MAX_ELEMENTS) {
			return refuse(413, `the array contains ${read.length} events; one request may contain at most ${MAX_ELEMENTS}`);
		}
		return { ok: true, elements: read, textOf: textsOf(text, read) };
	} catch (error) {
		if (!(error instanceof SyntaxError)) throw error;
		return refuse(400, `the body is not JSON: ${error.message}`);
	}
}

/**
 * Finds the text of an element in the JSON that it was read from: for a person, who wants to see what arrived as it arrived.
 * Nothing is looked for before the first element is asked for.
 * @returns answers undefined for what is none of the elements
 */
function textsOf(text: string, elements: readonly unknown[]): (element: unknown) => string | undefined {
	let texts: readonly string[] | undefined;
	return (element) => {
		// A request without any event is one dead letter, with all that arrived.
		if (element === elements) return text.trim();
		texts ??= elementTexts(text);
		return texts[elements.indexOf(element)];
	};
}

const TOO_LARGE = `the body is larger than ${MAX_BODY_BYTES} bytes`;

/** A status that Event Grid repeats: the events are still there to be sent. */
const CHUNKED =
	"the body is empty, because the Functions host drops a body with transfer-encoding: chunked; send the body with a content-length";

function refuse(status: 400 | 413 | 503, error: string): Body {
	return { ok: false, status, error };
}

/**
 * Whether a request is a CloudEvent in binary mode: its attributes are headers, and the body is the data. A content type
 * of CloudEvents' own says that the body holds the attributes, too.
 * Source: github.com/cloudevents/spec, HTTP protocol binding 1.0, section 3.
 */
function isBinaryMode(headers: Headers): boolean {
	const isStructured = headers.get("content-type")?.toLowerCase().startsWith("application/cloudevents");
	return !isStructured && ["ce-specversion", "ce-id", "ce-type"].some((name) => headers.has(name));
}

/** A CloudEvent in binary mode as the element that it would be in structured mode. */
function readBinaryMode(headers: Headers, body: ArrayBuffer): Readonly<Record<string, unknown>> {
	const attributes = [...headers]
		.filter(([name]) => name.startsWith("ce-"))
		.map(([name, value]) => [name.slice("ce-".length), decode(value)] as const);
	const contentType = headers.get("content-type") ?? "";
	return {
		...Object.fromEntries(attributes),
		...(contentType === "" ? {} : { datacontenttype: contentType }),
		...(body.byteLength === 0 ? {} : readData(body, contentType)),
	};
}

/** JSON is parsed, other text is text; bytes that are no text are in base64, as in structured mode. */
function readData(body: ArrayBuffer, contentType: string): Readonly<Record<string, unknown>> {
	if (/^[^;]*[/+]json\s*(;|$)/i.test(contentType)) return { data: readJsonOrText(new TextDecoder().decode(body)) };
	try {
		return { data: new TextDecoder("utf-8", { fatal: true }).decode(body) };
	} catch {
		return { data_base64: Buffer.from(body).toString("base64") };
	}
}

/**
 * A header's value as an attribute's: without quotes, then percent-decoded once, as UTF-8. `%` that begins no byte stays.
 * Source: the same, section 3.1.3.2.
 */
function decode(value: string): string {
	const unquoted = /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
	const bytes = unquoted.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
	return new TextDecoder().decode(Buffer.from(bytes, "latin1"));
}
