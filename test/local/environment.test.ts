import { describe, expect, it } from "@jest/globals";
import { StartError } from "../../src/local/command-line.ts";
import { settleEnvironment } from "../../src/local/environment.ts";

const standInUrl = "http://127.0.0.1:7072";
const CODESPACE = {
	CODESPACES: "true",
	GITHUB_API_URL: "https://api.github.com",
	GITHUB_REPOSITORY: "contoso/codespace",
	GITHUB_TOKEN: "ghp_live",
};

const settle = (env: Record<string, string>, real = false) => settleEnvironment(env, { real, standInUrl });

describe("a local run's settings", () => {
	it("are the stand-in's where nothing is set, without a note", () => {
		const setup = settle({});
		expect(setup).toMatchObject({ apiUrl: standInUrl, standIn: true, notes: [] });
		expect(setup.env).toMatchObject({ GITHUB_API_URL: standInUrl, GITHUB_REPOSITORY: "contoso/fraud-model" });
		expect(setup.env["GITHUB_TOKEN"]).toBeTruthy();
	});

	it("take nothing of what a codespace sets, and name it in a note that holds no value", () => {
		const setup = settle(CODESPACE);
		expect(setup).toMatchObject({ apiUrl: standInUrl, standIn: true });
		expect(setup.notes).toEqual([
			"GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN not used: the bridge dispatches to the stand-in (use --github real to use these settings)",
		]);
		expect(JSON.stringify(setup)).not.toContain("ghp_live");
		expect(setup.env).toMatchObject({ GITHUB_REPOSITORY: "contoso/fraud-model" });
	});

	it("do not take the predecessor's token either", () => {
		const setup = settle({ PAT_TOKEN: "ghp_live" });
		expect(setup.env["PAT_TOKEN"]).toBeUndefined();
		expect(setup.notes).toEqual([expect.stringMatching(/^PAT_TOKEN not used/)]);
	});

	it("do not let a real vault's token near the stand-in, but take a vault on this machine", () => {
		const real = settle({ KEY_VAULT_URL: "https://contoso.vault.azure.net" });
		expect(real.env["KEY_VAULT_URL"]).toBeUndefined();
		expect(real.notes).toEqual([expect.stringMatching(/^KEY_VAULT_URL not used/)]);
		const local = settle({ KEY_VAULT_URL: "https://localhost:9443" });
		expect(local).toMatchObject({ env: { KEY_VAULT_URL: "https://localhost:9443" }, notes: [] });
	});

	it("keep everything else, routes above all", () => {
		const { env } = settle({ ...CODESPACE, BRIDGE_ROUTES: "routes.json", HANDSHAKE_TOPICS: "/a" });
		expect(env).toMatchObject({ BRIDGE_ROUTES: "routes.json", HANDSHAKE_TOPICS: "/a", CODESPACES: "true" });
	});

	it.each(["http://127.0.0.1:9000", "http://localhost:9000/api/v3", "https://[::1]:9000", " http://127.0.0.1:9000\n"])(
		"are taken as they are where GITHUB_API_URL is on this machine: %j",
		(url) => {
			const env = { GITHUB_API_URL: url, GITHUB_REPOSITORY: "fabrikam/churn", GITHUB_TOKEN: "own" };
			const azure = { AZURE_DEVOPS_URL: new URL(url).origin, AZURE_DEVOPS_TOKEN: expect.stringContaining("stand-in") };
			expect(settle(env)).toEqual({ env: { ...env, ...azure }, apiUrl: url.trim(), standIn: false, notes: [] });
		},
	);

	it("lead runs of Azure Pipelines to the stand-in, and keep a real token of Azure DevOps from it", () => {
		const setup = settle({ AZURE_DEVOPS_URL: "https://dev.azure.com", AZURE_DEVOPS_TOKEN: "live" });
		expect(setup.env).toMatchObject({
			AZURE_DEVOPS_URL: standInUrl,
			AZURE_DEVOPS_TOKEN: settle({}).env["GITHUB_TOKEN"],
		});
		expect(setup.notes).toEqual([
			expect.stringMatching(/^AZURE_DEVOPS_URL, AZURE_DEVOPS_TOKEN not used: the bridge dispatches/),
		]);
		const beside = settle({ GITHUB_API_URL: "http://127.0.0.1:9000/api/v3", AZURE_DEVOPS_TOKEN: "live" });
		expect(beside.env["AZURE_DEVOPS_URL"]).toBe("http://127.0.0.1:9000");
		expect(beside.notes).toEqual([expect.stringMatching(/^AZURE_DEVOPS_TOKEN not used: the bridge starts pipelines/)]);
		expect(JSON.stringify([setup, beside])).not.toContain("live");
	});

	it.each([{}, { GITHUB_API_URL: "http://127.0.0.1:9000" }])(
		"take an Azure DevOps on this machine with its token, beside %j",
		(github) => {
			const azure = { AZURE_DEVOPS_URL: "http://localhost:9001", AZURE_DEVOPS_TOKEN: "own" };
			expect(settle({ ...github, ...azure })).toMatchObject({ env: azure, notes: [] });
		},
	);

	it("take Azure DevOps' settings as they are with --github real", () => {
		const azure = { AZURE_DEVOPS_URL: "https://dev.azure.com", AZURE_DEVOPS_TOKEN: "live" };
		expect(settle(azure, true)).toMatchObject({ env: azure, notes: [] });
	});

	it.each([
		"https://api.github.com",
		"https://ghes.contoso.com/api/v3",
		"http://localhost.contoso.com",
		"nonsense",
		" ",
	])("are the stand-in's where GITHUB_API_URL is elsewhere or nothing: %j", (url) => {
		const setup = settle({ GITHUB_API_URL: url, GITHUB_TOKEN: "ghp_live" });
		expect(setup).toMatchObject({ apiUrl: standInUrl, standIn: true, env: { GITHUB_API_URL: standInUrl } });
		expect(setup.env["GITHUB_TOKEN"]).not.toBe("ghp_live");
	});

	it("are taken as they are with --github real", () => {
		const env = { ...CODESPACE, GITHUB_API_URL: "https://ghes.contoso.com/api/v3" };
		expect(settle(env, true)).toEqual({ env, apiUrl: env.GITHUB_API_URL, standIn: false, notes: [] });
	});

	it("lead to github.com with --github real and no GITHUB_API_URL", () => {
		expect(settle({}, true)).toEqual({ env: {}, apiUrl: "https://api.github.com", standIn: false, notes: [] });
	});

	it.each([
		["nowhere, so that Azurite is started", {}, undefined],
		["nowhere where that is blank", { AzureWebJobsStorage: " " }, undefined],
		[
			"where AzureWebJobsStorage says",
			{ AzureWebJobsStorage: "UseDevelopmentStorage=true" },
			"UseDevelopmentStorage=true",
		],
	])("have their storage %s, whatever GitHub is", (_, env, storage) => {
		expect(settle(env).storage).toBe(storage);
		expect(settle({ ...env, GITHUB_API_URL: "http://127.0.0.1:9000" }).storage).toBe(storage);
		expect(settle(env, true).storage).toBe(storage);
	});

	it("leave the environment that they were read from alone", () => {
		const env = Object.freeze({ ...CODESPACE });
		settle(env);
		expect(env).toEqual(CODESPACE);
	});

	const REMOTE =
		"DefaultEndpointsProtocol=https;AccountName=contosobridge;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net";
	const AZURITE = ["Blob", "Queue", "Table"]
		.map((service, at) => `${service}Endpoint=http://127.0.0.1:1000${at}/a`)
		.join(";");

	it.each([
		["an account in Azure", REMOTE, "contosobridge.blob.core.windows.net"],
		[
			"one of another cloud",
			"AccountName=a;AccountKey=b;EndpointSuffix=core.chinacloudapi.cn",
			"a.blob.core.chinacloudapi.cn",
		],
		["one whose queue alone is elsewhere", AZURITE.replace("127.0.0.1:10001", "queue.example"), "queue.example"],
		["an emulator of another machine", AZURITE.replaceAll("127.0.0.1", "10.0.0.7"), "10.0.0.7"],
		[
			"the emulator by a proxy of another machine",
			"UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://proxy.example",
			"proxy.example",
		],
	])("refuse to let a GitHub on this machine near %s, and say how to go on", (_, AzureWebJobsStorage, host) => {
		for (const env of [{}, { GITHUB_API_URL: "http://127.0.0.1:9000" }]) {
			const start = () => settle({ ...env, AzureWebJobsStorage });
			expect(start).toThrow(StartError);
			expect(start).toThrow(host);
			expect(start).toThrow(/Remove AzureWebJobsStorage.*UseDevelopmentStorage=true.*--github real/);
			expect(start).not.toThrow("c2VjcmV0");
		}
		expect(settle({ AzureWebJobsStorage }, true).storage).toBe(AzureWebJobsStorage);
	});

	it.each([
		AZURITE,
		AZURITE.replaceAll("127.0.0.1", "localhost"),
		`accountname=devstoreaccount1; AccountKey=Eby8==;${AZURITE.toLowerCase()}`,
		"usedevelopmentstorage=TRUE;",
		"UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1",
	])("take a storage on this machine: %s", (AzureWebJobsStorage) => {
		expect(settle({ AzureWebJobsStorage }).storage).toBe(AzureWebJobsStorage);
	});

	it.each([
		"nonsense",
		"AccountKey=b",
		"BlobEndpoint=http://127.0.0.1:10000",
		"BlobEndpoint=::;QueueEndpoint=::;TableEndpoint=::",
	])("refuse what is no connection string: %s", (AzureWebJobsStorage) => {
		for (const real of [false, true]) {
			expect(() => settle({ AzureWebJobsStorage }, real)).toThrow(/AzureWebJobsStorage is not the connection string/);
		}
	});

	it("name what is set for a connection by identity, which is not used here", () => {
		const env = {
			AzureWebJobsStorage__accountName: "contosobridge",
			AzureWebJobsStorage__credential: "managedidentity",
		};
		const note =
			"AzureWebJobsStorage__accountName, AzureWebJobsStorage__credential not used: a local run needs the connection string AzureWebJobsStorage";
		expect(settle(env).notes).toEqual([note]);
		expect(settle(env, true).notes).toEqual([note]);
	});
});
