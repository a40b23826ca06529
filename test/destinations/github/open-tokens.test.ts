import { generateKeyPairSync } from "node:crypto";
import { beforeEach, describe, expect, it } from "@jest/globals";
import type { KeyVaultOptions } from "../../../src/config/azure.ts";
import type { Sdks } from "../../../src/config/secrets.ts";
import { openTokens } from "../../../src/destinations/github/tokens.ts";
import { asked } from "../../helpers/asked.ts";
import { fetchBy } from "./client.ts";

const { privateKey } = generateKeyPairSync("rsa", {
	modulusLength: 2048,
	privateKeyEncoding: { type: "pkcs1", format: "pem" },
	publicKeyEncoding: { type: "spki", format: "pem" },
});

/** What was done with the vault, in order. */
let events: unknown[];

const sdks: Sdks = {
	keyVault: async () => ({
		createSecretReader: (options, credential) => {
			events.push({ ...options, credential });
			return async (name) => {
				events.push(name);
				return name === "app-key" ? privateKey : `token of ${name}`;
			};
		},
	}),
	credential: async () => ({ createCredential: ({ clientId }) => ({ getToken: never, clientId }) }),
};

const never = () => new Promise<never>(() => {});
const github = { apiUrl: "https://api.github.com", version: "9.9.9", fetch: never, now: () => 0, sleep: never, sdks };
const vault: KeyVaultOptions = {
	vaultUrl: "https://contoso.vault.azure.net",
	managedIdentity: true,
	clientId: "bridge",
};
const opened = { ...vault, credential: { getToken: never, clientId: "bridge" } };

describe("opening the tokens", () => {
	beforeEach(() => {
		events = [];
	});

	it("gives the configured token itself, without a vault", async () => {
		const tokens = openTokens({ kind: "fixed", token: "t" }, github);
		await expect(tokens.get(asked())).resolves.toBe("t");
		await expect(tokens.refresh("t", asked())).resolves.toBe("t");
		expect(events).toEqual([]);
	});

	it("opens the vault once, when the first token is asked for", async () => {
		const tokens = openTokens({ kind: "key-vault", vault, secretName: "github-token" }, github);
		expect(events).toEqual([]);
		await expect(tokens.get(asked())).resolves.toBe("token of github-token");
		await expect(tokens.get(asked("other-secret"))).resolves.toBe("token of other-secret");
		expect(events).toEqual([opened, "github-token", "other-secret"]);
		await tokens.refresh("token of github-token", asked());
		await tokens.refresh("token of other-secret", asked("other-secret"));
		expect(events.slice(3)).toEqual(["github-token", "other-secret"]);
	});

	it("asks GitHub as the app whose key lies in the vault, by the client that it was given", async () => {
		const sent: string[] = [];
		const fetch = fetchBy(async ({ method, url, token }) => {
			const [, claims = ""] = token.split(".");
			const { iss } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { iss: string };
			sent.push(`${method} ${url} as ${iss}`);
			const text = '{"id":7,"token":"ghs_1","expires_at":"1970-01-01T00:30:00Z"}';
			return { status: 200, headers: {}, text };
		});
		const tokens = openTokens({ kind: "app", vault, appId: "1234567", keyName: "app-key" }, { ...github, fetch });
		const calls: number[] = [];
		expect(await tokens.get(asked(), calls)).toBe("ghs_1");
		expect(sent).toEqual([
			"GET https://api.github.com/repos/contoso/fraud-model/installation as 1234567",
			"POST https://api.github.com/app/installations/7/access_tokens as 1234567",
		]);
		expect([events, calls.length, tokens.issuedAt?.("ghs_1")]).toEqual([[opened, "app-key"], 2, 0]);
	});

	it("keeps tokens by the clock that it was given", async () => {
		let clock = 0;
		const tokens = openTokens(
			{ kind: "key-vault", vault, secretName: "github-token" },
			{ ...github, now: () => clock },
		);
		await tokens.get(asked());
		await tokens.get(asked());
		clock += 3_600_000;
		await tokens.get(asked());
		expect(events).toEqual([opened, "github-token", "github-token"]);
	});
});
