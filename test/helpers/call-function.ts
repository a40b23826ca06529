import { type HttpFunctionOptions, HttpRequest, type HttpResponseInit, InvocationContext } from "@azure/functions";

export interface Call {
	readonly method?: string;
	/** Path and query, below the host's address. */
	readonly path?: string;
	readonly headers?: Record<string, string>;
	/** A string goes out as it is, and bytes do; anything else as JSON. */
	readonly body?: unknown;
}

/** An invocation's context that keeps what is logged. */
export function testContext(): { context: InvocationContext; logged: [level: string, message: string][] } {
	const logged: [string, string][] = [];
	const logHandler = (level: string, ...args: unknown[]) => void logged.push([level, args.join(" ")]);
	return { context: new InvocationContext({ functionName: "under-test", logHandler }), logged };
}

function asSent(body: unknown) {
	if (body instanceof Uint8Array) return { bytes: body };
	return { string: typeof body === "string" ? body : JSON.stringify(body) };
}

/** Calls an HTTP function with the library's own request, as the worker would. */
export async function callFunction(called: HttpFunctionOptions, call: Call = {}) {
	const { method = "POST", path = "/api/events", headers = {}, body } = call;
	const request = new HttpRequest({
		method,
		url: `http://127.0.0.1:7071${path}`,
		headers,
		...(body === undefined ? {} : { body: asSent(body) }),
	});
	const { context, logged } = testContext();
	const answer = (await called.handler(request, context)) as HttpResponseInit;
	return {
		status: answer.status,
		headers: answer.headers as Record<string, string> | undefined,
		json: answer.jsonBody,
		body: answer.body,
		logged,
	};
}
