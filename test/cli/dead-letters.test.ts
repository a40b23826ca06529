import { describe, expect, it } from "@jest/globals";
import { runCli } from "../helpers/run-cli.ts";

const URL = "https://contoso-bridge.azurewebsites.net";
const KEY = "planted-function-key-0123456789";

const receipt = (key: string, more: object = {}) => ({
	key,
	state: "dead",
	event: {
		id: `event-${key}`,
		type: "Microsoft.Storage.BlobCreated",
		source: "/c",
		subject: "/a",
		time: "2026-03-14T08:15:30Z",
	},
	route: "default",
	to: { id: "contoso/fraud-model#a", repository: "contoso/fraud-model", dispatchType: "a" },
	acceptedAt: "2026-03-14T08:15:31.000Z",
	finishedAt: "2026-03-14T08:15:34.500Z",
	attempts: [],
	reason: "GitHub answered 422",
	window: null,
	runs: [],
	...more,
});

type Answer = (path: string, body: Record<string, unknown>) => unknown;

/** A bridge that answers so, and what it was asked. */
function bridge(answer: Answer) {
	const asked: { path: string; body: Record<string, unknown> }[] = [];
	const fetch = (async (url: string | globalThis.URL, { body }: RequestInit = {}) => {
		const { pathname, search } = new globalThis.URL(url);
		const read = body === undefined ? {} : (JSON.parse(String(body)) as Record<string, unknown>);
		asked.push({ path: `${pathname}${search}`, body: read });
		return Response.json(answer(pathname, read));
	}) as unknown as typeof globalThis.fetch;
	return { asked, world: { fetch } };
}

const discards = (path: string) =>
	path.endsWith("/health")
		? { status: "degraded", deadLetters: 12 }
		: { discarded: [{ key: "k1", outcome: "discarded", reason: null }], more: false };
const replays = (path: string) =>
	path.endsWith("/health")
		? { status: "degraded", deadLetters: 12 }
		: { replayed: [{ key: "k1", outcome: "accepted", reason: null }], more: false };

describe("dead-letters discard", () => {
	it.each([
		[["k1"], { key: "k1" }],
		[["--find", "fraud", "--state", "dead"], { find: "fraud", state: "dead" }],
		[["--all"], { all: true }],
	])("asks the bridge for exactly that: %j", async (args, body) => {
		const { asked, world } = bridge(discards);
		const run = await runCli(["dead-letters", "discard", ...args, "--yes", "--url", URL], world);
		expect(run).toMatchObject({ code: 0, out: "discarded  k1\n1 discarded\n" });
		expect(asked).toEqual([{ path: "/api/receipts/discard", body }]);
	});

	it("asks on a terminal, and does nothing without a yes", async () => {
		const { asked, world } = bridge(discards);
		const questions: string[] = [];
		const answers = (yes: boolean) => ({
			...world,
			isTTY: true,
			ask: async (question: string) => questions.push(question) > 0 && yes,
		});
		const no = await runCli(["dead-letters", "discard", "--all", "--url", URL], answers(false));
		expect(no).toMatchObject({ code: 1, out: "", err: "nothing was done\n" });
		expect(questions).toEqual([`This cannot be undone. Discard all dead letters of ${URL} (12 dead letters now)?`]);
		expect(asked.map(({ path }) => path)).toEqual(["/api/health"]);
		expect((await runCli(["dead-letters", "discard", "k1", "--url", URL], answers(true))).code).toBe(0);
	});

	it.each([[["k1"]], [["--find", "a"]], [["--all"]]])("needs --yes without a terminal: %j", async (args) => {
		const { asked, world } = bridge(discards);
		const run = await runCli(["dead-letters", "discard", ...args, "--url", URL], world);
		expect(run).toMatchObject({ code: 2, out: "", err: expect.stringContaining("add --yes") });
		expect(asked).toEqual([]);
	});

	it("goes on until nothing is left, and fails where something stays", async () => {
		const pages = [
			{ discarded: [{ key: "k1", outcome: "discarded", reason: null }], more: true, continue: "p2" },
			{ discarded: [], more: true, continue: "p3" },
			{ discarded: [{ key: "k2", outcome: "refused", reason: "it is dispatched" }], more: false },
		];
		const { asked, world } = bridge(() => pages.shift());
		const run = await runCli(["dead-letters", "discard", "--all", "--yes", "--json", "--url", URL], world);
		expect(run).toMatchObject({ code: 1, err: "1 of 2 were not discarded\n" });
		expect((run.json() as { discarded: object[] }).discarded).toHaveLength(2);
		expect(asked.map(({ body }) => body["continue"])).toEqual([undefined, "p2", "p3"]);
	});

	it.each([[[]], [["k1", "--all"]], [["k1", "--state", "dead"]]])(
		"is told with code 2 where it is not clear which: %j",
		async (args) => {
			expect((await runCli(["dead-letters", "discard", ...args, "--yes"], bridge(discards).world)).code).toBe(2);
		},
	);
});

describe("replay --all", () => {
	it("needs --yes without a terminal, and asks the bridge nothing", async () => {
		const { asked, world } = bridge(replays);
		const run = await runCli(["replay", "--all", "--url", URL], world);
		expect(run).toMatchObject({ code: 2, out: "", err: expect.stringContaining("add --yes") });
		expect(asked).toEqual([]);
		expect((await runCli(["replay", "--all", "--yes", "--url", URL], world)).code).toBe(0);
		expect((await runCli(["replay", "k1", "--url", URL], world)).code).toBe(0);
	});
});

