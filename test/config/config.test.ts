import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ConfigError, readConfig } from "../../src/config/config.ts";
import { type Env, type Problem, Settings } from "../../src/config/settings.ts";
import type { Service } from "../../src/destinations/destination.ts";
import { readGitHubConfig } from "../../src/destinations/github/service.ts";
import { SERVICES } from "../../src/destinations/list.ts";
import type { Route } from "../../src/route/route.ts";

let appRoot: string;
beforeAll(() => {
	appRoot = mkdtempSync(join(tmpdir(), "grid-dispatch-"));
});
afterAll(() => rmSync(appRoot, { recursive: true }));

const storage = { AzureWebJobsStorage: "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=a2V5" };
const sound = { GITHUB_REPOSITORY: "contoso/fraud-model", GITHUB_TOKEN: "ghp_x", ...storage };
const DAY_MS = 86_400_000;
const read = (env: Env) => readConfig(env, appRoot, SERVICES);
/** What the settings say of GitHub, of an environment that is sound. */
const readGitHub = (env: Env) => {
	read(env);
	return readGitHubConfig(new Settings(env), []);
};

function problemsOf(env: Env): readonly Problem[] {
	try {
		read(env);
	} catch (error) {
		if (error instanceof ConfigError) return error.problems;
		throw error;
	}
	throw new Error("was taken");
}

const table = (route: object) => JSON.stringify({ routes: [{ name: "r", to: { repository: "contoso/a" }, ...route }] });

