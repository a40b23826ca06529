import { describe, expect, it } from "@jest/globals";
import type { Env } from "../../../src/config/settings.ts";
import { readGitHubConfig } from "../../../src/destinations/github/service.ts";
import { readWith } from "../read-settings.ts";

const TOKEN = { GITHUB_TOKEN: "t-1" };
const VAULT = { KEY_VAULT_URL: "https://contoso.vault.azure.net" };
const vault = { vaultUrl: VAULT.KEY_VAULT_URL, managedIdentity: false };
const UNRESOLVED = "@Microsoft.KeyVault(VaultName=a;SecretName=b)";
const read = (env: Env) => readWith(readGitHubConfig, env);

describe("the address of GitHub", () => {
	it.each([
		"https://api.github.com",
		"https://github.contoso.com/api/v3",
		"https://github.contoso.com:8443/github/api/v3",
		"https://api.contoso.ghe.com",
		// A gateway.
		"https://api.contoso.com",
		// None of these is GitHub's own.
		"https://github.com.contoso.example/api/v3",
		"https://mygithub.com/api/v3",
		"https://api.github.com.contoso.example/api/v3",
		"https://github.contoso.ghe.com/api/v3",
		"https://contoso.ghe.com.contoso.example/api/v3",
	])("is taken without a word: %s", (url) => {
		const { config, problems, warnings } = read({ ...TOKEN, GITHUB_API_URL: url });
		expect([config.address, problems, warnings]).toEqual([url, [], []]);
	});

	it.each([
		"https://gateway.contoso.com/github",
		"https://gateway.contoso.com/api/v3/github",
		"https://api.contoso.com/v3",
	])("is taken with a warning where it has a path that no GitHub has: %s", (url) => {
		const { config, problems, warnings } = read({ ...TOKEN, GITHUB_API_URL: `${url}/` });
		const usual = "has another path than GitHub's: the API of an Enterprise Server is at /api/v3";
		expect([config.address, problems, warnings]).toEqual([url, [], [`GITHUB_API_URL: "${url}" ${usual}`]]);
	});

	const site = "is GitHub's web site; its API is https://api.github.com";
	const noPath = "has no path, so it serves web pages; the API of an Enterprise Server is";
	it.each([
		["https://github.com", site],
		["https://www.github.com", site],
		["https://github.com/contoso/fraud-model", site],
		["https://github.com/api/v3", site],
		["https://api.github.com/api/v3", "has a path that GitHub's API does not have; write https://api.github.com"],
		["https://contoso.ghe.com", "is a web site; its API is https://api.contoso.ghe.com"],
		["https://contoso.ghe.com/api/v3", "is a web site; its API is https://api.contoso.ghe.com"],
		["https://api.contoso.ghe.com/api/v3", "has a path that the API does not have; write https://api.contoso.ghe.com"],
		["https://github.contoso.com", `${noPath} https://github.contoso.com/api/v3`],
		["https://github.contoso.com:8443", `${noPath} https://github.contoso.com:8443/api/v3`],
	])("is refused where it certainly is another: %s", (url, problem) => {
		for (const written of [url, `${url}/`, url.replace("https", "HTTPS").replace("github", "GitHub")]) {
			const { problems, warnings } = read({ ...TOKEN, GITHUB_API_URL: written });
			expect([problems, warnings]).toEqual([[{ setting: "GITHUB_API_URL", problem: `"${url}" ${problem}` }], []]);
		}
	});
});

