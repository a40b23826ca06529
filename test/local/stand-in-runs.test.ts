import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type GitHubStandIn, type StandInOptions, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { type Called, call, postJson } from "../../support/call.ts";
import { objections, operation } from "../helpers/github-openapi.ts";

const REPOSITORY = "contoso/fraud-model";
const CALLER = { "user-agent": "a-test", authorization: "Bearer a-token" };
const START = Date.parse("2026-05-26T12:00:00Z");
const MINUTE_MS = 60_000;
const RUNS = "/repos/{owner}/{repo}/actions/runs";

/** As much of a run as is looked at here. */
interface Run {
	readonly id: number;
	readonly display_title: string;
	readonly status: string;
	readonly conclusion: string | null;
	readonly created_at: string;
	readonly run_started_at: string;
	readonly path: string;
	readonly event: string;
}

let github: GitHubStandIn;

async function start(options: StandInOptions = {}): Promise<void> {
	github = await startGitHubStandIn({ now: () => START, ...options });
}

function get(below: string, headers: Record<string, string> = {}): Promise<Called> {
	return call(`${github.url}/repos/${REPOSITORY}${below}`, { headers: { ...CALLER, ...headers } });
}

async function runs(query = ""): Promise<readonly Run[]> {
	const answer = await get(`/actions/runs${query}`);
	expect(objections(operation(RUNS, "get"), answer)).toEqual([]);
	return (answer.json() as { workflow_runs: Run[] }).workflow_runs;
}

async function dispatch(key: string, repository = REPOSITORY, type = "new-data"): Promise<number> {
	const body = { event_type: type, client_payload: { bridge: { key } } };
	return (await postJson(`${github.url}/repos/${repository}/dispatches`, body, CALLER)).status;
}

function post(path: string, value: unknown): Promise<Called> {
	return postJson(`${github.url}${path}`, value);
}

const titles = (listed: readonly Run[]) => listed.map(({ display_title }) => display_title);

afterEach(() => github.close());

