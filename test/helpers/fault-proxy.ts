import { Agent, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from "node:http";
import { readAll, type Server, serve } from "../../src/local/serve.ts";

const SERVICES = ["blob", "queue", "table"] as const;
type Service = (typeof SERVICES)[number];

/** One call of the bridge's, however often its SDK tries it. */
export interface ProxiedCall {
	/** What it asks for, such as `table transaction`. */
	readonly kind: CallKind;
	/** Method, path and query, without the account. */
	readonly what: string;
	tries: number;
}

export type CallKind =
	| "create table"
	| "table transaction"
	| "table query"
	| "read row"
	| "create queue"
	| "put message"
	| "delete message"
	| "create container"
	| "acquire lease"
	| "renew lease"
	| "release lease"
	| "upload blob"
	| "download blob"
	| "list blobs"
	| "delete blob"
	| "other";

/** What becomes of a call: whether Azurite does what it asks for, and how it is answered. */
export interface Fault {
	/** Whether it reaches Azurite. */
	readonly done: boolean;
	readonly answer: "500" | "503" | "none" | "reset" | "empty page" | "empty" | "cut short" | "inner 503";
	/** The SDK's first try alone, or all of them. */
	readonly tries: "first" | "all";
}

/** One call, by its place among those of its kind: 1 is the next one. */
export interface Target {
	readonly kind: CallKind;
	readonly nth: number;
}

/** An Azure Storage that can be told to fail at one call. */
export interface FaultProxy {
	readonly connectionString: string;
	/** The calls since `arm`, in the order of their first tries. */
	readonly calls: readonly ProxiedCall[];
	/** Counts calls anew, and fails one of them; none where none is named. */
	arm(target?: Target, fault?: Fault): void;
	/** The call that has failed, if one has. */
	hit(): ProxiedCall | undefined;
	close(): Promise<void>;
}

interface Answered {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
}

/** Where the proxy answers a query with an empty page, the next one carries this, and in it the query. */
const CONTINUED = "fault-proxy";

/**
 * A proxy before real Azurite. It can stand there because the emulator checks signatures against the path alone, which
 * begins with the account. All tries of one call carry one `x-ms-client-request-id`, by which they are told from others.
 * @param connectionString Azurite's
 */
export async function startFaultProxy(connectionString: string): Promise<FaultProxy> {
	const agent = new Agent({ keepAlive: true });
	let calls: (ProxiedCall & { readonly id: string })[] = [];
	let armed: { target?: Target | undefined; fault?: Fault | undefined } = {};
	let hit: ProxiedCall | undefined;

	function note(service: Service, { method = "", url = "", headers }: IncomingMessage): ProxiedCall {
		const id = String(headers["x-ms-client-request-id"]);
		const kind = kindOf(service, method, url, headers);
		const known = calls.find((call) => call.id === id);
		if (known !== undefined) {
			known.tries += 1;
			return known;
		}
		const call = { id, kind, what: `${method} ${decodeURIComponent(url.replace("/devstoreaccount1", ""))}`, tries: 1 };
		calls.push(call);
		return call;
	}

	/** The fault that this try meets. */
	function faultOf(call: ProxiedCall): Fault | undefined {
		const { target, fault } = armed;
		if (target === undefined || fault === undefined || call.kind !== target.kind) return undefined;
		if (calls.filter(({ kind }) => kind === target.kind)[target.nth - 1] !== call) return undefined;
		if (fault.tries === "first" && call.tries > 1) return undefined;
		hit = call;
		return fault;
	}

	function forward(port: number, { method, url = "", headers }: IncomingMessage, body: Buffer): Promise<Answered> {
		return new Promise((resolve, reject) => {
			const path = restored(url);
			const sent = request({ host: "127.0.0.1", port, method, path, headers, agent }, (answer) => {
				readAll(answer).then(
					(content) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: content }),
					reject,
				);
			});
			sent.on("error", reject);
			sent.end(body);
		});
	}

	async function handle(service: Service, port: number, asked: IncomingMessage, response: ServerResponse) {
		const body = await readAll(asked);
		const fault = faultOf(note(service, asked));
		const real = fault === undefined || fault.done ? await forward(port, asked, body) : undefined;
		const given = fault === undefined ? real : falsified(fault, asked, real);
		if (given === "reset") asked.socket.resetAndDestroy();
		else if (given !== "none" && given !== undefined) {
			const { "transfer-encoding": _, ...headers } = given.headers;
			response.writeHead(given.status, headers).end(given.body);
		}
	}

	const servers: Server[] = [];
	let proxied = connectionString;
	for (const service of SERVICES) {
		const [, port = ""] =
			new RegExp(`${service}Endpoint=http://127\\.0\\.0\\.1:(\\d+)/`, "i").exec(connectionString) ?? [];
		const server = await serve(0, (asked, response) => {
			handle(service, Number(port), asked, response).catch(() => response.destroy());
		});
		servers.push(server);
		proxied = proxied.replace(`http://127.0.0.1:${port}/`, `${server.url}/`);
	}

	return {
		connectionString: proxied,
		get calls() {
			return calls;
		},
		arm(target, fault) {
			calls = [];
			hit = undefined;
			armed = { target, fault };
		},
		hit: () => hit,
		async close() {
			await Promise.all(servers.map((server) => server.close()));
			agent.destroy();
		},
	};
}

