import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { BICEP, bicep, infra } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { blocksOf, codesIn, commandsIn, PAGES, proseOf, ROOT, readText, tableOf } from "./read-docs.ts";

interface Template {
	readonly parameters: Readonly<Record<string, object>>;
	readonly outputs: Readonly<Record<string, object>>;
	readonly definitions: Readonly<Record<string, { readonly properties: Readonly<Record<string, object>> }>>;
}
const text = readText("infra/azuredeploy.json");
const template = JSON.parse(text) as Template;
const parameters = Object.keys(template.parameters);
const keysOf = (definition: string) => Object.keys(template.definitions[definition]?.properties ?? {});

/** As the names of parameters are written. */
const isCamelCase = (code: string) => /^[a-z]+(?:[A-Z][A-Za-z]*)+$/.test(code);

describe("the names on the pages about deploying", () => {
	/** A function, what CloudEvents leave out of an event, and the name of a storage account. */
	const OTHERS = ["eventGrid", "dataVersion", "metadataVersion", "stgriddispaHASH"];
	const known = [...parameters, ...Object.keys(template.outputs), ...keysOf("dataAccount"), ...OTHERS];

	it.each(["docs/deploy.md", "docs/networks.md"])("%s names no parameter that the template has not", (page) => {
		const named = codesIn(proseOf(page)).filter(isCamelCase);
		expect(named.length).toBeGreaterThan(3);
		expect(named.filter((name) => !known.includes(name))).toEqual([]);
	});

	it("a page that runs azd up first sets what the template cannot do without", () => {
		const needed = ["DISPATCH_REPOSITORY", "DISPATCH_TOKEN"];
		for (const name of needed) expect(readText("infra/main.bicepparam")).toContain(`'${name}'`);
		const deploying = PAGES.filter((page) => blocksOf(page).some(({ text }) => /^azd up$/m.test(text)));
		expect(deploying).toEqual(expect.arrayContaining(["README.md", "docs/deploy.md"]));
		for (const page of deploying) {
			const [before = ""] = readText(page).split(/^ *azd up$/m);
			expect([page, needed.filter((name) => !before.includes(name))]).toEqual([page, []]);
		}
	});

	it("every parameter has a row, and no other name", () => {
		const rows = readText("docs/deploy.md").split("<!-- generated:parameters -->")[1]?.split("<!-- /generated") ?? [];
		const named = [...(rows[0] ?? "").matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
		expect(named).toEqual(parameters);
	});

	it("the further settings are those that the template takes", () => {
		const [, section = ""] = readText("docs/deploy.md").split("### settings\n");
		const [first = ""] = section.split("All values are texts");
		expect(codesIn(first)).toEqual(keysOf("bridgeSettings"));
	});

	it("the event types of an account are those that the template takes", () => {
		const [line = ""] = readText("docs/deploy.md").match(/^`eventTypes` takes .+$/m) ?? [];
		const named = codesIn(line).slice(1);
		const [, allowed = ""] =
			/type storageEventType =((?:\s+\| '[\w.]+')+)/.exec(readText("infra/modules/types.bicep")) ?? [];
		expect(named.map((name) => name.replace(/^(?!Microsoft)/, "Microsoft.Storage."))).toEqual(
			[...allowed.matchAll(/'([\w.]+)'/g)].map(([, type]) => type),
		);
	});

	it("the providers are those of the template's resources, of Flex Consumption and of managed endpoints", () => {
		const [line = ""] = readText("docs/deploy.md").match(/^for provider in .+$/m) ?? [];
		const used = new Set([...text.matchAll(/"type": "(Microsoft\.\w+)\//g)].map(([, provider]) => provider));
		used.delete("Microsoft.Authorization");
		used.delete("Microsoft.Resources");
		expect(line.match(/Microsoft\.\w+/g)).toEqual(
			[...used, "Microsoft.App", "Microsoft.Cdn", "Microsoft.PolicyInsights"].sort(),
		);
	});

	it("the settings in capitals are the bridge's, the platform's, the command line's, a file's of this project, or an explained one", () => {
		const documented = [...readText("docs/settings.md").matchAll(/^### `(.+)`$/gm)].map(([, name]) => name);
		const written = [
			readText("infra/main.bicepparam"),
			readText("local.settings.sample.json"),
			...["setup", "train_model", "deploy_model"].map((name) =>
				readText(`examples/ml-repo/.github/workflows/${name}.yml`),
			),
			text,
		].join("\n");
		/** Set by Azure; a variable of the reader's own; a placeholder; the predecessor's. */
		const explained = [
			...["IDENTITY_ENDPOINT", "GRID_DISPATCH_ACCOUNT", "PRINCIPAL_ID"],
			...["AZURE_CREDENTIALS", "AZURE_RESOURCE_GROUP", "STORAGE_ACCOUNT"],
			...tableOf("docs/cli.md", "Variable").flatMap(([names = ""]) => codesIn(names)),
		];
		const named = PAGES.flatMap((page) => codesIn(proseOf(page))).filter((code) =>
			/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(code),
		);
		expect(named.length).toBeGreaterThan(50);
		const strange = named.filter(
			(name) => !documented.includes(name) && !explained.includes(name) && !new RegExp(`\\b${name}\\b`).test(written),
		);
		expect(strange).toEqual([]);
	});
});

describe("the table of the predecessor's parameters", () => {
	const rows = tableOf("docs/predecessor.md", "Then", "## The template's parameters");

	it("has every one of them", () => {
		expect(rows.map(([then = ""]) => codesIn(then)[0])).toEqual([
			...["workspaceName", "baseName", "OwnerName", "GitHubBranch", "GitHubURL", "funcProjectFolder"],
			...["eventGridTopicPrefix", "eventGridSubscriptionName", "FunctionName", "subscriptionID"],
			...["repo_name", "pat_token", "STORAGE_ACCOUNT"],
		]);
	});

	it("names parameters that the template has", () => {
		const now = rows.flatMap((row) => codesIn(row.at(-1) ?? "")).filter(isCamelCase);
		expect(now.length).toBeGreaterThan(10);
		expect(now.filter((name) => ![...parameters, ...keysOf("dataAccount")].includes(name))).toEqual([]);
	});

	it("is followed by a way of ten steps at the most", () => {
		const [, section = ""] = readText("docs/predecessor.md").split("## In ten lines\n");
		const steps = section.split("\n## ")[0]?.match(/^\d+\. /gm) ?? [];
		expect(steps.length).toBeGreaterThan(5);
		expect(steps.length).toBeLessThanOrEqual(10);
	});
});

describe("the commands that no test can run", () => {
	const blocks = PAGES.flatMap(blocksOf).filter(({ language }) => language === "console");
	const { scripts } = JSON.parse(readText("package.json")) as { scripts: Record<string, string> };
	/** By a command above, or by the reader. */
	const MADE = ["out/grid-dispatch.zip", "grid-dispatch.zip.sha256", "roles.json"];

	it("are found", () => {
		expect(blocks.length).toBeGreaterThan(20);
	});

	it.each(blocks.map(({ page, text }) => [page, text.split("\n")[0], text] as const))(
		"in %s are a shell's, and name what is there: %s",
		(page, _line, text) => {
			const commands = commandsIn(text);
			expect(() => execFileSync("bash", ["-n", "-c", commands], { stdio: "pipe" })).not.toThrow();
			const named = (pattern: RegExp) => [...commands.matchAll(pattern)].map(([, name = ""]) => name);

			const outputs = named(/properties\.outputs\.(\w+)/g);
			expect(outputs.filter((name) => !(name in template.outputs))).toEqual([]);

			const given = named(/(?:--parameters|-p) (\w+)=/g);
			expect(given.filter((name) => !parameters.includes(name))).toEqual([]);

			expect(named(/npm run ([\w-]+)/g).filter((name) => !(name in scripts))).toEqual([]);

			const set = named(/azd env set (\w+)/g);
			expect(set.filter((name) => !readText("infra/main.bicepparam").includes(`('${name}'`))).toEqual([]);

			const roots = page.startsWith("examples/") ? ["examples/ml-repo", "examples/ml-repo/.."] : [""];
			const files = named(/(?:^|[\s@=])((?:infra|code|data|scripts)\/[\w./-]+)/gm);
			const others = named(/(?:--src|--check|--parameters|--template-file|@)\s?([\w./-]+\.\w+)(?=\s|$)/gm);
			const missing = [...files, ...others].filter(
				(file) => !MADE.includes(file) && !roots.some((root) => existsSync(join(ROOT, root, file))),
			);
			expect(missing).toEqual([]);
		},
	);
});

describeWith(BICEP, "the parameters that the documentation gives", () => {
	const blocks = PAGES.filter((page) => page.startsWith("docs/"))
		.flatMap(blocksOf)
		.filter(({ language }) => language === "bicep");
	let folder = "";
	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), "parameters-"));
		cpSync(infra, join(folder, "infra"), { recursive: true });
		copyFileSync(join(ROOT, "examples/ml-repo/routes.json"), join(folder, "routes.json"));
	});
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	it.each(blocks.map(({ page, text }) => [page, text.split("\n")[0], text] as const))(
		"in %s fit into main.bicepparam: %s",
		async (_page, _line, lines) => {
			const names = [...lines.matchAll(/^param (\w+) =/gm)].map(([, name = ""]) => name);
			expect(names.length).toBeGreaterThan(0);
			// In place of what the file says of them: a value ends where the next line begins that is no part of it.
			const before = names.reduce(
				(text, name) => text.replace(new RegExp(`^param ${name} =.*(?:\\n(?:[ \\])}].*)?$)*`, "m"), ""),
				readFileSync(join(infra, "main.bicepparam"), "utf8"),
			);
			const file = join(folder, "infra/main.bicepparam");
			writeFileSync(file, `${before}\n${lines}`);
			const built = JSON.parse(await bicep("build-params", file, "--stdout")) as { parametersJson: string };
			const given = JSON.parse(built.parametersJson) as { parameters: Record<string, object> };
			expect(Object.keys(given.parameters)).toEqual(expect.arrayContaining(names));
		},
	);
});
