import { describe, expect, it } from "@jest/globals";
import type { ShownReceipt } from "../../src/cli/bridge-client.ts";
import { findReceipts } from "../../src/cli/commands/trace.ts";
import { githubApi } from "../../src/cli/doctor/github.ts";
import { foldWindows, printTrace, traceOf } from "../../src/cli/trace/trace-of.ts";
import type { Run } from "../../src/model.ts";

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
			{ at: "2026-03-14T08:15:31.100Z", status: 500, ms: 6, requestId: "57AD:1", reason: "a server error" },
			{ at: "2026-03-14T08:15:34.400Z", status: 204, ms: 5, requestId: "57AD:2", reason: null },
		],
		reason: null,
		window: null,
		runs: null,
		...more,
	} as ShownReceipt;
}

function stepsOf(of: ShownReceipt, dispatch?: ShownReceipt): string[] {
	const window = dispatch === undefined ? {} : { window: { dispatch, events: 3, isMore: false } };
	return traceOf({ receipt: of, ...window }).steps.map(({ kind, text }) => `${kind}: ${text}`);
}

function printed(of: ShownReceipt): string {
	const out: string[] = [];
	const io = { stdout: { write: (text: string) => void out.push(text) }, env: {} } as never;
	printTrace(io, traceOf({ receipt: of }), (words) => `npx grid-dispatch ${words} --url ${LOCAL}`);
	return out.join("");
}

const RUN: Run = {
	id: "4711",
	url: "https://github.com/contoso/fraud-model/actions/runs/4711",
	workflow: "Train",
	status: "completed",
	conclusion: "success",
	attempt: 1,
	certain: true,
};

