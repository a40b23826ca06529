import { describe, expect, it } from "@jest/globals";
import type { TokenSource } from "../../../src/destinations/azure-devops/tokens.ts";
import { pipelineRun } from "../../../support/destinations.ts";
import { clientOf, PAT } from "./client.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const TO = pipelineRun("contoso/ml", 7);
const URL = "https://dev.azure.com";
const HEADERS = {
	accept: "application/json",
	authorization: `Basic ${Buffer.from(`:${PAT}`).toString("base64")}`,
	"user-agent": "grid-dispatch/9.9.9",
};

/** The client, and what it fetches. */
function watched(answer: () => Promise<Response>, more: Parameters<typeof clientOf>[1] = {}) {
	const sent: [string, RequestInit | undefined][] = [];
	const fetch = (url: unknown, init?: RequestInit) => {
		sent.push([String(url), init]);
		return answer();
	};
	return { client: clientOf(URL, { fetch, now: () => NOW, ...more }), sent };
}

const answerOf = (status: number, headers: Record<string, string> = {}) => {
	return async () => Response.json({ id: 31, state: "completed" }, { status, headers });
};

describe("a request to Azure DevOps", () => {
	it("that starts a run posts JSON", async () => {
		const { client, sent } = watched(answerOf(200));
		await client.send(TO, '{"a":1}');
		const headers = { ...HEADERS, "content-type": "application/json" };
		expect(sent).toMatchObject([[`${URL}/contoso/ml/_apis/pipelines/7/runs?api-version=7.1`, { method: "POST" }]]);
		expect(sent[0]?.[1]).toMatchObject({ headers, body: '{"a":1}', redirect: "manual" });
	});

	it("that asks has no body", async () => {
		const { client, sent } = watched(answerOf(200));
		await client.listRuns(TO, NOW);
		await client.readRun(TO, "31");
		await client.checkToken(TO);
		expect(sent).toHaveLength(3);
		for (const [, init] of sent) {
			expect(init).toMatchObject({ method: "GET", redirect: "manual", body: null });
			expect(init?.headers).toEqual(HEADERS);
		}
	});

	it.each([200, 300, 400, 403, 404, 409, 413, 429, 500, 503])(
		"is not repeated, and no token is read anew, after a %i",
		async (status) => {
			const fresh: string[] = [];
			const tokens: TokenSource = {
				get: async () => ({ value: PAT, scheme: "Basic" }),
				refresh: async () => ({ value: `${fresh.push("read")}-${PAT}`, scheme: "Basic" }),
			};
			const { client, sent } = watched(answerOf(status), { tokens });
			await client.send(TO, "{}");
			expect([sent.length, fresh]).toEqual([1, []]);
		},
	);

	it("has the token that the client shows", async () => {
		expect(await watched(answerOf(200)).client.getToken(TO)).toEqual({ value: PAT, scheme: "Basic" });
	});

	it.each([
		[{ "x-vss-e2eid": "one", activityid: "two" }, "one"],
		[{ "x-vss-e2eid": "one" }, "one"],
		[{ activityid: "two" }, "two"],
		[{}, undefined],
	])("has the id that Azure DevOps gives it: %j", async (headers, id) => {
		const answer = await watched(answerOf(200, headers)).client.send(TO, "{}");
		expect(answer.requestId).toBe(id);
	});
});

describe("a request that Azure DevOps does not answer", () => {
	const cut = () => Promise.reject(new Error("the socket was closed"));
	const never = () => new Promise<Response>(() => {});
	const UNKNOWN = "; it is not known whether the request was taken";

	it.each([
		["that is cut off", cut, "no answer from Azure DevOps (the socket was closed)"],
		["that hangs", never, "Azure DevOps did not answer in time"],
	])("may have been taken if it starts a run, and not if it asks: one %s", async (_, answer, reason) => {
		const { client } = watched(answer, { timeoutMs: 50 });
		const sent = await client.send(TO, "{}");
		expect(sent.classification).toEqual({ kind: "uncertain", reason: expect.stringContaining(reason + UNKNOWN) });
		const asked = await client.listRuns(TO, NOW);
		expect(asked).toEqual({ kind: "unavailable", reason: expect.stringContaining(reason) });
		expect(JSON.stringify(asked)).not.toContain("taken");
		expect(await client.checkToken(TO)).toMatchObject({ state: "unknown", reason: expect.stringContaining(reason) });
	});
});
