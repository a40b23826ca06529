import { describe, expect, it, jest } from "@jest/globals";
import { openSenderCheck } from "../../src/config/entra.ts";
import { once } from "../../src/config/once.ts";
import { openSecrets, SDKS } from "../../src/config/secrets.ts";
import { openTokens } from "../../src/destinations/azure-devops/tokens.ts";

/** Loads a file of the bundle that cannot be read the first time. */
function failingFirst<T>(loaded: T): () => T {
	let loads = 0;
	return () => {
		if (++loads === 1) throw new Error("EMFILE: too many open files");
		return loaded;
	};
}

const now = () => 0;
const sleep = () => new Promise<never>(() => {});

describe("what is made when it is first asked for", () => {
	it("is made once, for all that ask", async () => {
		let made = 0;
		const get = once(async () => ++made);
		expect(made).toBe(0);
		expect(await Promise.all([get(), get()])).toEqual([1, 1]);
		expect(await get()).toBe(1);
	});

	it("is made anew for the next one that asks, if it could not be made", async () => {
		let tries = 0;
		const get = once(async () => {
			if (++tries === 1) throw new Error("no such luck");
			return tries;
		});
		const both = await Promise.allSettled([get(), get()]);
		expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
		expect([await get(), await get(), tries]).toEqual([2, 2, 2]);
	});
});

describe("a file of the bundle that could not be read once", () => {
	it("of the check of senders: the event comes again, and is let in", async () => {
		jest.doMock(
			"../../src/config/entra-token.ts",
			failingFirst({ createSenderCheck: () => async () => ({ ok: true }) }),
		);
		const check = openSenderCheck({ ENTRA_TENANT_ID: "x" }, { fetch, now, monotonic: now });
		expect(await check?.(null)).toMatchObject({ ok: false, status: 503, reason: expect.stringContaining("EMFILE") });
		expect(await check?.(null)).toEqual({ ok: true });
	});

	it("of the key vault: the secret is read the next time", async () => {
		const load = failingFirst({ createSecretReader: () => async () => "a secret" });
		const vault = { vaultUrl: "https://x.vault.azure.net", managedIdentity: true };
		const secrets = openSecrets(vault, now, sleep, { ...SDKS, keyVault: async () => load() });
		await expect(secrets.get("token")).rejects.toMatchObject({ kind: "transient" });
		expect(await secrets.get("token")).toBe("a secret");
	});

	it("of the identity for Azure DevOps: there is a token the next time", async () => {
		const getToken = async () => ({ token: "a-token", expiresOnTimestamp: 0 });
		const load = failingFirst({ createCredential: () => ({ getToken }) });
		const config = { kind: "identity", identity: { managedIdentity: true } } as const;
		const tokens = openTokens(config, now, sleep, { ...SDKS, credential: async () => load() });
		await expect(tokens.get(undefined)).rejects.toMatchObject({ kind: "transient" });
		expect(await tokens.get(undefined)).toEqual({ value: "a-token", scheme: "Bearer" });
	});
});
