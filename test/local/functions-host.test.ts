import { QueueServiceClient } from "@azure/storage-queue";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import type { FunctionsHost } from "../../src/local/functions-host.ts";
import { readQueueSettings } from "../../src/local/queue-settings.ts";
import { call, postJson } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import { type Storage, startStorage } from "../helpers/storage.ts";
import { buildTinyApp, type TinyApp } from "../helpers/tiny-app.ts";

// Jest hands out a Module class of its own, whose `require` stays within Jest. An app is to be loaded by Node's, which
// is the class that Jest's extends.
jest.mock("node:module", () => Object.getPrototypeOf(jest.requireActual("node:module")));

const { startFunctionsHost } =
	require("../../src/local/functions-host.ts") as typeof import("../../src/local/functions-host.ts");

const SOURCE = `
import { app } from "@azure/functions";

app.http("echo", {
	route: "Echo/back",
	methods: ["POST", "OPTIONS"],
	handler: async (request, context) => {
		context.info("echoes " + request.method);
		context.warn("carefully");
		return {
			status: 207,
			headers: { "x-header": request.headers.get("x-given") ?? "none" },
			jsonBody: { method: request.method, query: request.query.get("q"), body: await request.text(), url: request.url },
		};
	},
});
app.http("plain", { handler: () => ({ body: "plain text" }) });
app.http("bytes", { handler: async (request) => ({ body: new Uint8Array(await request.arrayBuffer()) }) });
app.http("empty", { handler: () => {} });
app.http("broken", { handler: () => { throw new Error("the handler's own trouble"); } });
app.eventGrid("collect", {
	handler: (event, context) => {
		if (event.id === "bad") throw new Error("a bad event");
		context.info("took " + JSON.stringify(event));
	},
});
`;

interface Logged {
	readonly level: string;
	readonly message: string;
	readonly functionName: string;
}

