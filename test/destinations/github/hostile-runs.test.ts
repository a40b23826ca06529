import { afterEach, describe, expect, it } from "@jest/globals";
import { TokenUnavailable } from "../../../src/config/secrets.ts";
import { answering, clientOf, closeAll, json, list, run, runsOf, serverAt, startStandIn, TO } from "./client.ts";

const WORKFLOW = { id: "contoso/fraud-model/train.yml#main", repository: "contoso/fraud-model", workflow: "train.yml" };

afterEach(closeAll);

describe("a run that cannot be", () => {
	it.each<[string, unknown]>([
		["null", null],
		["a text", "run"],
		["a list", [run()]],
		["an id that is an object", run({ id: {} })],
		["a negative id", run({ id: -7 })],
		["a broken id", run({ id: 7.5 })],
		["no id", run({ id: undefined })],
		["no title", run({ display_title: undefined })],
		["no status", run({ status: null })],
		["a status with markup", run({ status: "<b>queued</b>" })],
		["a status with markup behind it", run({ status: "queued<b>" })],
		["a status with markup before it", run({ status: "<b>queued" })],
		["a status of a character too many", run({ status: "q".repeat(41) })],
		["a status as long as a page", run({ status: "q".repeat(10_000) })],
		["a conclusion that is a list", run({ conclusion: ["success"] })],
		["no attempt", run({ run_attempt: undefined })],
		["an attempt that is a text", run({ run_attempt: "1" })],
		["an attempt before the first", run({ run_attempt: 0 })],
		["an attempt after the last", run({ run_attempt: 1_000_001 })],
		["an absurd attempt", run({ run_attempt: 1e300 })],
		["no date", run({ created_at: undefined })],
		["a date that is none", run({ created_at: "2026-99-99T00:00:00Z" })],
		["a date that is a number", run({ created_at: 1 })],
		["a date in a list", run({ created_at: [new Date().toISOString()] })],
		["a date of another form", run({ created_at: "26 May 2026 12:00:00 GMT" })],
		["the first date of all", run({ created_at: "1970-01-01T00:00:00Z" })],
		["a date before the first", run({ created_at: "1969-12-31T23:59:59Z" })],
		["a date to come", run({ created_at: "2099-01-01T00:00:00Z" })],
	])("is left out alone, and the list is not complete: %s", async (_, bad) => {
		const { client } = await answering(200, list(run({ id: 1 }), bad, run({ id: 2 })));
		const answer = await client.listRuns(TO, 0);
		expect(runsOf(answer).map(({ id }) => id)).toEqual(["1", "2"]);
		expect(answer).toMatchObject({ complete: false, unreadable: 1 });
	});

	it("is not one at the end of what is possible", async () => {
		const last = { status: "q".repeat(40), run_attempt: 1_000_000 };
		const { client } = await answering(200, list(run(last)));
		expect(runsOf(await client.listRuns(TO, 0))).toMatchObject([{ status: last.status, attempt: 1_000_000 }]);
	});

	it("was created more than an hour after the answer", async () => {
		const [date, hourLater, later] = ["Tue, 26 May 2026 12:00:00 GMT", "2026-05-26T13:00:00Z", "2026-05-26T13:00:01Z"];
		const runs = [run({ id: 1, created_at: hourLater }), run({ id: 2, created_at: later })];
		const { url } = await answering(200, list(...runs), { date });
		const answer = await clientOf(url, { now: () => Date.parse(date) }).listRuns(TO, 0);
		expect(runsOf(answer).map(({ id }) => id)).toEqual(["1"]);
	});

	it("is counted as often as there are such", async () => {
		const { client } = await answering(200, list(null, run(), null));
		expect(await client.listRuns(TO, 0)).toMatchObject({ unreadable: 2 });
		const { client: uncounted } = await answering(200, { workflow_runs: [null, run(), null] });
		expect(await uncounted.listRuns(TO, 0)).toMatchObject({ unreadable: 2 });
	});

	it("does not stand twice", async () => {
		const { client } = await answering(200, list(run(), run()));
		expect(runsOf(await client.listRuns(TO, 0))).toHaveLength(1);
	});

	it.each<[string, unknown, number]>([
		["a number that is none", { total_count: "1", workflow_runs: [run()] }, 1],
		["a negative number", { total_count: -1, workflow_runs: [run()] }, 1],
		["a broken number", { total_count: 0.5, workflow_runs: [run()] }, 1],
		["no number", { workflow_runs: [run()] }, 1],
		["more than are listed", { total_count: 2, workflow_runs: [run()] }, 0],
	])("makes no list complete that has %s of runs", async (_, body, unreadable) => {
		const { client } = await answering(200, body);
		expect(await client.listRuns(TO, 0)).toMatchObject({ kind: "runs", complete: false, unreadable });
	});

	it("is none of a page that has more than it may have", async () => {
		const { client } = await answering(200, list(...Array.from({ length: 150 }, (_, id) => run({ id: id + 1 }))));
		expect(runsOf(await client.listRuns(TO, 0))).toHaveLength(100);
	});

	it("was created before the time that was asked for, whatever GitHub lists", async () => {
		const since = Date.now();
		const ages = [0, 1_500, 60_000].map((ms, id) =>
			run({ id: id + 1, created_at: new Date(since - ms).toISOString() }),
		);
		const { client } = await answering(200, list(...ages));
		expect(runsOf(await client.listRuns(TO, since)).map(({ id }) => id)).toEqual(["1"]);
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
		"https://user@github.com/contoso/fraud-model",
		"https://:pass@github.com/contoso/fraud-model",
		"https://github.com/".padEnd(501, "x"),
		"http://github.com/contoso/fraud-model/actions/runs/7",
		"//github.com/contoso",
		"https://github.com/".padEnd(10_000, "x"),
		["https://github.com/contoso"],
	])("is shown without a page that is not GitHub's: %j", async (html_url) => {
		const { client } = await answering(200, list(run({ html_url })));
		expect(runsOf(await client.listRuns(TO, 0))).toMatchObject([{ id: "7", url: null }]);
	});

	it("has a page at GitHub, or at a stand-in that was asked, and its address may have 500 characters", async () => {
		const pages: string[] = ["https://github.com/".padEnd(500, "x")];
		const { url, client } = await serverAt((request, response) => {
			json(200, list(...pages.map((html_url, id) => run({ id: id + 1, html_url }))))(request, response);
		});
		pages.push(`${url}/runs/7`);
		expect(runsOf(await client.listRuns(TO, 0)).map((seen) => seen.url)).toEqual(pages);
	});

	it.each<[unknown, unknown, string | null]>([
		["Train", ".github/workflows/train.yml", "Train"],
		["", ".github/workflows/train.yml", "train.yml"],
		[" ", ".github/workflows/train.yml@main", "train.yml"],
		[undefined, "train.yml@refs/heads/a/b", "train.yml"],
		[{}, `${"a/".repeat(300)}train.yml`, "train.yml"],
		[7, 8, null],
		[null, undefined, null],
		[[], "", null],
		["\n", ".github/workflows/", null],
		["", "x".repeat(10_000), `${"x".repeat(199)}…`],
	])("is of a workflow that has the name %j and the path %j", async (name, path, workflow) => {
		const { client } = await answering(200, list(run({ name, path })));
		expect(runsOf(await client.listRuns(TO, 0))).toMatchObject([{ id: "7", workflow }]);
	});
});

