import { expect, it } from "@jest/globals";
import { BICEP, bicep, infra, type Prediction, predict, SUBSCRIPTION } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";

const SOUND = { githubRepository: "contoso/fraud-model", delivery: "queue" };
const id = (type: string, name: string) => `/subscriptions/${SUBSCRIPTION}/resourceGroups/g/providers/${type}/${name}`;
const vault = (name: string) => id("Microsoft.KeyVault/vaults", name);
const HALF_ID = "/subscriptions/s/resourceGroups/g";

/** For each parameter what Azure refuses, and what it takes though it looks alike. */
const CASES: Readonly<Record<string, readonly [make: (value: string) => object, refused: string[], taken: string[]]>> =
	{
		baseName: [
			(baseName) => ({ baseName }),
			[
				"Grid-Dispatch",
				"grid_dispatch",
				"grid.dispatch",
				"grid-",
				"-grid",
				"grid--dispatch",
				"1grid",
				"größe",
				"a b",
				"x".repeat(25),
				"x",
			],
			["ab", "a1", "grid-dispatch-staging-24"],
		],
		serviceName: [(serviceName) => ({ serviceName }), ["my bridge", "-x", "a/b"], ["bridge", "my-bridge_2"]],
		githubRepository: [
			(githubRepository) => ({ githubRepository }),
			["fraud-model", "https://github.com/contoso/fraud-model", "contoso/", "/x", "a/b/c", "con toso/x", "contoso/x y"],
			["contoso/fraud_model.v2", "Contoso-AI/x", "someone_contoso/x"],
		],
		githubApiUrl: [
			(githubApiUrl) => ({ githubApiUrl }),
			["http://github.contoso.example/api/v3", "github.contoso.example", "https://"],
			["https://github.contoso.example/api/v3"],
		],
		githubTokenSecretName: [
			(githubTokenSecretName) => ({ githubTokenSecretName }),
			["github_token", "github.token", "token/1", "a b", "x".repeat(128)],
			["GitHub-Token-2", "x".repeat(127)],
		],
		azureDevOpsTokenSecretName: [
			(azureDevOpsTokenSecretName) => ({ azureDevOpsTokenSecretName }),
			["pipelines_token"],
			["", "Pipelines-token"],
		],
		githubAppKeySecretName: [(githubAppKeySecretName) => ({ githubAppKeySecretName }), ["app_key"], ["app-key"]],
		githubAppId: [
			(githubAppId) => ({ githubAppId }),
			["my app", "a/b"],
			["12345", "Iv23liAbCdEf", "Iv1.8a61f9b3a7aba766"],
		],
		"routes.to.token": [
			(token) => ({ routes: { routes: [{ to: { repository: "a/b" } }, { to: { repository: "a/c", token } }] } }),
			["risk_token", "risk/token"],
			["risk-token"],
		],
		existingKeyVaultId: [
			(existingKeyVaultId) => ({ existingKeyVaultId }),
			[
				"kvteam",
				HALF_ID,
				`${vault("team")}/secrets/x`,
				`${vault("team")}/`,
				vault("a"),
				vault("team_vault"),
				vault("1team"),
			],
			[vault("team-vault"), vault("team-vault").replace("resourceGroups", "RESOURCEGROUPS")],
		],
		workspaceName: [
			(workspaceName) => ({ workspaceName }),
			["ab", "contoso.ml", "contoso ml", "-contoso", "_ml", "x".repeat(34)],
			["contoso_ml", "Contoso-ML", "x".repeat(33)],
		],
		workspaceResourceGroup: [
			(workspaceResourceGroup) => ({ workspaceResourceGroup }),
			["ml.", "ml/x", "m l", "x".repeat(91)],
			["ML_group-(1).a"],
		],
		workspaceSubscriptionId: [
			(workspaceSubscriptionId) => ({ workspaceSubscriptionId }),
			["production", "00000000-0000-0000-0000-00000000000", "00000000-0000-0000-0000-00000000000g", ""],
			["0a0B0c0D-0000-0000-0000-000000000001"],
		],
		workspaceTopicName: [
			(workspaceTopicName) => ({ workspaceTopicName }),
			["ml_topic", "ml.topic", "ml-", "ab", "x".repeat(51)],
			["ML-topic", "x".repeat(50)],
		],
		computeClusterName: [
			(computeClusterName) => ({ computeClusterName }),
			["cpu_cluster", "1cpu", "cpu-", "x".repeat(33)],
			["CPU-cluster-2"],
		],
		computeVmSize: [(computeVmSize) => ({ computeVmSize }), ["Standard DS3", "Standard.DS3"], ["Standard_NC4as_T4_v3"]],
		"dataAccounts[0].name": [
			(name) => ({ dataAccounts: { 0: { name } } }),
			["ContosoData", "contoso-data", "contoso_data", "contoso.data", "ab", "x".repeat(25), ""],
			["0contoso9"],
		],
		"dataAccounts[1].dataContainer": [
			(dataContainer) => ({ dataAccounts: { 1: { dataContainer } } }),
			[
				"$web",
				"$root",
				"Training",
				"training_data",
				"training.data",
				"training-",
				"-training",
				"training--data",
				"ab",
				"x".repeat(64),
				"",
			],
			["123", "a-b-c"],
		],
		"dataAccounts[2].topicName": [
			(topicName) => ({ dataAccounts: { 2: { topicName } } }),
			["data_topic", "data-"],
			["data-topic"],
		],
		"dataAccounts[3].resourceGroup": [
			(resourceGroup) => ({ dataAccounts: { 3: { resourceGroup } } }),
			["data.", "a/b"],
			["data_1"],
		],
		"dataAccounts[4].subscriptionId": [
			(subscriptionId) => ({ dataAccounts: { 4: { subscriptionId } } }),
			["production", ""],
			["00000000-0000-0000-0000-000000000002"],
		],
		customTopicName: [
			(customTopicName) => ({ customTopicName }),
			["my_topic", "my.topic", "my-", "ab", "x".repeat(51)],
			["My-topic"],
		],
		"customTopicPublishers[0]": [
			(publisher) => ({ customTopicPublishers: [publisher] }),
			["someone@contoso.com", ""],
			["00000000-0000-0000-0000-0000000000aa"],
		],
		"payloadReaders[0]": [
			(reader) => ({ payloadReaders: [reader] }),
			["ml-repo"],
			["00000000-0000-0000-0000-0000000000aa"],
		],
		webhookTenantId: [
			(webhookTenantId) => ({ webhookTenantId, webhookApplicationId: "api://x" }),
			["contoso", "contoso.onmicrosoft.com"],
			["00000000-0000-0000-0000-0000000000bb"],
		],
		topicPrefix: [
			(topicPrefix) => ({ topicPrefix }),
			["grid_dispatch", "grid.", "grid-", "ab"],
			["Grid", "x".repeat(50)],
		],
		eventSubscriptionName: [
			(eventSubscriptionName) => ({ eventSubscriptionName }),
			["grid_dispatch", "grid.dispatch", "grid-", "x".repeat(65), "ab", ""],
			["Grid-1", "x".repeat(64)],
		],
		packageUri: [
			(packageUri) => ({ packageUri }),
			["http://packages.example/x.zip", "out/grid-dispatch.zip"],
			["https://packages.example/x.zip?sig=a%2Fb"],
		],
		subnetId: [
			(subnetId) => ({ subnetId }),
			["bridge", HALF_ID, id("Microsoft.Network/virtualNetworks", "v")],
			[id("Microsoft.Network/virtualNetworks", "v/subnets/s")],
		],
		privateEndpointSubnetId: [
			(privateEndpointSubnetId) => ({ privateEndpointSubnetId }),
			["endpoints", id("Microsoft.Network/virtualNetworks", "v//subnets")],
			[id("Microsoft.Network/virtualNetworks", "v/subnets/s")],
		],
		"privateDnsZoneIds.blob": [
			(blob) => ({ privateDnsZoneIds: { blob } }),
			["privatelink.blob.core.windows.net"],
			[id("Microsoft.Network/privateDnsZones", "privatelink.blob.core.windows.net")],
		],
		auditWorkspaceId: [
			(auditWorkspaceId) => ({ auditWorkspaceId }),
			["central-logs"],
			[id("Microsoft.OperationalInsights/workspaces", "central-logs")],
		],
		"allowedIpRanges[0]": [
			(range) => ({ allowedIpRanges: [range] }),
			["office", "203.0.113", "203.0.113.0/", "203.0.113.0/24/1", "2001:db8::/32", "1234.0.0.1"],
			["203.0.113.0/24", "203.0.113.7"],
		],
		alertActionGroupId: [
			(alertActionGroupId) => ({ alertActionGroupId }),
			["team", id("Microsoft.Insights/components", "team")],
			[id("Microsoft.Insights/actionGroups", "Team alerts"), id("microsoft.insights/actiongroups", "team")],
		],
		alertEmail: [
			(alertEmail) => ({ alertEmail }),
			["team", "team@contoso", "@contoso.com", "a@b.c, d@e.f", "a b@c.d", "a@@b.c", "a@b..c", "a@.c"],
			["a@b.c", "ml+alerts@mail.contoso.example"],
		],
		tags: [(name) => ({ tags: { [name]: "x" } }), ["a<b", "cost/center", "100%"], ["cost center", "hidden-link:x"]],
	};

