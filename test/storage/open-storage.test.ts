import { beforeEach, describe, expect, it, jest } from "@jest/globals";
import type { Identity } from "../../src/config/azure.ts";
import { openStorage } from "../../src/storage/azure-storage.ts";
import { newNames } from "../helpers/file-storage.ts";

/** Who was asked for which tokens. Jest lets a mocked module use only names that begin with `mock`. */
const mockAsked: unknown[] = [];

jest.mock("../../src/config/credential.ts", () => ({
	createCredential: (identity: Identity) => ({
		getToken: async (scopes: string | string[]) => {
			mockAsked.push([identity, [scopes].flat()]);
			return { token: "a-token", expiresOnTimestamp: Date.now() + 3_600_000 };
		},
	}),
}));

const identity: Identity = { managedIdentity: true, clientId: "bridge" };
/** Nobody listens there. */
const at = (service: string) => `https://contoso.${service}.localhost:9`;

describe("storage by identity", () => {
	beforeEach(() => void mockAsked.splice(0));

	it("calls each service with a token of that identity for storage, and none before it is used", async () => {
		const urls = { blobUrl: at("blob"), queueUrl: at("queue"), tableUrl: at("table") };
		const config = { kind: "identity", ...urls, identity } as const;
		const storage = await openStorage(config, newNames());
		expect(mockAsked).toEqual([]);
		const calls = [() => storage.get("lane", "row"), () => storage.put("text", 0), () => storage.read("blob")];
		for (const call of calls) await expect(call()).rejects.toMatchObject({ name: "StorageError", status: undefined });
		expect(mockAsked).toEqual(Array(3).fill([identity, ["https://storage.azure.com/.default"]]));
	});
});
