import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { type Env, Settings } from "../../../src/config/settings.ts";
import { azureDevOps } from "../../../src/destinations/azure-devops/service.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../../../src/local/github-stand-in.ts";
import { pipelineRun } from "../../../support/destinations.ts";
import { type IdentityStandIn, startIdentityStandIn } from "../../../support/vault-stand-in.ts";

const OLD = "azdo-old-0123456789abcdefghijklmnop";
const NEW = "azdo-new-0123456789abcdefghijklmnop";
const ENTRA = "entra-token-0123456789abcdefghijklmnop";
const JWT = "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln";
const SECRET = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";
const TO = pipelineRun("contoso/ml", 7);

/** Jest lets a mocked module use only names that begin with `mock`. */
const mockVault: { secrets: Record<string, string>; reads: string[]; unloadable?: true } = { secrets: {}, reads: [] };
jest.mock("../../../src/config/key-vault.ts", () => ({
	createSecretReader: () => {
		if (mockVault.unloadable) throw new Error("EMFILE: too many open files");
		return async (name: string) => {
			mockVault.reads.push(name);
			if (mockVault.secrets[name] === undefined) throw Object.assign(new Error("gone"), { statusCode: 404 });
			return mockVault.secrets[name];
		};
	},
}));

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
	mockVault.secrets = {};
	mockVault.reads = [];
	standIn = await startGitHubStandIn({ azureTokens: [OLD] });
});
afterEach(() => standIn.close());

function open(env: Env) {
	const settings = new Settings({ AZURE_DEVOPS_URL: standIn.url, ...env });
	const service = azureDevOps.configure(settings, []);
	expect(settings.problems()).toEqual([]);
	return service.open({ version: "9.9.9", fetch, now: Date.now, sleep: async () => {}, timeoutMs: 10_000 });
}

const VAULT = { KEY_VAULT_URL: "https://contoso.vault.azure.net", IDENTITY_ENDPOINT: "http://127.0.0.1:1" };
const tokensSent = () => standIn.calls.map(({ token }) => token);

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
		mockVault.secrets = { "azure-devops": OLD };
		const client = open({ ...VAULT, AZURE_DEVOPS_TOKEN_SECRET_NAME: "azure-devops", AZURE_DEVOPS_TOKEN: "unused" });
		expect(mockVault.reads).toEqual([]);
		for (let index = 0; index < 3; index++) await client.send(TO, "{}");
		expect(mockVault.reads).toEqual(["azure-devops"]);
		standIn.setAzureTokens([NEW]);
		mockVault.secrets = { "azure-devops": NEW };
		expect((await client.send(TO, "{}")).classification.kind).toBe("taken");
		expect(mockVault.reads).toEqual(["azure-devops", "azure-devops"]);
		expect(tokensSent()).toEqual([OLD, OLD, OLD, OLD, NEW]);
	});

	it("that a route names is its own, whatever the default one is", async () => {
		mockVault.secrets = { other: OLD };
		const client = open({ ...VAULT, IDENTITY_ENDPOINT: identity.url });
		expect((await client.send({ ...TO, token: "other" }, "{}")).classification.kind).toBe("taken");
		expect([mockVault.reads, tokensSent()]).toEqual([["other"], [OLD]]);
	});

	it("is read as soon as the vault's client can be loaded, though it could not be before", async () => {
		mockVault.secrets = { "azdo-token": OLD };
		mockVault.unloadable = true;
		const client = open({ ...VAULT, AZURE_DEVOPS_TOKEN_SECRET_NAME: "azdo-token" });
		expect(await client.send(TO, "{}")).toMatchObject({ classification: { kind: "transient" } });
		delete mockVault.unloadable;
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