/** Sound parameters, but for the nth value of each case that has one. */
function round(nth: number, values: (parameter: string) => readonly string[]) {
	const given = Object.keys(CASES).flatMap((parameter) => {
		const value = values(parameter)[nth];
		return value === undefined ? [] : [{ parameter, value }];
	});
	const accounts = ["a", "b", "c", "d", "e"].map((name) => ({ name: `contoso${name}`, dataContainer: "training" }));
	const parameters: Record<string, unknown> = { ...SOUND };
	for (const { parameter, value } of given) {
		const { dataAccounts, ...others } = (CASES[parameter]?.[0](value) ?? {}) as {
			dataAccounts?: Record<number, object>;
		};
		Object.assign(parameters, others);
		for (const [i, change] of Object.entries(dataAccounts ?? {}))
			accounts[Number(i)] = { ...accounts[Number(i)], ...(change as (typeof accounts)[0]) };
	}
	return { given, parameters: { ...parameters, dataAccounts: accounts } };
}

const times = (values: (parameter: string) => readonly string[]) =>
	Array.from({ length: Math.max(...Object.keys(CASES).map((parameter) => values(parameter).length)) }, (_, nth) => nth);
const refusedFor = (parameter: string) => CASES[parameter]?.[1] ?? [];
const takenFor = (parameter: string) => CASES[parameter]?.[2] ?? [];

