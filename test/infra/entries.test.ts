import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "@jest/globals";
import { BICEP, bicep, infra } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";

describeWith(BICEP, "the infrastructure's files", () => {
	it("build and lint without a warning", async () => {
		expect(await bicep("lint", "--pattern", join(infra, "**/*.bicep"))).toBe("");
		const built = await bicep("build", join(infra, "subscribe.bicep"), "--stdout");
		expect(JSON.parse(built).$schema).toContain("deploymentTemplate.json");
	});

	it("main.bicepparam brings the compiled template along, so that no version of Bicep makes another one", async () => {
		const { templateJson } = JSON.parse(await bicep("build-params", join(infra, "main.bicepparam"), "--stdout"));
		expect(JSON.parse(templateJson)).toEqual(JSON.parse(read(infra, "azuredeploy.json")));
	});

	it("name the least version of Bicep, which is where @nullIfNotFound() becomes stable", async () => {
		const templates = ["azuredeploy.json", "subscribe.json"].map((file) => read(infra, file));
		for (const template of templates) {
			expect(template).toContain('"nullIfNotFound"');
			expect(template).not.toMatch(/"languageVersion": "(?!2\.0")/);
		}
		const { bicep: required } = JSON.parse(read(infra, "bicepconfig.json"));
		expect(required).toEqual({ version: ">=0.48.1" });
		for (const page of ["docs/deploy.md", "azure.yaml"]) {
			expect(read(infra, join("..", page))).toContain("0.48.1");
			expect(read(infra, join("..", page))).toContain("AZD_BICEP_TOOL_PATH");
		}
	});

	it("main.bicepparam is a parameters file for main.bicep", async () => {
		const { parametersJson } = JSON.parse(await bicep("build-params", join(infra, "main.bicepparam"), "--stdout"));
		expect(Object.keys(JSON.parse(parametersJson).parameters)).toContain("githubRepository");
	});

	it.each([
		["azuredeploy.json", "main.bicep"],
		["subscribe.json", "subscribe.bicep"],
	])("%s is what %s compiles to: `npm run infra` writes it", async (template, source) => {
		const compiled = JSON.parse(await bicep("build", join(infra, source), "--stdout"));
		expect(withoutGenerator(JSON.parse(read(infra, template)))).toEqual(withoutGenerator(compiled));
	});

	it("are laid out as `bicep format` does it", async () => {
		const copy = mkdtempSync(join(tmpdir(), "infra-"));
		cpSync(infra, copy, { recursive: true });
		await bicep("format", "--pattern", join(copy, "**/*.bicep"));
		const files = readdirSync(infra, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".bicep"));
		const changed = files.filter((file) => read(copy, file) !== read(infra, file));
		rmSync(copy, { recursive: true });
		expect({ changed, files: files.length > 10 }).toEqual({ changed: [], files: true });
	});

	it("main.bicep hands to subscribe.bicep all that it asks for, but the address of a webhook", async () => {
		const second = JSON.parse(await bicep("build", join(infra, "subscribe.bicep"), "--stdout"));
		const asked = Object.keys(second.parameters).filter((name) => !name.startsWith("webhook"));
		const main = JSON.parse(read(infra, "azuredeploy.json"));
		expect(Object.keys(main.outputs.subscribe.value).sort()).toEqual(asked.sort());
	});

	it("the further settings of main.bicep are settings of the bridge, and no secrets", () => {
		const { definitions } = JSON.parse(read(infra, "azuredeploy.json"));
		const [name] = Object.keys(definitions).filter((definition) => definition.endsWith("bridgeSettings"));
		const settings = Object.keys(definitions[name ?? ""].properties);
		expect(settings.length).toBeGreaterThan(5);
		const documented = readFileSync(join(infra, "../docs/settings.md"), "utf8");
		for (const setting of settings) expect(documented).toContain(`### \`${setting}\``);
		expect(settings.filter((setting) => /TOKEN|KEY$|PAT/.test(setting))).toEqual([]);
		expect(definitions[name ?? ""].additionalProperties).toBe(false);
	});

	it("every setting of the bridge can be set by the template, but for the tokens of local work", () => {
		const documented = readFileSync(join(infra, "../docs/settings.md"), "utf8");
		const names = [...documented.matchAll(/^### `(.+)`$/gm)].map(([, name = ""]) => name);
		expect(names.length).toBeGreaterThan(20);
		const template = read(infra, "azuredeploy.json");
		const missing = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(template));
		expect(missing).toEqual(["GITHUB_TOKEN", "PAT_TOKEN", "AZURE_DEVOPS_TOKEN"]);
	});

	it("nothing in the template is different each time it is deployed", () => {
		const template = read(infra, "azuredeploy.json");
		expect(template).not.toMatch(/\b(newGuid|utcNow)\(/i);
	});
});

function read(folder: string, file: string): string {
	return readFileSync(join(folder, file), "utf8");
}

/** Versions of the compiler differ in how they sign their work, at every level of nesting. */
function withoutGenerator(template: unknown): unknown {
	return JSON.parse(JSON.stringify(template, (key, value) => (key === "_generator" ? undefined : value)));
}
