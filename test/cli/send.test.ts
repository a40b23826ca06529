import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { planDeliveries } from "../../src/cli/send/deliveries.ts";
import { readSetting, setMembers } from "../../src/cli/send/prepare-events.ts";
import { readEvent } from "../../src/event/read-event.ts";
import { readAll, type Server, serve } from "../../src/local/serve.ts";
import { asCloudEvent, exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { runCli } from "../helpers/run-cli.ts";

interface Got {
	readonly method: string;
	readonly url: string;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: unknown;
	/** As it came. */
	readonly text: string;
}

const KEY = "planted-function-key-0123456789";
const TOPIC_KEY = "cGxhbnRlZC10b3BpYy1rZXktMDEyMzQ1Njc4OQ==";

let receiver: Server;
let got: Got[];
let answers: { status: number; body?: unknown; headers?: Record<string, string> }[];
/** How many requests were under way at once at the most. */
let most = 0;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "grid-dispatch-send-"));
	let under = 0;
	receiver = await serve(0, async (request, response) => {
		under += 1;
		most = Math.max(most, under);
		const text = (await readAll(request)).toString("utf8");
		const { method = "", url = "", headers } = request;
		got.push({ method, url, headers, text, body: text === "" ? undefined : JSON.parse(text) });
		await new Promise((resolve) => setImmediate(resolve));
		const { status, body, headers: more } = answers.shift() ?? { status: 200 };
		under -= 1;
		response.writeHead(status, { "content-type": "application/json", ...more }).end(JSON.stringify(body));
	});
});
afterAll(async () => {
	await receiver.close();
	rmSync(folder, { recursive: true });
});
beforeEach(() => {
	got = [];
	answers = [];
	most = 0;
});

function recorded(name: string, text: string): string {
	const file = join(folder, name);
	writeFileSync(file, text);
	return file;
}

