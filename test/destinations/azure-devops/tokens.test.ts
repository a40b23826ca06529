import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { SDKS, type Sdks } from "../../../src/config/secrets.ts";
import { type Env, Settings } from "../../../src/config/settings.ts";
import { azureDevOps, readAzureDevOpsConfig } from "../../../src/destinations/azure-devops/service.ts";
import { openTokens, type TokenConfig } from "../../../src/destinations/azure-devops/tokens.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../../../src/local/github-stand-in.ts";
import { pipelineRun } from "../../../support/destinations.ts";
import { type IdentityStandIn, startIdentityStandIn } from "../../../support/vault-stand-in.ts";
import { clientOf } from "./client.ts";

const OLD = "azdo-old-0123456789abcdefghijklmnop";
const NEW = "azdo-new-0123456789abcdefghijklmnop";
const ENTRA = "entra-token-0123456789abcdefghijklmnop";
const JWT = "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln";
const SECRET = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";
const TO = pipelineRun("contoso/ml", 7);

/** A key vault that is a record, and what was read of it. */
const vault: { secrets: Record<string, string>; reads: string[]; unloadable?: true } = { secrets: {}, reads: [] };
const keyVault: Sdks["keyVault"] = async () => {
	if (vault.unloadable) throw new Error("EMFILE: too many open files");
	const createSecretReader = () => async (name: string) => {
		vault.reads.push(name);
		if (vault.secrets[name] === undefined) throw Object.assign(new Error("gone"), { statusCode: 404 });
		return vault.secrets[name];
	};
	return { createSecretReader };
};

