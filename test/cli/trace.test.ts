import { describe, expect, it } from "@jest/globals";
import type { ShownReceipt } from "../../src/cli/bridge-client.ts";
import { githubApi } from "../../src/cli/github-api.ts";
import { findReceipts } from "../../src/cli/trace/find-receipts.ts";
import { findRuns } from "../../src/cli/trace/find-runs.ts";
import { printTrace } from "../../src/cli/trace/print-trace.ts";
import { traceOf } from "../../src/cli/trace/trace-of.ts";

const LOCAL = "http://127.0.0.1:7071";
const TOKEN = "ghp_plantedPlantedPlantedPlanted0123456789";

function receipt(more: Partial<ShownReceipt> = {}): ShownReceipt {
	return {
		key: "599cb32fcc8017b54fa6dc8d01c6a673",
		state: "dispatched",
		event: {
			id: "first-event",
			type: "Microsoft.MachineLearningServices.RunCompleted",
			source: "/contoso",
			subject: "experiments/fraud-model/runs/train-7",
			time: "2026-03-14T08:15:30Z",
		},
		route: "default",
		to: { repository: "contoso/fraud-model", dispatchType: "runs" },
		acceptedAt: "2026-03-14T08:15:31.000Z",
		finishedAt: "2026-03-14T08:15:34.500Z",
		attempts: [
			{ at: "2026-03-14T08:15:31.100Z", status: 500, ms: 6, requestId: "57AD:1", reason: "an error on its side" },
			{ at: "2026-03-14T08:15:34.400Z", status: 204, ms: 5, requestId: "57AD:2", reason: null },
		],
		reason: null,
		window: null,
		runs: null,
		...more,
	} as ShownReceipt;
}

const stepsOf = (...given: Parameters<typeof traceOf>) =>
	traceOf(...given).steps.map(({ kind, text }) => `${kind}: ${text}`);

