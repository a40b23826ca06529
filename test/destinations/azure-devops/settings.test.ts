import { describe, expect, it } from "@jest/globals";
import type { Env } from "../../../src/config/settings.ts";
import { readAzureDevOpsConfig } from "../../../src/destinations/azure-devops/service.ts";
import { readWith, routesTo } from "../read-settings.ts";

const TO = { organization: "contoso", project: "Fraud Model", pipeline: 12 };
const VAULT = { KEY_VAULT_URL: "https://contoso.vault.azure.net" };
const vault = { vaultUrl: VAULT.KEY_VAULT_URL, managedIdentity: false };
const LOCAL = { AZURE_DEVOPS_URL: "http://127.0.0.1:7072" };
const IN_AZURE = { IDENTITY_ENDPOINT: "http://127.0.0.1:1" };
const UNRESOLVED = "@Microsoft.KeyVault(VaultName=a;SecretName=b)";
const read = (env: Env, routes = routesTo(TO)) => readWith(readAzureDevOpsConfig, env, routes);

describe("the address of Azure DevOps", () => {
	it.each([
		"https://dev.azure.com",
		"https://tfs.contoso.example",
		"https://tfs.contoso.example:8443/tfs",
		// None of these is Microsoft's.
		"https://contoso.visualstudio.com.contoso.example",
		"https://app.dev.azure.com.contoso.example",
		"https://contoso-visualstudio.com",
	])("is taken without a word: %s", (url) => {
		for (const written of [url, `${url}/`]) {
			const { config, problems, warnings } = read({ AZURE_DEVOPS_URL: written });
			expect([config.address, problems, warnings]).toEqual([url, [], []]);
		}
	});

	const former = (organization: string) =>
		`is the former address of an organization; write https://dev.azure.com, and "${organization}" as the route's organization`;
	const another = "is not the address of Azure Pipelines; write https://dev.azure.com";
	it.each([
		["https://dev.azure.com/contoso", "has a path; the organization belongs in the route. Write https://dev.azure.com"],
		["https://contoso.visualstudio.com", former("contoso")],
		["https://contoso.visualstudio.com/DefaultCollection", former("contoso")],
		["https://contoso.vsrm.visualstudio.com", another],
		["https://app.vssps.visualstudio.com", another],
		["https://vssps.dev.azure.com/contoso", another],
	])("is refused where it certainly is another, and so is the one before: %s", (url, problem) => {
		for (const setting of ["AZURE_DEVOPS_URL", "AZURE_DEVOPS_URL_BEFORE"]) {
			expect(read({ [setting]: `${url}/` }).problems).toEqual([{ setting, problem: `"${url}" ${problem}` }]);
		}
	});
});

describe("the token of Azure DevOps", () => {
	const all = { ...VAULT, AZURE_DEVOPS_TOKEN_SECRET_NAME: "pat", AZURE_DEVOPS_TOKEN: "t-1" };
	const identity = { managedIdentity: false };

	it.each<[string, Env, object]>([
		["the key vault's, before all others", all, { kind: "key-vault", secretName: "pat", vault }],
		["of the environment", { AZURE_DEVOPS_TOKEN: "t-1" }, { kind: "fixed", token: "t-1" }],
		[
			"of the environment, with a vault for the secrets of routes",
			{ ...VAULT, AZURE_DEVOPS_TOKEN: "t-1" },
			{ kind: "fixed", token: "t-1", vault },
		],
		["of the person who is signed in", {}, { kind: "identity", identity }],
		["of that person, with a vault", VAULT, { kind: "identity", identity, vault }],
		[
			"of the app's identity",
			{ ...IN_AZURE, AZURE_CLIENT_ID: "11f0" },
			{ kind: "identity", identity: { managedIdentity: true, clientId: "11f0" } },
		],
	])("is one %s", (_, env, token) => {
		const { config, problems, warnings } = read(env);
		expect([config.token, problems, warnings]).toEqual([token, [], []]);
	});

	it.each<[string, Env, string, string]>([
		[
			"is in a vault that is not named",
			{ AZURE_DEVOPS_TOKEN_SECRET_NAME: "pat" },
			"KEY_VAULT_URL",
			"is not set, but AZURE_DEVOPS_TOKEN_SECRET_NAME is; give it the address of the key vault with that secret",
		],
		[
			"is a secret that can have no such name",
			{ ...VAULT, AZURE_DEVOPS_TOKEN_SECRET_NAME: "a b" },
			"AZURE_DEVOPS_TOKEN_SECRET_NAME",
			'"a b" is not the name of a secret (letters, digits and dashes, at most 127)',
		],
		[
			"has two words",
			{ AZURE_DEVOPS_TOKEN: "a b" },
			"AZURE_DEVOPS_TOKEN",
			"has white space inside; paste the token alone",
		],
	])("is refused where it %s", (_, env, setting, problem) => {
		expect(read(env).problems).toEqual([{ setting, problem }]);
	});

	const other = { ...TO, token: "other" };
	it.each<[string, Env, ReturnType<typeof routesTo>]>([
		["without a vault", LOCAL, routesTo(TO)],
		["for routes that name a secret that is not read", LOCAL, routesTo(other)],
		["for the one route that names no secret", { ...LOCAL, ...VAULT }, routesTo(other, TO)],
	])("is asked for where a stand-in would get that of a person %s", (_, env, routes) => {
		const problem = "is not set; a stand-in on this machine gets no token of `az login`";
		expect(read(env, routes).problems).toEqual([{ setting: "AZURE_DEVOPS_TOKEN", problem }]);
	});

	it.each<[string, Env, ReturnType<typeof routesTo>]>([
		["it is set", { ...LOCAL, AZURE_DEVOPS_TOKEN: "t-1" }, routesTo(TO)],
		["it is a managed identity's", { ...LOCAL, ...IN_AZURE }, routesTo(TO)],
		["each route names a secret", { ...LOCAL, ...VAULT }, routesTo(other)],
	])("is not asked for where %s", (_, env, routes) => {
		expect(read(env, routes).problems).toEqual([]);
	});

	it.each([
		["KEY_VAULT_URL", {}, other],
		["KEY_VAULT_URL", { AZURE_DEVOPS_TOKEN_SECRET_NAME: "pat" }, TO],
		["AZURE_DEVOPS_TOKEN_SECRET_NAME", {}, TO],
		["AZURE_DEVOPS_TOKEN", {}, TO],
		["AZURE_DEVOPS_TOKEN", LOCAL, TO],
	])("is not called missing where %s is a reference that the platform could not resolve: %j", (setting, more, to) => {
		const { problems } = read({ ...more, [setting]: UNRESOLVED }, routesTo(to));
		expect(problems).toEqual([{ setting, problem: expect.stringContaining("could not resolve") }]);
	});
});