describe("the configuration", () => {
	it("needs no more than a repository, a token and a storage account", () => {
		const limits = [
			{ count: 1, ms: 1_000 },
			{ count: 80, ms: 60_000 },
			{ count: 500, ms: 3_600_000 },
		];
		const { services, ...config } = read(sound);
		expect(services).toMatchObject([
			{ name: "github", address: "https://api.github.com", limits, concurrency: 1 },
			{ name: "azure-devops", address: "https://dev.azure.com", concurrency: 1 },
		]);
		expect(readGitHub(sound)).toEqual({
			address: "https://api.github.com",
			token: { kind: "fixed", token: "ghp_x" },
			limits,
			concurrency: 1,
		});
		expect(config).toEqual({
			routes: [{ name: "default", to: { repository: "contoso/fraud-model" } }],
			storage: { kind: "connection-string", connectionString: storage.AzureWebJobsStorage },
			giveUpMs: 7 * DAY_MS,
			followRuns: true,
			runWithinMs: 60 * 60_000,
			retentionMs: 30 * DAY_MS,
			warnings: [],
		});
	});

	it.each([
		["GIVE_UP_DAYS", "0.5", { giveUpMs: DAY_MS / 2 }],
		["KEEP_DAYS", "3650", { retentionMs: 3650 * DAY_MS }],
	])("takes %s", (name, text, taken) => {
		expect(read({ ...sound, [name]: text })).toMatchObject(taken);
	});

	it.each([
		["GIVE_UP_DAYS", "0"],
		["GIVE_UP_DAYS", "366"],
		["GIVE_UP_DAYS", "7d"],
		["KEEP_DAYS", "0"],
		["KEEP_DAYS", "-1"],
		["KEEP_DAYS", "4000"],
	])("refuses %s when it is %j", (name, text) => {
		expect(problemsOf({ ...sound, [name]: text })).toMatchObject([
			{ setting: name, problem: expect.stringContaining(text.trim().split(",").at(-1) as string) },
		]);
	});

	const entra = {
		ENTRA_TENANT_ID: "5f3c1d2e-0000-4000-8000-00000000000a",
		ENTRA_AUDIENCE: "api://bridge.contoso.example",
		ENTRA_APPLICATIONS: "5f3c1d2e-0000-4000-8000-0000000000aa",
		ENTRA_AUTHORITY: "https://login.microsoftonline.us",
	};

	it("takes the settings of Entra, all of them or the two that are needed", () => {
		const { ENTRA_APPLICATIONS: _, ENTRA_AUTHORITY: __, ...two } = entra;
		expect(read({ ...sound, ...entra }).warnings).toEqual([]);
		expect(read({ ...sound, ...two }).warnings).toEqual([]);
	});

	it.each([
		["ENTRA_TENANT_ID", "contoso.onmicrosoft.com", "the id of a tenant"],
		["ENTRA_TENANT_ID", "", "belong together"],
		["ENTRA_AUDIENCE", "grid-dispatch", "api://"],
		["ENTRA_AUDIENCE", "", "belong together"],
		["ENTRA_APPLICATIONS", "Event Grid", "separated by commas"],
		["ENTRA_AUTHORITY", "https://login.contoso.example", "https://login.microsoftonline.com"],
	])("refuses %s when it is %j, and names the repair", (name, text, repair) => {
		expect(problemsOf({ ...sound, ...entra, [name]: text })).toEqual([
			{ setting: name, problem: expect.stringContaining(repair) },
		]);
	});

	it("is frozen through and through", () => {
		const config = read({ ...sound, BRIDGE_ROUTES: table({ filter: { includedEventTypes: ["a"] } }) });
		const parts = [config, config.routes, config.routes[0]?.filter?.includedEventTypes, config.storage];
		const [service] = config.services;
		expect([...parts, config.services, service, service?.limits].every(Object.isFrozen)).toBe(true);
	});

	it("lists every problem at once, each with its setting", () => {
		const problems = problemsOf({ GITHUB_API_URL: "http://github.contoso.com", GITHUB_REPOSITORY: "fraud-model" });
		expect(problems.map(({ setting }) => setting)).toEqual([
			"GITHUB_REPOSITORY",
			"GITHUB_API_URL",
			"GITHUB_TOKEN",
			"AzureWebJobsStorage",
		]);
		expect(new ConfigError(problems).message.split("\n")).toHaveLength(4);
	});

	it("names the repair when nothing is set", () => {
		const words = problemsOf({})
			.map(({ problem }) => problem)
			.join(" ");
		expect(words).toContain("owner/name");
		expect(words).toContain("KEY_VAULT_URL");
		expect(words).toContain("AzureWebJobsStorage__accountName");
	});

	it("takes a setting without the white space that was pasted around it, and an empty one as not set", () => {
		const env = { ...storage, GITHUB_REPOSITORY: " contoso/a\n", GITHUB_TOKEN: "ghp_x\n", BRIDGE_ROUTES: " " };
		expect(read(env)).toMatchObject({ routes: [{ to: { repository: "contoso/a" } }] });
		expect(readGitHub(env)).toMatchObject({ token: { token: "ghp_x" } });
	});

	it.each([
		"fraud-model",
		"https://github.com/contoso/fraud-model",
		"contoso/fraud/model",
		"/x",
		"contoso/",
		"a b/c",
		"contoso/..",
		"contoso/fraud-model.git",
	])("refuses %s as a repository", (repository) => {
		expect(problemsOf({ ...sound, GITHUB_REPOSITORY: repository })).toMatchObject([{ setting: "GITHUB_REPOSITORY" }]);
	});

	it.each([
		"https://mona:hunter-2@api.github.com",
		"https://hunter-2@github.contoso.com/api/v3",
		"https://mona:hunt/hunter-2@api.github.com",
		"https://api.github.com/?token=hunter-2",
		"https://api.github.com/#hunter-2",
		"mona:hunter-2@github.contoso.com/api/v3",
		"http://mona:hunter-2@github.contoso.com/api/v3",
		"https:/mona:hunter-2@api.github.com",
	])("refuses %s as an address, and does not show what may be a secret", (url) => {
		for (const setting of ["GITHUB_API_URL", "KEY_VAULT_URL"]) {
			const problems = problemsOf({ ...sound, [setting]: url });
			expect(problems).toMatchObject([{ setting }]);
			expect(JSON.stringify(problems)).not.toContain("hunter-2");
		}
	});

	it.each([
		...["GITHUB_TOKEN", "PAT_TOKEN", "GITHUB_REPOSITORY", "BRIDGE_ROUTES", "KEY_VAULT_URL", "GITHUB_API_URL"],
		...["AzureWebJobsStorage", "GITHUB_PACE", "KEEP_DAYS"],
	])("refuses %s when it is a reference that the platform could not resolve, and does not show it", (name) => {
		const reference = "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/token)";
		const problems = problemsOf({ ...sound, [name]: reference });
		expect(problems).toEqual([{ setting: name, problem: expect.stringContaining("could not resolve") }]);
		expect(JSON.stringify(problems)).not.toContain("contoso.vault");
	});

	it("says once that the only token is an unresolved reference", () => {
		const problems = problemsOf({ ...sound, GITHUB_TOKEN: "@Microsoft.KeyVault(VaultName=a;SecretName=b)" });
		expect(problems).toHaveLength(1);
	});

	it.each([
		["a vault that is not https", { KEY_VAULT_URL: "http://127.0.0.1:1" }, "KEY_VAULT_URL"],
		["a vault that is no URL", { KEY_VAULT_URL: "contoso-vault" }, "KEY_VAULT_URL"],
		[
			"an impossible secret name",
			{ KEY_VAULT_URL: "https://a.vault.azure.net", GITHUB_TOKEN_SECRET_NAME: "git_hub" },
			"GITHUB_TOKEN_SECRET_NAME",
		],
	])("refuses %s", (_, env, setting) => {
		const problems = problemsOf({ ...sound, ...env });
		expect(problems).toMatchObject([{ setting }]);
		expect(JSON.stringify(problems)).not.toContain("ghp_");
	});

	it.each([
		["GITHUB_TOKEN_SECRET_NAME", { KEY_VAULT_URL: "https://contoso.vault.azure.net" }],
		["GITHUB_APP_KEY_SECRET_NAME", { KEY_VAULT_URL: "https://contoso.vault.azure.net", GITHUB_APP_ID: "1" }],
		["GITHUB_APP_ID", { KEY_VAULT_URL: "https://contoso.vault.azure.net" }],
		["KEY_VAULT_URL", {}],
		["GITHUB_REPOSITORY", {}],
		["GITHUB_API_URL", {}],
		["GITHUB_PACE", {}],
		["EVENT_QUEUE", {}],
	])("never shows a secret that was pasted into %s by mistake: health is open to everybody", (setting, more) => {
		const token = "github_pat_11AAAAAAA0aBcDeFgHiJkL_mNoPqRsTuVwXyZ";
		const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----";
		const pat = `${"aB3".repeat(25)}aAZDO1a2B`;
		for (const secret of [token, key, pat]) {
			const problems = problemsOf({ ...sound, ...more, [setting]: secret });
			expect(problems.map((problem) => problem.setting)).toContain(setting);
			expect(JSON.stringify(problems)).not.toMatch(/github_pat_11|MIIE|AZDO/);
		}
	});

	it.each(["ab", "grid-dispatch", "events-poison"])("says of the queue %s why it cannot be the event queue", (name) => {
		const problem = `"${name}" cannot be the event queue: its name needs 3 to 56 of a-z, 0-9 and single dashes, may not end in -poison, and may not be that of a queue of the bridge's own`;
		expect(problemsOf({ ...sound, EVENT_QUEUE: name })).toEqual([{ setting: "EVENT_QUEUE", problem }]);
	});

	it.each([
		["of today", `${"aB3".repeat(25)}aAZDO1a2B`],
		["of before", "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst"],
	])("refuses a token %s where the name of a secret belongs: names are shown to everybody", (_, pat) => {
		const vault = { KEY_VAULT_URL: "https://contoso.vault.azure.net" };
		const pipeline = { organization: "contoso", project: "p", pipeline: 1 };
		const refused = [
			problemsOf({ ...sound, ...vault, GITHUB_TOKEN: undefined, GITHUB_TOKEN_SECRET_NAME: pat }),
			problemsOf({ ...sound, ...vault, GITHUB_APP_ID: "1", GITHUB_APP_KEY_SECRET_NAME: pat }),
			problemsOf({ ...sound, ...vault, BRIDGE_ROUTES: table({ to: { repository: "contoso/a", token: pat } }) }),
			problemsOf({ ...sound, ...vault, BRIDGE_ROUTES: table({ to: { ...pipeline, token: pat } }) }),
			problemsOf({
				...sound,
				...vault,
				AZURE_DEVOPS_TOKEN_SECRET_NAME: pat,
				BRIDGE_ROUTES: table({ to: pipeline }),
			}),
		];
		for (const problems of refused) {
			expect(problems.map(({ problem }) => problem).join()).toContain("looks like a token itself");
			expect(JSON.stringify(problems)).not.toContain(pat);
		}
	});

	it("reads a routes table from the setting, or from a file beside host.json", () => {
		writeFileSync(join(appRoot, "routes.json"), table({ name: "from a file" }));
		expect(read({ ...sound, BRIDGE_ROUTES: "routes.json" }).routes).toMatchObject([{ name: "from a file" }]);
		expect(read({ ...sound, BRIDGE_ROUTES: join(appRoot, "routes.json") }).routes).toMatchObject([
			{ name: "from a file" },
		]);
		expect(read({ ...storage, GITHUB_TOKEN: "x", BRIDGE_ROUTES: table({}) }).routes).toMatchObject([{ name: "r" }]);
	});

	it("skips a byte-order mark in a routes table, in the setting and in the file", () => {
		writeFileSync(join(appRoot, "routes.json"), `\uFEFF${table({ name: "marked" })}`);
		for (const setting of ["routes.json", `\uFEFF${table({ name: "marked" })}`]) {
			expect(read({ ...sound, BRIDGE_ROUTES: setting }).routes).toMatchObject([{ name: "marked" }]);
		}
	});

	it.each(["le", "be"])(
		"reads a file in UTF-16 %s, as Windows PowerShell writes it, and as routes check does",
		(order) => {
			const bytes = Buffer.from(`\uFEFF${table({ name: "wïde" })}`, "utf16le");
			writeFileSync(join(appRoot, "routes.json"), order === "le" ? bytes : bytes.swap16());
			expect(read({ ...sound, BRIDGE_ROUTES: "routes.json" }).routes).toMatchObject([{ name: "wïde" }]);
		},
	);

	it("names the position where a routes table ceases to be JSON", () => {
		writeFileSync(join(appRoot, "routes.json"), "{ routes: [] }");
		expect(problemsOf({ ...sound, BRIDGE_ROUTES: "routes.json" })).toMatchObject([
			{ problem: expect.stringMatching(/^routes\.json: it is not JSON: .* at position 2$/) },
		]);
	});

	it.each([
		["a file that is not there", "nowhere.json", "no file"],
		["JSON that is cut off", '{"routes": [', "JSON"],
		["an array", "[]", "must be object"],
		["a key that does not exist", table({ filtre: {} }), '"filtre"'],
	])("refuses %s as a routes table", (_, routes, words) => {
		expect(problemsOf({ ...sound, BRIDGE_ROUTES: routes })).toMatchObject([
			{ setting: "BRIDGE_ROUTES", problem: expect.stringContaining(words) },
		]);
	});
});