describeWith(BICEP, "names", () => {
	it.each(times(refusedFor))(
		"what Azure refuses is refused before anything is created, all of it at once, with parameter, value and rule (%s)",
		async (nth) => {
			const { given, parameters } = round(nth, refusedFor);
			const message = (await refusalOf(parameters)).split("is not valid: ").slice(1).join();
			const told = [...message.matchAll(/(\S+): "([^"]*)" is not valid\. It must be [^"]{10,}?\.(?= |\.)/g)];
			const wanted = given.map(({ parameter, value }) => `${parameter} ${value}`);
			expect(told.map(([, parameter, value]) => `${parameter} ${value}`).sort()).toEqual(wanted.sort());
		},
		60_000,
	);

	it.each(times(takenFor))(
		"what only looks like it is taken (%s)",
		async (nth) => {
			expect(await refusalOf(round(nth, takenFor).parameters)).toBe("");
		},
		60_000,
	);

	it("the second entry refuses the same as the first", async () => {
		const wrong = { workspaceName: "contoso.ml", dataAccounts: [{ name: "contosodata", dataContainer: "$web" }] };
		const message = await refusalOf(wrong, "subscribe.bicep");
		expect(message).toContain("workspaceName:");
		expect(message).toContain("dataAccounts[0].dataContainer:");
	});

	it.each([
		["the same container twice", [{}, {}], /two entries name the same container of the same account/],
		[
			"an account with two topics",
			[{}, { dataContainer: "b-c", topicName: "other" }],
			/two entries name the same account, but differ in/,
		],
		...[{ location: "northeurope" }, { isHnsEnabled: false }].map(
			(other) =>
				[
					`an account that two entries would create differently (${Object.keys(other)})`,
					[other, { dataContainer: "b-c" }],
					/two entries name the same account, but differ in/,
				] as const,
		),
		["no event types", [{ eventTypes: [] }], /dataAccounts\[0\]\.eventTypes: .*Give at least one/],
	])("%s is refused", async (_, changes, words) => {
		const dataAccounts = changes.map((change) => ({ name: "contosodata", dataContainer: "a-b", ...change }));
		expect(await refusalOf({ ...SOUND, dataAccounts })).toMatch(words);
	});

	it("parameters that contradict each other are refused", async () => {
		expect(await refusalOf({ ...SOUND, delivery: "function", publicNetworkAccess: "Disabled" })).toContain(
			"Set delivery to 'queue'",
		);
		expect(await refusalOf({ ...SOUND, closeStorageAndVault: true })).toContain("needs subnetId");
		expect(await refusalOf({ ...SOUND, workspaceEventTypes: [] })).toMatch(/workspaceEventTypes: .*Give at least one/);
	});

	it("main.bicepparam names no repository, so that no deployment goes to an example's", async () => {
		const file = `${infra}/main.bicepparam`;
		const { parametersJson } = JSON.parse(await bicep("build-params", file, "--stdout"));
		expect(JSON.parse(parametersJson).parameters.githubRepository.value).toBe("");
	});
});

