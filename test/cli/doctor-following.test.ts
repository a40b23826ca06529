import { describe, expect, it } from "@jest/globals";
import { checkFollowing } from "../../src/cli/doctor/check-following.ts";
import type { Listeners } from "../../src/cli/doctor/check-listeners.ts";
import { checkStarted } from "../../src/cli/doctor/check-started.ts";
import { readWorkflows } from "../../src/cli/doctor/read-workflows.ts";
import type { Route } from "../../src/route/route.ts";

const REPOSITORY = "contoso/fraud-model";
const RETRAIN: Route = { name: "retrain", to: { repository: REPOSITORY, dispatchType: "retrain" } };
/** How GitHub marks an expression. */
const of = (expression: string) => `\u0024{{ ${expression} }}`;
const KEY = "github.event.client_payload.bridge.key";
const JOBS = "jobs:\n  a:\n    runs-on: x\n    steps:\n      - run: ls\n";
const LISTENS = `on:\n  repository_dispatch:\n    types: [retrain]\n`;

async function listenersOf(files: Readonly<Record<string, string>>, more: Partial<Listeners> = {}): Promise<Listeners> {
	const given = Object.entries(files).map(([name, text]) => ({ path: `.github/workflows/${name}`, text }));
	return { repository: REPOSITORY, branch: "main", workflows: await readWorkflows(given), unread: [], ...more };
}

const told = async (routes: readonly Route[], files: Readonly<Record<string, string>>, more: Partial<Listeners> = {}) =>
	checkFollowing(routes, await listenersOf(files, more)).map(({ verdict, finding }) => `${verdict}: ${finding}`);

describe("what doctor says of a run-name", () => {
	it.each([
		`Train ${of(KEY)}`,
		of(KEY),
		`${of("github.event.action")} (${of(KEY)}) ${of("github.event.client_payload.subject")}`,
		`T ${of(`${KEY} || github.sha`)}`,
		`T ${of("GitHub.Event.Client_Payload['bridge']['key']")}`,
		`T ${of(`format('{0}', ${KEY})`)}`,
		`${of("github.event.client_payload.bridge.route")} ${of(KEY)}`,
	])("is sound: %s", async (runName) => {
		expect(await told([RETRAIN], { "a.yml": `run-name: ${runName}\n${LISTENS}${JOBS}` })).toEqual([
			"ok: its run-name contains bridge.key",
		]);
	});

	it.each([
		["has none", "", "it has no run-name"],
		["has only text", "run-name: Train\n", "its run-name does not contain bridge.key"],
		[
			"has another key",
			`run-name: T ${of("github.event.client_payload.bridge.keys")}\n`,
			"does not contain bridge.key",
		],
		["names it as text", `run-name: ${KEY}\n`, "does not contain bridge.key"],
		["names it behind another expression", `run-name: ${of("github.sha")} ${KEY}\n`, "does not contain bridge.key"],
	])("is a warning, with the line to write, where it %s", async (_, runName, words) => {
		const [check] = checkFollowing([RETRAIN], await listenersOf({ "a.yml": `${runName}${LISTENS}${JOBS}` }));
		expect(check).toMatchObject({
			verdict: "warning",
			finding: expect.stringContaining(words),
			repair: `write into .github/workflows/a.yml: run-name: a ${of(KEY)}`,
		});
		expect(check?.finding).toMatch(/: the bridge cannot be sure which run a dispatch started$/);
	});

	it("is a warning where text of the event stands before the key, since that may look like a key", async () => {
		const runName = `run-name: ${of("github.event.client_payload.subject")} ${of(KEY)}\n`;
		expect(await told([RETRAIN], { "a.yml": `${runName}${LISTENS}${JOBS}` })).toEqual([
			expect.stringMatching(/^warning: its run-name has other text of the event before bridge\.key/),
		]);
	});

	it("is not asked of a workflow that no route starts, or that is disabled", async () => {
		const files = { "a.yml": `on: push\n${JOBS}`, "b.yml": `${LISTENS}${JOBS}`.replace("retrain", "deploy") };
		expect(await told([RETRAIN], files)).toEqual([]);
		const states = new Map([[".github/workflows/a.yml", "disabled_manually"]]);
		expect(await told([RETRAIN], { "a.yml": `${LISTENS}${JOBS}` }, { states })).toEqual([]);
	});
});

