import type { IncomingMessage, ServerResponse } from "node:http";
import { answerEventGridWebhook } from "./event-grid-extension.ts";
import {
	described,
	invoke,
	type LoadedApp,
	loadFunctions,
	type OnLog,
	type RegisteredFunction,
	runLogged,
	triggerOf,
} from "./functions-app.ts";
import type { RunMessage } from "./queue-message.ts";
import { type QueueSettings, readQueueSettings } from "./queue-settings.ts";
import { startQueueTrigger } from "./queue-trigger.ts";
import { readAll, type Server, serve } from "./serve.ts";
import type { Trigger } from "./stopping.ts";
import { startTimerTrigger } from "./timer-trigger.ts";
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
	const server = await serve(port, (request, response) => {
		answer(app, options, request, response).catch((error: unknown) => {
			onLog("error", described(error), "host");
			if (!response.headersSent) response.writeHead(500);
			response.end();
		});
	});
	try {
		const triggers = storage && (await startTriggers(app, { storage, queues, onLog }));
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

/** Answers one request, by the function or by what stands beside functions. */
async function answer(app: LoadedApp, options: HostOptions, request: IncomingMessage, response: ServerResponse) {
	const { startPage, workbench, onLog } = options;
	const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "127.0.0.1"}`);
	const body = await readAll(request);
	const path = url.pathname.toLowerCase();
	if (path === "/" && startPage === undefined)
		return void response.writeHead(200, TEXT).end("The bridge is running. Its functions are below /api.\n");
	if (path === "/runtime/webhooks/eventgrid") return answerWebhook(app, onLog, request, response, url, body);
	if (/^\/_local(\/|$)/.test(path) && workbench !== undefined)
		return answerLocally(workbench, request, response, url, body);
	const called = app.functions.find((one) => serves(one, request.method ?? "", path, startPage));
	// The real host answers 404 to a method that a function does not take, too.
	if (called === undefined) return void response.writeHead(404).end();
	// The real host hands on only a body whose length was announced; one in chunks arrives as none.
	// Source: azure-functions-host, `GrpcMessageConversionExtensions`, `ToRpcHttp`.
	const sent = Number(request.headers["content-length"]) > 0 ? { body: { bytes: body } } : {};
	const input = { http: { method: request.method, url: url.href, headers: flat(request), ...sent } };
	const { http: given } = ((await invoke(app, called, input, onLog)) ?? {}) as RpcHttp;
	response.writeHead(Number(given?.statusCode ?? 204), given?.headers).end(given?.body?.bytes ?? given?.body?.string);
}

async function answerWebhook(
	app: LoadedApp,
	onLog: OnLog,
	{ method = "", headers }: IncomingMessage,
	response: ServerResponse,
	url: URL,
	body: Buffer,
): Promise<void> {
	const functionName = url.searchParams.get("functionName") ?? "";
	const called = app.functions.find(({ name }) => name === functionName);
	const isTriggered = called !== undefined && triggerOf(called, "eventGridTrigger") !== undefined;
	const run = isTriggered ? runLogged(app, called, onLog) : undefined;
	const answered = await answerEventGridWebhook(
		{ method, functionName, headers, body: body.toString("utf8") },
		run && ((event: unknown) => run({ json: JSON.stringify(event) })),
	);
	const type = answered.body === undefined ? {} : TEXT;
	response.writeHead(answered.status, { ...type, ...answered.headers }).end(answered.body);
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

/** Whether a function serves that path, in lower case, by HTTP. */
function serves(called: RegisteredFunction, method: string, path: string, startPage: string | undefined): boolean {
	const binding = triggerOf(called, "httpTrigger");
	if (binding === undefined) return false;
	if (path === "/" && method === "GET") return called.name === startPage;
	const { route = called.name, methods = ["GET", "POST"] } = binding;
	return path.replace(/\/$/, "") === `/api/${route}`.toLowerCase() && methods.includes(method);
}

/** A header that came twice is one text, with a comma between. Source: as above; it takes `StringValues.ToString()`. */
function flat({ headersDistinct }: IncomingMessage): Record<string, string> {
	return Object.fromEntries(Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(",")]));
}

/** What triggers run on. */
interface TriggersOptions {
	/** A connection string; every queue is looked for there. */
	readonly storage: string;
	readonly queues: QueueSettings;
	readonly onLog: OnLog;
}

/**
 * Starts the queue and timer triggers of an app.
 * @throws Error when a binding cannot be understood; nothing runs then
 */
async function startTriggers(app: LoadedApp, options: TriggersOptions): Promise<Trigger> {
	const started: Trigger[] = [];
	const stop = async () => void (await Promise.all(started.map((trigger) => trigger.stop())));
	try {
		for (const called of app.functions) {
			const trigger = startTrigger(app, called, options);
			if (trigger !== undefined) started.push(trigger);
		}
	} catch (error) {
		await stop();
		throw error;
	}
	return { stop };
}

function startTrigger(app: LoadedApp, called: RegisteredFunction, options: TriggersOptions): Trigger | undefined {
	const { storage, queues, onLog } = options;
	const run = runLogged(app, called, onLog);
	const queue = triggerOf(called, "queueTrigger");
	if (queue !== undefined) {
		const queueName = resolve(queue.queueName ?? "").toLowerCase();
		const log = (level: string, message: string) => onLog(level, message, called.name);
		const runMessage: RunMessage = (input, metadata) =>
			run(queue.dataType === "binary" ? { bytes: Buffer.from(input.string) } : input, metadata);
		return startQueueTrigger({ storage, queueName, settings: queues, run: runMessage, onLog: log });
	}
	const timer = triggerOf(called, "timerTrigger");
	return timer && startTimerTrigger({ ...timer, schedule: resolve(timer.schedule ?? ""), run });
}

/** `%NAME%` in a queue's name or a schedule. Source: learn.microsoft.com, "Azure Functions binding expression patterns". */
function resolve(text: string): string {
	return text.replace(/%([^%]+)%/g, (expression, name: string) => {
		const value = process.env[name];
		if (!value) throw new Error(`'${expression}' does not resolve to a value.`);
		return value;
	});
}
