import type { IncomingMessage, ServerResponse } from "node:http";
import { answerEventGridWebhook } from "./event-grid-extension.ts";
import {
	type Binding,
	described,
	invoke,
	type LoadedApp,
	loadFunctions,
	type OnLog,
	type RegisteredFunction,
	runLogged,
	triggerOf,
} from "./functions-app.ts";
import { type QueueSettings, readQueueSettings } from "./queue-settings.ts";
import { readAll, type Server, serve } from "./serve.ts";
import { startTriggers } from "./start-triggers.ts";
import type { Workbench } from "./workbench.ts";

export interface FunctionsHost extends Server {
	readonly functions: readonly RegisteredFunction[];
}

export interface HostOptions {
	/** The app's entry, `dist/index.cjs`. */
	readonly entry: string;
	/** 0 takes a free one. */
	readonly port: number;
	readonly onLog: OnLog;
	/** A connection string; left out, queue and timer triggers do not run. */
	readonly storage?: string | undefined;
	/** How queue triggers run; left out, as the real host's do by default. */
	readonly queues?: QueueSettings;
	/** The HTTP function that is served at `/`, too; left out, a word in plain text is. */
	readonly startPage?: string;
	/** Answers below `/_local`, which no real host does; left out, this one does not either. */
	readonly workbench?: Workbench;
}

const TEXT = { "content-type": "text/plain; charset=utf-8" };

/** What the host sends back for an HTTP function, in the worker's wire form. */
interface RpcHttp {
	readonly http?: {
		readonly statusCode?: string;
		readonly headers?: Readonly<Record<string, string>>;
		readonly body?: { readonly bytes?: Uint8Array; readonly string?: string };
	};
}

/**
 * Serves an app's functions by the real host's rules: `/api/<route>`, and the Event Grid extension's webhook, and
 * queue and timer triggers. As under `func start`, keys are not asked for.
 */
export async function startFunctionsHost(options: HostOptions): Promise<FunctionsHost> {
	const { entry, port, onLog, storage, queues = readQueueSettings() } = options;
	const app = loadFunctions(entry);
	const requests = new FunctionRequests(app, options);
	const server = await serve(port, (request, response) => {
		requests.answer(request, response).catch((error: unknown) => {
			onLog("error", described(error), "host");
			if (!response.headersSent) response.writeHead(500);
			response.end();
		});
	});
	try {
		const triggers = storage && (await startTriggers(app, { storage, queues, onLog, env: process.env }));
		const close = async () => {
			if (triggers) await triggers.stop();
			await server.close();
		};
		return { ...server, functions: app.functions, close };
	} catch (error) {
		await server.close();
		throw error;
	}
}

/** Answers HTTP for an app's functions. */
class FunctionRequests {
	private readonly http: readonly { readonly called: RegisteredFunction; readonly binding: Binding }[];

	private readonly app: LoadedApp;
	private readonly options: Pick<HostOptions, "onLog" | "startPage" | "workbench">;

	constructor(app: LoadedApp, options: HostOptions) {
		this.app = app;
		this.options = options;
		this.http = app.functions.flatMap((called) => {
			const binding = triggerOf(called, "httpTrigger");
			return binding === undefined ? [] : [{ called, binding }];
		});
	}

	async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "127.0.0.1"}`);
		const body = await readAll(request);
		const path = url.pathname.toLowerCase();
		const { startPage, workbench, onLog } = this.options;
		if (path === "/" && startPage === undefined)
			return void response.writeHead(200, TEXT).end("The bridge is running. Its functions are below /api.\n");
		if (path === "/runtime/webhooks/eventgrid") return this.answerWebhook(request, response, url, body);
		if (/^\/_local(\/|$)/.test(path) && workbench !== undefined)
			return answerLocally(workbench, request, response, url, body);
		const called = this.find(request.method ?? "", path);
		// The real host answers 404 to a method that a function does not take, too.
		if (called === undefined) return void response.writeHead(404).end();
		// The real host hands on only a body whose length was announced; one in chunks arrives as none.
		// Source: azure-functions-host, `GrpcMessageConversionExtensions`, `ToRpcHttp`.
		const sent = Number(request.headers["content-length"]) > 0 ? { body: { bytes: body } } : {};
		const input = { http: { method: request.method, url: url.href, headers: flat(request), ...sent } };
		const { http: given } = ((await invoke(this.app, called, input, onLog)) ?? {}) as RpcHttp;
		response.writeHead(Number(given?.statusCode ?? 204), given?.headers).end(given?.body?.bytes ?? given?.body?.string);
	}

	private find(method: string, path: string): RegisteredFunction | undefined {
		const isStart = path === "/" && method === "GET";
		return this.http.find(({ called, binding }) =>
			isStart ? called.name === this.options.startPage : serves(called, binding, method, path),
		)?.called;
	}

	private async answerWebhook(
		{ method = "", headers }: IncomingMessage,
		response: ServerResponse,
		url: URL,
		body: Buffer,
	): Promise<void> {
		const functionName = url.searchParams.get("functionName") ?? "";
		const called = this.app.functions.find(({ name }) => name === functionName);
		const isTriggered = called !== undefined && triggerOf(called, "eventGridTrigger") !== undefined;
		const run = isTriggered ? runLogged(this.app, called, this.options.onLog) : undefined;
		const answered = await answerEventGridWebhook(
			{ method, functionName, headers, body: body.toString("utf8") },
			run && ((event: unknown) => run({ json: JSON.stringify(event) })),
		);
		const type = answered.body === undefined ? {} : TEXT;
		response.writeHead(answered.status, { ...type, ...answered.headers }).end(answered.body);
	}
}

function answerLocally(
	workbench: Workbench,
	{ method = "" }: IncomingMessage,
	response: ServerResponse,
	{ pathname, searchParams: query }: URL,
	body: Buffer,
): void {
	const path = pathname.slice("/_local".length);
	const answered = workbench({ method, path, query, body: body.toString("utf8") });
	response.writeHead(answered.status, { "content-type": "application/json; charset=utf-8" });
	response.end(JSON.stringify(answered.body));
}

function serves({ name }: RegisteredFunction, { route, methods }: Binding, method: string, path: string): boolean {
	const served = `/api/${route ?? name}`.toLowerCase();
	return path.toLowerCase().replace(/\/$/, "") === served && (methods ?? ["GET", "POST"]).includes(method);
}

/** A header that came twice is one text, with a comma between. Source: as above; it takes `StringValues.ToString()`. */
function flat({ headersDistinct }: IncomingMessage): Record<string, string> {
	return Object.fromEntries(Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(",")]));
}
