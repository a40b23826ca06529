import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { commandsIn, KEY, onePayload, RUN_ID, runAction } from "./run-action.ts";
import { type ListedRun, startWorld, type World } from "./world.ts";

const OTHER = "0".repeat(32);
const SELF: ListedRun = { id: RUN_ID, display_title: `Train ${KEY} (x)`, status: "in_progress", conclusion: null };
const earlier = (changes: Partial<ListedRun> = {}): ListedRun => ({
	id: RUN_ID - 10,
	display_title: `Train ${KEY} (x)`,
	...changes,
});

let world: World;
beforeAll(async () => {
	world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => {
	world.asked.length = 0;
	world.runs = [];
});

async function ran(runs: World["runs"], inputs = {}, env = {}) {
	world.runs = runs;
	const ended = await runAction(world, onePayload(), inputs, env);
	expect(ended.ok).toBe(true);
	return { ...ended, "already-ran": ended.outputs?.["already-ran"] };
}

describe("an event that was worked on before", () => {
	it("ends the action green and early, with the run's address", async () => {
		const { outputs, printed, left } = await ran([SELF, earlier()]);
		const url = "https://github.com/contoso/articles/actions/runs/4701";
		expect(outputs).toMatchObject({ "already-ran": "true", "earlier-run": url, key: KEY, "run-id": "train_7" });
		expect(outputs).toMatchObject({ "data-file": "", "manifest-file": "" });
		expect(printed).toBe(`::notice::There is nothing to do: the event ${KEY} was worked on before, see ${url}\n`);
		expect(left).toEqual([]);
	});

	it("is found among many runs, within the time that the workflow gives", async () => {
		const others = Array.from({ length: 250 }, (_, n) =>
			earlier({ id: RUN_ID - 1 - n, display_title: `Train ${OTHER}` }),
		);
		const found = await ran([SELF, ...others, earlier({ id: 1 })], { "look-back-hours": "2" });
		expect(found["already-ran"]).toBe("true");
		expect(world.asked).toHaveLength(3);
		const query = new URLSearchParams(world.asked[0]?.call.split("?")[1]);
		expect(Object.fromEntries(query)).toMatchObject({ event: "repository_dispatch", per_page: "100", page: "1" });
		const since = Date.parse(query.get("created")?.replace(/^>=/, "") ?? "");
		expect(Math.abs(Date.now() - 2 * 3_600_000 - since)).toBeLessThan(600_000);
		expect(world.asked[0]?.credential).toBe("Bearer job-token");
	});

	it.each(["queued", "in_progress", "waiting", "pending"])("is found while its run is %s", async (status) => {
		expect(await ran([SELF, earlier({ status, conclusion: null })])).toMatchObject({ "already-ran": "true" });
	});
});

describe("the event is this run's", () => {
	it.each([
		["there is no other run", SELF],
		["the other run is a later one", earlier({ id: RUN_ID + 1, status: "queued", conclusion: null })],
		["the other run is of another event", earlier({ display_title: `Train ${OTHER}` })],
		["the other run is of another workflow", earlier({ path: ".github/workflows/deploy_model.yml" })],
		["the other run failed", earlier({ conclusion: "failure" })],
		["the other run was cancelled", earlier({ conclusion: "cancelled" })],
		["the other run could not start", earlier({ conclusion: "startup_failure" })],
	])("where %s", async (_, other) => {
		expect(await ran([SELF, other])).toMatchObject({ "already-ran": "false", printed: "" });
	});

	it("where the runs have a path with a branch", async () => {
		const path = ".github/workflows/train_model.yml@main";
		expect(await ran([SELF, earlier({ path })])).toMatchObject({ "already-ran": "true" });
	});
});

describe("whether an event was worked on is unknown, and the action goes on, where", () => {
	it.each([
		[403, "actions: read"],
		[404, "actions: read"],
		[429, "answers 429"],
		[500, "answers 500"],
	])("GitHub answers %s", async (status, message) => {
		const { printed, outputs } = await ran(status);
		expect(outputs).toMatchObject({ "already-ran": "unknown", count: "1" });
		expect(commandsIn(printed)).toEqual(["warning"]);
		expect(printed).toContain(message);
	});

	it("GitHub does not answer", async () => {
		const { printed, outputs } = await ran([], {}, { GITHUB_API_URL: "https://127.0.0.1:1" });
		expect(outputs).toMatchObject({ "already-ran": "unknown", count: "1" });
		expect(printed).toContain("gave no answer");
	});

	it("the titles of the workflow's runs carry no key", async () => {
		const { printed, outputs } = await ran([{ ...SELF, display_title: "Train" }]);
		expect(outputs).toMatchObject({ "already-ran": "unknown" });
		expect(printed).toContain("github.event.client_payload.bridge.key into the run-name");
	});

	it("nothing is to be asked", async () => {
		expect(await ran([earlier()], { "look-back-hours": "0" })).toMatchObject({ "already-ran": "unknown", printed: "" });
		expect(world.asked).toEqual([]);
	});
});