describe("the trace of a receipt", () => {
	it("goes from the event to GitHub's answer, with each attempt", () => {
		expect(stepsOf(receipt())).toEqual([
			"happened: Microsoft.MachineLearningServices.RunCompleted experiments/fraud-model/runs/train-7",
			"received: event first-event of /contoso",
			'decided: route "default" leads to contoso/fraud-model, as runs',
			"attempted: GitHub answered 500 (6 ms; request 57AD:1; an error on its side)",
			"attempted: GitHub answered 204 (5 ms; request 57AD:2)",
			"answered: GitHub has it, after 3.5 s",
		]);
	});

	it("names a destination of any service, by its id", () => {
		const to = { id: "contoso/ml/retrain#main", organization: "contoso" };
		expect(stepsOf(receipt({ to } as never))).toContain(
			'decided: route "default" leads to contoso/ml/retrain, as main',
		);
		expect(stepsOf(receipt({ to: { id: "contoso/ml" } } as never))).toContain(
			'decided: route "default" leads to contoso/ml',
		);
	});

	it("says how long it waited for its turn", () => {
		const [first] = receipt().attempts;
		const late = receipt({ attempts: [{ ...first, at: "2026-03-14T08:16:31.000Z" } as never] });
		expect(stepsOf(late)).toContain("waited: for its turn, after 60.0 s");
	});

	it.each([
		[
			{ state: "paused", finishedAt: null, reason: "until noon", attempts: [] },
			"answered: not yet, it is paused: until noon",
		],
		[{ state: "coalescing", finishedAt: null, attempts: [] }, "waited: in a window that is still open"],
		[
			{ state: "rejected", to: null, route: null, attempts: [], reason: "no data" },
			"decided: it leads nowhere: the event itself is unsound",
		],
		[
			{ state: "dead", reason: "GitHub answered 422" },
			"answered: a dead letter: GitHub answered 422; repair that, then: npx grid-dispatch replay KEY",
		],
		[
			{ attempts: [{ at: "2026-03-14T08:15:31.100Z", status: null, ms: 9, requestId: null, reason: "timeout" }] },
			"attempted: GitHub gave no answer (9 ms; timeout)",
		],
	])("tells what is left open or went wrong: %j", (more, step) => {
		expect(stepsOf(receipt(more as never))).toContain(step);
	});

	it("goes on with the window that the event went out with", () => {
		const window = receipt({ key: "w", acceptedAt: "2026-03-14T08:15:33.000Z" });
		const steps = stepsOf(receipt({ state: "coalesced", window: "w", attempts: [] }), window);
		expect(steps).toContain("waited: gathered with others into the dispatch w, after 2.0 s");
		expect(steps.at(-1)).toBe("answered: GitHub has it, after 1.5 s");
		expect(stepsOf(receipt({ state: "coalesced", window: "gone", attempts: [] })).at(-1)).toBe(
			"answered: it went out with others",
		);
	});

	it("ends where no route took the event, with the reason", () => {
		const ignored = receipt({
			state: "ignored" as never,
			to: null,
			route: null,
			attempts: [],
			reason: "no route matches",
		});
		const steps = stepsOf(ignored);
		expect(steps).toContain("decided: it leads nowhere");
		expect(steps.at(-1)).toBe("answered: nothing is sent: no route matches");
	});

	it("is printed as text, whatever the event holds", () => {
		const out: string[] = [];
		const io = { stdout: { write: (text: string) => void out.push(text) }, env: {} } as never;
		const { event } = receipt();
		printTrace(io, traceOf(receipt({ event: { ...event, id: "a\nb", subject: "\u001b]0;title\u0007" } })), {
			ok: false,
			why: "no token",
		});
		expect(out.join("")).toContain("a\\u{a}b");
		for (const control of ["\u001b", "\u0007"]) expect(out.join("")).not.toContain(control);
		expect(out.join("")).toContain("cannot tell: no token");
	});

	it.each([
		["the runs cannot be read", { ok: false, why: "no token" }],
		["none is found", { ok: true, runs: [] }],
	] as const)("names the page of the runs where %s", (_, found) => {
		const out: string[] = [];
		const io = { stdout: { write: (text: string) => void out.push(text) }, env: {} } as never;
		const page = "https://github.com/contoso/fraud-model/actions";
		printTrace(io, traceOf(receipt({ page })), found);
		expect(out.at(-1)).toContain(page);
	});
});

describe("the search for receipts", () => {
	const searched = async (text: string, found: string) => {
		const asked: (string | undefined)[] = [];
		const bridge = {
			receipts: async ({ find }: { find?: string } = {}) => {
				asked.push(find);
				return { receipts: find === found ? [receipt()] : [], complete: true };
			},
		} as never;
		return { found: (await findReceipts(bridge, text)).length, asked };
	};

	it.each([
		["first-event", "first-event"],
		["training/a/b c.csv", "containers/training/blobs/a/b c.csv"],
		["/training/a.csv", "containers/training/blobs/a.csv"],
		["https://contosodata.dfs.core.windows.net/training/a%20b.csv", "containers/training/blobs/a b.csv"],
		["https://contosodata.blob.core.windows.net/training/%zz", "containers/training/blobs/%zz"],
	])("finds %s as %s", async (text, spelling) => {
		const { found, asked } = await searched(text, spelling);
		expect(found).toBe(1);
		expect(asked[0]).toBe(text);
	});

	it("asks no more than it has spellings", async () => {
		expect(await searched("nothing", "else")).toEqual({ found: 0, asked: ["nothing"] });
	});
});