describe("the settings of two services", () => {
	const pipeline = { organization: "contoso", project: "ml", pipeline: 7 };
	const routes = (...all: object[]) => JSON.stringify({ routes: all.map((to) => ({ to })) });

	it("need no token of GitHub where no route leads there, nor one of Azure DevOps", () => {
		expect(read({ ...storage, BRIDGE_ROUTES: routes(pipeline) }).warnings).toEqual([]);
		const env = {
			...sound,
			BRIDGE_ROUTES: routes({ repository: "a/b" }),
			AZURE_DEVOPS_URL: "http://x",
			AZURE_DEVOPS_PACE: "?",
		};
		expect(read(env).warnings).toEqual([]);
	});

	it("are told once of what both of them read", () => {
		const env = { ...storage, KEY_VAULT_URL: "http://x", BRIDGE_ROUTES: routes(pipeline, { repository: "a/b" }) };
		expect(problemsOf(env)).toEqual([{ setting: "KEY_VAULT_URL", problem: expect.stringContaining("must be https") }]);
	});

	it("say what a pipeline's name is to become", () => {
		expect(
			problemsOf({ ...sound, BRIDGE_ROUTES: routes({ ...pipeline, organization: "https://dev.azure.com/a" }) }),
		).toEqual([{ setting: "BRIDGE_ROUTES", problem: expect.stringContaining("routes[0].to.organization") }]);
		expect(problemsOf({ ...sound, BRIDGE_ROUTES: routes({ ...pipeline, pipeline: "train" }) })).toEqual([
			{ setting: "BRIDGE_ROUTES", problem: "routes[0].to.pipeline: must be integer" },
		]);
	});
});