describe("what doctor says of a concurrency group", () => {
	const grouped = (concurrency: string) => ({
		"a.yml": `run-name: ${of(KEY)}\n${LISTENS}concurrency:${concurrency}\n${JOBS}`,
	});
	const groups = async (files: Readonly<Record<string, string>>) => (await told([RETRAIN], files)).slice(1);

	it.each([
		["queues", `\n  group: train\n  queue: max`],
		["is each event's own", ` train-${of(KEY)}`],
		["is each event's own, and each run's without an event", ` ${of(`${KEY} || github.run_id`)}`],
		["is each run's own", `\n  group: ${of("github.run_id")}\n  cancel-in-progress: true`],
		["is each run's own where it is no pull request", ` ${of("github.head_ref || github.run_id")}`],
	])("is nothing where it %s", async (_, concurrency) => {
		expect(await groups(grouped(concurrency))).toEqual([]);
	});

	it.each([
		["is one for all", " train", "cancels a run that waits"],
		[
			"is one of a subject",
			` ${of("github.event.client_payload.subject || github.run_id")}`,
			"cancels a run that waits",
		],
		["does not let them wait", "\n  group: a\n  queue: single", "cancels a run that waits"],
		["cancels what is under way", "\n  group: a\n  cancel-in-progress: true", "cancels the run that is in progress"],
		[
			"cancels what is under way, although it queues",
			"\n  group: a\n  queue: max\n  cancel-in-progress: true",
			"cancels",
		],
	])("is a warning where it %s", async (_, concurrency, words) => {
		expect(await groups(grouped(concurrency))).toEqual([
			expect.stringMatching(new RegExp(`^warning: its concurrency group .* loses runs: the next run ${words}`)),
		]);
	});

	it("is said of a job's group, too, and of nothing that only has its name", async () => {
		const text = `run-name: ${of(KEY)}\n${LISTENS}jobs:
  one:
    runs-on: x
    concurrency: shared
    env:
      concurrency: shared
    steps:
      - run: ls
  other:
    runs-on: x
    steps:
      - run: ls
`;
		expect(await groups({ "a.yml": text })).toHaveLength(1);
	});
});

