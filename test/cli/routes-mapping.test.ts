import { describe, expect, it } from "@jest/globals";
import { checkTable } from "../../src/cli/routes/check-table.ts";
import { explainRequests } from "../../src/cli/routes/explain.ts";
import { SERVICES } from "../../src/destinations/list.ts";
import { readJson } from "../../src/event/json.ts";
import { readRoutes } from "../../src/route/read-routes.ts";
import type { Route } from "../../src/route/route.ts";
import { asCloudEvent, EXAMPLE_EVENTS, exampleOf } from "../../support/example-events.ts";

const RUN = exampleOf("RunCompleted");
const UPLOAD = exampleOf("BlobCreated");
const TO = { repository: "contoso/fraud-model" };
const TRAINING = "/blobServices/default/containers/training/";
const GATHERED = { coalesce: { quietSeconds: 60, maxSeconds: 900 } };
const RUNS = { filter: { includedEventTypes: [RUN.type] } };
const UPLOADS = { filter: { includedEventTypes: [UPLOAD.type], subjectBeginsWith: TRAINING } };

/** What is found in a table with this mapping, but for limits that cannot be proved. */
function found(payload: object, route: object = RUNS): string[] {
	return checkTable({ routes: [{ name: "a", to: { ...TO, payload }, ...route }] })
		.filter(({ verdict }) => verdict !== "cannot tell")
		.map(({ verdict, path, problem, repair }) => `${verdict} ${path}: ${problem}; ${repair}`);
}

function open(payload: object, route: object = RUNS): string[] {
	return checkTable({ routes: [{ name: "a", to: { ...TO, payload }, ...route }] })
		.filter(({ verdict }) => verdict === "cannot tell")
		.map(({ path, problem }) => `${path}: ${problem}`);
}

describe("the keys of a mapping, in routes check", () => {
	it.each([
		"data.runId",
		"Data.RunTags.stage",
		"data",
		"event",
		"extensions",
		"bridge.key",
		"id",
		"eventTime",
		"topic",
	])("may be %s", (key) => {
		expect(found({ a: key, b: { key, default: "" } })).toEqual([]);
	});

	it("may be each member of a known type, as published and in another case", () => {
		for (const { type, data } of EXAMPLE_EVENTS) {
			const keys = Object.keys(data).slice(0, 9);
			const upper = Object.fromEntries(keys.map((key) => [key, `DATA.${key.toUpperCase()}`]));
			const uploads = type.startsWith("Microsoft.Storage") ? { subjectBeginsWith: "" } : {};
			const warned = found(upper, { filter: { includedEventTypes: [type], ...uploads } });
			expect(warned.filter((line) => line.includes(".payload"))).toEqual([]);
		}
	});

	it.each([
		["data.runID2", RUNS, '"data.runID2" does not exist', 'write "data.runId"'],
		[
			"data.experimentNam",
			RUNS,
			"the members of these events' data are experimentId, experimentName",
			'write "data.experimentName"',
		],
		["data.colour", RUNS, '"data.colour" does not exist', "map one of these"],
		["runId", RUNS, "known events have runId in their data", 'write "data.runId"'],
		["data.runId.x", RUNS, "data.runId is a single value", 'write "data.runId", and read its members'],
		[
			"data.runTags.mlflow.user",
			RUNS,
			"a dot in a key separates two names",
			'write "data.runTags", and read its members',
		],
		["subject.x", RUNS, "it has no members", "write"],
		["data..x", RUNS, "a name between its dots is empty", "write"],
		["bridge.ky", RUNS, 'the key "bridge.ky" does not exist', 'write "bridge.key"'],
		["bridge", RUNS, 'the key "bridge" does not exist', 'write "bridge.version", "bridge.route", "bridge.key"'],
		["event.id", RUNS, '"event" can only be mapped as a whole', 'write "id"'],
		["extensions.tenant", RUNS, '"extensions" can only be mapped as a whole', 'write "tenant"'],
		[
			"subjct",
			RUNS,
			"an extension attribute",
			'write { "value": "subjct" } to send this text, or write the key "subject"',
		],
		["production", RUNS, "but no known event has it", 'write { "value": "production" } to send this text'],
		["eu-west", {}, "but no known event has it", 'write { "value": "eu-west" }'],
		["data.url", { ...UPLOADS, ...GATHERED }, "the members of its dispatch's data are count,", "map one of these"],
		["data.totalByte", { ...UPLOADS, ...GATHERED }, "this route gathers events (coalesce)", 'write "data.totalBytes"'],
		["tenant", { ...UPLOADS, ...GATHERED }, "but the dispatch of a window has none", 'write { "value": "tenant" }'],
	])("are looked at: %s", (key, route, problem, repair) => {
		const [line = "", ...more] = found({ a: { key, default: 1 } }, route).filter((one) => one.includes(".payload"));
		expect(line).toContain("warning routes[0].to.payload.a.key: ");
		expect(line).toContain(problem);
		expect(line).toContain(`; ${repair}`);
		expect(more).toEqual([]);
	});

	it.each([
		["of a type that is not known", { filter: { includedEventTypes: ["Contoso.Labelled"] } }],
		["of no named types", {}],
	])("are left alone where events may have anything: %s", (_, route) => {
		const warned = found({ a: "data.anything", b: "data.any.thing", c: "tenant" }, route);
		expect(warned.filter((line) => line.includes(".payload"))).toEqual([]);
	});
});