describe("the trace of a receipt", () => {
	it("goes from the event to GitHub's answer, with each attempt", () => {
		expect(stepsOf(receipt())).toEqual([
			"happened: Microsoft.MachineLearningServices.RunCompleted experiments/fraud-model/runs/train-7",
			"received: event first-event of /contoso",
			'decided: route "default" sends it to contoso/fraud-model, as runs',
			"attempted: GitHub answered 500 (6 ms; request 57AD:1; a server error)",
			"attempted: GitHub answered 204 (5 ms; request 57AD:2)",
			"answered: dispatched, GitHub accepted it, after 3.5 s",
		]);
	});

	it("names a destination of any service, by its id", () => {
		const to = { id: "contoso/ml/retrain#main", organization: "contoso" };
		expect(stepsOf(receipt({ to } as never))).toContain(
			'decided: route "default" sends it to contoso/ml/retrain, on main',
		);
		expect(stepsOf(receipt({ to: { id: "contoso/ml" } } as never))).toContain(
			'decided: route "default" sends it to contoso/ml',
		);
	});

	it("says how long it waited for its turn", () => {
		const [first] = receipt().attempts;
		const late = receipt({ attempts: [{ ...first, at: "2026-03-14T08:16:31.000Z" } as never] });
		expect(stepsOf(late)).toContain("waited: for its turn, for 60.0 s");
	});

	it.each([
		[
			{ state: "paused", finishedAt: null, reason: "until noon", attempts: [] },
			"answered: paused, not sent yet: until noon",
		],
		[{ state: "coalescing", finishedAt: null, attempts: [] }, "waited: in a window that is still open"],
		[
			{ state: "rejected", to: null, route: null, attempts: [], reason: "no data" },
			"decided: the event is not valid, so the bridge looks for no route",
		],
		[{ state: "dead", reason: "GitHub answered 422" }, "answered: dead, a dead letter: GitHub answered 422"],
		[
			{ attempts: [{ at: "2026-03-14T08:15:31.100Z", status: null, ms: 9, requestId: null, reason: "timeout" }] },
			"attempted: GitHub did not answer (9 ms; timeout)",
		],
	])("tells what is left open or went wrong: %j", (more, step) => {
		expect(stepsOf(receipt(more as never))).toContain(step);
	});

	it("goes on with the window that the event went out with", () => {
		const window = receipt({ key: "w", acceptedAt: "2026-03-14T08:15:33.000Z" });
		const steps = stepsOf(receipt({ state: "coalesced", window: "w", attempts: [] }), window);
		expect(steps).toContain("waited: gathered with other events into the dispatch w, after 2.0 s, 3 events in all");
		expect(steps.at(-1)).toBe("answered: dispatched, GitHub accepted it, after 1.5 s");
		expect(stepsOf(receipt({ state: "coalesced", window: "gone", attempts: [] })).at(-1)).toBe(
			"answered: coalesced, the bridge sent it together with other events",
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
		expect(steps).toContain("decided: no route matches");
		expect(steps.at(-1)).toBe("answered: ignored, the bridge sends nothing: no route matches");
	});

	it("names the service and the destination of each kind", () => {
		const workflow = receipt({
			to: { id: "contoso/fraud-model/train.yml#v2", repository: "contoso/fraud-model", workflow: "train.yml" },
		});
		expect(stepsOf(workflow)[2]).toBe('decided: route "default" sends it to contoso/fraud-model/train.yml, on v2');
		const pipeline = stepsOf(
			receipt({ to: { id: "contoso/ml/7", organization: "contoso", project: "ml", pipeline: 7 } }),
		);
		expect(pipeline[2]).toBe('decided: route "default" sends it to contoso/ml/7');
		expect(pipeline.at(-1)).toBe("answered: dispatched, Azure Pipelines accepted it, after 3.5 s");
		expect(pipeline.join()).not.toContain("GitHub");
		const other = stepsOf(receipt({ to: { id: "https://example.com/in", hook: "https://example.com/in" } }));
		expect(other.slice(3)).toEqual([
			"attempted: the destination answered 500 (6 ms; request 57AD:1; a server error)",
			"attempted: the destination answered 204 (5 ms; request 57AD:2)",
			"answered: dispatched, the destination accepted it, after 3.5 s",
		]);
	});

	it("is printed as text, whatever the event, or a service, holds", () => {
		const { event } = receipt();
		const out = printed(
			receipt({
				event: { ...event, id: "a\nb", subject: "\u001b]0;title\u0007" },
				following: "running",
				runs: [{ ...RUN, workflow: "\u001b[2Jx", url: "https://github.com/\u0007" }],
			}),
		);
		expect(out).toContain("a\\u{a}b");
		for (const control of ["\u001b", "\u0007"]) expect(out).not.toContain(control);
		expect(out).toContain("u{1b}[2Jx");
	});
});

describe("the runs of a trace", () => {
	const PAGE = "https://github.com/contoso/fraud-model/actions";
	const runLines = (more: Partial<ShownReceipt>) =>
		[
			...printed(receipt({ page: PAGE, followingReason: null, runs: [], ...more })).matchAll(/^ {32}run {8}(.*)$/gm),
		].map(([, text]) => text);

	it.each<[string, Partial<ShownReceipt>, readonly string[]]>([
		[
			"one that is certain",
			{ following: "concluded", runs: [RUN] },
			["Train succeeded: https://github.com/contoso/fraud-model/actions/runs/4711"],
		],
		[
			"one that has failed at its second attempt, and one that is likely",
			{
				following: "running",
				runs: [
					{ ...RUN, conclusion: "failure", attempt: 2 },
					{ ...RUN, workflow: null, url: null, status: "in_progress", conclusion: null, certain: false },
				],
			},
			[
				"Train failed at attempt 2: https://github.com/contoso/fraud-model/actions/runs/4711",
				"run in progress: run 4711 (likely; its title does not contain bridge.key)",
			],
		],
		[
			"one that was cancelled, with its likely cause",
			{ following: "concluded", runs: [{ ...RUN, conclusion: "cancelled" }] },
			[
				expect.stringMatching(
					/^Train was cancelled: .* \(a newer run of its concurrency group may .*doctor checks this\)$/,
				) as never,
			],
		],
		[
			"a conclusion that is new",
			{ following: "concluded", runs: [{ ...RUN, conclusion: "exploded" }] },
			[expect.stringContaining("Train ended: exploded") as never],
		],
		["none yet", { following: "looking" }, [`looking: no run is known yet; all are listed at ${PAGE}`]],
		[
			"none",
			{ following: "none", followingReason: "no run within 60 minutes: look for a workflow" },
			[`none: no run within 60 minutes: look for a workflow; all are listed at ${PAGE}`],
		],
		[
			"what cannot be told",
			{ following: "cannot tell", followingReason: "the token may not read runs: Actions: read", page: null },
			["cannot tell: the token may not read runs: Actions: read"],
		],
		["following that is off", { following: "off" }, [`not followed: FOLLOW_RUNS is off; all are listed at ${PAGE}`]],
		[
			"the run that the answer named, although following is off",
			{ following: "off", runs: [{ ...RUN, status: "queued", conclusion: null }] },
			[expect.stringMatching(/^Train queued/) as never, `not followed: FOLLOW_RUNS is off; all are listed at ${PAGE}`],
		],
		[
			"a word that is new",
			{ following: "lost" as never, followingReason: "why", runs: [RUN] },
			[expect.stringMatching(/^Train succeeded/) as never, `lost: why; all are listed at ${PAGE}`],
		],
		[
			"a bridge that followed no runs, which has their page as its runs",
			{ following: undefined, followingReason: undefined, page: undefined, runs: PAGE },
			[`not followed: the bridge followed no runs when it delivered this; all are listed at ${PAGE}`],
		],
		[
			"what was sent once more",
			{ state: "accepted", following: null, followingReason: "no run; the bridge sends it once more" },
			[`sent again: no run; the bridge sends it once more; all are listed at ${PAGE}`],
		],
	])("tell %s", (_, more, lines) => {
		expect(runLines(more)).toEqual(lines);
	});

	it.each(["accepted", "paused", "dead", "rejected", "ignored", "coalescing"] as const)(
		"are not spoken of where nothing was dispatched: %s",
		(state) => {
			expect(runLines({ state, following: null })).toEqual([]);
		},
	);
});

describe("the trace of a window", () => {
	const DISPATCH = "d".repeat(32);
	const dispatch = receipt({
		key: DISPATCH,
		event: { ...receipt().event, id: DISPATCH, subject: "/blobServices/" },
		following: "concluded",
		followingReason: null,
		page: null,
		runs: [RUN],
	});
	const member = (index: number) =>
		receipt({
			key: `m${index}`,
			state: "coalesced",
			window: DISPATCH,
			attempts: [],
			event: { ...receipt().event, id: `event-${index}` },
			following: null,
			runs: [],
		});
	const members = Array.from({ length: 1_200 }, (_, index) => member(index));

	/** A bridge that answers 500 at once, the dispatch first. */
	const bridge = {
		async receipts({ limit = 50, continue: from = "0" }: { limit?: number; continue?: string } = {}) {
			const all = [dispatch, ...members];
			const end = Number(from) + Math.min(limit, 500);
			const rest = end < all.length ? { complete: false, continue: String(end) } : { complete: true };
			return { receipts: all.slice(Number(from), end), ...rest };
		},
	};
	const tracesOf = async (...found: ShownReceipt[]) => (await foldWindows(bridge, found)).map(traceOf);

	it("is told once, with the number of its events, however many of them are found", async () => {
		for (const found of [[dispatch, ...members.slice(0, 19)], members.slice(0, 20), [dispatch]]) {
			const traces = await tracesOf(...found);
			expect(traces).toMatchObject([{ key: DISPATCH, events: 1_200, following: "concluded", runs: [RUN] }]);
			expect(traces[0]?.steps.map(({ text }) => text)).toContain("1200 events, gathered into this dispatch");
		}
	});

	it("is that of the event where one is found, and goes on with the dispatch and its run", async () => {
		const alone = receipt({ key: "alone" });
		const traces = await tracesOf(member(7), alone);
		expect(traces.map(({ key }) => key)).toEqual(["m7", "alone"]);
		expect(traces[0]).toMatchObject({ events: 499, runs: [RUN], following: "concluded" });
		expect(traces[0]?.steps.map(({ text }) => text).join()).toContain("499 events or more in all");
	});

	it("stays that of the events where the dispatch's receipt is gone", async () => {
		const gone = { receipts: async () => ({ receipts: [member(1), member(2)], complete: true }) };
		const traces = (await foldWindows(gone, [member(1), member(2)])).map(traceOf);
		expect(traces).toMatchObject([{ key: "m1", events: 2, following: null }]);
		expect(traces[0]?.steps.at(-1)?.text).toBe("coalesced, the bridge sent it together with other events");
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
		return { found: (await findReceipts(bridge, text)).receipts.length, asked };
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

describe("GitHub's address for doctor", () => {
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