describe("the token of GitHub", () => {
	const app = { kind: "app", appId: "1234567", keyName: "github-app-key", vault };
	const inVault = { kind: "key-vault", secretName: "github-token", vault };
	const old =
		"PAT_TOKEN is the predecessor's name; rename it to GITHUB_TOKEN, or better store the token in a key vault (KEY_VAULT_URL)";
	const all = { PAT_TOKEN: "t-0", ...TOKEN, ...VAULT, GITHUB_APP_ID: "1234567" };

	it.each<[string, Env, object, string[]?]>([
		["a GitHub App's, before all others", all, app],
		["of a client id", { ...all, GITHUB_APP_ID: "Iv1.0a" }, { ...app, appId: "Iv1.0a" }],
		["of a new client id", { ...all, GITHUB_APP_ID: "Iv23liAbC" }, { ...app, appId: "Iv23liAbC" }],
		["of a key with a name", { ...all, GITHUB_APP_KEY_SECRET_NAME: "key-2" }, { ...app, keyName: "key-2" }],
		["the key vault's, before those of the environment", { ...all, GITHUB_APP_ID: "" }, inVault],
		["of a secret with a name", { ...VAULT, GITHUB_TOKEN_SECRET_NAME: "pat-2" }, { ...inVault, secretName: "pat-2" }],
		[
			"of a managed identity",
			{ ...VAULT, AZURE_CLIENT_ID: "11f0", IDENTITY_ENDPOINT: "http://127.0.0.1:1" },
			{ ...inVault, vault: { ...vault, managedIdentity: true, clientId: "11f0" } },
		],
		["of the environment", { ...TOKEN, PAT_TOKEN: "t-0" }, { kind: "fixed", token: "t-1" }],
		["of the predecessor", { PAT_TOKEN: " t-0\n" }, { kind: "fixed", token: "t-0" }, [old]],
	])("is one %s", (_, env, token, warned = []) => {
		const { config, problems, warnings } = read(env);
		expect([config.token, problems, warnings]).toEqual([token, [], warned]);
	});

	const missing = "is not set, and neither is KEY_VAULT_URL; set one of them, because the bridge needs a token";
	const spaced = "has white space inside; paste the token alone";
	const appAlone = "is not set, but GITHUB_APP_ID is; give it the address of the key vault with the app's private key";
	const noToken = { kind: "fixed", token: "" };
	it.each<[string, Env, string, string, object]>([
		["is missing", {}, "GITHUB_TOKEN", missing, noToken],
		["is empty", { GITHUB_TOKEN: " ", PAT_TOKEN: "" }, "GITHUB_TOKEN", missing, noToken],
		["has two words", { GITHUB_TOKEN: "ghp_x ghp_y" }, "GITHUB_TOKEN", spaced, { kind: "fixed" }],
		["of the predecessor has two words", { PAT_TOKEN: "ghp_x\tghp_y" }, "PAT_TOKEN", spaced, { kind: "fixed" }],
		["is an app's without a vault", { ...TOKEN, GITHUB_APP_ID: "1" }, "KEY_VAULT_URL", appAlone, noToken],
		...["my-app", "12a", "a12", "Iv", "Iv1-0", "Iv1.0a b", "xIv1.0a", "-1", "1.5"].map(
			(appId): [string, Env, string, string, object] => [
				"is an app's that has no id",
				{ ...VAULT, GITHUB_APP_ID: appId },
				"GITHUB_APP_ID",
				`"${appId}" is neither an app id nor a client id`,
				{ ...app, appId },
			],
		),
	])("is refused where it %s: %j", (_, env, setting, problem, token) => {
		const { config, problems } = read(env);
		expect(problems).toEqual([{ setting, problem }]);
		expect(config.token).toMatchObject(token);
		expect(problem).not.toContain("ghp_");
	});

	it.each([
		["GITHUB_APP_ID", {}],
		["KEY_VAULT_URL", {}],
		["KEY_VAULT_URL", { GITHUB_APP_ID: "1" }],
		["GITHUB_TOKEN", {}],
		["PAT_TOKEN", {}],
		["PAT_TOKEN", TOKEN],
	])("is not called missing where %s is a reference that the platform could not resolve: %j", (setting, more) => {
		const { problems } = read({ ...more, [setting]: UNRESOLVED });
		expect(problems).toEqual([{ setting, problem: expect.stringContaining("could not resolve") }]);
	});
});