describeWith(BICEP, "names that are too long", () => {
	const LONG = "a-very-long-container-name-that-has-sixty-three-characters-012";

	it("differ however much of them is cut, and keep to Azure's limits", async () => {
		const prediction = await predict({
			...SOUND,
			baseName: "a-very-long-base-name-12",
			workspaceName: "A_Workspace-With-Thirty-Three-Chr",
			topicPrefix: "a-rather-long-topic-prefix-of-fifty-characters-xxx",
			eventSubscriptionName: "an-event-subscription-of-more-than-thirty-six-characters",
			dataAccounts: [
				{ name: "contosodata012345678901x", dataContainer: `${LONG}3` },
				{ name: "contosodata012345678901x", dataContainer: `${LONG}4` },
				{ name: "contosodata012345678901y", dataContainer: `${LONG}4` },
			],
			alertEmail: "a@b.c",
		});
		const subscriptions = idsOf(prediction, /eventSubscriptions$/);
		expect(new Set(subscriptions).size).toBe(4);
		for (const id of subscriptions) expect(id.split("/").at(-1)).toMatch(/^[A-Za-z0-9-]{3,64}$/);
		const topics = new Set(idsOf(prediction, /systemTopics$/));
		expect(topics.size).toBe(3);
		for (const id of topics) expect(id.split("/").at(-1)).toMatch(/^[A-Za-z0-9-]{3,50}$/);
		const alerts = idsOf(prediction, /metricAlerts$/);
		expect(new Set(alerts).size).toBe(4 * 3);
		for (const id of alerts) expect(id.split("/").at(-1)).toMatch(/^[A-Za-z0-9-]{1,260}$/);
	}, 60_000);

	it("a workspace and an account of one name have a topic each, and so have workspaces that differ in - and _ only", async () => {
		const topics = async (workspaceName: string) =>
			idsOf(
				await predict({ ...SOUND, workspaceName, dataAccounts: [{ name: "contoso", dataContainer: "training" }] }),
				/systemTopics$/,
			);
		const all = [...(await topics("contoso")), ...(await topics("con_toso")), ...(await topics("con-toso"))];
		// The account's topic is the same each time.
		expect(new Set(all).size).toBe(4);
	}, 60_000);
});

/** What the compiler says; empty where it has nothing to say. */
async function refusalOf(parameters: object, entry?: string): Promise<string> {
	try {
		await predict(parameters, entry);
		return "";
	} catch (error) {
		return String(error);
	}
}

function idsOf({ resources }: Prediction, type: RegExp): string[] {
	return resources.filter((resource) => type.test(resource.type)).map(({ id }) => id);
}
