import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { Ajv } from "ajv";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "azure.yaml"), "utf8");
const project = parse(text) as {
	readonly infra: { readonly path: string; readonly module: string };
	readonly services: Readonly<Record<string, { readonly project: string }>>;
	readonly hooks: { readonly postdeploy: Readonly<Record<"posix" | "windows", { readonly run: string }>> };
};

const text1 = { type: "string", minLength: 1 };
const exactly = (properties: Record<string, object>) => ({
	type: "object",
	properties,
	required: Object.keys(properties),
	additionalProperties: false,
});
const hook = (shell: string) => exactly({ shell: { const: shell }, run: text1 });

/** What azd's own schema (azure-dev, schemas/v1.0/azure.yaml.json) says of the keys that are used here, and no others. */
const SCHEMA = exactly({
	name: { type: "string", minLength: 2, pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" },
	requiredVersions: exactly({ azd: text1 }),
	infra: exactly({ provider: { const: "bicep" }, path: text1, module: text1 }),
	services: exactly({
		bridge: exactly({
			project: text1,
			host: { const: "function" },
			language: { enum: ["js", "ts"] },
			remoteBuild: { type: "boolean" },
		}),
	}),
	hooks: exactly({ postdeploy: exactly({ posix: hook("sh"), windows: hook("pwsh") }) }),
});

describe("azure.yaml", () => {
	it("has the keys that azd knows, with the types that it takes", () => {
		const validate = new Ajv({ strict: true }).compile(SCHEMA);
		validate(project);
		expect(validate.errors ?? []).toEqual([]);
	});

	it("builds here and not in Azure", () => {
		expect(project.services["bridge"]).toMatchObject({ remoteBuild: false });
	});

	it("asks for an azd that reads what .funcignore lets through", () => {
		expect(text).toContain('azd: ">= 1.23.13"');
	});

	it("names files that are there", () => {
		const { path, module } = project.infra;
		expect(existsSync(join(root, path, `${module}.bicep`))).toBe(true);
		const scripts = Object.values(project.hooks.postdeploy).map(({ run }) => /^node (\S+) /.exec(run)?.[1] ?? "none");
		for (const script of scripts)
			expect({ script, there: existsSync(join(root, script)) }).toMatchObject({ there: true });
		const service = join(root, project.services["bridge"]?.project ?? "none");
		for (const file of ["host.json", "package.json", ".funcignore"]) expect(existsSync(join(service, file))).toBe(true);
	});

	it("has a build script, which azd runs by that name", () => {
		const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
		expect(scripts).toHaveProperty("build");
	});

	it("subscribes after the code is there, in the same way on every system", () => {
		const { posix, windows } = project.hooks.postdeploy;
		expect(posix.run).toBe('node infra/subscribe.mjs "$AZURE_RESOURCE_GROUP" --subscription "$AZURE_SUBSCRIPTION_ID"');
		expect(windows.run).toBe(posix.run.replaceAll("$", "$env:"));
	});
});
