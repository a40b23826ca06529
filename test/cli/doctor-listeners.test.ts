import { describe, expect, it } from "@jest/globals";
import { checkListeners } from "../../src/cli/doctor/check-listeners.ts";
import { checkRepository } from "../../src/cli/doctor/check-repository.ts";
import type { GitHub, GitHubAnswer } from "../../src/cli/doctor/github.ts";
import type { WorkflowFacts } from "../../src/cli/doctor/read-workflows.ts";
import type { Route } from "../../src/route/route.ts";

const REPOSITORY = "contoso/fraud-model";
const RETRAIN: Route = { name: "a", to: { repository: REPOSITORY, dispatchType: "retrain" } };

function facts(path: string, listens: WorkflowFacts["listens"]): WorkflowFacts {
	return {
		path,
		parses: true,
		mentions: true,
		problems: [],
		listens,
		injections: [],
		runName: null,
		groups: [],
		inputs: null,
	};
}

function told(
	routes: readonly Route[],
	workflows: readonly WorkflowFacts[],
	more: { unread?: string[]; states?: [string, string][] } = {},
) {
	const { unread = [], states } = more;
	const listeners = { repository: REPOSITORY, branch: "main", workflows, unread, states: states && new Map(states) };
	return checkListeners(routes, listeners).map(({ verdict, finding }) => `${verdict}: ${finding}`);
}

describe("who listens", () => {
	it("is every workflow that hears the type, whatever else it hears", () => {
		expect(told([RETRAIN], [facts("a.yml", "all"), facts("b.yml", ["x", "retrain"]), facts("c.yml", null)])).toEqual([
			"ok: a.yml, b.yml listen",
		]);
	});

	it("is not asked of states that the token may not see", () => {
		expect(told([RETRAIN], [facts("a.yml", "all")])).toEqual(["ok: a.yml listens"]);
		expect(told([RETRAIN], [facts("a.yml", "all")], { states: [["a.yml", "disabled_fork"]] })).toEqual([
			"error: only a.yml listens, but its state is disabled_fork",
		]);
	});

	it("cannot be told while a file could not be read", () => {
		expect(told([RETRAIN], [], { unread: ["b.yml"] })).toEqual([
			expect.stringMatching(/^cannot tell: no workflow listens in the files/),
		]);
		expect(told([{ name: "a", to: { repository: REPOSITORY } }], [], { unread: ["b.yml"] })).toEqual([
			"cannot tell: b.yml could not be read",
		]);
	});

	it("is a warning where a second workflow listens to a slip of the same name", () => {
		expect(told([RETRAIN], [facts("a.yml", ["retrain"]), facts("b.yml", ["Retrain"])])).toEqual([
			"ok: a.yml listens",
			'warning: it listens to "Retrain", but no route sends that',
		]);
	});

	it("takes names that differ in a number for two names, and other names for other senders", () => {
		expect(told([RETRAIN], [facts("a.yml", ["retrain", "retrain-2", "deploy"])])).toEqual(["ok: a.yml listens"]);
	});
});

describe("a repository", () => {
	const answer = (status: number, json: unknown): GitHubAnswer => ({
		status,
		headers: new Headers(),
		text: "",
		json,
		reason: "",
		aheadMs: 0,
		fromApi: true,
		classification: status < 300 ? { kind: "taken" } : { kind: "unavailable", reason: `GitHub answered ${status}` },
	});
	const github = (right: GitHubAnswer): GitHub => ({
		get: async () => answer(200, { enabled: true }),
		tryDispatch: async () => right,
	});
	const seen = { full_name: REPOSITORY, default_branch: "main", archived: false, disabled: false };

	it("has been renamed where GitHub shows another name", async () => {
		const { checks, branch } = await checkRepository("contoso/old", answer(200, seen), github(answer(422, {})), true);
		expect(checks[0]).toMatchObject({ verdict: "warning", finding: `its name is now ${REPOSITORY}` });
		expect(branch).toBe("main");
	});

	it.each([
		[422, true, "ok"],
		[403, true, "error"],
		[403, false, "cannot tell"],
	])(
		"is open to the token by the answer %i to what it must refuse (the bridge's own: %s): %s",
		async (status, own, verdict) => {
			const { checks } = await checkRepository(REPOSITORY, answer(200, seen), github(answer(status, {})), own);
			expect(checks.find(({ link }) => link === "token")?.verdict).toBe(verdict);
		},
	);

	it.each([
		[true, "error"],
		[false, "cannot tell"],
	])("that cannot be seen with the bridge's own token (%s) is: %s", async (own, verdict) => {
		const { checks, branch } = await checkRepository(REPOSITORY, answer(404, {}), github(answer(404, {})), own);
		expect(checks.map((check) => check.verdict)).toEqual([verdict]);
		expect(branch).toBeUndefined();
	});
});
