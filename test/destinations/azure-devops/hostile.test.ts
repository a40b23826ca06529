import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "@jest/globals";
import { pipelineRun } from "../../../support/destinations.ts";
import { clientOf, fixed, type Odd, PAT, startOdd } from "./client.ts";

const TO = pipelineRun("contoso/ml", 7);
const RUN = {
	id: 31,
	name: "20260526.1",
	state: "inProgress",
	createdDate: "2026-05-26T12:00:00.7600000Z",
	pipeline: { id: 7, name: "train" },
	_links: { web: { href: "https://dev.azure.com/contoso/ml/_build/results?buildId=31" } },
};
const SINCE = Date.parse("2026-05-26T12:00:00Z");
const HTML = { "content-type": "text/html; charset=utf-8" };
const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };

let odd: Odd;
afterEach(() => odd.close());

async function answering(status: number, headers: Record<string, string>, body: string) {
	odd = await startOdd((_, response: ServerResponse) => response.writeHead(status, headers).end(body));
	return clientOf(odd.url, { now: () => SINCE + 60_000 });
}

describe("an answer that is not Azure DevOps' API's", () => {
	it.each([
		[200, HTML, "<html><title>Azure DevOps Services | Sign In</title></html>", "unauthorized"],
		[200, HTML, "<html>Welcome to the hotel's network</html>", "unavailable"],
		[200, { "content-type": "text/plain" }, "OK", "unavailable"],
		[200, HTML, '{"id":31,"state":"completed"}', "unavailable"],
		[203, {}, "", "unauthorized"],
		[203, JSON_TYPE, '{"id":31,"state":"completed"}', "unauthorized"],
		[302, { location: "https://spsprodweu1.vssps.visualstudio.com/_signin?realm=dev.azure.com" }, "", "unauthorized"],
		[302, { location: "https://login.microsoftonline.com/x/oauth2/authorize" }, "", "unauthorized"],
		[302, { location: "https://evil.example/" }, "", "unavailable"],
		[307, { location: "/contoso/ml/_apis/pipelines/8/runs" }, "", "unavailable"],
		[404, HTML, "<html>not here</html>", "unavailable"],
		[403, HTML, "<html>the proxy says no</html>", "unavailable"],
		[400, HTML, "<html>bad</html>", "unavailable"],
		[401, {}, "", "unauthorized"],
		[401, HTML, "<html/>", "unauthorized"],
	])("is never taken: %i %j %j is %s", async (status, headers, body, kind) => {
		const client = await answering(status, headers as Record<string, string>, body);
		const answer = await client.send(TO, "{}");
		expect(answer).toMatchObject({ status, classification: { kind } });
		expect(answer.run).toBeUndefined();
		expect(odd.asked).toHaveLength(1);
		const { reason } = answer.classification as { reason: string };
		expect(reason.length).toBeLessThanOrEqual(300);
		expect(reason).not.toMatch(/[<\n]/);
	});

	it("names the setting that may be wrong", async () => {
		const client = await answering(200, HTML, "<html>Welcome</html>");
		const { classification } = await client.send(TO, "{}");
		expect(classification).toMatchObject({
			reason: expect.stringMatching(/^Azure DevOps answered 200 as text\/html.*AZURE_DEVOPS_URL/),
		});
	});

	it("that is empty may have been a success", async () => {
		const client = await answering(200, JSON_TYPE, "");
		expect((await client.send(TO, "{}")).classification).toMatchObject({ kind: "uncertain" });
	});

	it("that never ends is read to a limit", async () => {
		odd = await startOdd((_, response) => {
			response.writeHead(404, HTML);
			const pour = () => {
				while (response.write("x".repeat(65_536)));
				response.once("drain", pour);
			};
			pour();
		});
		expect((await clientOf(odd.url).send(TO, "{}")).classification.kind).toBe("unavailable");
	});
});

