import { readdirSync } from "node:fs";
import { join, sep } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { readConfig } from "../../src/config/config.ts";
import { readEventQueue, Settings } from "../../src/config/settings.ts";
import { readGitHubConfig } from "../../src/destinations/github/service.ts";
import { SERVICES } from "../../src/destinations/list.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { parsePace } from "../../src/ledger/pace.ts";
import { codesIn, ROOT, readText, tableOf } from "./read-docs.ts";

/** What Azure sets by itself, and nobody else should. */
const SET_BY_AZURE = "IDENTITY_ENDPOINT";
/** What the Functions host needs itself. */
const OF_THE_HOST = ["FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"];
/** What the bridge reads of that, since its ledger is in the host's storage account. */
const isOfTheHost = (name: string) => name.startsWith("AzureWebJobsStorage");

const STORAGE = { AzureWebJobsStorage: "UseDevelopmentStorage=true" };
/** One way of configuring each source of tokens, and each way to storage: what is not reached does not ask. */
const WAYS: Record<string, string>[] = [
	{ ...STORAGE, GITHUB_TOKEN: "t" },
	{ ...STORAGE, KEY_VAULT_URL: "https://contoso.vault.azure.net" },
	{ ...STORAGE, KEY_VAULT_URL: "https://contoso.vault.azure.net", GITHUB_APP_ID: "1" },
	{ AzureWebJobsStorage__accountName: "contosobridge", GITHUB_TOKEN: "t" },
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
		readConfig(env, ROOT, SERVICES);
		readHandshakeRules(env);
		readEventQueue(env);
	}
	return [...names].filter((name) => name !== SET_BY_AZURE).sort();
}

const read = namesRead();
const names = read.filter((name) => !isOfTheHost(name));
const rows = tableOf("README.md", "Setting");
const defaults = new Map(rows.map(([name = "", value = ""]) => [codesIn(name)[0], codesIn(value)[0]]));

describe("the settings", () => {
	it("are read in a few places, all of which this test asks", () => {
		const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
			.map((file) => file.split(sep).join("/"))
			.filter((file) => file.endsWith(".ts") && !file.startsWith("local/"));
		const reading = sources.filter((file) => readText(`src/${file}`).includes("process.env"));
		expect(reading).toEqual(["index.ts"]);
		const uses = [...readText("src/index.ts").matchAll(/(\w+)\(process\.env\b/g)].map(([, use]) => use);
		expect(uses.sort()).toEqual(["openBridge", "openSenderCheck", "readEventQueue", "readHandshakeRules"]);
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

	it("of the host that the bridge reads, too, are named by the section about storage, every one and no other", () => {
		const section = readText("docs/settings.md").split("## Storage")[1] ?? "";
		const named = new Set(codesIn(section).filter(isOfTheHost));
		expect([...named].sort()).toEqual(read.filter(isOfTheHost));
	});

	it("work as the sample gives them, once there is a token", () => {
		const { Values } = JSON.parse(readText("local.settings.sample.json")) as { Values: Record<string, string> };
		expect(readConfig({ ...Values, GITHUB_TOKEN: "ghp_x" }, ROOT, SERVICES)).toMatchObject({
			routes: [{ name: "default", to: { repository: "contoso/fraud-model" } }],
			warnings: [],
		});
		expect(readEventQueue(Values)).toBeUndefined();
		expect(readHandshakeRules(Values)).toEqual(readHandshakeRules({}));
	});

	it("have the defaults that the pages name", () => {
		const env = { ...STORAGE, GITHUB_REPOSITORY: "a/b", KEY_VAULT_URL: "https://contoso.vault.azure.net" };
		const { giveUpMs, retentionMs } = readConfig(env, ROOT, SERVICES);
		const { address, token, limits, concurrency } = readGitHubConfig(new Settings(env), []);
		const DAY_MS = 86_400_000;
		expect(parsePace(defaults.get("GITHUB_PACE") ?? "")).toEqual(limits);
		expect(defaults.get("GITHUB_CONCURRENCY")).toBe(String(concurrency));
		expect(defaults.get("GIVE_UP_DAYS")).toBe(String(giveUpMs / DAY_MS));
		expect(defaults.get("KEEP_DAYS")).toBe(String(retentionMs / DAY_MS));
		expect(defaults.get("GITHUB_API_URL")).toBe(address);
		expect(token).toMatchObject({ secretName: defaults.get("GITHUB_TOKEN_SECRET_NAME") });
		const pages = readText("docs/settings.md");
		expect(pages).toContain(`Default: \`${address}\``);
		for (const name of ["GITHUB_PACE", "GITHUB_CONCURRENCY", "GIVE_UP_DAYS", "KEEP_DAYS"]) {
			expect(pages.split(`### \`${name}\``)[1]?.split("###")[0]).toContain(`Default: \`${defaults.get(name)}\``);
		}
		expect(pages).toContain(`Default: \`${defaults.get("GITHUB_TOKEN_SECRET_NAME")}\``);
		const [, , origins = ""] = tableOf("docs/events.md", "Setting").find(([name]) => name?.includes("ORIGINS")) ?? [];
		expect(codesIn(origins)).toEqual(readHandshakeRules({}).origins);
	});
});
