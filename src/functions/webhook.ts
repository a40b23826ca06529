import type { HttpFunctionOptions, HttpRequest, HttpResponseInit } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import type { SenderCheck } from "../config/entra-token.ts";
import { isJsonType } from "../event/envelopes.ts";
import { elementTexts, isObject, readJson, readJsonOrText } from "../event/json.ts";
import { type Log, report, toLog } from "../log.ts";
import { type EventResult, OUTCOMES } from "../model.ts";
import { answerHandshake, answerOptions, type HandshakeRules } from "./handshake.ts";

/**
 * The HTTP door, for Event Grid webhooks in either schema and for everything else that can post.
 * @param checkSender where Microsoft Entra protects it: asked after the function key, which the platform checks
 */
export function webhook(
	route: string,
	theBridge: TheBridge,
	rules: HandshakeRules,
	checkSender?: SenderCheck,
): HttpFunctionOptions {
	return {
		route,
		methods: ["POST", "OPTIONS"],
		authLevel: "function",
		handler: async (request, context) => {
			const log = toLog(context);
			return (await refuseSender(request, log, checkSender)) ?? receive(request, log, theBridge, rules);
		},
	};
}

/**
 * The answer to a sender that may not come in. Event Grid sends its token with every message. Whether it does with the
 * `OPTIONS` of CloudEvents no page says; that handshake establishes no authentication, and takes no event. So `OPTIONS`
 * may come without a token, and one that it has must be sound.
 * Sources: learn.microsoft.com, "Deliver events to Microsoft Entra protected endpoints" and "Endpoint validation with
 * CloudEvents schema". RFC 6750, section 3, for the header of the answer.
 */
async function refuseSender(
	{ method, headers }: HttpRequest,
	log: Log,
	checkSender: SenderCheck | undefined,
): Promise<HttpResponseInit | undefined> {
	const authorization = headers.get("authorization");
	if (checkSender === undefined || (method === "OPTIONS" && authorization === null)) return undefined;
	const verdict = await checkSender(authorization);
	if (verdict.ok) return undefined;
	const { status, reason: error } = verdict;
	const challenge = authorization === null ? "Bearer" : 'Bearer error="invalid_token"';
	const refused = {
		status,
		jsonBody: { error },
		...(status === 401 ? { headers: { "WWW-Authenticate": challenge } } : {}),
	};
	return logged(refused, method === "OPTIONS" ? "handshake" : "receive", log);
}

/** Guard clauses in the order of the protocol; each refusal answers at once. */
async function receive(
	request: HttpRequest,
	log: Log,
	theBridge: TheBridge,
	rules: HandshakeRules,
): Promise<HttpResponseInit> {
	if (request.method === "OPTIONS") return logged(answerOptions(request.headers, rules), "handshake", log);
	const body = await readBody(request);
	if (!body.ok) return logged({ status: body.status, jsonBody: { error: body.error } }, "receive", log);
	const handshake = answerHandshake(request.headers, body.elements, rules);
	if (handshake !== undefined) return logged(handshake, "handshake", log);
	// Upper and lower case do not count. If the name were overlooked, all routes would get the event.
	const repoName = [...request.query].find(([name]) => name.toLowerCase() === "reponame")?.[1].trim();
	const bridge = await theBridge();
	const arrival = { log, textOf: body.textOf, onlyRepository: repoName || undefined };
	const events = await bridge.accept(body.elements, arrival);
	return { status: httpStatus(events), jsonBody: { events } };
}

/** What is answered before there is an event leaves a line, too. */
function logged(answer: HttpResponseInit, stage: "handshake" | "receive", log: Log): HttpResponseInit {
	const reason = (answer.jsonBody as { error?: string } | undefined)?.error ?? null;
	report(log, reason === null ? "info" : "error", { stage, status: answer.status, reason });
	return answer;
}

/** One answer for a request: it stands for all its events, since Event Grid delivers a batch again whole or not at all. */
export function httpStatus(results: readonly EventResult[]): 200 | 202 | 400 | 503 {
	const outcomes = new Set(results.map(({ outcome }) => outcome));
	if (outcomes.has("unavailable")) return OUTCOMES.unavailable.http;
	if (outcomes.has("rejected") && outcomes.size === 1) return OUTCOMES.rejected.http;
	return outcomes.has("accepted") ? OUTCOMES.accepted.http : OUTCOMES.dispatched.http;
}

/** The elements of a delivery, or the status and the words that refuse it. */
type Body =
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
	if (isJsonType(contentType)) return { data: readJsonOrText(new TextDecoder().decode(body)) };
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