describe("what doctor says of a workflow dispatch", () => {
	const takes = (inputs: string, more = "") => `${more}on:\n  workflow_dispatch:\n    inputs:\n${inputs}${JOBS}`;
	const route = (to: object): Route => ({
		name: "train",
		to: { repository: REPOSITORY, workflow: "train.yml", ...to },
	});
	const SOUND = takes("      run_id:\n        required: true\n      bridge_key:\n");

	async function dispatched(
		to: object,
		text: string | undefined = SOUND,
		more: Partial<Listeners> & { elsewhere?: string } = {},
	): Promise<readonly string[]> {
		const { elsewhere, ...rest } = more;
		const listeners = await listenersOf(text === "" ? {} : { "train.yml": text }, rest);
		const readAt = async (path: string) =>
			elsewhere === undefined ? undefined : (await readWorkflows([{ path, text: elsewhere }]))[0];
		const checks = await checkStarted([route(to), RETRAIN], listeners, readAt);
		return checks.map(
			({ verdict, finding, repair }) => `${verdict}: ${finding}${repair === null ? "" : ` | ${repair}`}`,
		);
	}

	it("is sound where the workflow is there and takes what the route gives", async () => {
		const inputs = { run_id: "data.runId", bridge_key: "bridge.key" };
		expect(await dispatched({ inputs })).toEqual(["ok: the routes can start it"]);
		expect(await dispatched({}, `on: workflow_dispatch\n${JOBS}`)).toEqual([expect.stringMatching(/^ok/)]);
		expect(await dispatched({}, `on: [push, workflow_dispatch]\n${JOBS}`)).toEqual([expect.stringMatching(/^ok/)]);
	});

	it("finds a workflow by its id", async () => {
		const ids = new Map([["42", ".github/workflows/train.yml"]]);
		const inputs = { run_id: "data.runId" };
		expect(await dispatched({ workflow: "42", inputs }, SOUND, { ids })).toEqual([expect.stringMatching(/^ok/)]);
		expect(await dispatched({ workflow: "43", inputs }, SOUND, { ids })).toEqual([
			expect.stringMatching(/^error: .* does not exist on main/),
		]);
		expect(await dispatched({ workflow: "42", inputs })).toEqual([
			"cannot tell: the token may not read which workflow has this id | give the token Actions: read",
		]);
	});

	it.each([
		[
			"is not there",
			{ workflow: "deploy.yml" },
			SOUND,
			/^error: .* does not exist on main \| add \.github\/workflows\/deploy\.yml/,
		],
		[
			"is spelt otherwise",
			{ workflow: "trian.yml" },
			SOUND,
			/^error: .* does not exist on main; a similar name exists: train\.yml \| write "train\.yml"/,
		],
		[
			"has no such trigger",
			{},
			`${LISTENS}${JOBS}`,
			/^error: it has no "on: workflow_dispatch" on main.* \| add "on: workflow_dispatch"/,
		],
		[
			"does not declare an input",
			{ inputs: { run_id: "id", nothing: "id" } },
			SOUND,
			/^error: .* sends the input "nothing", but the workflow does not declare it on main \| declare the input/,
		],
		[
			"declares an input otherwise",
			{ inputs: { run_id: "id", bridge_keys: "id" } },
			SOUND,
			/^error: .*; a similar input exists: "bridge_key" \| write "bridge_key"/,
		],
		[
			"needs an input",
			{},
			SOUND,
			/^error: the workflow requires the input "run_id", but route "train" does not send it/,
		],
		[
			"is on no such branch",
			{ ref: "v2", inputs: { run_id: "id" } },
			SOUND,
			/^error: route "train" starts it on v2, but the file could not be read there/,
		],
	])("is an error where the workflow %s", async (_, to, text, found) => {
		expect(await dispatched(to, text)).toEqual([expect.stringMatching(found)]);
	});

	it("needs no input that has a default, whatever its kind", async () => {
		const text = takes(
			"      n:\n        type: number\n        required: true\n        default: 3\n      e:\n        type: choice\n        options: [dev, prod]\n",
		);
		expect(await dispatched({ inputs: { e: { value: "prod" } } }, text)).toEqual([expect.stringMatching(/^ok/)]);
		expect(await dispatched({ inputs: { e: { value: "test" } } }, text)).toEqual([
			expect.stringMatching(
				/^error: .* the value "test" for the input "e", but the workflow does not allow it \| write one of dev, prod$/,
			),
		]);
	});

	it("is told by the workflow as it is on the route's branch", async () => {
		const more = { elsewhere: takes("      other:\n") };
		expect(await dispatched({ ref: "v2", inputs: { other: "id" } }, SOUND, more)).toEqual([
			expect.stringMatching(/^ok/),
		]);
		expect(await dispatched({ ref: "refs/heads/main", inputs: { run_id: "id" } }, SOUND, more)).toEqual([
			expect.stringMatching(/^ok/),
		]);
	});

	it("cannot be told of a file that could not be read, and is an error for one that is disabled", async () => {
		const path = ".github/workflows/train.yml";
		expect(await dispatched({}, "", { unread: [path] })).toEqual([
			expect.stringMatching(/^cannot tell: the file could not be read/),
		]);
		expect(await dispatched({}, SOUND, { states: new Map([[path, "disabled_manually"]]) })).toEqual([
			`error: its state is disabled_manually | enable it: gh workflow enable train.yml --repo ${REPOSITORY}`,
		]);
	});

	it("warns where a lost answer could not be settled, since no run-name carries the key", async () => {
		const named = (line: string) => takes("      run_id:\n      bridge_key:\n", `run-name: ${line}\n`);
		const about = async (to: object, text: string) => told([route(to)], { "train.yml": text });
		const inputs = { bridge_key: "bridge.key" };
		for (const line of [of("inputs.bridge_key"), `T ${of("github.event.inputs.bridge_key")} ${of("inputs.run_id")}`])
			expect(await about({ inputs }, named(line))).toEqual([]);
		expect(await about({ inputs }, named("Train"))).toEqual([
			expect.stringMatching(
				/^warning: its run-name does not contain the input bridge_key, which holds bridge\.key: if GitHub's answer is lost/,
			),
		]);
		expect(await about({ inputs }, named(`${of("inputs.run_id")} ${of("inputs.bridge_key")}`))).toEqual([
			expect.stringMatching(/^warning: its run-name has other text/),
		]);
		expect(await about({}, named(of("inputs.bridge_key")))).toEqual([
			expect.stringMatching(/^warning: route "train" does not send bridge\.key/),
		]);
		const group = `concurrency: ${of("inputs.bridge_key")}\n`;
		expect(await about({ inputs }, `${group}${named(of("inputs.bridge_key"))}`)).toEqual([]);
	});
});
