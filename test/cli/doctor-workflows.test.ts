import { beforeAll, describe, expect, it } from "@jest/globals";
import { readWorkflows, type WorkflowFacts } from "../../src/cli/doctor/read-workflows.ts";
import { EXAMPLE_WORKFLOWS } from "../examples/workflows.ts";

/** How GitHub marks an expression. */
const open = "\u0024{{";
const JOBS = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ls\n";

function script(lines: string, more = ""): string {
	return `on:\n  repository_dispatch:\n${more}jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n${lines}`;
}

const LISTENING: readonly (readonly [what: string, text: string, listens: WorkflowFacts["listens"]])[] = [
	["one event by itself", `on: repository_dispatch\n${JOBS}`, "all"],
	["a list of events", `on: [push, repository_dispatch]\n${JOBS}`, "all"],
	["an event without types", `on:\n  repository_dispatch:\n${JOBS}`, "all"],
	["an event with an empty list of types", `on:\n  repository_dispatch:\n    types: []\n${JOBS}`, "all"],
	["types", `on:\n  repository_dispatch:\n    types: [a, B]\n${JOBS}`, ["a", "B"]],
	["one type by itself", `on:\n  repository_dispatch:\n    types: retrain\n${JOBS}`, ["retrain"]],
	["another event", `on: push\n${JOBS}`, null],
];

const SCRIPTS: readonly (readonly [what: string, text: string, found: readonly number[]])[] = [
	["a line of its own", script(`      - run: echo ${open} github.event.client_payload.a }}\n`), [7]],
	[
		"two lines of a block",
		script(
			`      - run: |\n          echo ${open} github.event.client_payload.a }}\n          ls\n          echo ${open} toJSON(github.event.client_payload) }}\n`,
		),
		[8, 10],
	],
	["the event as a whole", script(`      - run: echo '${open} toJSON(github.event) }}'\n`), [7]],
	["the context as a whole", script(`      - run: echo '${open} toJSON(github) }}'\n`), [7]],
	["an index in place of a dot", script(`      - run: echo ${open} github.event['client_payload'].a }}\n`), [7]],
	[
		"the script of an action",
		script(
			`      - uses: actions/github-script@v7\n        with:\n          script: |\n            return "${open} github.event.client_payload.a }}"\n`,
		),
		[10],
	],
	[
		"a variable that holds it",
		script(
			`      - env:\n          NAME: ${open} github.event.client_payload.a }}\n        run: echo ${open} env.NAME }}\n`,
		),
		[9],
	],
	[
		"a variable of the whole workflow",
		script(`      - run: echo ${open} env.NAME }}\n`, `env:\n  NAME: ${open} github.event.client_payload.a }}\n`),
		[9],
	],
	[
		"nothing: the variable is the shell's",
		script(
			`      - env:\n          NAME: ${open} github.event.client_payload.a }}\n        run: echo "$NAME" ${open} env.OTHER }}\n`,
		),
		[],
	],
	[
		"nothing: the name of the event",
		script(`      - run: echo ${open} github.event_name }} ${open} github.event.action }} ${open} github.token }}\n`),
		[],
	],
	[
		"nothing: an input of an action",
		script(
			`      - uses: actions/checkout@v4\n        with:\n          ref: ${open} github.event.client_payload.a }}\n`,
		),
		[],
	],
	[
		"nothing: no dispatch starts it",
		`on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo ${open} github.event.client_payload.a }}\n`,
		[],
	],
];

describe("what a workflow is", () => {
	const files = [...LISTENING, ...SCRIPTS].map(([, text], index) => ({ path: `.github/workflows/${index}.yml`, text }));
	const broken = { path: "broken.yml", text: "on:\n  repository_dispatch:\n    types: [a\njobs:\n" };
	const odd = { path: "odd.yml", text: `on: repository_dispatch\njobs:\n  a:\n    runs-on: x\n    stepss: []\n` };
	const read = new Map<string, WorkflowFacts>();

	beforeAll(async () => {
		for (const facts of await readWorkflows([...files, ...EXAMPLE_WORKFLOWS, broken, odd])) read.set(facts.path, facts);
	});
	const at = (index: number) => read.get(`.github/workflows/${index}.yml`);

	it.each(LISTENING.map(([what, , listens], index) => [what, listens, index] as const))(
		"is read from %s: listens to %j",
		(_, listens, index) => {
			expect(at(index)).toMatchObject({ parses: true, problems: [], listens });
		},
	);

	it.each(SCRIPTS.map(([what, , lines], index) => [what, lines, LISTENING.length + index] as const))(
		"finds the payload in a script: %s",
		(_, lines, index) => {
			expect(at(index)?.problems).toEqual([]);
			expect(at(index)?.injections.map(({ line }) => line)).toEqual(lines);
		},
	);

	it.each(EXAMPLE_WORKFLOWS.map(({ path }) => path))("finds nothing in the example's %s", (path) => {
		expect(read.get(path)).toMatchObject({ parses: true, problems: [], injections: [] });
	});

	it("tells a file that is no YAML from one that the parser objects to, each with its line", () => {
		expect(read.get("broken.yml")).toMatchObject({ parses: false, mentions: true, listens: null });
		expect(read.get("broken.yml")?.problems[0]?.line).toBeGreaterThan(2);
		expect(read.get("odd.yml")).toMatchObject({
			parses: true,
			listens: "all",
			problems: [{ line: 5, text: "Unexpected value 'stepss'" }],
		});
	});
});