describe("an absurd answer to a start", () => {
	it.each<[string, unknown]>([
		["no id", { ...RUN, id: undefined }],
		["an id that is a text", { ...RUN, id: "31" }],
		["an id that is none", { ...RUN, id: -1 }],
		["an id that is too large", { ...RUN, id: 2 ** 31 }],
		["an id that is no whole number", { ...RUN, id: 1.5 }],
		["another pipeline's run", { ...RUN, pipeline: { id: 8 } }],
		["no state", { ...RUN, state: undefined }],
		["a state that is no word", { ...RUN, state: "<b>" }],
		["a state that begins as a word", { ...RUN, state: "in progress" }],
		["a state that ends as a word", { ...RUN, state: "7up" }],
		["a state that is too long", { ...RUN, state: "x".repeat(41) }],
		["a list", [RUN]],
		["nothing but a name", { name: "20260526.1" }],
		["nothing", {}],
	])("is taken, without a run that we would only guess: %s", async (_, body) => {
		const answer = await (await answering(200, JSON_TYPE, JSON.stringify(body))).send(TO, "{}");
		expect(answer.classification).toEqual({ kind: "taken" });
		expect(answer.run).toBeUndefined();
	});

	it.each([[1], [2 ** 31 - 1]])("may have any id that there can be: %i", async (id) => {
		const client = await answering(200, JSON_TYPE, JSON.stringify({ ...RUN, id, state: "x".repeat(40) }));
		expect((await client.send(TO, "{}")).run).toMatchObject({ id: `${id}`, status: "x".repeat(40) });
	});

	it.each([[undefined], [null], [7], ["web"], [{}], [{ web: null }], [{ web: 7 }]])(
		"gives a run no page where its links are none: %j",
		async (_links) => {
			const client = await answering(200, JSON_TYPE, JSON.stringify({ ...RUN, _links }));
			expect((await client.send(TO, "{}")).run).toMatchObject({ id: "31", url: null });
		},
	);

	it.each([
		["https://evil.example/contoso/ml/_build/results?buildId=31"],
		["javascript:alert(1)"],
		["http://dev.azure.com/contoso"],
		["https://me:pw@dev.azure.com/contoso"],
		["https://dev.azure.com.evil.example/"],
		[`https://dev.azure.com/${"x".repeat(600)}`],
		["/relative"],
		[7],
		[null],
	])("gives a run no page that is elsewhere: %j", async (href) => {
		const body = JSON.stringify({ ...RUN, _links: { web: { href } } });
		expect((await (await answering(200, JSON_TYPE, body)).send(TO, "{}")).run).toMatchObject({ id: "31", url: null });
	});

	it.each([
		[{ state: "completed", result: "succeeded" }, "completed", "success"],
		[{ state: "completed", result: "partiallySucceeded" }, "completed", "partially_succeeded"],
		[{ state: "completed", result: "constructor" }, "completed", "constructor"],
		[{ state: "completed" }, "completed", "unknown"],
		[{ state: "completed", result: { a: 1 } }, "completed", "unknown"],
		[{ state: "inProgress", result: "failed" }, "in_progress", null],
		[{ state: "canceling" }, "canceling", null],
	])("has its words put into the shared ones: %j", async (more, status, conclusion) => {
		const client = await answering(200, JSON_TYPE, JSON.stringify({ ...RUN, ...more }));
		expect((await client.send(TO, "{}")).run).toMatchObject({ status, conclusion });
	});

	it("has names that fit a row, on one line", async () => {
		const name = `a\n\u001b[31m${"x".repeat(10_000)}`;
		const client = await answering(200, JSON_TYPE, JSON.stringify({ ...RUN, pipeline: { id: 7, name } }));
		const { run } = await client.send(TO, "{}");
		expect(run?.workflow?.length).toBeLessThanOrEqual(200);
		expect(run?.workflow).not.toMatch(/\p{Cc}/u);
	});
});

