import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "@jest/globals";
import type { Client, RunsAnswer, SeenRun } from "../../../src/destinations/destination.ts";
import { createGitHub, type GitHubOptions } from "../../../src/destinations/github/github.ts";
import { createSend } from "../../../src/destinations/github/octokit.ts";
import { fixedToken } from "../../../src/destinations/github/tokens.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../../../src/local/github-stand-in.ts";
import { postJson } from "../../../support/call.ts";
import { repositoryDispatch } from "../../../support/destinations.ts";

const TOKEN = "a-token";
const TO = repositoryDispatch("contoso/fraud-model", "t");
const WORKFLOW = { id: "contoso/fraud-model/train.yml#main", repository: "contoso/fraud-model", workflow: "train.yml" };
const NO_LIMITS = { perHour: 1e9, contentPerMinute: 1e9, contentPerHour: 1e9 };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	await Promise.all(closing.splice(0).map((close) => close()));
});

function clientOf(apiUrl: string, more: Partial<GitHubOptions> = {}): Client {
	return createGitHub({
		apiUrl,
		tokens: fixedToken(TOKEN),
		loadSend: async () => createSend({ apiUrl, userAgent: "test", fetch: globalThis.fetch }),
		now: Date.now,
		sleep: async () => {},
		timeoutMs: 10_000,
		...more,
	});
}

async function standIn(): Promise<{ github: GitHubStandIn; client: Client }> {
	const github = await startGitHubStandIn({ tokens: [TOKEN], limits: NO_LIMITS });
	closing.push(() => github.close());
	return { github, client: clientOf(github.url, { now: github.now }) };
}