describe("an answer that has no runs", () => {
	const UNAVAILABLE = { kind: "unavailable" };
	const NOT_THE_RUNS = { kind: "unavailable", reason: "GitHub's answer does not contain the requested runs" };

	it.each<[string, number, unknown, Record<string, string>, object]>([
		["a page", 200, "<!DOCTYPE html>", { "content-type": "text/html" }, UNAVAILABLE],
		["a list", 200, [], {}, NOT_THE_RUNS],
		["null", 200, "null", {}, NOT_THE_RUNS],
		["runs that are no list", 200, { workflow_runs: { 0: run() } }, {}, NOT_THE_RUNS],
		["nothing", 204, "", {}, NOT_THE_RUNS],
		["a server error", 502, { message: "No" }, {}, UNAVAILABLE],
		["a refused token", 401, { message: "Bad credentials" }, {}, UNAVAILABLE],
		["a page with 403", 403, "<html>", { "content-type": "text/html" }, UNAVAILABLE],
		["a suspended account", 403, { message: "Your account was suspended" }, {}, UNAVAILABLE],
		["a status that nobody knows", 418, { message: "No" }, {}, UNAVAILABLE],
		["a refusal that is cut off", 403, '{"message":"No', {}, { kind: "refused" }],
		["a repository that is gone", 410, { message: "Gone" }, {}, { kind: "gone" }],
		["no repository", 404, { message: "Not Found" }, { etag: '"a"' }, { kind: "refused" }],
	])("is no fault of the delivery's: %s", async (_, status, body, headers, expected) => {
		const { client } = await answering(status, body, headers);
		const answer = await client.listRuns(TO, 0);
		expect(answer).toEqual({ reason: expect.stringMatching(/./), ...expected });
	});

	it("is none where there is no token to ask with", async () => {
		const classification = { kind: "unavailable", wide: true, reason: "the GitHub App is suspended" } as const;
		const get = () => Promise.reject(new TokenUnavailable(classification));
		const client = clientOf("http://127.0.0.1:9", { tokens: { get, refresh: get } });
		const { kind, reason } = classification;
		expect(await client.listRuns(TO, 0)).toEqual({ kind, reason });
		expect(await client.readRun(TO, "7")).toEqual({ kind, reason });
	});

	it("says that a token may not read runs, and which permission it needs", async () => {
		const github = await startStandIn();
		const client = clientOf(github.url);
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
			{ reason: expect.stringContaining("there is no such repository, or the token cannot see it") },
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
		const github = await startStandIn();
		const client = clientOf(github.url);
		github.script.set([{ refuse: "actions" }]);
		expect(await client.listRuns(TO, 0)).toMatchObject({ kind: "refused" });
	});

	it.each<[string, number, Record<string, string>, number]>([
		["a rate limit: as long as it says", 429, { "retry-after": "120" }, 120_000],
		["a rate limit: a day at most", 429, { "retry-after": "99999999" }, 86_400_000],
		["a rate limit: a minute where it says nothing", 429, {}, 60_000],
		["a rate limit that is a 403", 403, { "retry-after": "120" }, 120_000],
		["a server error: as long as it says", 503, { "retry-after": "120" }, 120_000],
	])("is waited for, after %s", async (_, status, headers, ms) => {
		const { url } = await answering(status, { message: "Slow down" }, headers);
		const now = Date.parse("2026-05-26T12:00:00Z");
		const answer = await clientOf(url, { now: () => now }).listRuns(TO, 0);
		expect(answer).toMatchObject({ kind: "unavailable", retryAt: now + ms });
	});

	it("does not come at all, and nothing is said of a request that was taken", async () => {
		const { url } = await serverAt((request) => request.socket.destroy());
		const answer = await clientOf(url).listRuns(TO, 0);
		expect(answer).toEqual({
			kind: "unavailable",
			reason: expect.stringMatching(/^no answer from GitHub \([^()]+\)$/),
		});
		const { url: silent } = await serverAt(() => {});
		expect(await clientOf(silent, { timeoutMs: 50 }).readRun(TO, "7")).toEqual({
			kind: "unavailable",
			reason: "GitHub did not answer in time",
		});
	});
});
