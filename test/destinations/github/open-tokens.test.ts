import { beforeEach, describe, expect, it, jest } from "@jest/globals";
import type { KeyVaultOptions } from "../../../src/config/azure.ts";
import { openTokens } from "../../../src/destinations/github/tokens.ts";
import { asked } from "../../helpers/asked.ts";

/** What was done with the vault, in order. Jest lets a mocked module use only names that begin with `mock`. */
const mockVault: { events: unknown[] } = { events: [] };

jest.mock("../../../src/config/key-vault.ts", () => ({
	createSecretReader: (options: KeyVaultOptions, credential: unknown) => {
		mockVault.events.push({ ...options, credential });
		return async (name: string) => {
			mockVault.events.push(name);
			return `token of ${name}`;
		};
	},
}));

jest.mock("../../../src/config/credential.ts", () => ({
	createCredential: ({ clientId }: KeyVaultOptions) => `as ${clientId}`,
}));

const never = () => new Promise<never>(() => {});
const github = { apiUrl: "https://api.github.com", loadSend: never, now: () => 0, sleep: never };
const vault: KeyVaultOptions = {
	vaultUrl: "https://contoso.vault.azure.net",
	managedIdentity: true,
	clientId: "bridge",
};
const opened = { ...vault, credential: "as bridge" };

describe("opening the tokens", () => {
	beforeEach(() => {
		mockVault.events = [];
	});

	it("gives the configured token itself, without a vault", async () => {
		const tokens = openTokens({ kind: "fixed", token: "t" }, github);
		await expect(tokens.get(asked())).resolves.toBe("t");
		await expect(tokens.refresh("t", asked())).resolves.toBe("t");
		expect(mockVault.events).toEqual([]);
	});

	it("opens the vault once, when the first token is asked for", async () => {
		const tokens = openTokens({ kind: "key-vault", vault, secretName: "github-token" }, github);
		expect(mockVault.events).toEqual([]);
		await expect(tokens.get(asked())).resolves.toBe("token of github-token");
		await expect(tokens.get(asked("other-secret"))).resolves.toBe("token of other-secret");
		expect(mockVault.events).toEqual([opened, "github-token", "other-secret"]);
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
		expect(mockVault.events).toEqual([opened, "github-token", "github-token"]);
	});
});