describe("what send delivers", () => {
	it("is an array with the headers of Event Grid's own schema", async () => {
		const run = await runCli(["send", "RunCompleted", "--url", receiver.url]);
		expect(run).toMatchObject({ code: 0, err: "" });
		expect(got).toMatchObject([
			{
				method: "POST",
				url: "/api/events",
				headers: {
					"content-type": "application/json; charset=utf-8",
					"aeg-event-type": "Notification",
					"aeg-subscription-name": "GRID-DISPATCH-SEND",
					"aeg-delivery-count": "0",
					"aeg-data-version": "1",
					"aeg-metadata-version": "1",
				},
				body: [{ eventType: "Microsoft.MachineLearningServices.RunCompleted" }],
			},
		]);
		expect(got[0]?.headers).not.toHaveProperty("x-functions-key");
	});

	it("is a bare object for one CloudEvent, and an array for a batch", async () => {
		await runCli(["send", "BlobCreated", "--schema", "cloudevents", "--url", receiver.url]);
		await runCli([
			"send",
			"BlobCreated",
			"--schema",
			"cloudevents",
			"--count",
			"3",
			"--batch",
			"2",
			"--url",
			receiver.url,
		]);
		const [one, two, rest] = got;
		expect(one).toMatchObject({ body: { specversion: "1.0" }, headers: { "aeg-metadata-version": "1.0" } });
		expect(one?.headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
		expect(two?.headers["content-type"]).toBe("application/cloudevents-batch+json; charset=utf-8");
		expect(two?.body).toHaveLength(2);
		expect(rest?.body).toMatchObject({ specversion: "1.0" });
	});

	it("is what the bridge reads, whatever the type", async () => {
		for (const type of ["storage-directoryrenamed", "Microsoft.MachineLearningServices.ModelDeployed"]) {
			await runCli(["send", type, "--url", receiver.url]);
		}
		const read = got.flatMap(({ body }) => (body as unknown[]).map((element) => readEvent(element)));
		expect(read).toMatchObject([{ ok: true }, { ok: true }]);
	});

	it("is the same for the same seed", async () => {
		const now = () => Date.parse("2026-03-14T08:15:30Z");
		const args = ["send", "RunCompleted", "--count", "2", "--batch", "2", "--url", receiver.url, "--seed"];
		await runCli([...args, "5"], { now });
		await runCli([...args, "5"], { now });
		await runCli([...args, "6"], { now });
		expect(got[1]?.body).toEqual(got[0]?.body);
		expect(got[2]?.body).not.toEqual(got[0]?.body);
	});

	it("is sent once more for each duplicate, and in bursts", async () => {
		const run = await runCli([
			"send",
			"RunCompleted",
			"--count",
			"6",
			"--duplicates",
			"2",
			"--burst",
			"4",
			"--url",
			receiver.url,
			"--json",
		]);
		expect(run.json()).toMatchObject({ sent: 18, deliveries: 18, failed: 0, outcomes: { "answered 200": 18 } });
		const ids = got.map(({ body }) => (body as [{ id: string }])[0].id);
		expect(new Set(ids).size).toBe(6);
		expect(most).toBeGreaterThan(1);
		expect(most).toBeLessThanOrEqual(4);
	});

	it("has the members of --set, and a subject that goes along", async () => {
		await runCli([
			"send",
			"RunCompleted",
			"--url",
			receiver.url,
			"--set",
			"data.runId=train-7",
			"data.runTags.deploy=true",
			"source=/contoso",
		]);
		const [event] = (got[0]?.body ?? []) as Record<string, unknown>[];
		expect(event).toMatchObject({
			topic: "/contoso",
			subject: expect.stringMatching(/^experiments\/[0-9a-f-]{36}\/runs\/train-7$/),
			data: { runId: "train-7", runTags: { deploy: true } },
		});
	});

	it("goes to the door of the trigger with --trigger", async () => {
		await runCli(["send", "RunCompleted", "--trigger", "--url", receiver.url]);
		expect(got[0]?.url).toBe("/runtime/webhooks/eventgrid?functionName=eventGrid");
	});

	it("carries the key of the environment to the bridge in a header, and to no other webhook", async () => {
		const env = { GRID_DISPATCH_KEY: KEY };
		await runCli(["send", "RunCompleted", "--to", receiver.url], { env });
		await runCli(["send", "RunCompleted", "--to", `${receiver.url}/hooks/mine?code=abc`], { env });
		await runCli(["send", "RunCompleted", "--to", `${receiver.url}/hooks/mine`, "--key", "given-for-this-one"], {
			env,
		});
		expect(got.map(({ url, headers }) => [url, headers["x-functions-key"]])).toEqual([
			["/api/events", KEY],
			["/hooks/mine?code=abc", undefined],
			["/hooks/mine", "given-for-this-one"],
		]);
	});
});

describe("recorded events", () => {
	const run = inEventGridSchema(exampleOf("RunCompleted"));
	const blob = asCloudEvent(exampleOf("BlobCreated"));

	it.each([
		["one", JSON.stringify(run), [[run]]],
		["an array of both schemas", JSON.stringify([run, run, blob]), [[run, run], blob]],
		["one in each line", `${JSON.stringify(blob)}\n${JSON.stringify(run)}\n`, [blob, [run]]],
	])("are sent as they are: %s", async (name, text, bodies) => {
		const sent = await runCli([
			"send",
			"--file",
			recorded(`${name}.json`, text),
			"--batch",
			"10",
			"--url",
			receiver.url,
		]);
		expect(sent.code).toBe(0);
		expect(got.map(({ body }) => body)).toEqual(bodies);
	});

	it("can be changed on their way", async () => {
		const file = recorded("changed.json", JSON.stringify(run));
		await runCli(["send", "--file", file, "--set", "id=again", "type=Contoso.Other", "--url", receiver.url]);
		expect(got[0]?.body).toEqual([{ ...run, id: "again", eventType: "Contoso.Other" }]);
	});

	it("arrive with every digit of their numbers, also behind a byte-order mark, and changed on their way", async () => {
		const text = JSON.stringify({ ...run, data: "DATA" }).replace('"DATA"', '{"id":9007199254740993,"rate":1.0}');
		const file = recorded("numbers.json", `\uFEFF${text}`);
		for (const more of [[], ["--set", "id=again"]]) {
			await runCli(["send", "--file", file, ...more, "--url", receiver.url]);
			expect(got.at(-1)?.text).toContain('"data":{"id":9007199254740993,"rate":1.0}');
		}
	});

	it.each([
		[
			"--file: the file no-such-file.json does not exist",
			["no-such-file.json"],
			"--file: the file no-such-file.json does not exist",
		],
		["it is no JSON", [], "is not JSON"],
	])("are asked for again where %s", async (_, [path], words) => {
		const file = path ?? recorded("broken.json", "{");
		expect(await runCli(["send", "--file", file, "--url", receiver.url])).toMatchObject({
			code: 1,
			err: expect.stringContaining(words),
		});
	});
});

describe("the summary of send", () => {
	it("counts the outcomes and says why", async () => {
		const event = (outcome: string, reason: string | null) => ({
			id: outcome,
			outcome,
			route: "default",
			key: "k",
			reason,
		});
		answers = [
			{ status: 202, body: { events: [event("dispatched", null), event("accepted", "it waits")] } },
			{ status: 200, body: { events: [event("accepted", "it waits"), event("duplicate", null)] } },
		];
		const run = await runCli(["send", "RunCompleted", "--count", "4", "--batch", "2", "--url", receiver.url]);
		expect(run.code).toBe(0);
		expect(run.out).toMatch(/sent 4 events in 2 requests to http:\S+\/api\/events in \d+\.\d s, [\d.]+ a second/);
		expect(run.out).toContain("dispatched 1, accepted 2, duplicate 1");
		expect(run.out).toContain("2 × it waits");
	});

	it.each([
		["a receipt", "rejected", "k", true],
		["no receipt", "unavailable", null, false],
	])("points to the trace of an event that has %s", async (_, outcome, key, told) => {
		answers = [{ status: 200, body: { events: [{ id: "e", outcome, route: null, key, reason: "why" }] } }];
		const { out } = await runCli(["send", "RunCompleted", "--url", receiver.url]);
		expect(out.includes("npx grid-dispatch trace e")).toBe(told);
	});

	it("has a line for each destination of an event that several routes take", async () => {
		const key = "599cb32fcc8017b54fa6dc8d01c6a673";
		const first = { id: "a", outcome: "dispatched", route: "train", key, reason: null };
		const second = { id: "a", outcome: "accepted", route: "archive", key: key.replace("5", "6"), reason: "it waits" };
		answers = [{ status: 202, body: { events: [first, second] } }];
		const run = await runCli(["send", "RunCompleted", "--url", receiver.url]);
		expect(run.out).toMatch(/^dispatched {3}a {2}route "train" {2}599cb.*\naccepted {5}a {2}route "archive" {2}699cb/);
		expect(run.out).toMatch(
			/\nsent 1 event to .*\n {2}dispatched 1, accepted 1\n {2}1 × it waits\nsee its trace: .*trace a/,
		);
		answers = [{ status: 202, body: { events: [] } }];
		expect((await runCli(["send", "RunCompleted", "--url", receiver.url])).out).toContain("answered 202 1");
	});

	it("fails where a request was not taken, with what was answered", async () => {
		answers = [{ status: 401 }, { status: 503, body: { error: "storage is down" } }, { status: 404 }, { status: 302 }];
		const run = await runCli(["send", "RunCompleted", "--count", "4", "--url", receiver.url]);
		expect(run.code).toBe(1);
		for (const words of [
			"GRID_DISPATCH_KEY",
			"503: storage is down",
			"check that it is a grid-dispatch app",
			"answered 302",
		]) {
			expect(run.out).toContain(words);
		}
		expect(run.err).toBe("4 of 4 requests were not accepted\n");
	});

	it("says that nothing answers, and at which address, but not what its query holds", async () => {
		const gone = await serve(0, () => undefined);
		await gone.close();
		const run = await runCli(["send", "RunCompleted", "--to", `${gone.url}/hook?code=planted-secret-0123`]);
		expect(run.code).toBe(1);
		expect(run.out).toContain(`nothing answers at ${gone.url}/hook?…`);
		expect(run.out + run.err).not.toContain("planted-secret");
	});

	it("shows what an event's receiver says as text, whatever it holds", async () => {
		const evil = "\u001b[31mred\u202e";
		answers = [
			{ status: 200, body: { events: [{ id: evil, outcome: "ignored", route: null, key: null, reason: evil }] } },
		];
		const run = await runCli(["send", "RunCompleted", "--url", receiver.url]);
		expect(run.out).toContain("\\u{1b}[31mred\\u{202e}");
		expect(run.out).not.toContain("\u001b");
	});

	it("draws a bar on a terminal, on stderr alone, and colours unless NO_COLOR is set", async () => {
		const args = ["send", "RunCompleted", "--count", "30", "--url", receiver.url];
		const onTerminal = await runCli(args, { isTTY: true });
		expect(onTerminal.err).toContain("30 events");
		expect(onTerminal.out).toContain("\u001b[");
		expect((await runCli(args, { isTTY: true, env: { NO_COLOR: "1" } })).out).not.toContain("\u001b[");
		expect((await runCli(args)).err).toBe("");
	});

	it("stops sending at Ctrl-C, and tells what was sent until then", async () => {
		const run = await runCli(["send", "RunCompleted", "--count", "5", "--url", receiver.url], {
			signal: AbortSignal.abort(),
		});
		expect(run).toMatchObject({ code: 1, err: "stopped before all events were sent\n" });
		expect(run.out).toContain("sent 0 events");
	});
});

describe("the handshakes of send", () => {
	it("post a code and ask for an origin, as Event Grid does", async () => {
		await runCli(["send", "--handshake", "--to", `${receiver.url}/hook`]);
		expect(got).toMatchObject([
			{
				method: "POST",
				headers: { "aeg-event-type": "SubscriptionValidation" },
				body: [
					{
						eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
						data: { validationCode: expect.any(String) },
					},
				],
			},
			{ method: "OPTIONS", headers: { "webhook-request-origin": "eventgrid.azure.net" } },
		]);
	});

	it("are refused where the code does not come back, or no origin is allowed", async () => {
		answers = [{ status: 202, body: { error: "not now" } }, { status: 200 }];
		const run = await runCli(["send", "--handshake", "--url", receiver.url, "--json"]);
		expect(run).toMatchObject({ code: 1, err: "2 of 2 handshakes were refused\n" });
		expect(run.json()).toMatchObject({
			handshakes: [
				{ form: "Event Grid schema", ok: false, status: 202, answer: expect.stringContaining("not now") },
				{ form: "CloudEvents", ok: false, status: 200, answer: expect.stringContaining("does not accept events") },
			],
		});
	});

	it("say that a key is missing, and that nothing answers", async () => {
		answers = [{ status: 401 }, { status: 200, headers: { "webhook-allowed-origin": "*" } }];
		const run = await runCli(["send", "--handshake", "--url", receiver.url]);
		expect(run.out).toMatch(/refused +Event Grid schema +401 +it needs a function key/);
		expect(run.out).toMatch(/accepted +CloudEvents +200 +it accepts events from every origin/);
		const gone = await runCli(["send", "--handshake", "--to", "http://127.0.0.1:1"]);
		expect(gone.out).toContain("nothing answers");
	});
});

describe("send to a custom topic", () => {
	const topic = (more: readonly string[]) =>
		runCli(["send", ...more, "--topic", receiver.url], { env: { EVENT_GRID_TOPIC_KEY: TOPIC_KEY } });

	it("publishes in Event Grid's own schema, with the key in its header and the topic as the source", async () => {
		const run = await topic(["RunCompleted", "--count", "2", "--batch", "2"]);
		expect(run.code).toBe(0);
		expect(got).toHaveLength(1);
		const [{ method, url, headers, body }] = got as [Got];
		expect([method, url]).toEqual(["POST", expect.stringMatching(/^\/api\/events\?api-version=2018-01-01$/)]);
		expect(headers["aeg-sas-key"]).toBe(TOPIC_KEY);
		expect(headers["content-type"]).toMatch(/^application\/json/);
		expect(body).toMatchObject([{}, {}]);
		for (const event of body as Record<string, unknown>[]) {
			expect(event).toMatchObject({ eventType: "Microsoft.MachineLearningServices.RunCompleted", dataVersion: "1" });
			expect(Object.keys(event).sort()).toEqual(["data", "dataVersion", "eventTime", "eventType", "id", "subject"]);
		}
		expect(run.out + run.err).not.toContain(TOPIC_KEY);
	});

	it("publishes CloudEvents as a batch, with their extension attributes", async () => {
		const file = recorded(
			"extended.json",
			JSON.stringify({ ...asCloudEvent(exampleOf("BlobCreated")), traceparent: "00-1-2-01" }),
		);
		expect((await topic(["--file", file])).code).toBe(0);
		expect(got[0]?.headers["content-type"]).toMatch(/^application\/cloudevents-batch\+json/);
		const { time: _, ...example } = exampleOf("BlobCreated");
		expect(got[0]?.body).toMatchObject([{ specversion: "1.0", ...example, traceparent: "00-1-2-01" }]);
	});

	it("publishes a CloudEvent with what it says of its data, or without a time or a subject", async () => {
		const event = { specversion: "1.0", id: "7", source: "/contoso", type: "Contoso.Thing", data: { a: 1 } };
		const described = { ...event, datacontenttype: "application/json", dataschema: "https://contoso.example/a" };
		const file = recorded("plain.json", JSON.stringify([event, described]));
		expect((await topic(["--file", file, "--count", "2", "--batch", "2"])).code).toBe(0);
		const [first, second] = (got[0]?.body ?? []) as Record<string, unknown>[];
		expect(first).toMatchObject(event);
		expect(first).not.toHaveProperty("subject");
		expect(second).toMatchObject(described);
	});

	it("says so where the topic fails, or nothing answers", async () => {
		answers = Array.from({ length: 9 }, () => ({ status: 404, body: {} }));
		expect((await topic(["RunCompleted"])).out).toContain("the topic answered 404");
		const gone = await runCli(["send", "RunCompleted", "--topic", "http://127.0.0.1:9"], {
			env: { EVENT_GRID_TOPIC_KEY: TOPIC_KEY },
		});
		expect(gone).toMatchObject({ code: 1, out: expect.stringContaining("no answer 1") });
	});

	it.each([
		[401, "EVENT_GRID_TOPIC_KEY"],
		[403, "EventGrid Data Sender"],
		[400, "check that --schema is the topic's schema"],
	])("says what an answer of %s means", async (status, words) => {
		answers = [{ status, body: { error: { code: "Refused", message: "no" } } }];
		const run = await topic(["RunCompleted"]);
		expect(run.code).toBe(1);
		expect(run.out).toContain(words);
		expect(run.out + run.err).not.toContain(TOPIC_KEY);
	});
});

describe("a wrong use of send", () => {
	it.each([
		[[], "an event type, --blob, --file or --handshake"],
		[["RunCompleted", "--handshake"], "an event type, --blob, --file or --handshake"],
		[["RunCompletd"], "did you mean RunCompleted?"],
		[["RunCompleted", "--set", "runId"], "--set must have the form path=value"],
		[["RunCompleted", "--count", "0"], "whole number from 1"],
		[["RunCompleted", "--schema", "avro"], "eventgrid, cloudevents"],
		[["RunCompleted", "--to", "ftp://contoso"], "not an https address"],
		[["RunCompleted", "--to", "http://contoso.example"], "http is allowed only on this machine"],
		[["RunCompleted", "--to", "https://me:secret@contoso.example"], "--key"],
		[["RunCompleted", "--to", "http://127.0.0.1:1", "--url", "http://127.0.0.1:2"], "not both"],
		[["RunCompleted", "--trigger", "--to", "https://contoso.example"], "local host"],
		[["RunCompleted", "--topic", "https://contoso.example", "--trigger"], "one of --topic"],
		[["--handshake", "--topic", "https://contoso.example"], "not with a topic"],
	])("is told with code 2, and sends nothing: %j", async (args, words) => {
		const run = await runCli(["send", ...args]);
		expect(run).toMatchObject({ code: 2, out: "", err: expect.stringContaining(words) });
		expect(run.err).not.toContain("    at ");
		expect(got).toEqual([]);
	});
});

describe("members that are set", () => {
	it.each([
		["data.runId=7", 7],
		["data.runId=true", true],
		["data.runId=null", null],
		['data.runId="7"', "7"],
		["data.runId=a=b", "a=b"],
		["data.runId=", ""],
		['data.runId={"a":[1]}', { a: [1] }],
	])("are JSON where they can be, and texts else: %s", (text, value) => {
		expect(readSetting(text)).toEqual({ path: ["data", "runId"], value });
	});

	it("leave the original alone, make what is missing, and take __proto__ as a name", () => {
		const event = { data: { a: { b: 1 } } };
		const changed = setMembers(event, ["data.a.c.d=2", "__proto__.x=1"].map(readSetting));
		expect(event).toEqual({ data: { a: { b: 1 } } });
		expect(changed["data"]).toEqual({ a: { b: 1, c: { d: 2 } } });
		expect(({} as { x?: number }).x).toBeUndefined();
	});

	it("let a subject that is set be", () => {
		const event = inEventGridSchema(exampleOf("RunCompleted"));
		expect(setMembers(event, ["data.runId=r", "subject=mine"].map(readSetting))["subject"]).toBe("mine");
	});
});

describe("the plan of deliveries", () => {
	it("keeps the order, fills batches of one schema, and repeats each at once", () => {
		const [a, b, c] = ["a", "b", "c"].map((id) => ({ id, eventType: "t" }));
		const cloud = { id: "d", specversion: "1.0" };
		const plan = planDeliveries([a, b, c, cloud], { batch: 2, duplicates: 1 });
		expect(plan.map(({ elements }) => elements)).toEqual([[a, b], [a, b], [c], [c], [cloud], [cloud]]);
	});
});