describe("two routes to one place that map differently, in routes check", () => {
	it("are told: the event is sent with what the first one maps", () => {
		const models = { filter: { includedEventTypes: [RUN.type, exampleOf("ModelRegistered").type] } };
		const told = (one: object, other: object) =>
			checkTable({
				routes: [
					{ name: "one", to: { ...TO, payload: one }, ...RUNS },
					{ name: "other", to: { ...TO, payload: other }, ...models },
				],
			})
				.filter(({ verdict }) => verdict === "warning")
				.map(({ problem }) => problem);
		expect(told({ a: "time" }, { b: "time" })).toEqual([
			expect.stringContaining("with the name and mappings of the earlier route"),
		]);
		expect(told({ a: "time" }, { a: "time" })).toEqual([expect.stringMatching(/with the name of the earlier route$/)]);
	});
});

describe("inputs and parameters, in routes check and explain", () => {
	const workflow = { ...TO, workflow: "train.yml", ref: "main" };
	const pipeline = { organization: "contoso", project: "fraud-model", pipeline: 12 };
	const mapping = { run: "data.runIdd", list: "data.runTags" };

	it.each([
		["inputs", { ...workflow, inputs: mapping }],
		["parameters", { ...pipeline, parameters: mapping }],
	])("are looked at as payloads are: %s", (member, to) => {
		const findings = checkTable({ routes: [{ to, ...RUNS }] });
		expect(findings).toMatchObject([
			{ verdict: "warning", path: `routes[0].to.${member}.run`, repair: 'write "data.runId"' },
			{ verdict: "cannot tell", path: `routes[0].to.${member}` },
		]);
	});

	it("are shown with method and address, each value as a text", async () => {
		const read = readRoutes(
			{
				routes: [
					{ name: "workflow", to: { ...workflow, inputs: { tags: "data.runTags" } } },
					{ name: "pipeline", to: { ...pipeline, parameters: { tags: "data.runTags" } } },
				],
			},
			SERVICES,
		);
		const explained = await explainRequests(asCloudEvent(RUN), read.ok ? read.routes : []);
		const requests = "routes" in explained ? explained.routes.map(({ request }) => request) : [];
		const tags = JSON.stringify({ tags: JSON.stringify(RUN.data["runTags"]) });
		expect(requests).toEqual([
			{
				method: "POST",
				url: "https://api.github.com/repos/contoso/fraud-model/actions/workflows/train.yml/dispatches",
				body: expect.stringContaining(`"inputs":${tags}`),
			},
			{
				method: "POST",
				url: "https://dev.azure.com/contoso/fraud-model/_apis/pipelines/12/runs?api-version=7.1",
				body: expect.stringContaining(`"templateParameters":${tags}`),
			},
		]);
	});
});

