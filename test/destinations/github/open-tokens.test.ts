import { beforeEach, describe, expect, it } from "@jest/globals";
import type { KeyVaultOptions } from "../../../src/config/azure.ts";
import type { Sdks } from "../../../src/config/secrets.ts";
import { openTokens } from "../../../src/destinations/github/tokens.ts";
import { asked } from "../../helpers/asked.ts";

/** What was done with the vault, in order. */
let events: unknown[];

const sdks: Sdks = {
	keyVault: async () => ({
		createSecretReader: (options, credential) => {
			events.push({ ...options, credential });
			return async (name) => {
				events.push(name);
				return `token of ${name}`;
			};
		},
	}),
	credential: async () => ({ createCredential: ({ clientId }) => ({ getToken: never, clientId }) }),
};

const never = () => new Promise<never>(() => {});
const github = { apiUrl: "https://api.github.com", loadSend: never, now: () => 0, sleep: never, sdks };
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
