import { type Agent, type IncomingHttpHeaders, request } from "node:http";

/** An HTTP answer, read to its end. */
export interface Called {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly text: string;
	/** The body as JSON; throws where it is none. */
	json(): unknown;
}

export interface Call {
	readonly method?: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string | Buffer;
	readonly signal?: AbortSignal;
	/** Whose connections to use. */
	readonly agent?: Agent;
}

/**
 * One HTTP request with exactly these headers, on a connection of its own unless an agent is given; `fetch` would add
 * headers that matter here.
 */
export function call(url: string, { method = "GET", headers = {}, body, signal, agent }: Call = {}): Promise<Called> {
	return new Promise((resolve, reject) => {
		const options = { method, headers, agent: agent ?? false, ...(signal === undefined ? {} : { signal }) };
		const sent = request(url, options, (response) => {
			const chunks: Buffer[] = [];
			response.on("data", (chunk: Buffer) => chunks.push(chunk));
			response.on("error", reject);
			response.on("end", () => {
				const text = Buffer.concat(chunks).toString("utf8");
				const { statusCode = 0, headers: answered } = response;
				resolve({ status: statusCode, headers: answered, text, json: () => JSON.parse(text) as unknown });
			});
		});
		sent.on("error", reject);
		sent.end(body);
	});
}

/** Posts JSON. */
export function postJson(url: string, value: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Called> {
	return call(url, {
		method: "POST",
		headers: { "content-type": "application/json", ...headers },
		body: JSON.stringify(value),
	});
}