describe("the limits of a mapping, in routes check", () => {
	it("are proved for values of a bounded length", () => {
		const payload = { a: "time", b: "bridge.key", c: "type", d: { value: "x".repeat(1_000) }, e: "bridge.route" };
		expect(open(payload)).toEqual([]);
	});

	it("are not claimed for others, which it names", () => {
		const [line = "", ...more] = open({ a: "data.runId", b: "time", c: { key: "subject", default: "" } });
		expect(line).toBe(
			'routes[0].to.payload: the command cannot prove that every event fits: "data.runId", "subject" can have any length. The bridge rejects an event whose request is too large',
		);
		expect(more).toEqual([]);
		expect(open({ a: "data" })).toEqual([expect.stringContaining("sends data by reference")]);
		expect(open({ a: "type" }, {})).toHaveLength(1);
	});

	it("are kept by windows, which are summed up until they fit", () => {
		expect(open({ a: "data", b: "subject" }, { ...UPLOADS, ...GATHERED })).toEqual([]);
	});

	it("are the bridge's own, where there are too many names", () => {
		const names = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`n${index}`, "id"]));
		expect(found(names)).toEqual([expect.stringContaining("error routes[0].to.payload: has 10 names")]);
	});
});

describe("the request that an event would send, in routes explain", () => {
	function table(...routes: object[]): readonly Route[] {
		const read = readRoutes({ routes }, SERVICES);
		if (!read.ok) throw new Error(read.problems.join());
		return read.routes;
	}
	const requests = async (element: unknown, ...routes: object[]) => {
		const explained = await explainRequests(element, table(...routes));
		if ("rejected" in explained) throw new Error(explained.rejected);
		return explained.routes.map(({ request }) => request);
	};
	const url = "https://api.github.com/repos/contoso/fraud-model/dispatches";

	it("has method, address and the very body, of each destination that takes it", async () => {
		const payload = { run: "data.runId", env: { value: "prod" } };
		const all = [
			{ name: "mapped", to: { ...TO, payload, dispatchType: "t" } },
			{ name: "whole", to: TO },
			{ name: "same", to: TO },
			{ name: "other", to: TO, ...UPLOADS },
		];
		const [mapped, whole, same, other] = await requests(asCloudEvent(RUN), ...all);
		expect(mapped).toEqual({ method: "POST", url, body: expect.any(String) });
		expect(JSON.parse((mapped as { body: string }).body)).toEqual({
			event_type: "t",
			client_payload: {
				run: RUN.data["runId"],
				env: "prod",
				bridge: { version: expect.any(String), route: "mapped", key: expect.stringMatching(/^[0-9a-f]{32}$/) },
			},
		});
		expect(whole).toMatchObject({ body: expect.stringContaining('"event_source":"MachineLearningServices"') });
		expect([same, other]).toEqual([undefined, undefined]);
	});

	it("is that of a window with this event alone, where events are gathered", async () => {
		const payload = { count: "data.count", first: "data.events" };
		const [request] = await requests(asCloudEvent(UPLOAD), { to: { ...TO, payload }, ...UPLOADS, ...GATHERED });
		expect(JSON.parse((request as { body: string }).body)).toMatchObject({
			client_payload: { count: 1, first: [{ id: UPLOAD.id }] },
		});
	});

	it("is none, with the reason, where it would be rejected", async () => {
		const element = { ...asCloudEvent(RUN), subject: "x".repeat(70_000) };
		const [request] = await requests(element, { to: { ...TO, payload: { a: "subject" } } });
		expect(request).toEqual({ rejected: expect.stringContaining("GitHub accepts less than 65536") });
	});

	it("names the blob that data would go to, and keeps digits", async () => {
		const data = readJson('{ "runId": "r", "experimentName": "e", "n": 1.10 }');
		const element = { ...asCloudEvent(RUN), data: { ...(data as object), fill: "x".repeat(70_000) } };
		const [request] = await requests(element, { to: { ...TO, payload: { all: "data", n: "data.n" } } });
		const { body } = request as { body: string };
		expect(body).toContain("https://ACCOUNT.blob.core.windows.net/grid-dispatch-payloads/payloads/");
		expect(body).toContain('"n":1.10,"bridge"');
	});
});
