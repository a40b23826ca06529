import { readdirSync } from "node:fs";
import { join, sep } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { readConfig } from "../../src/config.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { codesIn, ROOT, readText, tableOf } from "./read-docs.ts";

/** What Azure sets by itself, and nobody else should. */
const SET_BY_AZURE = "IDENTITY_ENDPOINT";
/** What the Functions host reads, not the bridge. */
const OF_THE_HOST = ["FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"];

/** One way of configuring each source of tokens: a source that is not reached does not ask for its settings. */
const WAYS: Record<string, string>[] = [
	{ GITHUB_TOKEN: "t" },
	{ KEY_VAULT_URL: "https://contoso.vault.azure.net" },
	{ KEY_VAULT_URL: "https://contoso.vault.azure.net", GITHUB_APP_ID: "1" },
];

/** Every name that the code asks the environment for. */
function namesRead(): string[] {
	const names = new Set<string>();
	for (const way of WAYS) {
		const env = new Proxy<Record<string, string>>(
			{ ...way, GITHUB_REPOSITORY: "a/b" },
			{
				get(target, name) {
					names.add(String(name));
					return target[String(name)];
				},
			},
		);
		readConfig(env, ROOT);
		readHandshakeRules(env);
	}
	return [...names].filter((name) => name !== SET_BY_AZURE).sort();
}

const names = namesRead();
const rows = tableOf("README.md", "Setting");
const defaults = new Map(rows.map(([name = "", value = ""]) => [codesIn(name)[0], codesIn(value)[0]]));

describe("the settings", () => {
	it("are read in two places, both of which this test asks", () => {
		const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
			.map((file) => file.split(sep).join("/"))
			.filter((file) => file.endsWith(".ts") && !file.startsWith("local/"));
		const reading = sources.filter((file) => readText(`src/${file}`).includes("process.env"));
		expect(reading).toEqual(["index.ts"]);
		const uses = [...readText("src/index.ts").matchAll(/(\w+)\(process\.env\b/g)].map(([, use]) => use);
		expect(uses.sort()).toEqual(["openBridge", "readHandshakeRules"]);
	});

	it("stand in the README's table, every one and no other", () => {
		expect([...defaults.keys()].sort()).toEqual(names);
	});

	it("have a section in docs/settings.md, every one and no other", () => {
		const sections = [...readText("docs/settings.md").matchAll(/^### `(.+)`$/gm)].map(([, name]) => name);
		expect(sections.sort()).toEqual(names);
	});

	it("stand in the sample, every one and no other, as texts", () => {
		const { IsEncrypted, Values } = JSON.parse(readText("local.settings.sample.json")) as {
			IsEncrypted: boolean;
			Values: Record<string, string>;
		};
		expect(IsEncrypted).toBe(false);
		expect(Object.keys(Values).sort()).toEqual([...names, ...OF_THE_HOST].sort());
		expect(Object.values(Values).every((value) => typeof value === "string")).toBe(true);
		const section = readText("docs/settings.md").split("## The platform's own")[1] ?? "";
		for (const name of OF_THE_HOST) expect(section).toContain(`\`${name}\``);
	});

	it("work as the sample gives them, once there is a token", () => {
		const { Values } = JSON.parse(readText("local.settings.sample.json")) as { Values: Record<string, string> };
		expect(readConfig({ ...Values, GITHUB_TOKEN: "ghp_x" }, ROOT)).toMatchObject({
			routes: [{ name: "default", to: { repository: "contoso/fraud-model" } }],
			warnings: [],
		});
		expect(readHandshakeRules(Values)).toEqual(readHandshakeRules({}));
	});

	it("have the defaults that the pages name", () => {
		const { githubApiUrl, token } = readConfig(
			{ GITHUB_REPOSITORY: "a/b", KEY_VAULT_URL: "https://contoso.vault.azure.net" },
			ROOT,
		);
		expect(defaults.get("GITHUB_API_URL")).toBe(githubApiUrl);
		expect(token).toMatchObject({ secretName: defaults.get("GITHUB_TOKEN_SECRET_NAME") });
		const pages = readText("docs/settings.md");
		expect(pages).toContain(`Default: \`${githubApiUrl}\``);
		expect(pages).toContain(`Default: \`${defaults.get("GITHUB_TOKEN_SECRET_NAME")}\``);
		const [, , origins = ""] = tableOf("docs/events.md", "Setting").find(([name]) => name?.includes("ORIGINS")) ?? [];
		expect(codesIn(origins)).toEqual(readHandshakeRules({}).origins);
	});
});
