import { readJson } from "../event/json.ts";

/**
 * Whether a request is a CloudEvent in binary mode: its attributes are headers, and the body is the data. A content type
 * of CloudEvents' own says that the body holds the attributes, too.
 * Source: github.com/cloudevents/spec, HTTP protocol binding 1.0, section 3.
 */
export function isBinaryMode(headers: Headers): boolean {
	const isStructured = /^\s*application\/cloudevents\b/i.test(headers.get("content-type") ?? "");
	return !isStructured && ["ce-specversion", "ce-id", "ce-type"].some((name) => headers.has(name));
}

/** A CloudEvent in binary mode as the element that it would be in structured mode. */
export function readBinaryMode(headers: Headers, body: ArrayBuffer): Readonly<Record<string, unknown>> {
	const attributes = [...headers]
		.filter(([name]) => name.startsWith("ce-"))
		.map(([name, value]) => [name.slice("ce-".length), decode(value)] as const);
	const contentType = headers.get("content-type");
	return {
		...Object.fromEntries(attributes),
		...(contentType === null ? {} : { datacontenttype: contentType }),
		...(body.byteLength === 0 ? {} : readData(body, contentType ?? "")),
	};
}

/** JSON is parsed, other text is text; bytes that are no text are in base64, as in structured mode. */
function readData(body: ArrayBuffer, contentType: string): Readonly<Record<string, unknown>> {
	if (/^[^;]*[/+]json\s*(;|$)/i.test(contentType)) {
		const text = new TextDecoder().decode(body);
		try {
			return { data: readJson(text) };
		} catch {
			return { data: text };
		}
	}
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
