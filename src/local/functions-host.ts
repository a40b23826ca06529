import type { IncomingMessage, ServerResponse } from "node:http";
import { answerEventGridWebhook } from "./event-grid-extension.ts";
import { invoke, type OnLog } from "./invoke.ts";
import { type Binding, type LoadedApp, loadFunctions, type RegisteredFunction } from "./load-functions.ts";
import { readAll, type Server, serve } from "./serve.ts";

export interface FunctionsHost extends Server {
	readonly functions: readonly RegisteredFunction[];
}

export interface HostOptions {
	/** The app's entry, `dist/index.cjs`. */
	readonly entry: string;
	/** 0 takes a free one. */
	readonly port: number;
	readonly onLog: OnLog;
}

/** What the host sends back for an HTTP function, in the worker's wire form. */
interface RpcHttp {
	readonly http?: {
		readonly statusCode?: string;
		readonly headers?: Readonly<Record<string, string>>;
		readonly body?: { readonly bytes?: Uint8Array; readonly string?: string };
	};
}

/**
 * Serves an app's functions by the real host's rules: `/api/<route>`, and the Event Grid extension's webhook. As under
 * `func start`, keys are not asked for.
 */
export async function startFunctionsHost({ entry, port, onLog }: HostOptions): Promise<FunctionsHost> {
	const app = loadFunctions(entry);
	const http = app.functions.flatMap((called) => {
		const binding = triggerOf(called, "httpTrigger");
		return binding === undefined ? [] : [{ called, binding }];
	});

	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "127.0.0.1"}`);
		const body = await readAll(request);
		if (url.pathname.toLowerCase() === "/runtime/webhooks/eventgrid") {
			const functionName = url.searchParams.get("functionName") ?? "";
			const called = app.functions.find(({ name }) => name === functionName);
			const run =
				called === undefined || triggerOf(called, "eventGridTrigger") === undefined
					? undefined
					: runner(app, called, onLog);
			const call = {
				method: request.method ?? "",
				functionName,
				headers: request.headers,
				body: body.toString("utf8"),
			};
			const { status, headers, body: text } = await answerEventGridWebhook(call, run);
			response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers }).end(text);
			return;
		}
		const found = http.find(({ called, binding }) => serves(called, binding, request.method ?? "", url.pathname));
		// The real host answers 404 to a method that a function does not take, too.
		if (found === undefined) return void response.writeHead(404).end();
		const input = {
			http: {
				method: request.method,
				url: url.href,
				headers: flat(request),
				...(body.length > 0 ? { body: { bytes: body } } : {}),
			},
		};
		const { http: given } = ((await invoke(app, found.called, input, onLog)) ?? {}) as RpcHttp;
		response.writeHead(Number(given?.statusCode ?? 204), given?.headers).end(given?.body?.bytes ?? given?.body?.string);
	}

	const server = await serve(port, (request, response) => {
		answer(request, response).catch((error: unknown) => {
			onLog("error", error instanceof Error ? (error.stack ?? error.message) : String(error), "host");
			if (!response.headersSent) response.writeHead(500);
			response.end();
		});
	});
	return { ...server, functions: app.functions };
}

function runner(app: LoadedApp, called: RegisteredFunction, onLog: OnLog) {
	return async (event: unknown) => {
		await invoke(app, called, { json: JSON.stringify(event) }, onLog);
	};
}

function triggerOf({ bindings }: RegisteredFunction, type: string): Binding | undefined {
	return Object.values(bindings).find((binding) => binding.type === type);
}

function serves({ name }: RegisteredFunction, { route, methods }: Binding, method: string, path: string): boolean {
	const served = `/api/${route ?? name}`.toLowerCase();
	return path.toLowerCase().replace(/\/$/, "") === served && (methods ?? ["GET", "POST"]).includes(method);
}

function flat({ headers }: IncomingMessage): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