/** Whether a call of that kind can be answered so. */
export function isFor({ answer }: Fault, kind: CallKind): boolean {
	if (answer === "empty page") return kind === "table query" || kind === "list blobs";
	return ["empty", "cut short", "inner 503"].includes(answer) ? kind === "table transaction" : true;
}

function kindOf(service: Service, method: string, url: string, headers: IncomingHttpHeaders): CallKind {
	const { pathname, searchParams } = new URL(url, "http://127.0.0.1");
	const [, , first = "", ...rest] = pathname.split("/");
	if (service === "table") {
		if (first === "$batch") return "table transaction";
		if (first === "Tables") return "create table";
		if (method !== "GET") return "other";
		return decodeURIComponent(first).includes("PartitionKey=") ? "read row" : "table query";
	}
	if (service === "queue") {
		if (rest.length === 0) return method === "PUT" ? "create queue" : "other";
		return method === "POST" ? "put message" : method === "DELETE" ? "delete message" : "other";
	}
	if (searchParams.get("comp") === "lease") return `${headers["x-ms-lease-action"]} lease` as CallKind;
	if (searchParams.get("restype") === "container") return method === "PUT" ? "create container" : "list blobs";
	const kinds: Record<string, CallKind> = { PUT: "upload blob", GET: "download blob", DELETE: "delete blob" };
	return kinds[method] ?? "other";
}

/** What the fault makes of an answer. The shapes are those that Azure documents for its services' errors. */
function falsified({ answer }: Fault, { url = "", headers }: IncomingMessage, real: Answered | undefined) {
	switch (answer) {
		case "none":
		case "reset":
			return answer;
		case "500":
			return refusal(headers, 500, "InternalError", "Server encountered an internal error. Please try again.");
		case "503":
			return refusal(headers, 503, "ServerBusy", "The server is currently unable to receive requests.");
		case "empty page":
			return url.includes("comp=list") ? emptyList(url) : emptyPage(url);
		case "empty":
			return batch("");
		case "cut short":
			return batch(String(real?.body ?? "").slice(0, 120));
		case "inner 503":
			return batch(INNER_503);
	}
}

function refusal({ accept = "" }: IncomingHttpHeaders, status: number, code: string, message: string): Answered {
	const isJson = accept.includes("json");
	const body = isJson
		? JSON.stringify({ "odata.error": { code, message: { lang: "en-US", value: message } } })
		: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
	const type = isJson ? "application/json" : "application/xml";
	return { status, headers: { "content-type": type, "x-ms-error-code": code }, body: Buffer.from(body) };
}

/** Source: learn.microsoft.com, "Query timeout and pagination": a page may hold nothing and yet have a successor. */
function emptyPage(url: string): Answered {
	const query = Buffer.from(url.split("?")[1] ?? "").toString("base64url");
	const headers = {
		"content-type": "application/json;odata=minimalmetadata",
		"x-ms-continuation-nextpartitionkey": CONTINUED,
		"x-ms-continuation-nextrowkey": query,
	};
	return { status: 200, headers, body: Buffer.from(JSON.stringify({ value: [] })) };
}

/** The query as it was before an empty page. Table Storage's signature leaves queries out. */
function restored(url: string): string {
	const { pathname, searchParams } = new URL(url, "http://127.0.0.1");
	if (searchParams.get("NextPartitionKey") !== CONTINUED) return url;
	return `${pathname}?${Buffer.from(searchParams.get("NextRowKey") ?? "", "base64url").toString()}`;
}

/** `!` sorts before every name; a marker that was there stays. */
function emptyList(url: string): Answered {
	const marker = new URL(url, "http://127.0.0.1").searchParams.get("marker") ?? "!";
	const body = `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs/><NextMarker>${marker}</NextMarker></EnumerationResults>`;
	return { status: 200, headers: { "content-type": "application/xml" }, body: Buffer.from(body) };
}

function batch(body: string): Answered {
	return {
		status: 202,
		headers: { "content-type": "multipart/mixed; boundary=batchresponse_0" },
		body: Buffer.from(body),
	};
}

/** One part says that the whole was not done, without the body that an SDK may look for. */
const INNER_503 = [
	"--batchresponse_0",
	"Content-Type: multipart/mixed; boundary=changesetresponse_0",
	"",
	"--changesetresponse_0",
	"Content-Type: application/http",
	"Content-Transfer-Encoding: binary",
	"",
	"HTTP/1.1 503 Server Busy",
	"",
	"",
	"--changesetresponse_0--",
	"--batchresponse_0--",
	"",
].join("\r\n");
