import { describe, expect, it } from "@jest/globals";
import { readStorageConfig } from "../../src/config/azure.ts";
import { type Env, Settings } from "../../src/config/settings.ts";

const NAME = "AzureWebJobsStorage";
const uris = {
	[`${NAME}__blobServiceUri`]: "https://contoso.blob.core.usgovcloudapi.net/",
	[`${NAME}__queueServiceUri`]: "https://contoso.queue.core.usgovcloudapi.net",
	[`${NAME}__tableServiceUri`]: "https://contoso.table.core.usgovcloudapi.net",
};

function read(env: Env) {
	const settings = new Settings(env);
	const config = readStorageConfig(settings);
	return { config, problems: settings.problems() };
}

describe("the storage account", () => {
	it.each([
		"DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=a2V5;EndpointSuffix=core.windows.net",
		"UseDevelopmentStorage=true",
		"BlobEndpoint=https://contoso.blob.core.windows.net;SharedAccessSignature=sv=1",
	])("is known by a connection string: %s", (connectionString) => {
		expect(read({ [NAME]: connectionString })).toEqual({
			config: { kind: "connection-string", connectionString },
			problems: [],
		});
	});

	it("is known by its name and an identity, at the public cloud's addresses", () => {
		expect(read({ [`${NAME}__accountName`]: "contoso" })).toEqual({
			config: {
				kind: "identity",
				blobUrl: "https://contoso.blob.core.windows.net",
				queueUrl: "https://contoso.queue.core.windows.net",
				tableUrl: "https://contoso.table.core.windows.net",
				identity: { managedIdentity: false },
			},
			problems: [],
		});
	});

	it("is known by one address for each service, without a slash at its end", () => {
		expect(read(uris)).toMatchObject({
			config: {
				kind: "identity",
				blobUrl: "https://contoso.blob.core.usgovcloudapi.net",
				queueUrl: "https://contoso.queue.core.usgovcloudapi.net",
				tableUrl: "https://contoso.table.core.usgovcloudapi.net",
			},
			problems: [],
		});
	});

	it("takes an address before what would follow from the name", () => {
		const { config, problems } = read({
			[`${NAME}__accountName`]: "contoso",
			[`${NAME}__tableServiceUri`]: "https://t.contoso.net",
		});
		expect(config).toMatchObject({
			blobUrl: "https://contoso.blob.core.windows.net",
			tableUrl: "https://t.contoso.net",
		});
		expect(problems).toEqual([]);
	});

	it("takes a connection string before an identity", () => {
		expect(read({ ...uris, [NAME]: "AccountName=a;AccountKey=b" }).config.kind).toBe("connection-string");
	});

	it("hands the identity's client id on, and knows where a managed identity is to be had", () => {
		const env = {
			[`${NAME}__accountName`]: "contoso",
			[`${NAME}__clientId`]: "11f0",
			IDENTITY_ENDPOINT: "http://127.0.0.1:1/token",
		};
		expect(read(env).config).toMatchObject({ identity: { managedIdentity: true, clientId: "11f0" } });
	});

	it.each<[string, Env, readonly string[], string]>([
		["is not named at all", {}, [NAME], `${NAME}__accountName`],
		["is named by anything but a connection string", { [NAME]: "contoso" }, [NAME], "AccountName="],
		[
			"has some addresses, but not all",
			{ [`${NAME}__blobServiceUri`]: "https://a" },
			[`${NAME}__queueServiceUri`, `${NAME}__tableServiceUri`],
			"is not set, but another service has its address; set all three",
		],
		[
			"has an address without encryption",
			{ ...uris, [`${NAME}__blobServiceUri`]: "http://contoso.blob.core.windows.net" },
			[`${NAME}__blobServiceUri`],
			"https",
		],
		[
			"has an address that is none",
			{ ...uris, [`${NAME}__queueServiceUri`]: "contoso" },
			[`${NAME}__queueServiceUri`],
			"is not a URL",
		],
		["is an unresolved reference", { [NAME]: "@Microsoft.KeyVault(VaultName=a)" }, [NAME], "could not resolve"],
		[
			"has an account's name that is an unresolved reference",
			{ [`${NAME}__accountName`]: "@Microsoft.KeyVault(VaultName=a)" },
			[`${NAME}__accountName`],
			"could not resolve",
		],
	])("is a problem when it %s", (_, env, settings, words) => {
		const { problems } = read(env);
		expect(problems.map(({ setting }) => setting)).toEqual(settings);
		for (const { problem } of problems) expect(problem).toContain(words);
	});

	it("never shows its key", () => {
		const { problems } = read({ [NAME]: "Accountname contoso; AccountKey=secret" });
		expect(problems).toHaveLength(1);
		expect(JSON.stringify(problems)).not.toContain("secret");
	});
});