describe("the search for workflow runs", () => {
	const TAKEN = {
		repository: "contoso/fraud-model",
		dispatchType: "runs",
		at: "2026-03-14T08:15:34.400Z",
		names: ["the-key", "train-7"],
	};
	const run = (display_title: string, created_at: string) => ({
		display_title,
		created_at,
		path: ".github/workflows/a.yml",
		status: "queued",
		conclusion: null,
		html_url: "https://github.com/r",
	});

	async function search(answer: { status?: number; runs?: object[] }, token?: string) {
		const asked: { url: URL; headers: Headers }[] = [];
		const fetch = async (url: string, init: RequestInit) => {
			asked.push({ url: new URL(url), headers: new Headers(init.headers) });
			return Response.json({ workflow_runs: answer.runs ?? [] }, { status: answer.status ?? 200 });
		};
		const api = { url: "https://api.github.com", ...(token === undefined ? {} : { token }) };
		return { found: await findRuns(TAKEN, api, { fetch: fetch as never, now: Date.now }), asked };
	}

	it("asks for those of that time, with the token if there is one", async () => {
		const { asked } = await search({}, TOKEN);
		expect(asked[0]?.url.pathname).toBe("/repos/contoso/fraud-model/actions/runs");
		expect(Object.fromEntries(asked[0]?.url.searchParams ?? [])).toEqual({
			event: "repository_dispatch",
			created: "2026-03-14T08:15:04Z..2026-03-14T08:25:34Z",
			per_page: "100",
		});
		expect(asked[0]?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
		expect((await search({})).asked[0]?.headers.has("authorization")).toBe(false);
	});

	it("prefers a run that is named after the event, then one of the dispatch type, then any of that time", async () => {
		const [other, typed, named, later] = [
			run("else", "2026-03-14T08:15:36Z"),
			run("runs", "2026-03-14T08:15:36Z"),
			run("Train train-7", "2026-03-14T08:15:37Z"),
			run("Job the-key", "2026-03-14T08:15:36Z"),
		];
		const titles = async (runs: object[]) => {
			const { found } = await search({ runs });
			return found.ok ? found.runs.map(({ title, match }) => [title, match]) : found;
		};
		expect(await titles([other, typed, named, later])).toEqual([
			["Job the-key", "named"],
			["Train train-7", "named"],
		]);
		expect(await titles([other, typed])).toEqual([["runs", "typed"]]);
		expect(await titles([other])).toEqual([["else", "timed"]]);
		expect(await titles([])).toEqual([]);
	});

	it("cannot tell without the right to look", async () => {
		expect((await search({ status: 404 })).found).toEqual({
			ok: false,
			why: "GitHub answered 404: give a token that may read Actions in GITHUB_TOKEN",
		});
		expect((await search({ status: 403 }, TOKEN)).found).toMatchObject({
			ok: false,
			why: expect.stringContaining("may not read the Actions of contoso/fraud-model"),
		});
	});
});

describe("GitHub's address for trace", () => {
	it.each([
		["a local host: its stand-in", undefined, LOCAL, {}, "http://127.0.0.1:7072"],
		[
			"a local host where a codespace sets the real address",
			undefined,
			LOCAL,
			{ GITHUB_API_URL: "https://api.github.com" },
			"http://127.0.0.1:7072",
		],
		[
			"a local host that sends to another one here",
			undefined,
			LOCAL,
			{ GITHUB_API_URL: "http://127.0.0.1:9/api/v3/" },
			"http://127.0.0.1:9/api/v3",
		],
		["a local host that sends to GitHub", "real", LOCAL, {}, "https://api.github.com"],
		["a deployed app", undefined, "https://contoso.azurewebsites.net", {}, "https://api.github.com"],
		[
			"a deployed app that sends to a server of its own",
			undefined,
			"https://contoso.azurewebsites.net",
			{ GITHUB_API_URL: "https://github.contoso.example/api/v3" },
			"https://github.contoso.example/api/v3",
		],
		[
			"an address that was given",
			"https://github.contoso.example/api/v3",
			LOCAL,
			{},
			"https://github.contoso.example/api/v3",
		],
	])("is that of %s", (_, flag, bridge, env, url) => {
		expect(githubApi(flag, bridge, { env }).url).toBe(url);
	});

	it("gets the caller's token, unless it is the stand-in", () => {
		const env = { GH_TOKEN: TOKEN };
		expect(githubApi("http://127.0.0.1:9", LOCAL, { env }).token).toBe(TOKEN);
		expect(githubApi("real", LOCAL, { env }).token).toBe(TOKEN);
		expect(githubApi(undefined, LOCAL, { env }).token).not.toBe(TOKEN);
		expect(githubApi("real", LOCAL, { env: {} }).token).toBeUndefined();
	});
});