/** A server in GitHub's place, and what it was asked. */
async function serverAt(answer: (request: IncomingMessage, response: ServerResponse) => void) {
	const asked: IncomingMessage[] = [];
	const server: Server = createServer((request, response) => {
		asked.push(request);
		answer(request, response);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	return { asked, url, client: clientOf(url) };
}

const answering = (status: number, body: unknown, headers: Record<string, string> = {}) =>
	serverAt((_, response) =>
		response
			.writeHead(status, { "content-type": "application/json", ...headers })
			.end(typeof body === "string" ? body : JSON.stringify(body)),
	);

const dispatch = (client: Client, key: string) =>
	client.send(TO, JSON.stringify({ event_type: "t", client_payload: { bridge: { key } } }));

function runsOf(answer: RunsAnswer): readonly SeenRun[] {
	if (answer.kind !== "runs") throw new Error(`no runs: ${JSON.stringify(answer)}`);
	return answer.runs;
}

const [ONE, OTHER] = ["1".repeat(32), "2".repeat(32)];
/** A run as GitHub tells of it. */
const run = (more: object = {}) => ({
	id: 7,
	name: "Train",
	path: ".github/workflows/train.yml",
	display_title: `train (${ONE})`,
	event: "repository_dispatch",
	status: "queued",
	conclusion: null,
	run_attempt: 1,
	created_at: new Date().toISOString(),
	html_url: "https://github.com/contoso/fraud-model/actions/runs/7",
	...more,
});
const list = (...runs: unknown[]) => ({ total_count: runs.length, workflow_runs: runs });

describe("a list of runs", () => {
	it("has those that a repository dispatch started, with title, state and page, from one call", async () => {
		const { github, client } = await standIn();
		const sent = await dispatch(client, ONE);
		const since = sent.serverTime ?? Number.NaN;
		await dispatch(client, OTHER);
		const before = github.calls.length;
		const answer = await client.listRuns(TO, since);
		expect(answer).toMatchObject({ kind: "runs", complete: true, serverTime: expect.any(Number) });
		expect(runsOf(answer)).toMatchObject([{ title: `t (${OTHER})` }, { title: `t (${ONE})` }]);
		const [, first] = runsOf(answer);
		expect(first).toEqual({
			id: expect.stringMatching(/^\d+$/),
			url: `https://github.com/contoso/fraud-model/actions/runs/${first?.id}`,
			workflow: "Listen to everything",
			status: "completed",
			conclusion: "success",
			attempt: 1,
			title: `t (${ONE})`,
			createdAt: expect.any(Number),
		});
		expect(first?.createdAt).toBeGreaterThanOrEqual(since);
		expect(github.calls.length - before).toBe(1);
	});

	it("leaves out what was created before, and says whether there are more than it has", async () => {
		const { github, client } = await standIn();
		github.script.set([{ run: { copies: 100 } }]);
		await dispatch(client, ONE);
		github.advance(2_000);
		await dispatch(client, OTHER);
		const late = await client.listRuns(TO, github.now() - 1_000);
		expect(runsOf(late)).toHaveLength(1);
		const all = await client.listRuns(TO, github.now() - 60_000);
		expect(all).toMatchObject({ kind: "runs", complete: false });
		expect(runsOf(all)).toHaveLength(100);
	});

	it("of a workflow dispatch is that of its workflow and of its event", async () => {
		const { asked, client } = await answering(200, list(run({ event: "workflow_dispatch" }), run({ id: 8 })));
		const answer = await client.listRuns(WORKFLOW, Date.parse("2026-05-26T12:00:00.900Z"));
		expect(runsOf(answer).map(({ id }) => id)).toEqual(["7"]);
		expect(decodeURIComponent(asked[0]?.url ?? "")).toBe(
			"/repos/contoso/fraud-model/actions/workflows/train.yml/runs?event=workflow_dispatch&created=>=2026-05-26T12:00:00Z&per_page=100",
		);
	});

	it("that has not changed is a 304, which costs no primary limit", async () => {
		const { github, client } = await standIn();
		await dispatch(client, ONE);
		const since = github.now() - 60_000;
		const first = await client.listRuns(TO, since);
		if (first.kind !== "runs") throw new Error(first.kind);
		expect(await client.listRuns(TO, since, first.etag)).toEqual({ kind: "unchanged", serverTime: expect.any(Number) });
		expect(github.calls.at(-1)?.status).toBe(304);
		await dispatch(client, OTHER);
		expect(runsOf(await client.listRuns(TO, since, first.etag))).toHaveLength(2);
	});

	it.each([undefined, "no etag", ""])("has changed, whatever a 304 says that was not asked for: %j", async (etag) => {
		const { client } = await serverAt((_, response) => response.writeHead(304).end());
		expect(await client.listRuns(TO, 0, etag)).toMatchObject({ kind: "unavailable" });
		expect(await client.readRun(TO, "7")).toMatchObject({ kind: "unavailable" });
	});

	it("asks with no etag that is none, whatever was stored", async () => {
		const { asked, client } = await answering(200, list(run()), { etag: "no etag" });
		const answer = await client.listRuns(TO, 0, 'W/"a"\r\nauthorization: b');
		expect(asked[0]?.headers["if-none-match"]).toBeUndefined();
		expect(answer).not.toHaveProperty("etag");
	});

	it("follows a repository that was renamed", async () => {
		const { client } = await serverAt(({ url = "" }, response) => {
			if (url.startsWith("/repos/")) response.writeHead(301, { location: `/repositories/1${url.slice(26)}` }).end("{}");
			else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(list(run())));
		});
		expect(runsOf(await client.listRuns(TO, 0))).toHaveLength(1);
	});

	it("of a hundred long runs is read to its end", async () => {
		const runs = Array.from({ length: 100 }, (_, id) => run({ id: id + 1, repository: "x".repeat(20_000) }));
		const { client } = await answering(200, list(...runs));
		expect(runsOf(await client.listRuns(TO, 0))).toHaveLength(100);
	});

	it("that never ends is given up", async () => {
		const { client } = await serverAt((_, response) => {
			response.writeHead(200, { "content-type": "application/json" });
			response.write('{"workflow_runs":[');
			const piece = `"${"x".repeat(1024 * 1024)}",`;
			const write = () => {
				while (!response.destroyed && response.write(piece));
			};
			response.on("drain", write);
			write();
		});
		expect(await client.listRuns(TO, 0)).toMatchObject({ kind: "unavailable" });
	});
});

describe("a run that cannot be", () => {
	it.each<[string, unknown]>([
		["null", null],
		["a text", "run"],
		["an id that is an object", run({ id: {} })],
		["a negative id", run({ id: -7 })],
		["a broken id", run({ id: 7.5 })],
		["no id", run({ id: undefined })],
		["no title", run({ display_title: undefined })],
		["no status", run({ status: null })],
		["a status with markup", run({ status: "<b>queued</b>" })],
		["a status as long as a page", run({ status: "q".repeat(10_000) })],
		["a conclusion that is a list", run({ conclusion: ["success"] })],
		["no attempt", run({ run_attempt: undefined })],
		["an absurd attempt", run({ run_attempt: 1e300 })],
		["no date", run({ created_at: undefined })],
		["a date that is none", run({ created_at: "2026-99-99T00:00:00Z" })],
		["a date that is a number", run({ created_at: 1 })],
		["a date to come", run({ created_at: "2099-01-01T00:00:00Z" })],
	])("is left out alone, and the list is not complete: %s", async (_, bad) => {
		const { client } = await answering(200, list(run({ id: 1 }), bad, run({ id: 2 })));
		const answer = await client.listRuns(TO, 0);
		expect(runsOf(answer).map(({ id }) => id)).toEqual(["1", "2"]);
		expect(answer).toMatchObject({ complete: false, unreadable: 1 });
	});

	it("does not stand twice", async () => {
		const { client } = await answering(200, list(run(), run()));
		expect(runsOf(await client.listRuns(TO, 0))).toHaveLength(1);
	});

	it.each<[string, unknown]>([
		["a number that is none", { total_count: "1", workflow_runs: [run()] }],
		["a negative number", { total_count: -1, workflow_runs: [run()] }],
		["no number", { workflow_runs: [run()] }],
		["more than are listed", { total_count: 2, workflow_runs: [run()] }],
	])("makes no list complete that has %s of runs", async (_, body) => {
		const { client } = await answering(200, body);
		expect(await client.listRuns(TO, 0)).toMatchObject({ kind: "runs", complete: false });
	});

	it("makes no list complete that ends with the thousandth run, which is the last that GitHub lists", async () => {
		const runs = Array.from({ length: 100 }, (_, id) => run({ id: id + 1 }));
		for (const [total, complete] of [
			[999, true],
			[1_000, false],
		] as const) {
			const { client } = await answering(200, { total_count: total, workflow_runs: runs });
			expect(await client.listRuns(TO, 0, undefined, 10)).toMatchObject({ kind: "runs", complete });
		}
	});

	it("has an id of more digits than a double holds", async () => {
		const { client } = await answering(200, JSON.stringify(list(run())).replace('"id":7', '"id":12345678901234567890'));
		expect(runsOf(await client.listRuns(TO, 0))[0]?.id).toBe("12345678901234567890");
	});

	it("is no reason to forget its title's control characters, or to keep all of it", async () => {
		const { client } = await answering(200, list(run({ display_title: `\u001b[31m${"x".repeat(10_000)}` })));
		const [seen] = runsOf(await client.listRuns(TO, 0));
		expect(seen?.title).toMatch(/^\[31mx+…$/);
		expect(seen?.title.length).toBeLessThanOrEqual(500);
	});

	it("has not ended before its status says so", async () => {
		const { client } = await answering(200, list(run({ status: "in_progress", conclusion: "success" })));
		expect(runsOf(await client.listRuns(TO, 0))).toMatchObject([{ status: "in_progress", conclusion: null }]);
	});

	it.each([
		"javascript:alert(1)",
		"https://github.com.evil.example/contoso/fraud-model/actions/runs/7",
		"https://user:pass@github.com/contoso/fraud-model",
		"http://github.com/contoso/fraud-model/actions/runs/7",
		"//github.com/contoso",
		"https://github.com/".padEnd(10_000, "x"),
		["https://github.com/contoso"],
	])("is shown without a page that is not GitHub's: %j", async (html_url) => {
		const { client } = await answering(200, list(run({ html_url })));
		expect(runsOf(await client.listRuns(TO, 0))).toMatchObject([{ id: "7", url: null }]);
	});
});

describe("an answer that has no runs", () => {
	it.each<[string, number, unknown, Record<string, string>, object]>([
		["a page", 200, "<!DOCTYPE html>", { "content-type": "text/html" }, { kind: "unavailable" }],
		["a list", 200, [], {}, { kind: "unavailable" }],
		["null", 200, "null", {}, { kind: "unavailable" }],
		["runs that are no list", 200, { workflow_runs: { 0: run() } }, {}, { kind: "unavailable" }],
		["nothing", 204, "", {}, { kind: "unavailable" }],
		["a server error", 502, { message: "No" }, {}, { kind: "unavailable" }],
		["a refused token", 401, { message: "Bad credentials" }, {}, { kind: "unavailable" }],
		["a page with 403", 403, "<html>", { "content-type": "text/html" }, { kind: "unavailable" }],
		["a suspended account", 403, { message: "Your account was suspended" }, {}, { kind: "unavailable" }],
		["a repository that is gone", 410, { message: "Gone" }, {}, { kind: "gone" }],
		["no repository", 404, { message: "Not Found" }, {}, { kind: "refused" }],
	])("is no fault of the delivery's: %s", async (_, status, body, headers, expected) => {
		const { client } = await answering(status, body, headers);
		expect(await client.listRuns(TO, 0)).toMatchObject({ ...expected, reason: expect.stringMatching(/./) });
	});

	it("says that a token may not read runs, and which permission it needs", async () => {
		const { github, client } = await standIn();
		github.script.set([{ refuse: "runs", times: 2 }]);
		const refused = { kind: "refused", reason: expect.stringContaining("actions=read") };
		expect(await client.listRuns(TO, 0)).toMatchObject(refused);
		expect(await client.readRun(TO, "7")).toMatchObject(refused);
	});

	it("names the workflow that may be missing, and no other than what was asked for", async () => {
		const { client } = await answering(404, { message: "Not Found" });
		const reasons = [await client.listRuns(WORKFLOW, 0), await client.listRuns(TO, 0)];
		expect(reasons).toMatchObject([
			{ reason: expect.stringContaining("no workflow train.yml in it") },
			{ reason: expect.not.stringContaining("workflow") },
		]);
	});

	it("names Actions: read where GitHub names nothing", async () => {
		const { client } = await answering(403, { message: "Resource not accessible by integration" });
		expect(await client.listRuns(TO, 0)).toMatchObject({
			kind: "refused",
			reason: expect.stringContaining("Actions: read"),
		});
	});

	it("is refused by a server without Actions", async () => {
		const { github, client } = await standIn();
		github.script.set([{ refuse: "actions" }]);
		expect(await client.listRuns(TO, 0)).toMatchObject({ kind: "refused" });
	});

	it("holds no run where Actions are off in the repository", async () => {
		const { github, client } = await standIn();
		await postJson(`${github.url}/_repository`, { repository: "contoso/fraud-model", actions: false });
		await dispatch(client, ONE);
		expect(await client.listRuns(TO, 0)).toMatchObject({ kind: "runs", runs: [], complete: true });
	});

	it.each<[string, Record<string, string>, number]>([
		["as long as it says", { "retry-after": "120" }, 120_000],
		["a day at most", { "retry-after": "99999999" }, 86_400_000],
		["a minute where it says nothing", {}, 60_000],
	])("is waited for, after a rate limit: %s", async (_, headers, ms) => {
		const { url } = await answering(429, { message: "Slow down" }, headers);
		const now = Date.parse("2026-05-26T12:00:00Z");
		const answer = await clientOf(url, { now: () => now }).listRuns(TO, 0);
		expect(answer).toMatchObject({ kind: "unavailable", retryAt: now + ms });
	});

	it("does not come at all, and nothing is said of a request that was taken", async () => {
		const { url } = await serverAt((request) => request.socket.destroy());
		const answer = await clientOf(url).listRuns(TO, 0);
		expect(answer).toMatchObject({ kind: "unavailable", reason: expect.stringMatching(/^no answer from GitHub/) });
		expect(answer).not.toMatchObject({ reason: expect.stringContaining("took") });
		const { url: silent } = await serverAt(() => {});
		expect(await clientOf(silent, { timeoutMs: 50 }).readRun(TO, "7")).toEqual({
			kind: "unavailable",
			reason: "GitHub did not answer in time",
		});
	});
});

describe("one run", () => {
	it("is read as it is now", async () => {
		const { github, client } = await standIn();
		github.script.set([{ run: { startAfterMs: 1_000, completeAfterMs: 5_000, conclusion: "failure" } }]);
		await dispatch(client, ONE);
		const id = runsOf(await client.listRuns(TO, 0))[0]?.id ?? "";
		const states: unknown[] = [];
		for (const ms of [0, 2_000, 5_000]) {
			github.advance(ms);
			const [{ status, conclusion } = {} as SeenRun] = runsOf(await client.readRun(TO, id));
			states.push([status, conclusion]);
		}
		expect(states).toEqual([
			["queued", null],
			["in_progress", null],
			["completed", "failure"],
		]);
	});

	it("is gone where it was removed, or was never one", async () => {
		const { github, client } = await standIn();
		expect(await client.readRun(TO, "4711")).toMatchObject({
			kind: "gone",
			reason: expect.stringMatching(/no such run/),
		});
		const before = github.calls.length;
		for (const id of ["../../x", "", "7 ", "\ud800"])
			expect(await client.readRun(TO, id)).toMatchObject({ kind: "gone" });
		expect(github.calls.length).toBe(before);
	});

	it("is not another one", async () => {
		const { client } = await answering(200, run({ id: 8 }));
		expect(await client.readRun(TO, "7")).toMatchObject({ kind: "unavailable" });
	});
});

describe("the service's clock", () => {
	it("is told with a dispatch and with its runs, as GitHub's date has it", async () => {
		const { github, client } = await standIn();
		github.advance(2_700_000);
		const second = Math.floor(github.now() / 1_000) * 1_000;
		const times = [(await dispatch(client, ONE)).serverTime, await client.listRuns(TO, 0)];
		const [sent = 0, listed] = [times[0] as number, times[1] as RunsAnswer & { serverTime: number }];
		for (const time of [sent, listed.serverTime]) {
			expect(time % 1_000).toBe(0);
			expect(time - second).toBeGreaterThanOrEqual(0);
			expect(time - second).toBeLessThan(60_000);
		}
	});

	it.each(["Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "soon", ""])(
		"is none where it says %j: then ours stands for it",
		async (date) => {
			const { url } = await serverAt((_, response) => {
				response.sendDate = false;
				response.writeHead(200, { "content-type": "application/json", ...(date === "" ? {} : { date }) });
				response.end(JSON.stringify(list()));
			});
			const now = Date.parse("2026-05-26T12:00:00Z");
			const client = clientOf(url, { now: () => now });
			expect(await client.listRuns(TO, 0)).toMatchObject({ kind: "runs", serverTime: now });
			expect((await dispatch(client, ONE)).serverTime).toBeUndefined();
		},
	);
});

describe("reading", () => {
	it("asks for the token anew after a 401, as a dispatch does", async () => {
		const { url, asked } = await serverAt(({ headers }, response) => {
			const isNew = headers.authorization === "Bearer new";
			response.writeHead(isNew ? 200 : 401, { "content-type": "application/json" });
			response.end(JSON.stringify(isNew ? list(run()) : { message: "Bad credentials" }));
		});
		const tokens = { get: async () => "old", refresh: async () => "new" };
		expect(runsOf(await clientOf(url, { tokens }).listRuns(TO, 0))).toHaveLength(1);
		expect(asked).toHaveLength(2);
	});
});

describe("a list of more than a hundred runs", () => {
	it("has the others on its next pages, the last of which is complete", async () => {
		const { client } = await standIn();
		for (let sent = 0; sent < 130; sent++) await dispatch(client, ONE);
		const [first, second] = [await client.listRuns(TO, 0), await client.listRuns(TO, 0, undefined, 2)];
		expect([first, second]).toMatchObject([{ complete: false }, { complete: true }]);
		expect([runsOf(first).length, runsOf(second).length]).toEqual([100, 30]);
		expect(new Set([...runsOf(first), ...runsOf(second)].map(({ id }) => id)).size).toBe(130);
	});
});
