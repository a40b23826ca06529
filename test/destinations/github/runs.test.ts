import { afterEach, describe, expect, it } from "@jest/globals";
import type { Client, RunsAnswer, SeenRun } from "../../../src/destinations/destination.ts";
import { postJson } from "../../../support/call.ts";
import { answering, clientOf, closeAll, KEY, list, run, runsOf, serverAt, startStandIn, TO } from "./client.ts";

const WORKFLOW = { id: "contoso/fraud-model/train.yml#main", repository: "contoso/fraud-model", workflow: "train.yml" };
const OTHER = "2".repeat(32);

afterEach(closeAll);

async function standIn() {
	const github = await startStandIn();
	return { github, client: clientOf(github.url, { now: github.now }) };
}

const dispatch = (client: Client, key: string) =>
	client.send(TO, JSON.stringify({ event_type: "t", client_payload: { bridge: { key } } }));

describe("a list of runs", () => {
	it("has those that a repository dispatch started, with title, state and page, from one call", async () => {
		const { github, client } = await standIn();
		const sent = await dispatch(client, KEY);
		const since = sent.serverTime ?? Number.NaN;
		await dispatch(client, OTHER);
		const before = github.calls.length;
		const answer = await client.listRuns(TO, since);
		expect(answer).toMatchObject({ kind: "runs", complete: true, serverTime: expect.any(Number) });
		expect(runsOf(answer)).toMatchObject([{ title: `t (${OTHER})` }, { title: `t (${KEY})` }]);
		const [, first] = runsOf(answer);
		expect(first).toEqual({
			id: expect.stringMatching(/^\d+$/),
			url: `https://github.com/contoso/fraud-model/actions/runs/${first?.id}`,
			workflow: "Listen to everything",
			status: "completed",
			conclusion: "success",
			attempt: 1,
			title: `t (${KEY})`,
			createdAt: expect.any(Number),
		});
		expect(first?.createdAt).toBeGreaterThanOrEqual(since);
		expect(github.calls.length - before).toBe(1);
	});

	it("leaves out what was created before, and says whether there are more than it has", async () => {
		const { github, client } = await standIn();
		github.script.set([{ run: { copies: 100 } }]);
		await dispatch(client, KEY);
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
		await dispatch(client, KEY);
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
		for (const etag of ['W/"a"\r\nauthorization: b', 'x "a"', 'w/"a"', '"a', ""]) {
			const answer = await client.listRuns(TO, 0, etag);
			expect(answer).toMatchObject({ kind: "runs" });
			expect(answer).toEqual(expect.not.objectContaining({ etag: expect.anything() }));
		}
		expect(asked.map(({ headers }) => headers["if-none-match"])).toEqual(Array(5).fill(undefined));
	});

	it.each(['"a"', 'W/"a"', '""'])("asks with the etag that was given, weak or strong: %s", async (etag) => {
		const { asked, client } = await answering(200, list(run()), { etag });
		expect(await client.listRuns(TO, 0, etag)).toMatchObject({ etag });
		expect(asked[0]?.headers["if-none-match"]).toBe(etag);
	});

	it("holds no run where Actions are off in the repository", async () => {
		const { github, client } = await standIn();
		await postJson(`${github.url}/_repository`, { repository: "contoso/fraud-model", actions: false });
		await dispatch(client, KEY);
		expect(await client.listRuns(TO, 0)).toMatchObject({ kind: "runs", runs: [], complete: true });
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

describe("one run", () => {
	it("is read as it is now", async () => {
		const { github, client } = await standIn();
		github.script.set([{ run: { startAfterMs: 1_000, completeAfterMs: 5_000, conclusion: "failure" } }]);
		await dispatch(client, KEY);
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
			expect(await client.readRun(TO, id)).toEqual({
				kind: "gone",
				reason: "it is not a run of GitHub: its id is not a number",
			});
		expect(github.calls.length).toBe(before);
	});

	it("is all that was asked for", async () => {
		const { client } = await answering(200, run());
		expect(await client.readRun(TO, "7")).toMatchObject({ runs: [{ id: "7" }], complete: true, unreadable: 0 });
	});

	it.each<[string, unknown]>([
		["another one", run({ id: 8 })],
		["an empty object", {}],
		["null", "null"],
		["a list", [run()]],
		["a run without a state", run({ status: undefined })],
	])("is not %s", async (_, body) => {
		const { client } = await answering(200, body);
		expect(await client.readRun(TO, "7")).toEqual({
			kind: "unavailable",
			reason: "GitHub's answer does not contain the requested runs",
		});
	});
});

describe("the service's clock", () => {
	it("is told with a dispatch and with its runs, as GitHub's date has it", async () => {
		const { github, client } = await standIn();
		github.advance(2_700_000);
		const second = Math.floor(github.now() / 1_000) * 1_000;
		const times = [(await dispatch(client, KEY)).serverTime, await client.listRuns(TO, 0)];
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
			expect((await dispatch(client, KEY)).serverTime).toBeUndefined();
		},
	);
});

describe("the clock of an answer that nothing has changed", () => {
	it.each([
		["Tue, 26 May 2026 12:00:05 GMT", "2026-05-26T12:00:05Z"],
		["soon", "2026-05-26T12:00:00Z"],
	])("is GitHub's where it says %j", async (date, serverTime) => {
		const { url } = await serverAt((_, response) => response.writeHead(304, { date }).end());
		const client = clientOf(url, { now: () => Date.parse("2026-05-26T12:00:00Z") });
		expect(await client.listRuns(TO, 0, '"a"')).toEqual({ kind: "unchanged", serverTime: Date.parse(serverTime) });
	});
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
		for (let sent = 0; sent < 130; sent++) await dispatch(client, KEY);
		const [first, second] = [await client.listRuns(TO, 0), await client.listRuns(TO, 0, undefined, 2)];
		expect([first, second]).toMatchObject([{ complete: false }, { complete: true }]);
		expect([runsOf(first).length, runsOf(second).length]).toEqual([100, 30]);
		expect(new Set([...runsOf(first), ...runsOf(second)].map(({ id }) => id)).size).toBe(130);
	});
});