describe("a run in the GitHub stand-in", () => {
	beforeEach(() => start());

	it("has an id that no run of an earlier start had, so that no receipt shows the run of another event", async () => {
		await dispatch("before");
		const [before] = await runs();
		await github.close();
		// The bridge keeps its receipts, and asks for the run that it knows.
		await start({ now: () => START + MINUTE_MS });
		await dispatch("after");
		const [after] = await runs();
		expect(after?.id).toBeGreaterThan(before?.id ?? 0);
		expect((await get(`/actions/runs/${before?.id}`)).status).toBe(404);
		// Azure Pipelines' ids are 32-bit integers, and its runs count with GitHub's.
		expect(after?.id).toBeLessThan(2 ** 31);
	});

	it("succeeds at once where nothing else is said, and has every member that GitHub documents", async () => {
		await dispatch("one");
		const [run] = await runs();
		expect(run).toMatchObject({
			display_title: "new-data (one)",
			event: "repository_dispatch",
			path: ".github/workflows/listen.yml",
			head_branch: "main",
			run_attempt: 1,
			run_number: 1,
			status: "completed",
			conclusion: "success",
			created_at: "2026-05-26T12:00:00Z",
			html_url: `https://github.com/${REPOSITORY}/actions/runs/${run?.id}`,
		});
		const alone = await get(`/actions/runs/${run?.id}`);
		expect(objections(operation(`${RUNS}/{run_id}`, "get"), alone)).toEqual([]);
		expect(alone.json()).toEqual(run);
		expect(github.runs()).toMatchObject([{ id: run?.id, dispatch: { client_payload: { bridge: { key: "one" } } } }]);
	});

	it("is created late, queued, in progress and concluded when the script says so, by the stand-in's clock", async () => {
		const run = {
			createAfterMs: 45 * MINUTE_MS,
			startAfterMs: MINUTE_MS,
			completeAfterMs: 2 * MINUTE_MS,
			conclusion: "failure",
		};
		github.script.set({ run });
		await dispatch("late");
		const states: unknown[] = [];
		for (const minutes of [0, 44, 1, 1, 1, 1]) {
			await post("/_clock", { advanceMs: minutes * MINUTE_MS });
			const [seen] = await runs();
			states.push(
				seen && [seen.status, seen.conclusion, seen.created_at.slice(11, 16), seen.run_started_at.slice(11, 16)],
			);
		}
		expect(states).toEqual([
			undefined,
			undefined,
			["queued", null, "12:45", "12:45"],
			["in_progress", null, "12:45", "12:45"],
			["in_progress", null, "12:45", "12:45"],
			["completed", "failure", "12:45", "12:45"],
		]);
	});

	it("cannot be got by its id before it is created", async () => {
		github.script.set({ run: { createAfterMs: MINUTE_MS } });
		await dispatch("late");
		const path = `/actions/runs/${github.runs()[0]?.id}`;
		expect((await get(path)).status).toBe(404);
		github.advance(MINUTE_MS);
		expect((await get(path)).status).toBe(200);
		expect((await get("/actions/runs/1")).status).toBe(404);
	});

	it("never comes where the script says so, though the dispatch is taken; its neighbours come", async () => {
		github.script.set({ run: { none: true }, times: 2 });
		for (const key of ["a", "b", "c"]) expect(await dispatch(key)).toBe(204);
		github.advance(1_000 * MINUTE_MS);
		expect(titles(await runs())).toEqual(["new-data (c)"]);
		expect((await call(`${github.url}/_runs`)).json()).toMatchObject([
			{ key: "a", createdAt: null, status: null },
			{ key: "b", createdAt: null, status: null },
			{ key: "c", createdAt: "2026-05-26T12:00:00.000Z", status: "completed", ends: "success" },
		]);
	});

	it("is one of several from one dispatch, or has a title that is not its own, as the script says", async () => {
		github.script.set([{ run: { copies: 3 } }, { run: { title: "by hand" } }]);
		await dispatch("many");
		await dispatch("other");
		expect(titles(await runs())).toEqual(["by hand", "new-data (many)", "new-data (many)", "new-data (many)"]);
		expect(new Set((await runs()).map(({ id }) => id)).size).toBe(4);
	});

	it.each(["cancelled", "failure", "timed_out", "skipped", "startup_failure"])(
		"ends as the script says: %s",
		async (conclusion) => {
			github.script.set({ run: { conclusion } });
			await dispatch("one");
			expect(await runs()).toMatchObject([{ status: "completed", conclusion }]);
		},
	);

	it("is spread over a range, so that each of many is created at a time of its own", async () => {
		github.script.set({ run: { createAfterMs: [0, 40 * MINUTE_MS] }, times: 40 });
		for (let index = 0; index < 40; index++) await dispatch(String(index));
		const seen = [0];
		for (let quarter = 0; quarter < 4; quarter++) {
			github.advance(10 * MINUTE_MS);
			seen.push((await runs("?per_page=100")).length);
		}
		const created = seen.slice(1).map((count, index) => count - (seen[index] ?? 0));
		expect(created.filter((count) => count < 8 || count > 12)).toEqual([]);
		expect(seen.at(-1)).toBe(40);
	});

	it("starts in each workflow that listens, and in none where Actions are off", async () => {
		await post("/_repository", {
			workflows: {
				"a.yml": "on: repository_dispatch",
				"b.yml": "name: B\non: repository_dispatch",
				"c.yml": "on: push",
			},
		});
		await dispatch("one");
		expect((await runs()).map(({ path }) => path)).toEqual([".github/workflows/b.yml", ".github/workflows/a.yml"]);
		await post("/_repository", { actions: false });
		expect(await dispatch("two")).toBe(204);
		expect(await runs()).toHaveLength(2);
	});

	it("comes from a dispatch that was taken though it was answered 502, and from none that was not", async () => {
		github.script.set([
			{ status: 502, taken: true, run: { copies: 2 } },
			{ status: 502 },
			{ cut: "after" },
			{ hang: true, times: 1 },
			{ cut: "before" },
		]);
		const lost = async (key: string) => dispatch(key).catch(() => undefined);
		expect(await dispatch("taken")).toBe(502);
		expect(await dispatch("not taken")).toBe(502);
		await lost("cut after");
		void lost("hangs");
		await lost("cut before");
		expect(titles(await runs())).toEqual(["new-data (cut after)", "new-data (taken)", "new-data (taken)"]);
	});

	it("is forgotten with the dispatches", async () => {
		await dispatch("one");
		await call(`${github.url}/_received`, { method: "DELETE" });
		expect(await runs()).toEqual([]);
	});

	it("lives as the options say where the script says nothing", async () => {
		await github.close();
		await start({ runs: { startAfterMs: MINUTE_MS, completeAfterMs: MINUTE_MS } });
		await dispatch("one");
		expect(await runs()).toMatchObject([{ status: "queued" }]);
		github.advance(MINUTE_MS);
		expect(await runs()).toMatchObject([{ status: "in_progress" }]);
		github.advance(MINUTE_MS);
		expect(await runs()).toMatchObject([{ status: "completed", conclusion: "success" }]);
	});
});

