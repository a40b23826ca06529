import { beforeEach, describe, expect, it, jest } from "@jest/globals";
import { openBridge } from "../../src/bridge.ts";
import type { Identity } from "../../src/config/azure.ts";
import { openStorage } from "../../src/storage/azure-storage.ts";
import { newNames } from "../helpers/file-storage.ts";

/** Who was asked for which tokens. Jest lets a mocked module use only names that begin with `mock`. */
const mockAsked: unknown[] = [];

const mockCredential = (identity: Identity) => ({
	getToken: async (scopes: string | string[]) => {
		mockAsked.push([identity, [scopes].flat()]);
		return { token: "a-token", expiresOnTimestamp: Date.now() + 3_600_000 };
	},
});

jest.mock("../../src/config/credential.ts", () => ({
	createCredential: (identity: Identity) => mockCredential(identity),
}));

const identity: Identity = { managedIdentity: true, clientId: "bridge" };
/** Nobody listens there. */
const at = (service: string) => `https://contoso.${service}.localhost:9`;
const SCOPES = ["https://storage.azure.com/.default"];

describe("storage by identity", () => {
	beforeEach(() => void mockAsked.splice(0));

	it("calls each service with a token of that identity for storage, and none before it is used", async () => {
		const urls = { blobUrl: at("blob"), queueUrl: at("queue"), tableUrl: at("table") };
		const storage = openStorage({ kind: "identity", ...urls, credential: mockCredential(identity) }, newNames());
		expect(mockAsked).toEqual([]);
		const calls = [() => storage.get("lane", "row"), () => storage.put("text", 0), () => storage.read("blob")];
		for (const call of calls) await expect(call()).rejects.toMatchObject({ name: "StorageError", status: undefined });
		expect(mockAsked).toEqual(Array(3).fill([identity, SCOPES]));
	});

	it("is opened by a bridge as the identity that its settings name", async () => {
		const setting = "AzureWebJobsStorage";
		const env = {
			GITHUB_REPOSITORY: "contoso/fraud-model",
			GITHUB_TOKEN: "ghp_0123456789abcdefghijklmnopqrstuvwxyz",
			[`${setting}__blobServiceUri`]: at("blob"),
			[`${setting}__queueServiceUri`]: at("queue"),
			[`${setting}__tableServiceUri`]: at("table"),
			[`${setting}__clientId`]: "bridge",
			IDENTITY_ENDPOINT: "http://127.0.0.1:9",
		};
		const bridge = openBridge(env, import.meta.dirname, "9.9.9");
		expect(bridge.problems).toEqual([]);
		await expect(bridge.makeQueues(["events"])).rejects.toMatchObject({ name: "StorageError" });
		expect(mockAsked).toEqual([[identity, SCOPES]]);
	});
});