describe("the settings of a service that is not the first", () => {
	/** It asks for a setting of its own, and notes which routes it was given. */
	function serviceOf(name: string) {
		const given: (readonly Route[])[] = [];
		const service: Service = {
			name,
			owns: (to) => name in to,
			problemsOf: ({ bad }) => (bad === undefined ? [] : [{ member: "bad", problem: "is bad" }]),
			resolve: () => ({ id: name }),
			configure(settings, routes) {
				given.push(routes);
				const setting = name.toUpperCase();
				if (settings.get(setting) === undefined) settings.refuse(setting, "is not set");
				return { name, address: settings.get(setting) ?? "" } as never;
			},
		};
		return { service, given };
	}

	function readWith(env: Env) {
		const [first, second] = [serviceOf("repository"), serviceOf("other")];
		const services = [first.service, second.service];
		try {
			const config = readConfig({ ...storage, ...env }, appRoot, services);
			return { given: [first.given, second.given], services: config.services, problems: [] };
		} catch (error) {
			return { given: [first.given, second.given], services: [], problems: (error as ConfigError).problems };
		}
	}
	const refused = (env: Env) => readWith(env).problems.map(({ setting }) => setting);
	const toFirst = { name: "a", to: { repository: "contoso/a" } };
	/** What routes.schema.json does not know is refused before any service is asked, so these are told apart by `repository`. */
	const one = JSON.stringify({ routes: [toFirst, { name: "b", to: { repository: "contoso/b" } }] });

	it("need not be there where no route leads to it, and it is there for what still waits for it", () => {
		const { problems, services, given } = readWith({ BRIDGE_ROUTES: one, REPOSITORY: "first", OTHER: "second" });
		expect(problems).toEqual([]);
		expect(services).toMatchObject([
			{ name: "repository", address: "first" },
			{ name: "other", address: "second" },
		]);
		expect(given.map(([routes]) => routes?.map(({ name }) => name))).toEqual([["a", "b"], []]);
		expect(refused({ BRIDGE_ROUTES: one, REPOSITORY: "first" })).toEqual([]);
		expect(refused({ BRIDGE_ROUTES: one, OTHER: "second" })).toEqual(["REPOSITORY"]);
	});

	it("are not asked for where the first one's are while there are no routes", () => {
		expect(refused({})).toEqual(["GITHUB_REPOSITORY", "REPOSITORY"]);
	});
});

describe("a broken routes table", () => {
	const settingsOf = (routes: unknown) => {
		const text = typeof routes === "string" ? routes : JSON.stringify({ routes });
		return problemsOf({ ...storage, BRIDGE_ROUTES: text }).map(({ setting }) => setting);
	};
	const pipeline = { organization: "contoso", project: "ml", pipeline: 7 };

	it.each([
		["of routes to Azure Pipelines alone", [{ name: "a", to: pipeline, filter: 7 }]],
		["that is not JSON", '{ "routes": [ '],
		["that is no file", "no-such-routes.json"],
		["without any route", []],
		["of what is no route", [null, 7, { to: "contoso/a" }, { to: null }]],
		["that is no table", "[[[]]]"],
	])("%s does not ask for GitHub's token", (_, routes) => {
		expect(new Set(settingsOf(routes))).toEqual(new Set(["BRIDGE_ROUTES"]));
	});

	it("asks for GitHub's token where one of its routes leads there", () => {
		const routes = [
			{ name: "a", to: pipeline, filter: 7 },
			{ name: "b", to: { repository: "contoso/a" } },
		];
		expect(new Set(settingsOf(routes))).toEqual(new Set(["BRIDGE_ROUTES", "GITHUB_TOKEN"]));
	});
});