describe("several requests, of which a later one fails", () => {
	it.each([
		["discarded", "discarded", ["dead-letters", "discard"]],
		["replayed", "accepted", ["replay"]],
	])("tell what was done before: %s", async (name, outcome, words) => {
		const done = [{ key: "k1", outcome, reason: null }];
		const { fetch: first } = bridge(() => ({ [name]: done, more: true, continue: "p2" })).world;
		const fetch = (async (url: string, init: RequestInit) =>
			String(init.body).includes("p2")
				? Response.json({ error: "storage is down" }, { status: 503 })
				: first(url, init)) as typeof globalThis.fetch;
		const run = await runCli([...words, "--all", "--yes", "--url", URL], { fetch });
		expect(run.code).toBe(1);
		expect(run.out).toMatch(/k1/);
		expect(run.err).toMatch(/storage is down\n.*run the command again for the rest/);
		const json = await runCli([...words, "--all", "--yes", "--json", "--url", URL], { fetch });
		expect(json.json()).toEqual({ [name]: done });
	});
});

describe("what is advised for a dead letter", () => {
	const list = (...receipts: readonly object[]) => bridge(() => ({ receipts, complete: true }));
	const REPEATS = { replay: { wouldRepeat: true, why: "GitHub refused exactly this request" } };
	const CHANGES = { replay: { wouldRepeat: false, why: null } };

	it("is no replay where that would end the same, with the reason", async () => {
		const { world } = list(receipt("k1", REPEATS));
		const shown = await runCli(["dead-letters", "show", "k1", "--url", URL], world);
		expect(shown.out).toContain("a replay now would end the same way: GitHub refused exactly this request");
		expect(shown.out).not.toContain("grid-dispatch replay");
		const traced = await runCli(["trace", "event-k1", "--url", URL], list(receipt("k1", REPEATS)).world);
		expect(traced.out).toContain("a replay now would end the same way");
		expect(traced.out).not.toContain("grid-dispatch replay");
	});

	it("is a replay where that can end otherwise, or where the bridge does not say", async () => {
		for (const more of [CHANGES, {}]) {
			const shown = await runCli(["dead-letters", "show", "k1", "--url", URL], list(receipt("k1", more)).world);
			expect(shown.out).toContain(`npx grid-dispatch replay k1 --url ${URL}`);
		}
	});

	it("is a command that asks the same bridge, with the key's place but never the key", async () => {
		const { world } = list(receipt("k1"));
		const run = await runCli(["dead-letters", "show", "k1", "--url", `${URL}/`, "--key", KEY], world);
		expect(run.out).toContain(`npx grid-dispatch replay k1 --url ${URL} --key KEY`);
		expect(run.out).not.toContain(KEY);
		const ofVariable = await runCli(["trace", "event-k1"], { ...world, env: { GRID_DISPATCH_URL: URL } });
		// What the environment holds is there for the next command, too.
		expect(ofVariable.out).toMatch(/npx grid-dispatch replay k1$/m);
		const usual = await runCli(["trace", "event-k1"], world);
		expect(usual.out).toMatch(/npx grid-dispatch replay k1$/m);
	});

	it("shows a malformed event as it arrived, its beginning where it is long", async () => {
		const arrived = { text: '{"id":7,"eventType":"\u001b[31m"}', bytes: 31, whole: true };
		const rejected = receipt("k1", { state: "rejected", to: null, route: null, arrived, reason: "id is not a text" });
		const run = await runCli(["dead-letters", "show", "k1", "--url", URL], list(rejected).world);
		expect(run.out).toContain('arrived    {"id":7,"eventType":"\\u{1b}[31m"}');
		const long = { ...rejected, arrived: { text: '{"id":7', bytes: 90_000, whole: false } };
		expect((await runCli(["dead-letters", "show", "k1", "--url", URL], list(long).world)).out).toContain(
			'{"id":7… (the first part of 90000 bytes)',
		);
		expect((await runCli(["trace", "event-k1", "--url", URL], list(rejected).world)).out).toContain(
			`see the event as it arrived: npx grid-dispatch dead-letters show k1 --url ${URL}`,
		);
	});
});

describe("a list that stops", () => {
	it("says so, and how to see more", async () => {
		const { world } = bridge(() => ({ receipts: [receipt("k1"), receipt("k2")], complete: false }));
		const dead = await runCli(["dead-letters", "--limit", "2", "--url", URL], world);
		expect(dead.out).toContain(
			'only the 2 newest in the state "dead" and "rejected" are shown, and there are more: add --limit N',
		);
		const traced = await runCli(["trace", "fraud", "--limit", "2", "--url", URL], world);
		expect(traced.err).toContain(
			'only the newest 2 receipts with "fraud" are shown, and there are more: add --limit N',
		);
		expect((await runCli(["trace", "fraud", "--limit", "2", "--json", "--url", URL], world)).json()).toMatchObject({
			complete: false,
		});
	});

	it("says nothing where it holds all", async () => {
		const { world } = bridge(() => ({ receipts: [receipt("k1")], complete: true }));
		expect((await runCli(["dead-letters", "--url", URL], world)).out).not.toContain("there are more");
		expect((await runCli(["trace", "fraud", "--url", URL], world)).err).toBe("");
	});
});