describe("an absurd list of runs", () => {
	const list = (value: readonly unknown[]) => JSON.stringify({ count: value.length, value });

	it("is read where it is sound, and is not complete then", async () => {
		const value = [
			null,
			7,
			"x",
			{ ...RUN, createdDate: "yesterday" },
			{ ...RUN, createdDate: "9999-01-01T00:00:00Z" },
			{ ...RUN, id: "32" },
			{ ...RUN, state: 7 },
			RUN,
		];
		const answer = await (await answering(200, JSON_TYPE, list(value))).listRuns(TO, SINCE);
		expect(answer).toMatchObject({ kind: "runs", complete: false, unreadable: 7, runs: [{ id: "31" }] });
	});

	it.each([[7], [null], [{ a: 1 }], [undefined]])("has runs with no title where their name is %j", async (name) => {
		const answer = await (await answering(200, JSON_TYPE, list([{ ...RUN, name }]))).listRuns(TO, SINCE);
		expect(answer).toMatchObject({ complete: true, runs: [{ id: "31", title: "" }] });
	});

	it.each([
		[100, [true, true]],
		[101, [false, true]],
		[200, [false, true]],
	])("of %i runs is complete with the page that has its last run", async (count, complete) => {
		const value = Array.from({ length: count }, (_, index) => ({ ...RUN, id: index + 1, _links: {} }));
		const client = await answering(200, JSON_TYPE, list(value));
		const pages = [await client.listRuns(TO, 0), await client.listRuns(TO, 0, undefined, 2)];
		expect(pages).toMatchObject(complete.map((one) => ({ kind: "runs", complete: one })));
	});

	it("has each run once", async () => {
		const client = await answering(200, JSON_TYPE, list([RUN, { ...RUN, id: 32 }, RUN]));
		const answer = await client.listRuns(TO, SINCE);
		expect(answer.kind === "runs" && answer.runs.map(({ id }) => id)).toEqual(["31", "32"]);
		expect(answer).toMatchObject({ complete: true });
	});

	it("of ten thousand is read to where it is cut, and is complete as soon as it reaches back", async () => {
		const at = (index: number) => new Date(SINCE + 50_000 - index * 1_000).toISOString();
		const value = Array.from({ length: 10_000 }, (_, index) => ({
			...RUN,
			id: 20_000 - index,
			createdDate: at(index),
			name: 'a " } ] [ { \\',
		}));
		const client = await answering(200, JSON_TYPE, list(value));
		const answer = await client.listRuns(TO, SINCE);
		expect(answer).toMatchObject({ kind: "runs", complete: true });
		expect(answer.kind === "runs" ? answer.runs : []).toHaveLength(51);
		expect(await client.listRuns(TO, SINCE - 3_600_000)).toMatchObject({ complete: false, runs: { length: 100 } });
	});

	const [ONE, TWO] = [JSON.stringify(RUN), JSON.stringify({ ...RUN, id: 32 })];
	/** What a parameter gets of a window's events. */
	const EVENTS = JSON.stringify(JSON.stringify(Array.from({ length: 400 }, (_, id) => ({ id }))));

	it.each([
		["within a run", `{"count":9,"value":[${ONE},${TWO.slice(0, -1)}`],
		["within a text", `{"count":9,"value":[${ONE},${TWO.slice(0, 20)}`],
		["within a name that looks like ends", `{"value":[${ONE},{"id":32,"name":"${"}".repeat(255)}`],
		[
			"within a parameter that is JSON itself",
			`{"value":[${ONE},{"id":32,"templateParameters":{"a":${EVENTS.slice(0, -9)}`,
		],
		["after such a parameter", `{"value":[${ONE},{"id":32,"templateParameters":{"a":${EVENTS}},"name":"`],
		["within a mark of a text", `{"value":[${ONE},{"id":32,"templateParameters":{"a":"${"}".repeat(400)}\\`],
		["between runs", `{"count":9,"value":[${ONE},`],
		["after a run", `{"count":9,"value":[${ONE}`],
		["after its last run", `{"count":1,"value":[${ONE}],`],
		["after its last run, within another list", `{"value":[${ONE}],"removed":[${TWO}`],
		["with spaces and lines", JSON.stringify({ count: 2, value: [RUN, { id: 32 }] }, null, 2).slice(0, -9)],
	])("that was cut off %s has the runs before that, and is not complete", async (_, body) => {
		const answer = await (await answering(200, JSON_TYPE, body)).listRuns(TO, SINCE);
		expect(answer).toMatchObject({ kind: "runs", complete: false, unreadable: 0, runs: [{ id: "31" }] });
		expect(answer).toHaveProperty("runs.length", 1);
	});

	it.each([
		["{}"],
		['{"value":{}}'],
		["[]"],
		['{"value":'],
		['{"count":1,"value":[{"id":'],
		[`{"runs":[${ONE},`],
		[`[${ONE},`],
		[`{"count":1,"value":"${"}".repeat(200_000)}`],
	])("that is none is not an empty one: %#", async (body) => {
		const answer = await (await answering(200, JSON_TYPE, body)).listRuns(TO, SINCE);
		expect(answer).toEqual({ kind: "unavailable", reason: "Azure DevOps' answer does not contain the requested runs" });
	});

	it.each([["{}"], ["[]"], [ONE.slice(0, -1)], [TWO]])(
		"of which one is asked for does not stand for it: %#",
		async (body) => {
			const client = await answering(200, JSON_TYPE, body);
			expect(await client.readRun(TO, "31")).toMatchObject({ kind: "unavailable" });
		},
	);

	it("of one run must be of that run", async () => {
		const client = await answering(200, JSON_TYPE, JSON.stringify(RUN));
		expect(await client.readRun(TO, "31")).toMatchObject({ kind: "runs", runs: [{ id: "31", title: "20260526.1" }] });
		expect(await client.readRun(TO, "32")).toMatchObject({ kind: "unavailable" });
		await client.readRun(TO, "../../x?y");
		expect(odd.asked.at(-1)?.path).toBe("/contoso/ml/_apis/pipelines/7/runs/..%2F..%2Fx%3Fy?api-version=7.1");
	});
});

describe("no credential", () => {
	const ENTRA = "opaque-entra-token-0123456789";
	const BASIC = Buffer.from(`:${PAT}`).toString("base64");

	it.each([
		["Basic", PAT],
		["Bearer", ENTRA],
	] as const)("leaves in a reason, whatever an answer echoes: %s", async (scheme, token) => {
		odd = await startOdd((request, response) => {
			const { authorization = "" } = request.headers;
			const words = `${authorization} ${token} ${authorization.split(" ")[1]}`;
			const headers = { ...JSON_TYPE, "x-vss-e2eid": words, location: words };
			response.writeHead(403, headers).end(JSON.stringify({ message: words, typeKey: words }));
		});
		const answer = await clientOf(odd.url, { tokens: fixed(token, scheme) }).send(TO, "{}");
		expect(odd.asked[0]?.authorization).toBe(scheme === "Basic" ? `Basic ${BASIC}` : `Bearer ${ENTRA}`);
		for (const secret of [token, BASIC]) expect(JSON.stringify(answer)).not.toContain(secret);
	});

	it("with a line break in it is sent or shown", async () => {
		odd = await startOdd((_, response) => response.end());
		const answer = await clientOf(odd.url, { tokens: fixed("a-token\nwith-a-line") }).send(TO, "{}");
		expect(answer.classification.kind).toBe("unauthorized");
		expect(odd.asked).toEqual([]);
		expect(JSON.stringify(answer)).not.toContain("a-line");
	});
});
