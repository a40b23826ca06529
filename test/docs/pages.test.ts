import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { blocksOf, codesIn, PAGES, proseOf, ROOT, readText, scriptsOf } from "./read-docs.ts";

/** As GitHub marks what it pastes into a workflow. */
const EXPRESSION = "\u0024{{ x }}";

interface Link {
	readonly page: string;
	readonly target: string;
}

/** The links of a page to other files and headings of this repository. */
function linksOf(page: string): Link[] {
	const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
	return targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => ({ page, target }));
}

/** A page's headings as GitHub makes anchors of them. */
function anchorsOf(page: string): string[] {
	const headings = readText(page).matchAll(/^#+ (.+)$/gm);
	return [...headings].map(([, heading = ""]) =>
		heading
			.toLowerCase()
			.replaceAll(/[^\w\- ]/g, "")
			.replaceAll(" ", "-"),
	);
}

describe("a page", () => {
	it.each(PAGES)("has no mark of an unfinished merge: %s", (page) => {
		expect(readText(page)).not.toMatch(/^(?:<{7}|={7}|>{7})(?: |$)/m);
	});
});

describe("the links of the documentation", () => {
	const links = PAGES.flatMap(linksOf);

	it("are found", () => {
		expect(links.length).toBeGreaterThan(40);
	});

	it.each(links.map(({ page, target }) => [page, target] as const))("%s: %s leads somewhere", (page, target) => {
		const [path = "", anchor] = target.split("#");
		const file = path === "" ? page : join(dirname(page), path);
		expect(existsSync(join(ROOT, file))).toBe(true);
		if (anchor !== undefined) expect(anchorsOf(file)).toContain(anchor);
	});

	it.each(PAGES)("name in %s the file that they lead to", (page) => {
		const named = proseOf(page).matchAll(/\[`?([\w.-]+\.(?:tsx?|mjs|cjs|json|bicep|kql|md))`?\]\(([^)#\s]+)\)/g);
		const others = [...named].filter(([, name, target = ""]) => basename(target) !== name).map(([link]) => link);
		expect(others).toEqual([]);
	});

	it("reach every page from the README", () => {
		const reached = new Set(linksOf("README.md").map(({ target }) => target.split("#")[0]));
		expect(PAGES.filter((page) => page !== "README.md" && !reached.has(page))).toEqual([]);
	});
});

describe("a token that a page asks for", () => {
	it("may read runs, too: the bridge looks for the run of each dispatch", () => {
		const asking = PAGES.flatMap((page) =>
			readText(page)
				.split("\n")
				.filter((line) => /fine-grained (?:personal access )?token\b.*Contents: write/i.test(line))
				.map((line) => [page, line] as const),
		);
		expect(asking.length).toBeGreaterThan(2);
		expect(asking.filter(([, line]) => !line.includes("Actions: read")).map(([page]) => page)).toEqual([]);
	});
});

describe("the map of the sources", () => {
	it("in CONTRIBUTING.md has each room and file of src/, and no other", () => {
		const [, map = ""] = /^src\/\n((?: {2}\S.*\n)+(?: {2,}.*\n)*)/m.exec(readText("CONTRIBUTING.md")) ?? [];
		const named = [...map.matchAll(/^ {2}([\w.]+)\/? /gm)].map(([, name]) => name);
		expect(named.sort()).toEqual(readdirSync(join(ROOT, "src")).sort());
	});
});

describe("the files that the documentation names", () => {
	const FOLDERS = ["bench", "chaos", "docs", "examples", "infra", "scripts", "src", "test", ".github"];
	/** What a build or a reader makes, and what only stands for a name. */
	const MADE = [
		...["out/grid-dispatch.zip", "infra/grid-dispatch.zip", "grid-dispatch.zip", "grid-dispatch.cdx.json"],
		...["local.settings.json", "roles.json", "azure-pipelines.yml", "dist/index.cjs"],
		...["bench/rows/NAME.ts", "publisher-name.schema.json"],
		...["src/destinations/hook/to.hook.schema.json", "src/destinations/hook/service.ts"],
	];
	const inProject = new Set([
		...readdirSync(ROOT),
		...FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })).map((file) =>
			basename(file),
		),
	]);

	/** Without what was the predecessor's. */
	function filesIn(page: string): string[] {
		const text = proseOf(page).replaceAll(
			/^\| (?:[^|]*`(?:code|infra|\.cloud|\.github)\/[^|]*)\|(?= the same| `)/gm,
			"",
		);
		return codesIn(text)
			.filter((code) => /^[\w./-]+\.(?:md|json|ya?ml|[mc]?[tj]s|bicep|bicepparam|kql|py|zip|csv)$/.test(code))
			.filter((file) => !MADE.includes(file));
	}
	const files = PAGES.flatMap((page) => filesIn(page).map((file) => [page, file] as const));

	it("are found", () => {
		expect(files.length).toBeGreaterThan(80);
	});

	it.each(PAGES)("in %s are there", (page) => {
		const roots = ["", dirname(page), "examples/ml-repo"];
		const isThere = (file: string) =>
			file.includes("/") ? roots.some((root) => existsSync(join(ROOT, root, file))) : inProject.has(file);
		expect(filesIn(page).filter((file) => !isThere(file))).toEqual([]);
	});
});

describe("the workflows of the documentation", () => {
	const workflows = PAGES.flatMap(blocksOf).filter(({ language }) => language === "yaml");
	const scripts = workflows.flatMap(({ text }) => scriptsOf(text));

	it("are found, scripts and all", () => {
		expect(workflows.map(({ page }) => page)).toContain("README.md");
		expect(scripts.length).toBeGreaterThanOrEqual(workflows.length);
		expect(scriptsOf(`- run: a ${EXPRESSION}\n  env:\n    c: ${EXPRESSION}\n`)).toEqual([` a ${EXPRESSION}`]);
		expect(scriptsOf(`  - name: x\n    run: |\n      a\n\n      b ${EXPRESSION}\n    env: d\n`)).toEqual([
			` |\n      a\n\n      b ${EXPRESSION}`,
		]);
	});

	it.each(workflows.map(({ page, text }) => [page, text] as const))(
		"in %s hand the payload over through env",
		(_, text) => {
			expect(text).toMatch(/\bgithub\.event\.client_payload\.|\binputs\./);
			for (const script of scriptsOf(text)) expect(script).not.toContain(EXPRESSION.slice(0, 3));
			const uses = text.split("\n").filter((line) => /client_payload|\{\{ inputs\./.test(line));
			// The name of a run and of a group are texts to GitHub, and no script.
			for (const use of uses) expect(use).toMatch(/^(?: +[A-Z_]+: |run-name: | +group: )/);
		},
	);

	it("use each variable that they hand over, in quotes", () => {
		for (const { text } of workflows) {
			for (const [, name] of text.matchAll(/^ +([A-Z_]+): .*client_payload/gm)) {
				expect(scriptsOf(text).join("\n")).toMatch(new RegExp(`"\\$${name}"|="?\\$${name}"`));
			}
		}
	});
});