describe("a step of the script that is about runs", () => {
	beforeEach(() => start());

	it("is used up by dispatches that were taken alone, not by reads, refusals or dispatches of another kind", async () => {
		github.script.set([
			{ run: { none: true }, dispatchType: "new-data", repository: REPOSITORY, times: 2 },
			{ calls: "dispatches", status: 503 },
		]);
		expect(await dispatch("refused")).toBe(503);
		await runs();
		await dispatch("of another type", REPOSITORY, "old-data");
		await dispatch("elsewhere", "contoso/churn");
		expect(github.script.left()).toBe(2);
		await dispatch("a");
		await dispatch("b");
		expect(github.script.left()).toBe(0);
		expect(titles(await runs())).toEqual(["old-data (of another type)"]);
	});

	it("leaves the step for the call itself its own runs", async () => {
		github.script.set([{ run: { none: true } }, { status: 502, taken: true, run: { conclusion: "failure" } }]);
		await dispatch("own");
		await dispatch("next");
		expect(await runs()).toMatchObject([{ conclusion: "failure", display_title: "new-data (own)" }]);
	});
});

describe("the list of runs in the GitHub stand-in", () => {
	beforeEach(() => start());

	it("finds by event, status, branch and time, in each form that GitHub documents", async () => {
		await dispatch("first");
		github.advance(MINUTE_MS);
		github.script.set({ run: { startAfterMs: MINUTE_MS, conclusion: "failure" } });
		await dispatch("second");
		const found = async (query: string) =>
			(await runs(`?${query}`)).map(({ display_title }) => display_title.slice(10, -1));
		for (const [query, keys] of [
			["event=repository_dispatch", ["second", "first"]],
			["event=workflow_dispatch", []],
			["status=queued", ["second"]],
			["status=success", ["first"]],
			["status=failure", []],
			["branch=main", ["second", "first"]],
			["branch=other", []],
			["created=%3E%3D2026-05-26T12:01:00Z", ["second"]],
			["created=%3E2026-05-26T12:01:00Z", []],
			["created=%3C2026-05-26T12:01:00%2B00:00", ["first"]],
			["created=%3C%3D2026-05-26T12:01:00Z", ["second", "first"]],
			["created=2026-05-26", ["second", "first"]],
			["created=2026-05-27", []],
			["created=2026-05-26T12:00:30Z..*", ["second"]],
			["created=*..2026-05-26T12:00:30Z", ["first"]],
			["created=2026-05-26T12:00:00Z..2026-05-26T12:01:00Z", ["second", "first"]],
			["per_page=1&page=2", ["first"]],
			["per_page=1&page=3", []],
		] as const) {
			expect([query, await found(query)]).toEqual([query, keys]);
		}
	});

	it("has at most 100 on a page, and finds at most 1,000 of them in a search", async () => {
		github.script.set({ run: { copies: 100 }, times: 11 });
		for (let index = 0; index < 11; index++) await dispatch(String(index));
		expect(await runs("?per_page=500")).toHaveLength(100);
		expect(await runs("?per_page=100&page=11")).toHaveLength(100);
		expect(await runs("?event=repository_dispatch&per_page=100&page=10")).toHaveLength(100);
		const beyond = await get("/actions/runs?event=repository_dispatch&per_page=100&page=11");
		expect(beyond.json()).toMatchObject({ total_count: 1100, workflow_runs: [] });
	});

	it("of one workflow has its runs alone, by its file and by its id", async () => {
		await post("/_repository", {
			workflows: { "a.yml": "on: repository_dispatch", "b.yml": "on: repository_dispatch" },
		});
		await dispatch("one");
		const path = `/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs`;
		for (const name of ["b.yml", "1001"]) {
			const answer = await get(`/actions/workflows/${name}/runs`);
			expect(objections(operation(path, "get"), answer)).toEqual([]);
			expect(answer.json()).toMatchObject({ total_count: 1, workflow_runs: [{ path: ".github/workflows/b.yml" }] });
			const workflow = await get(`/actions/workflows/${name}`);
			expect(objections(operation("/repos/{owner}/{repo}/actions/workflows/{workflow_id}", "get"), workflow)).toEqual(
				[],
			);
		}
		expect((await get("/actions/workflows/c.yml/runs")).status).toBe(404);
	});

	it("is answered 304 to a caller that has it already, which no limit counts, until something has changed", async () => {
		github.script.set({ run: { startAfterMs: MINUTE_MS } });
		await dispatch("one");
		const first = await get("/actions/runs");
		const etag = String(first.headers["etag"]);
		const used = (answer: Called) => Number(answer.headers["x-ratelimit-used"]);
		const again = await get("/actions/runs", { "if-none-match": etag });
		expect(again).toMatchObject({ status: 304, text: "", headers: { etag } });
		expect(used(again)).toBe(used(first));
		const listed = await get("/actions/runs", { "if-none-match": `"other", ${etag.slice(2)}` });
		expect(listed.status).toBe(304);
		github.advance(1_000);
		expect((await get("/actions/runs", { "if-none-match": etag })).status).toBe(304);
		await dispatch("two");
		const changed = await get("/actions/runs", { "if-none-match": etag });
		expect(changed.status).toBe(200);
		expect(used(changed)).toBe(used(first) + 2);
	});

	it("is refused to a token without Actions read, with GitHub's hint, by the script and by the repository", async () => {
		const refusal = {
			status: 403,
			headers: { "x-accepted-github-permissions": "actions=read" },
			text: expect.stringContaining("Resource not accessible by personal access token"),
		};
		github.script.set({ refuse: "runs", times: 2, repository: REPOSITORY });
		expect(await dispatch("one")).toBe(204);
		expect(await get("/actions/runs")).toMatchObject(refusal);
		expect(await get(`/actions/runs/${github.runs()[0]?.id}`)).toMatchObject(refusal);
		expect((await get("/actions/runs")).status).toBe(200);
		await post("/_repository", { token: { permissions: { metadata: "read", contents: "write" } } });
		expect(await get("/actions/runs")).toMatchObject(refusal);
		expect(await dispatch("two")).toBe(204);
	});

	it("is not there on a server without Actions", async () => {
		github.script.set({ refuse: "actions", times: 3 });
		expect((await get("/actions/runs")).status).toBe(404);
		expect((await get("/actions/workflows")).status).toBe(404);
		expect((await get("")).status).toBe(200);
		expect(github.script.left()).toBe(1);
	});
});

describe("the stand-in's clock", () => {
	beforeEach(() => start());

	it("is told with each answer, and moved forward", async () => {
		const times = async () => (await call(`${github.url}/_clock`)).json();
		expect(await times()).toEqual({ now: "2026-05-26T12:00:00.000Z" });
		expect((await get("")).headers.date).toBe("Tue, 26 May 2026 12:00:00 GMT");
		expect((await post("/_clock", { now: "2026-05-26T12:45:00Z" })).json()).toEqual({
			now: "2026-05-26T12:45:00.000Z",
		});
		github.advance(MINUTE_MS);
		expect((await get("")).headers.date).toBe("Tue, 26 May 2026 12:46:00 GMT");
		await dispatch("one");
		expect(github.received[0]?.at).toBe("2026-05-26T12:46:00.000Z");
	});

	it.each([[{ advanceMs: -1 }], [{ advanceMs: "1" }], [{ now: "2026-05-26T11:59:59Z" }], [{ now: "soon" }], [7], [{}]])(
		"refuses %j",
		async (given) => {
			const answer = await post("/_clock", given);
			expect(answer).toMatchObject({ status: 400, text: expect.stringContaining("the clock needs") });
			expect(github.now()).toBe(START);
		},
	);
});