describe("the local functions host", () => {
	let app: TinyApp;
	let host: FunctionsHost;
	const logged: Logged[] = [];

	beforeAll(async () => {
		app = buildTinyApp(SOURCE);
		const onLog = (level: string, message: string, functionName: string) =>
			void logged.push({ level, message, functionName });
		host = await startFunctionsHost({ entry: app.entry, port: 0, onLog });
	});
	afterAll(async () => {
		await host?.close();
		app?.remove();
	});

	it("knows what the app registers", () => {
		expect(host.functions.map(({ name }) => name)).toEqual(["echo", "plain", "bytes", "empty", "broken", "collect"]);
		expect(host.functions.map(({ bindings }) => Object.values(bindings)[0]?.type)).toContain("eventGridTrigger");
	});

	it("hands method, URL, query, headers and body to the function, and its status, headers and body back", async () => {
		const url = `${host.url}/api/Echo/back?q=1`;
		const answer = await call(url, { method: "POST", headers: { "x-given": "yes" }, body: "grün" });
		expect(answer.status).toBe(207);
		expect(answer.headers).toMatchObject({ "x-header": "yes", "content-type": "application/json" });
		expect(answer.json()).toEqual({ method: "POST", query: "1", body: "grün", url });
	});

	it.each(["/api/echo/back", "/API/ECHO/BACK", "/api/Echo/back/"])(
		"finds a route as the real host does: %s",
		async (path) => {
			expect((await call(`${host.url}${path}`, { method: "OPTIONS" })).status).toBe(207);
		},
	);

	it("serves a function without a route under its name, by GET and POST", async () => {
		expect(await call(`${host.url}/api/plain`)).toMatchObject({ status: 200, text: "plain text" });
		expect((await call(`${host.url}/api/plain`, { method: "POST" })).status).toBe(200);
		expect((await call(`${host.url}/api/plain`, { method: "PUT" })).status).toBe(404);
	});

	it("leaves every byte of a body as it is, in both directions", async () => {
		const bytes = Uint8Array.from({ length: 256 }, (_, value) => value);
		const answer = await fetch(`${host.url}/api/bytes`, { method: "POST", body: bytes });
		expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes);
	});

	const chunked = { "transfer-encoding": "chunked" };

	it("hands on no body that comes without its length, as the real host does", async () => {
		const answer = await call(`${host.url}/api/echo/back`, { method: "POST", headers: chunked, body: "in chunks" });
		expect(answer.json()).toMatchObject({ body: "" });
	});

	it("reads a notification that comes without its length, since the extension reads that itself", async () => {
		const url = `${host.url}/runtime/webhooks/eventgrid?functionName=collect`;
		const headers = { ...chunked, "aeg-event-type": "Notification" };
		expect((await call(url, { method: "POST", headers, body: '[{"id":"bad"}]' })).status).toBe(500);
		expect((await call(url, { method: "POST", headers, body: '[{"id":"good"}]' })).status).toBe(202);
	});

	it("hands on a header that came twice as one text, as the real host does", async () => {
		// Of some headers, such as Authorization, Node itself would keep the first one alone.
		const headers = { "x-given": ["one", "two"] } as unknown as Record<string, string>;
		const answer = await call(`${host.url}/api/echo/back`, { method: "POST", headers });
		expect(answer.headers).toMatchObject({ "x-header": "one,two" });
	});

	it("answers 204 where a function returns nothing", async () => {
		expect(await call(`${host.url}/api/empty`)).toMatchObject({ status: 204, text: "" });
	});

	it.each([
		["a method that the function does not take", "GET", "/api/echo/back"],
		["an unknown path", "GET", "/api/nobody"],
		["a path that only begins like a function's", "GET", "/api/plain/more"],
		["a path outside /api", "GET", "/plain"],
		["an Event Grid function asked for by HTTP", "POST", "/api/collect"],
	])("answers 404 to %s", async (_, method, path) => {
		expect((await call(`${host.url}${path}`, { method })).status).toBe(404);
	});

	it("answers 500 without the error's words when a function throws, logs the error, and goes on", async () => {
		const answer = await call(`${host.url}/api/broken`);
		expect(answer).toMatchObject({ status: 500, text: "" });
		const error = logged.find(({ message }) => message.includes("the handler's own trouble"));
		expect(error).toMatchObject({ level: "error" });
		expect((await call(`${host.url}/api/plain`)).status).toBe(200);
	});

	it("hands on what a function logs, with its level and the function's name", async () => {
		logged.length = 0;
		await call(`${host.url}/api/echo/back`, { method: "POST" });
		expect(logged).toEqual([
			{ level: "information", message: "echoes POST", functionName: "echo" },
			{ level: "warning", message: "carefully", functionName: "echo" },
		]);
	});

	it("runs an Event Grid function for each event of a notification", async () => {
		logged.length = 0;
		const url = `${host.url}/runtime/webhooks/eventgrid?functionName=collect`;
		const events = [{ id: "1", data: { Deep: [1, { runId: "r" }] } }, { id: "2" }];
		const answer = await postJson(url, events, { "aeg-event-type": "Notification" });
		expect(answer.status).toBe(202);
		expect(logged.map(({ message }) => message)).toEqual(events.map((event) => `took ${JSON.stringify(event)}`));
	});

	it("answers 500 to a notification when the function throws", async () => {
		const url = `${host.url}/runtime/webhooks/eventgrid?functionName=collect`;
		const answer = await postJson(url, [{ id: "good" }, { id: "bad" }], { "aeg-event-type": "Notification" });
		expect(answer).toMatchObject({ status: 500, text: "Exception while executing function: collect" });
	});

	it("answers Event Grid's handshake without running the function", async () => {
		logged.length = 0;
		const url = `${host.url}/runtime/webhooks/EventGrid?functionName=collect`;
		const event = { id: "bad", data: { validationCode: "512d38b6" } };
		const answer = await postJson(url, [event], { "aeg-event-type": "SubscriptionValidation" });
		expect(answer.status).toBe(200);
		expect(answer.json()).toEqual({ validationResponse: "512d38b6" });
		expect(logged).toEqual([]);
	});

	it.each(["nobody", "plain", ""])("answers 404 where there is no Event Grid function %j", async (name) => {
		const url = `${host.url}/runtime/webhooks/eventgrid?functionName=${name}`;
		const answer = await postJson(url, [{ id: "1" }], { "aeg-event-type": "Notification" });
		expect(answer.status).toBe(404);
	});

	it("serves a word at /, and nothing below /_local, unless it is told to", async () => {
		expect(await call(host.url)).toMatchObject({ status: 200, text: expect.stringContaining("running") });
		expect((await call(`${host.url}/_local`)).status).toBe(404);
	});

	it("serves a function at /, too, and hands to the workbench what is asked below /_local", async () => {
		const other = await startFunctionsHost({
			entry: app.entry,
			port: 0,
			onLog: () => {},
			startPage: "plain",
			workbench: ({ method, path, query, body }) => ({ status: 207, body: { method, path, q: query.get("q"), body } }),
		});
		try {
			for (const path of ["/", "/api/plain"]) {
				expect(await call(`${other.url}${path}`)).toMatchObject({ status: 200, text: "plain text" });
			}
			expect((await call(other.url, { method: "POST" })).status).toBe(404);
			const answer = await call(`${other.url}/_local/below?q=1`, { method: "POST", body: "text" });
			expect([answer.status, answer.json()]).toEqual([207, { method: "POST", path: "/below", q: "1", body: "text" }]);
			expect((await call(`${other.url}/_locally`)).status).toBe(404);
		} finally {
			await other.close();
		}
	});

	it("takes requests of this machine only", () => {
		expect(host.url).toBe(`http://127.0.0.1:${host.port}`);
	});

	it("rejects a port that is taken", async () => {
		const started = startFunctionsHost({ entry: app.entry, port: host.port, onLog: () => {} });
		await expect(started).rejects.toMatchObject({ code: "EADDRINUSE", port: host.port });
	});
});

