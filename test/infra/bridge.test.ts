import { beforeAll, expect, it } from "@jest/globals";
import { LEDGER } from "../../src/storage/storage.ts";
import { BICEP, type Prediction, predict } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { MODES } from "../helpers/infra-modes.ts";
import { rolesIn } from "../helpers/infra-roles.ts";

describeWith(BICEP, "the bridge that is deployed", () => {
	let plain: Prediction;
	let full: Prediction;
	let app: Prediction;
	let elsewhere: Prediction;

	beforeAll(async () => {
		[plain, full] = await Promise.all([
			predict(MODES["a repository and nothing else"]),
			predict(MODES["code, a new workspace and a new data account"]),
		]);
		[app, elsewhere] = await Promise.all([
			predict(MODES["a GitHub App, routes, and other names"]),
			predict(MODES["everything elsewhere, with topics that exist"]),
		]);
	});

	it("has the platform's settings and its own, and no others", () => {
		const { GITHUB_REPOSITORY, KEY_VAULT_URL, GITHUB_API_URL, GITHUB_TOKEN_SECRET_NAME, EVENT_QUEUE, ...platform } =
			settings(plain);
		expect({ GITHUB_REPOSITORY, GITHUB_API_URL, GITHUB_TOKEN_SECRET_NAME }).toEqual({
			GITHUB_REPOSITORY: "contoso/fraud-model",
			GITHUB_API_URL: "https://api.github.com",
			GITHUB_TOKEN_SECRET_NAME: "github-token",
		});
		expect(EVENT_QUEUE).toBe("grid-dispatch-events");
		expect(KEY_VAULT_URL).toMatch(
			/https:\/\/\{0\}\{1\}', 'kv-griddis-[a-z0-9]{13}', environment\(\)\.suffixes\.keyvaultDns/,
		);
		const clientId = expect.stringMatching(
			/^\[reference\('.*\/userAssignedIdentities\/id-grid-dispatch', '[0-9-]+'\)\.clientId\]$/,
		);
		const endpoint = (service: string) =>
			expect.stringMatching(new RegExp(`storageAccounts/st.*primaryEndpoints\\.${service}\\]$`));
		expect(platform).toEqual({
			AZURE_CLIENT_ID: clientId,
			AzureWebJobsStorage__credential: "managedidentity",
			AzureWebJobsStorage__clientId: clientId,
			AzureWebJobsStorage__blobServiceUri: endpoint("blob"),
			AzureWebJobsStorage__queueServiceUri: endpoint("queue"),
			AzureWebJobsStorage__tableServiceUri: endpoint("table"),
			APPLICATIONINSIGHTS_CONNECTION_STRING: expect.stringMatching(
				/components\/appi-grid-dispatch.*ConnectionString\]$/,
			),
			APPLICATIONINSIGHTS_AUTHENTICATION_STRING: expect.stringMatching(
				/^\[format\('ClientId=\{0\};Authorization=AAD', reference\('.*id-grid-dispatch', '[0-9-]+'\)\.clientId\)\]$/,
			),
		});
	});

	it("is a small app on Flex Consumption, with an identity of its own", () => {
		expect(one(plain, "Microsoft.Web/serverfarms")).toMatchObject({ sku: { name: "FC1", tier: "FlexConsumption" } });
		const { identity, properties } = one(plain, "Microsoft.Web/sites");
		expect(identity?.type).toBe("UserAssigned");
		const { deployment, runtime, scaleAndConcurrency } = properties.functionAppConfig;
		expect(runtime).toEqual({ name: "node", version: "22" });
		expect(deployment.storage).toMatchObject({
			type: "blobContainer",
			authentication: { type: "UserAssignedIdentity" },
		});
		expect(scaleAndConcurrency).toEqual({
			maximumInstanceCount: 40,
			instanceMemoryMB: 2048,
			// Nothing runs, and costs, while nothing happens.
			alwaysReady: [],
			triggers: { http: { perInstanceConcurrency: 100 } },
		});
		expect(one(plain, "Microsoft.Web/sites").tags).toEqual({ "azd-service-name": "bridge" });
	});

	it("takes a GitHub App, a routes table and further settings", () => {
		expect(settings(app)).toMatchObject({
			BRIDGE_ROUTES: '{"routes":[{"name":"risk","to":{"repository":"contoso/risk","token":"risk-token"}}]}',
			GITHUB_API_URL: "https://github.contoso.example/api/v3",
			GITHUB_APP_ID: "12345",
			GITHUB_APP_KEY_SECRET_NAME: "github-app-key",
			GITHUB_PACE: "20/s",
			KEEP_DAYS: "90",
		});
		expect(settings(app)).not.toHaveProperty("GITHUB_TOKEN_SECRET_NAME");
		expect(settings(app)).not.toHaveProperty("GITHUB_REPOSITORY");
		const { functionAppConfig, virtualNetworkSubnetId } = one(app, "Microsoft.Web/sites").properties;
		expect(functionAppConfig.runtime.version).toBe("24");
		expect(functionAppConfig.scaleAndConcurrency.alwaysReady[0].instanceCount).toBe(2);
		expect(virtualNetworkSubnetId).toMatch(/subnets\/s$/);
		for (const { tags, type } of app.resources.filter(({ tags }) => tags !== undefined)) {
			expect({ type, tags }).toMatchObject({ tags: { team: "ml" } });
		}
	});

	it("may use its storage, write its log and read its own secrets, and nothing else", () => {
		const mine = (prediction: Prediction) =>
			rolesIn(prediction).flatMap(({ role, scope, to }) =>
				/id-(grid-dispatch|relay)'/.test(to) ? [`${role} on ${last(scope)}`] : [],
			);
		const storage = (name: string) => [
			`Storage Blob Data Owner on ${name}`,
			`Storage Queue Data Contributor on ${name}`,
			`Storage Table Data Contributor on ${name}`,
		];
		expect(mine(plain)).toEqual([
			...storage(String(plain.outputs["storageAccountName"])),
			"Key Vault Secrets User on github-token",
			"Monitoring Metrics Publisher on appi-grid-dispatch",
		]);
		expect(mine(app)).toEqual([
			...storage(String(app.outputs["storageAccountName"])),
			"Key Vault Secrets User on github-app-key",
			"Key Vault Secrets User on risk-token",
			"Monitoring Metrics Publisher on appi-relay",
		]);
	});

	it("may read each secret that its settings and its routes name", async () => {
		const prediction = await predict({
			...MODES["a GitHub App, routes, and other names"],
			azureDevOpsTokenSecretName: "pipelines-token",
		});
		const named = Object.entries(settings(prediction)).flatMap(([name, value]) =>
			name.endsWith("_SECRET_NAME") ? [value] : [],
		);
		expect(named).toContain("pipelines-token");
		const readable = rolesIn(prediction).flatMap(({ role, scope }) =>
			role === "Key Vault Secrets User" ? [last(scope)] : [],
		);
		expect(readable.sort()).toEqual([...named, "risk-token"].sort());
	});

	it("writes the secret where one is given, and leaves the vault's own alone where none is", () => {
		const secrets = ({ resources }: Prediction) =>
			resources.filter(({ type }) => type === "Microsoft.KeyVault/vaults/secrets");
		expect(secrets(plain)).toEqual([]);
		expect(secrets(full).map(({ name }) => last(name))).toEqual(["github-token"]);
		expect(secrets(app).map(({ name }) => last(name))).toEqual(["github-app-key"]);
	});

	it("uses a vault that is there already, and makes none of its own", () => {
		const vaults = elsewhere.resources.filter(({ type }) => type.startsWith("Microsoft.KeyVault/"));
		// A workspace that is new has a vault, too, beside it.
		expect(vaults.filter(({ id }) => !id.includes("/resourceGroups/ml/"))).toEqual([]);
		const reading = rolesIn(elsewhere).filter(({ role }) => role === "Key Vault Secrets User");
		expect(reading.map(({ scope }) => scope)).toEqual([
			expect.stringMatching(/resourceGroups\/vaults\/.*\/team-vault\/secrets\/dispatch-token$/),
		]);
		expect(settings(elsewhere)).toMatchObject({ KEY_VAULT_URL: expect.stringContaining("'team-vault'") });
	});

	it("keeps payloads, dead letters and its own state in containers of their own, and lets readers at the payloads only", () => {
		const containers = plain.resources.filter(({ type }) => type.endsWith("/blobServices/containers"));
		expect(containers.map(({ id }) => last(id)).sort()).toEqual([
			"deployments",
			"event-grid-dead-letters",
			LEDGER.container,
			LEDGER.deadLetters,
			LEDGER.payloads,
		]);
		const readers = rolesIn(full).filter(({ to }) => to === "00000000-0000-0000-0000-00000000000a");
		expect(readers.map(({ role, scope }) => `${role} on ${last(scope)}`)).toEqual([
			`Storage Blob Data Reader on ${LEDGER.payloads}`,
		]);
	});

	it("deploys a package where one is given", () => {
		const code = ({ resources }: Prediction) =>
			resources.filter(({ type }) => type === "Microsoft.Web/sites/extensions");
		expect(code(plain)).toEqual([]);
		expect(code(full).map(({ name, properties }) => ({ name: last(name), properties }))).toEqual([
			{
				name: "onedeploy",
				properties: { packageUri: "https://packages.example/grid-dispatch.zip", remoteBuild: false },
			},
		]);
	});
});

function one({ resources }: Prediction, type: string) {
	const [resource, ...others] = resources.filter((candidate) => candidate.type === type);
	if (resource === undefined || others.length > 0) throw new Error(`there is not one ${type}`);
	return resource;
}

function settings(prediction: Prediction): Record<string, string> {
	const { appSettings } = one(prediction, "Microsoft.Web/sites").properties.siteConfig;
	return Object.fromEntries(appSettings.map(({ name, value }: { name: string; value: string }) => [name, value]));
}

function last(id: string): string {
	return id.split("/").at(-1) ?? "";
}
