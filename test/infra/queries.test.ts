import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { ROOT, readText } from "../docs/read-docs.ts";
import { isSelected, stepsOf } from "../helpers/kql.ts";
import { playSituations, type Situations } from "./situations.ts";

const files = readdirSync(join(ROOT, "infra/queries")).sort();
const queryOf = (name: string) => readText(`infra/queries/${name}.kql`);
const names = files.map((file) => file.replace(".kql", ""));

interface Item {
	readonly name: string;
	readonly type: number;
	readonly content: { readonly query?: string };
}
const workbook = JSON.parse(readText("infra/workbook.json")) as { items: readonly Item[] };
const parts = workbook.items.flatMap(({ name, content: { query } }) =>
	query === undefined ? [] : [[`the workbook's ${name}`, query] as const],
);
const queries = [...names.map((name) => [name, queryOf(name)] as const), ...parts];

/** What a query reads of a line. */
const factsIn = (query: string) => [...query.matchAll(/\bline(?:\.|\[")(\w+)/g)].map(([, fact = ""]) => fact);

/** Which values it asks for, each with its fact. */
function literalsIn(query: string): readonly (readonly [fact: string, value: string])[] {
	const facts = new Map([...query.matchAll(/(\w+) = to\w+\(line\.(\w+)\)/g)].map(([, name, fact]) => [name, fact]));
	const asked = stepsOf(query).flatMap(([verb, rest]) => (verb === "where" ? [rest] : []));
	return asked.flatMap((rest) =>
		[...rest.matchAll(/(\w+) (?:==|in) (\([^)]*\)|"[^"]*")/g)].flatMap(([, name, values = ""]) =>
			[...values.matchAll(/"([^"]*)"/g)].map(([, value = ""]) => [facts.get(name) ?? `${name}?`, value] as const),
		),
	);
}

let situations: Situations;
beforeAll(async () => {
	situations = await playSituations();
});

const selectedBy = (query: string) =>
	Object.entries(situations)
		.filter(([, lines]) => lines.some((line) => isSelected(query, line)))
		.map(([name]) => name);

describe("the alert", () => {
	it.each([
		["parked-lanes", ["a token is refused", "a repository is closed"]],
		[
			"dead-letters",
			["GitHub refuses a request", "an event is given up", "an event is unsound", "a message is poisoned"],
		],
		[
			"token-expiring",
			// Upkeep asks GitHub about the token, whatever else it does.
			["a token is refused", "a token ends soon", "an event has waited for a day, and no drainer was woken"],
		],
		[
			"backlog",
			[
				"an event is given up",
				"an event has waited for 61 minutes, and nothing can be sent",
				"an event has waited for a day, and no drainer was woken",
				"a lane belongs to another address",
			],
		],
		["function-failures", ["storage is out of reach", "a window cannot be closed"]],
		["failed-runs", ["a run fails"]],
		["no-run", ["no run comes"]],
		["unknown-runs", ["runs cannot be read"]],
	])("%s finds what it is there for, and nothing else", (name, expected) => {
		expect(selectedBy(queryOf(name))).toEqual(expected);
	});

	it("stands in the template, every one and no other", () => {
		const template = readText("infra/modules/alerts.bicep");
		const loaded = [...template.matchAll(/loadTextContent\('\.\.\/queries\/(.+?)'\)/g)].map(([, file]) => file);
		expect(loaded.sort()).toEqual(files);
		expect([...template.matchAll(/^ {4}name: '([a-z-]+)'$/gm)].map(([, name]) => name).sort()).toEqual(names);
	});

	it("tells of one thing at a time by a column that its query has", () => {
		const template = readText("infra/modules/alerts.bicep");
		for (const [, file = "", column = ""] of template.matchAll(/queries\/(.+?)\.kql'\)[^}]*?dimension: '(.+?)'/g)) {
			const shown = stepsOf(queryOf(file)).find(([verb]) => verb === "project")?.[1];
			expect(shown?.split(/, | = /)).toContain(column);
		}
	});

	it.each(["alerts", "topic-alerts"])("names pages and sections that are there: %s", (module) => {
		const named = [...readText(`infra/modules/${module}.bicep`).matchAll(/See (docs\/\S+\.md), "(.+?)"/g)];
		expect(named.length).toBeGreaterThan(2);
		for (const [, page = "", section = ""] of named) {
			const headings = [...readText(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading);
			expect(headings).toContain(section.replaceAll("\\'", "'"));
		}
	});

	it.each([
		["windows", ["a window closes"]],
		[
			"lanes",
			[
				"a token is refused",
				"a repository is closed",
				"it is open again",
				"a lane pauses",
				"a drain breaks off",
				"a lane belongs to another address",
			],
		],
	])("list of %s in the workbook shows these, and nothing else", (part, expected) => {
		const [, query = ""] = parts.find(([name]) => name === `the workbook's ${part}`) ?? [];
		expect(selectedBy(query)).toEqual(expected);
	});

	it("about upkeep knows the line that upkeep ends with", () => {
		expect(selectedBy(queryOf("no-upkeep"))).toEqual([
			"a token ends soon",
			"an event has waited for a day, and no drainer was woken",
		]);
	});

	it("about functions knows the one that answers 503 on purpose", () => {
		expect(queryOf("function-failures")).toContain('name != "health"');
		expect(readText("src/index.ts")).toMatch(/app\.http\(\s*"health",/);
	});
});

describe("the names", () => {
	it.each(queries)("of facts in %s stand in the lines that it selects", (_, query) => {
		const lines = Object.values(situations)
			.flat()
			.filter((line) => isSelected(query, line));
		const written = new Set(lines.flatMap((line) => Object.keys(JSON.parse(line) as object)));
		expect(factsIn(query).filter((fact) => !written.has(fact) && !onlyAsked(query, fact))).toEqual([]);
		expect(factsIn(query).length).toBeGreaterThan(0);
	});

	it.each(queries)("of values in %s stand in lines", (_, query) => {
		const lines = Object.values(situations)
			.flat()
			.map((line) => JSON.parse(line) as Record<string, unknown>);
		expect(literalsIn(query).length).toBeGreaterThan(0);
		for (const [fact, value] of literalsIn(query)) {
			expect([fact, value, lines.some((line) => line[fact] === value)]).toEqual([fact, value, true]);
		}
	});

	it("of the workbook's copies are those of the alerts", () => {
		const copies = parts.map(([, query]) => query).filter((query) => query.startsWith("//"));
		expect(copies).toHaveLength(3);
		for (const copy of copies) expect(names.some((name) => copy.startsWith(queryOf(name).trimEnd()))).toBe(true);
	});
});

/** A fact that tells what is not selected, such as the change of other stages, need not be in what is. */
function onlyAsked(query: string, fact: string): boolean {
	const [name = fact] = [...query.matchAll(new RegExp(`(\\w+) = tostring\\(line\\.${fact}\\)`, "g"))].map(
		([, of]) => of,
	);
	const used = stepsOf(query).filter(([verb, rest]) => verb !== "extend" && new RegExp(`\\b${name}\\b`).test(rest));
	return used.every(([verb]) => verb === "where") && !literalsIn(query).some(([of]) => of === fact);
}

describe("the lines", () => {
	const { logging } = JSON.parse(readText("host.json")) as {
		logging: {
			applicationInsights: { samplingSettings: { excludedTypes: string } };
		};
	};

	it("are all kept, and so are the requests and exceptions that an alert counts: host.json does not sample them", () => {
		const kept = logging.applicationInsights.samplingSettings.excludedTypes.split(";");
		expect(kept).toEqual(expect.arrayContaining(["Trace", "Request", "Exception"]));
	});
});