let standIn: GitHubStandIn;
let identity: IdentityStandIn;
// The SDK looks for the endpoint once in a process, and caches tokens by the identity's client id.
beforeAll(async () => {
	identity = await startIdentityStandIn({ secret: SECRET, token: ENTRA });
	Object.assign(process.env, { IDENTITY_ENDPOINT: identity.url, IDENTITY_HEADER: SECRET });
});
afterAll(() => {
	for (const name of ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"]) delete process.env[name];
	return identity.close();
});
beforeEach(async () => {
	Object.assign(vault, { secrets: {}, reads: [] });
	standIn = await startGitHubStandIn({ azureTokens: [OLD] });
});
afterEach(() => standIn.close());

/** The client as the service opens it, but for the vault. */
function open(env: Env) {
	const settings = new Settings({ AZURE_DEVOPS_URL: standIn.url, ...env });
	const { token } = readAzureDevOpsConfig(settings, []);
	expect(settings.problems()).toEqual([]);
	return clientOf(standIn.url, { tokens: openTokens(token, Date.now, async () => {}, { ...SDKS, keyVault }) });
}

const VAULT = { KEY_VAULT_URL: "https://contoso.vault.azure.net", IDENTITY_ENDPOINT: "http://127.0.0.1:1" };
const tokensSent = () => standIn.calls.map(({ token }) => token);

it("is wired so by the service itself", async () => {
	const service = azureDevOps.configure(new Settings({ AZURE_DEVOPS_URL: standIn.url, AZURE_DEVOPS_TOKEN: OLD }), []);
	const client = service.open({ version: "9.9.9", fetch, now: Date.now, sleep: async () => {}, timeoutMs: 10_000 });
	expect((await client.send(TO, "{}")).classification.kind).toBe("taken");
	expect(tokensSent()).toEqual([OLD]);
});

describe("the app's identity", () => {
	const env = () => ({ IDENTITY_ENDPOINT: identity.url, AZURE_CLIENT_ID: "5e29463d-71da-4fe0-8e69-999b57db23b0" });

	it("gets a token for Azure DevOps, in every tenant the same, once for many runs", async () => {
		standIn.setAzureTokens([ENTRA]);
		const client = open(env());
		for (let index = 0; index < 3; index++) expect((await client.send(TO, "{}")).classification.kind).toBe("taken");
		expect(identity.requests).toMatchObject([
			{ resource: "499b84ac-1321-427f-aa17-267ca6975798", clientId: "5e29463d-71da-4fe0-8e69-999b57db23b0" },
		]);
		expect(tokensSent()).toEqual([ENTRA, ENTRA, ENTRA]);
	});

	it("that the organization does not know parks the lane, and its token is not sent again and again", async () => {
		const { classification } = await open(env()).send(TO, "{}");
		expect(classification).toMatchObject({ kind: "unauthorized", reason: expect.stringContaining("organization") });
		expect(tokensSent()).toEqual([ENTRA]);
		expect(JSON.stringify(classification)).not.toContain(ENTRA);
	});

	it("that is not assigned is for a person to repair, and nothing is sent", async () => {
		identity.assigned = false;
		const client = open({ IDENTITY_ENDPOINT: identity.url });
		const answer = await client.send(TO, "{}");
		expect(answer).toMatchObject({ calls: [], classification: { kind: "unauthorized" } });
		expect(answer.classification).toMatchObject({ reason: expect.stringContaining("AZURE_CLIENT_ID") });
		expect(await client.checkToken(TO)).toMatchObject({ state: "refused" });
		await expect(client.getToken(TO)).rejects.toMatchObject({ name: "TokenUnavailable" });
		expect(standIn.calls).toEqual([]);
	});
});

describe("a personal access token", () => {
	it("of the environment is the same after a refusal, and is not sent again", async () => {
		const client = open({ AZURE_DEVOPS_TOKEN: OLD });
		expect((await client.send(TO, "{}")).classification.kind).toBe("taken");
		standIn.setAzureTokens([NEW]);
		expect((await client.send(TO, "{}")).classification.kind).toBe("unauthorized");
		expect(tokensSent()).toEqual([OLD, OLD]);
	});

	it("that is a token of Entra goes as one", async () => {
		standIn.setAzureTokens([JWT]);
		expect((await open({ AZURE_DEVOPS_TOKEN: JWT }).send(TO, "{}")).classification.kind).toBe("taken");
	});

	it("of the vault is read when it is needed, and anew once Azure DevOps refuses it", async () => {
		vault.secrets = { "azure-devops": OLD };
		const client = open({ ...VAULT, AZURE_DEVOPS_TOKEN_SECRET_NAME: "azure-devops", AZURE_DEVOPS_TOKEN: "unused" });
		expect(vault.reads).toEqual([]);
		for (let index = 0; index < 3; index++) await client.send(TO, "{}");
		expect(vault.reads).toEqual(["azure-devops"]);
		standIn.setAzureTokens([NEW]);
		vault.secrets = { "azure-devops": NEW };
		expect((await client.send(TO, "{}")).classification.kind).toBe("taken");
		expect(vault.reads).toEqual(["azure-devops", "azure-devops"]);
		expect(tokensSent()).toEqual([OLD, OLD, OLD, OLD, NEW]);
	});

	it("that a route names is its own, whatever the default one is, and is read anew once it is refused", async () => {
		vault.secrets = { other: OLD };
		const client = open({ ...VAULT, IDENTITY_ENDPOINT: identity.url });
		expect((await client.send({ ...TO, token: "other" }, "{}")).classification.kind).toBe("taken");
		expect([vault.reads, tokensSent()]).toEqual([["other"], [OLD]]);
		standIn.setAzureTokens([NEW]);
		vault.secrets = { other: NEW };
		expect((await client.send({ ...TO, token: "other" }, "{}")).classification.kind).toBe("taken");
		expect([vault.reads, tokensSent()]).toEqual([
			["other", "other"],
			[OLD, OLD, NEW],
		]);
	});

	it("is read as soon as the vault's client can be loaded, though it could not be before", async () => {
		vault.secrets = { "azdo-token": OLD };
		vault.unloadable = true;
		const client = open({ ...VAULT, AZURE_DEVOPS_TOKEN_SECRET_NAME: "azdo-token" });
		expect(await client.send(TO, "{}")).toMatchObject({ classification: { kind: "transient" } });
		delete vault.unloadable;
		expect(await client.send(TO, "{}")).toMatchObject({ classification: { kind: "taken" } });
	});

	it("that the vault does not have parks the lane, and the reason names the secret", async () => {
		const client = open({ ...VAULT, AZURE_DEVOPS_TOKEN_SECRET_NAME: "azure-devops" });
		const { classification } = await client.send(TO, "{}");
		expect(classification).toMatchObject({
			kind: "unauthorized",
			reason: expect.stringMatching(/no secret "azure-devops".*AZURE_DEVOPS_TOKEN_SECRET_NAME/),
		});
	});
});

describe("an identity that gives no token", () => {
	afterEach(() => {
		jest.restoreAllMocks();
	});

	const APP: TokenConfig = { kind: "identity", identity: { managedIdentity: true } };
	const DESK: TokenConfig = { kind: "identity", identity: { managedIdentity: false } };
	const NAMED: TokenConfig = { kind: "identity", identity: { managedIdentity: true, clientId: "5e29" } };

	/** What the identity's SDK was asked, and what comes of it where that answers so. */
	function ask(config: TokenConfig, getToken: () => Promise<unknown>) {
		const asked: unknown[][] = [];
		const get = (...question: unknown[]) => {
			asked.push(question);
			return getToken() as Promise<null>;
		};
		const credential = async () => ({ createCredential: () => ({ getToken: get }) });
		const tokens = openTokens(config, Date.now, async () => {}, { ...SDKS, credential });
		return { asked, token: tokens.get(undefined), tokens };
	}

	/** As the SDK words an answer of the endpoint: it gives the status to the cause alone. */
	const refused = (status: number, words: string) => async () => {
		throw new Error(`Authentication failed. ${words}`, { cause: Object.assign(new Error(words), { status }) });
	};
	const thrown = (error: Error) => () => Promise.reject(error);
	const REPAIR = "(AZURE_CLIENT_ID), or set AZURE_DEVOPS_TOKEN_SECRET_NAME";
	const NONE = "the identity got no token for Azure DevOps:";

	it.each<[string, TokenConfig, () => Promise<unknown>, string, string]>([
		[
			"is not there",
			APP,
			refused(400, "Identity not found"),
			"unauthorized",
			`no token for Azure DevOps: give the app a managed identity ${REPAIR} (Authentication failed. Identity not found)`,
		],
		[
			"is another than the one that is named",
			NAMED,
			refused(400, "Unknown"),
			"unauthorized",
			`no token for Azure DevOps: give the app the managed identity 5e29 ${REPAIR} (Authentication failed. Unknown)`,
		],
		[
			"has trouble, in words with a number that looks like a status",
			APP,
			refused(500, "No managed identity service for 400 ms"),
			"transient",
			`${NONE} Authentication failed. No managed identity service for 400 ms`,
		],
		["is asked too often", APP, refused(429, "too many"), "transient", `${NONE} Authentication failed. too many`],
		["is out of reach", APP, thrown(new Error("ECONNREFUSED")), "transient", `${NONE} ECONNREFUSED`],
		["answers nothing", APP, async () => null, "transient", `${NONE} the answer contains no token`],
		[
			"answers no token but words",
			APP,
			async () => ({ token: "try later" }),
			"transient",
			`${NONE} the answer contains no token`,
		],
		["answers an empty token", NAMED, async () => ({ token: "" }), "transient", `${NONE} the answer contains no token`],
		[
			"is nobody at a desk",
			DESK,
			thrown(new Error("Please run 'az login'")),
			"unauthorized",
			"no token for Azure DevOps: run az login, or set AZURE_DEVOPS_TOKEN (Please run 'az login')",
		],
		[
			"answers nothing at a desk",
			DESK,
			async () => null,
			"unauthorized",
			"no token for Azure DevOps: run az login, or set AZURE_DEVOPS_TOKEN (the answer contains no token)",
		],
	])("says what it is: it %s", async (_, config, getToken, kind, message) => {
		const { token, tokens } = ask(config, getToken);
		await expect(token).rejects.toMatchObject({ name: "TokenUnavailable", kind, message, cause: expect.any(Error) });
		await expect(tokens.refresh({ value: OLD, scheme: "Bearer" }, undefined)).rejects.toMatchObject({ kind, message });
	});

	it("is not waited for without end, whatever the SDK does about the signal", async () => {
		const limit = new AbortController();
		const timeout = jest.spyOn(AbortSignal, "timeout").mockReturnValue(limit.signal);
		const { asked, token } = ask(APP, () => new Promise(() => {}));
		const late = expect(token).rejects.toMatchObject({ kind: "transient", message: `${NONE} out of time` });
		limit.abort(new Error("out of time"));
		await late;
		expect(timeout.mock.calls).toEqual([[6_000]]);
		expect(asked).toEqual([["499b84ac-1321-427f-aa17-267ca6975798/.default", { abortSignal: limit.signal }]]);
	});
});

describe("the scheme of a token", () => {
	it.each([
		["Bearer", "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln"],
		["Bearer", "eyJ-_9.-_9.-_9"],
		["Bearer", "eyJ0.e."],
		["Basic", "eyJ.eyJhIjoxfQ.c2ln"],
		["Basic", "eyJhbGciOiJub25lIn0..c2ln"],
		["Basic", "eyJhbGciOiJub25lIn0.eyJhIjoxfQ"],
		["Basic", "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln.more"],
		["Basic", "eyJh+bGci.eyJhIjoxfQ.c2ln"],
		["Basic", "xeyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln"],
		["Basic", "azdo.pat.0123456789"],
	])("is %s for %j, wherever it was put", async (scheme, value) => {
		const options = { vaultUrl: "https://contoso.vault.azure.net", managedIdentity: true };
		vault.secrets = { name: value };
		const sdks = { ...SDKS, keyVault };
		const fixed = openTokens({ kind: "fixed", token: value, vault: options }, Date.now, async () => {}, sdks);
		expect(await fixed.get(undefined)).toEqual({ value, scheme });
		expect(await fixed.get("name")).toEqual({ value, scheme });
	});

	it("does not depend on a vault: without one there is one token, whatever a route names", async () => {
		const tokens = openTokens({ kind: "fixed", token: OLD }, Date.now, async () => {}, { ...SDKS, keyVault });
		expect(await tokens.get("other")).toEqual({ value: OLD, scheme: "Basic" });
		expect(await tokens.refresh({ value: OLD, scheme: "Basic" }, "other")).toEqual({ value: OLD, scheme: "Basic" });
		expect(vault.reads).toEqual([]);
	});
});
