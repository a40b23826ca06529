import { afterEach, describe, expect, it } from "@jest/globals";
import { ANSWER_BYTES } from "../../../src/config/bounded-fetch.ts";
import { type ApiRequest, createCall } from "../../../src/destinations/github/call-github.ts";
import { resolveWorkflow } from "../../../src/destinations/github/workflow-dispatch.ts";
import { beginTry } from "../../../src/destinations/try-calls.ts";
import { answering, closeAll, list, run, serverAt, TO } from "./client.ts";

const SINCE = Date.parse("2026-05-26T12:00:00Z");
const BODY = '{"event_type": "t",  "client_payload": {"text": "é 😀 \\u0000"}}';
const DISPATCHES = "/repos/contoso/fraud-model/dispatches";

/** What fetch adds by itself. */
const OF_NODE = new Set([
	...["host", "connection", "content-length", "accept-encoding", "accept-language", "sec-fetch-mode"],
	...["pragma", "cache-control"],
]);

afterEach(closeAll);

/** The requests that a server got, with all the headers that the bridge gave them. */
function sent({ asked }: Awaited<ReturnType<typeof serverAt>>) {
	return asked.map(({ method, url, headers, body }) => {
		const given = Object.entries(headers).filter(([name]) => !OF_NODE.has(name));
		return { method, url, headers: Object.fromEntries(given), body };
	});
}

const headers = {
	accept: "application/vnd.github+json",
	authorization: "Bearer a-token",
	"user-agent": "grid-dispatch/9.9.9",
	"x-github-api-version": "2022-11-28",
};
const withBody = { ...headers, "content-type": "application/json; charset=utf-8" };

/** Makes one call of GitHub's API. */
function ask(apiUrl: string, request: Partial<ApiRequest> = {}) {
	const call = createCall({ apiUrl, version: "9.9.9", fetch: globalThis.fetch, now: Date.now });
	return call({ method: "GET", path: DISPATCHES, token: "a-token", ...request }, beginTry(10_000, Date.now()));
}

describe("a request to GitHub, over real HTTP", () => {
	it("that dispatches posts the very bytes, and again where a redirect leads", async () => {
		const github = await serverAt((request, response) => {
			const isMoved = request.url === DISPATCHES;
			response.writeHead(isMoved ? 307 : 204, isMoved ? { location: "/repositories/7/dispatches" } : {}).end();
		});
		await github.client.send(TO, BODY);
		expect(sent(github)).toEqual([
			{ method: "POST", url: DISPATCHES, headers: withBody, body: BODY },
			{ method: "POST", url: "/repositories/7/dispatches", headers: withBody, body: BODY },
		]);
	});

	it("that starts a workflow posts the very bytes", async () => {
		const github = await answering(204, "");
		const body = '{"ref":"main","inputs":{"a":"b"}}';
		const to = resolveWorkflow({ repository: "contoso/fraud-model", workflow: "train & go.yml", ref: "main" });
		await github.client.send(to, body);
		const url = "/repos/contoso/fraud-model/actions/workflows/train%20%26%20go.yml/dispatches";
		expect(sent(github)).toEqual([{ method: "POST", url, headers: withBody, body }]);
	});

	it("that reads has no body, and names the answer that is known", async () => {
		const github = await answering(200, list(run()));
		await github.client.listRuns(TO, SINCE, '"abc"', 2);
		await github.client.listRuns(TO, SINCE);
		await github.client.readRun(TO, "7");
		await github.client.checkToken(TO);
		const runs = "/repos/contoso/fraud-model/actions/runs";
		const newest = `${runs}?event=repository_dispatch&created=%3E%3D2026-05-26T12%3A00%3A00Z&per_page=100`;
		const get = { method: "GET", headers, body: "" };
		expect(sent(github)).toEqual([
			{ ...get, url: `${newest}&page=2`, headers: { ...headers, "if-none-match": '"abc"' } },
			{ ...get, url: newest },
			{ ...get, url: `${runs}/7` },
			{ ...get, url: "/rate_limit" },
		]);
	});

	it("that asks for an app's token posts nothing", async () => {
		const github = await answering(201, {});
		await ask(github.url, { method: "POST", path: "/app/installations/7/access_tokens" });
		expect(sent(github)).toEqual([{ method: "POST", url: "/app/installations/7/access_tokens", headers, body: "" }]);
		expect(github.asked[0]?.headers["content-length"]).toBe("0");
	});

	it("ends with the signal of its try", async () => {
		const signals: unknown[] = [];
		const fetch = async (_: unknown, init?: RequestInit) => {
			signals.push(init?.signal);
			return new Response(null, { status: 204 });
		};
		const trying = beginTry(10_000, Date.now());
		const call = createCall({ apiUrl: "http://127.0.0.1:9", version: "9.9.9", fetch, now: Date.now });
		await call({ method: "POST", path: DISPATCHES, token: "t" }, trying);
		expect(signals).toEqual([trying.signal]);
	});

	it("is not sent after the end of its try", async () => {
		const github = await answering(204, "");
		const call = createCall({ apiUrl: github.url, version: "9.9.9", fetch: globalThis.fetch, now: Date.now });
		const trying = { ...beginTry(10_000, Date.now()), signal: AbortSignal.abort() };
		const { classification } = await call({ method: "POST", path: DISPATCHES, token: "t" }, trying);
		expect(classification).toMatchObject({ kind: "transient", reason: expect.stringContaining("nothing was sent") });
		expect([github.asked, trying.calls]).toEqual([[], []]);
	});
});

describe("an answer of GitHub", () => {
	it("is read as far as a refusal needs it, or all of it where it was asked for", async () => {
		const long = "x".repeat(ANSWER_BYTES + 1);
		const { url } = await answering(200, long, { "content-type": "text/plain" });
		expect((await ask(url)).text).toBe(long.slice(1));
		expect((await ask(url, { reads: true })).text).toBe(long);
	});

	it.each([400, 401, 403, 404, 422, 429, 500, 503])("of status %d is one, and no error", async (status) => {
		const github = await answering(status, { message: "Words" }, { "Retry-After": "5" });
		const response = { status, headers: { "retry-after": "5" }, message: "Words" };
		expect(await ask(github.url)).toMatchObject({ response, text: '{"message":"Words"}' });
		expect(github.asked).toHaveLength(1);
	});

	it("says when it has not come, with the cause in words", async () => {
		const github = await serverAt((_, response) => response.destroy());
		const { classification } = await ask(github.url);
		expect(classification).toMatchObject({ kind: "uncertain", reason: expect.stringContaining("other side closed") });
	});
});