const TRIGGERED = `
import { app } from "@azure/functions";

app.storageQueue("work", {
	queueName: "%WORK_QUEUE%",
	connection: "AzureWebJobsStorage",
	handler: async (entry, context) => {
		if (entry.slow) {
			context.info("begun");
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
		const { dequeueCount, id, insertionTime } = context.triggerMetadata;
		context.info(JSON.stringify({ entry, dequeueCount, id: typeof id, insertionTime }));
		if (dequeueCount < entry.failures) throw new Error("not yet");
	},
});
app.storageQueue("bytes", {
	queueName: "byte-items",
	connection: "AzureWebJobsStorage",
	dataType: "binary",
	handler: (entry, context) => context.info(entry instanceof Buffer ? "bytes: " + entry.toString() : typeof entry),
});
app.timer("tick", {
	schedule: "0 0 0 1 1 *",
	runOnStartup: true,
	handler: (timer, context) => context.info(JSON.stringify(timer)),
});
app.http("open", { handler: () => ({ body: "open" }) });
`;

describe("the triggers of the local functions host", () => {
	let app: TinyApp;
	let storage: Storage;
	let host: FunctionsHost;
	const logged: Logged[] = [];

	const onLog = (level: string, message: string, functionName: string) =>
		void logged.push({ level, message, functionName });
	const start = () => {
		const queues = { ...readQueueSettings(), maxPollingIntervalMs: 100 };
		return startFunctionsHost({ entry: app.entry, port: 0, onLog, storage: storage.connectionString, queues });
	};
	const linesOf = (name: string) => logged.filter(({ functionName }) => functionName === name);
	const send = async (text: string, name = "work-items") => {
		const queue = QueueServiceClient.fromConnectionString(storage.connectionString).getQueueClient(name);
		await queue.createIfNotExists();
		await queue.sendMessage(Buffer.from(text).toString("base64"));
	};

	beforeAll(async () => {
		process.env["WORK_QUEUE"] = "Work-Items";
		app = buildTinyApp(TRIGGERED);
		storage = await startStorage();
		host = await start();
	});
	afterAll(async () => {
		delete process.env["WORK_QUEUE"];
		await host?.close();
		await storage?.stop();
		app?.remove();
	});

	it("hand a message's bytes to a function that asks for them", async () => {
		await send('{"id":9007199254740993}', "byte-items");
		const line = await eventually("the message's run", () => linesOf("bytes").at(0));
		expect(line.message).toBe('bytes: {"id":9007199254740993}');
	});

	it("run a timer's function with a timer", async () => {
		const line = await eventually("the timer's run", () => linesOf("tick").at(0));
		expect(JSON.parse(line.message)).toMatchObject({
			isPastDue: false,
			schedule: { adjustForDST: true },
			scheduleStatus: { last: "0001-01-01T00:00:00+00:00", next: expect.stringMatching(/^\d{4}-01-01T00:00:00/) },
		});
	});

	it("run a queue's function with JSON parsed and with metadata, from the queue that a setting names", async () => {
		await send('{ "lane": [1] }');
		const line = await eventually("the message's run", () => linesOf("work").at(0));
		expect(JSON.parse(line.message)).toEqual({
			entry: { lane: [1] },
			dequeueCount: 1,
			id: "string",
			insertionTime: expect.stringMatching(/\+00:00$/),
		});
	});

	it("log a failure with the function's name, and run the message again", async () => {
		logged.length = 0;
		await send('{ "failures": 2 }');
		await eventually("the second run", () => linesOf("work").at(2));
		expect(linesOf("work").map(({ level, message }) => (level === "error" ? message : level))).toEqual([
			"information",
			"Error: not yet",
			"information",
		]);
	});

	it("are stopped before the host, which waits for what runs", async () => {
		const second = await start();
		await host.close();
		logged.length = 0;
		await send('{ "slow": true }');
		const queue = QueueServiceClient.fromConnectionString(storage.connectionString).getQueueClient("work-items");
		// A message that was taken and not begun would be put back.
		await eventually("the message's start", () => linesOf("work").at(0));
		await second.close();
		expect(linesOf("work").map(({ message }) => message)).toEqual(["begun", expect.stringContaining("slow")]);
		expect((await queue.getProperties()).approximateMessagesCount).toBe(0);
	});

	it("are not started where a setting that they name is missing, and nothing else is", async () => {
		delete process.env["WORK_QUEUE"];
		await expect(start()).rejects.toThrow("'%WORK_QUEUE%' does not resolve to a value.");
	});

	it("are not started without a storage, but all else is", async () => {
		logged.length = 0;
		const without = await startFunctionsHost({ entry: app.entry, port: 0, onLog });
		expect((await call(`${without.url}/api/open`)).text).toBe("open");
		await without.close();
		expect(logged).toEqual([]);
	});
});

describe("an entry that cannot be served", () => {
	it.each([
		[
			"registers nothing",
			'import { app } from "@azure/functions";\napp.setup({});',
			/index\.cjs registers no function$/,
		],
		["never loads the library", "export const nothing = 1;", /index\.cjs registers no function$/],
		["throws while it loads", 'throw new Error("a fault of its own");', /^a fault of its own$/],
	])("is named when it %s", async (_, source, words) => {
		const app = buildTinyApp(source);
		try {
			await expect(startFunctionsHost({ entry: app.entry, port: 0, onLog: () => {} })).rejects.toThrow(words);
		} finally {
			app.remove();
		}
	});

	it("is named when it is not there", async () => {
		const app = buildTinyApp("export {};");
		app.remove();
		const started = startFunctionsHost({ entry: app.entry, port: 0, onLog: () => {} });
		await expect(started).rejects.toMatchObject({ code: "MODULE_NOT_FOUND" });
	});
});
