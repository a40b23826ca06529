import { SUBSCRIPTION } from "./bicep.ts";

/** Texts that may stand in no output, setting or name: each mode hands over what it has of them. */
export const SECRETS = {
	githubToken: "planted-token",
	githubAppKey: "planted-key",
	webhookUrl: "https://hook.example/?code=planted",
};

const ELSEWHERE = { resourceGroup: "data", subscriptionId: "00000000-0000-0000-0000-000000000002" };

/** One that a team has already. */
export const ACTION_GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/ops/providers/Microsoft.Insights/actionGroups/on-call`;

/** The ways to deploy the bridge, by the parameters of main.bicep. */
export const MODES = {
	"a repository and nothing else": { githubRepository: "contoso/fraud-model" },
	"code, a new workspace and a new data account": {
		githubRepository: "contoso/fraud-model",
		githubToken: SECRETS.githubToken,
		packageUri: "https://packages.example/grid-dispatch.zip",
		delivery: "function",
		workspaceName: "contoso_ml",
		dataAccounts: [{ name: "contosodata", dataContainer: "training" }],
		payloadReaders: ["00000000-0000-0000-0000-00000000000a"],
		alertEmail: "ml@contoso.example",
	},
	"a queue, and a topic of one's own": {
		githubRepository: "contoso/fraud-model",
		workspaceName: "contoso-ml",
		alertActionGroupId: ACTION_GROUP,
		customTopicName: "contoso-orders",
		customTopicPublishers: ["00000000-0000-0000-0000-00000000000b"],
	},
	"an Entra-protected webhook": {
		githubRepository: "contoso/fraud-model",
		delivery: "webhook",
		webhookUrl: SECRETS.webhookUrl,
		webhookTenantId: "00000000-0000-0000-0000-0000000000bb",
		webhookApplicationId: "api://bridge",
		eventSchema: "EventGridSchema",
		dataAccounts: [{ name: "contosodata", dataContainer: "training", isHnsEnabled: false }],
	},
	"everything elsewhere, with topics that exist": {
		githubRepository: "contoso/fraud-model",
		packageUri: "https://packages.example/grid-dispatch.zip",
		existingKeyVaultId: `/subscriptions/${SUBSCRIPTION}/resourceGroups/vaults/providers/Microsoft.KeyVault/vaults/team-vault`,
		githubTokenSecretName: "dispatch-token",
		workspaceName: "contoso-ml",
		workspaceResourceGroup: "ml",
		workspaceSubscriptionId: ELSEWHERE.subscriptionId,
		workspaceTopicName: "ml-topic",
		dataAccounts: [
			{ name: "contosodata", dataContainer: "training", topicName: "data-topic", ...ELSEWHERE },
			{ name: "contosoraw", dataContainer: "raw", eventTypes: ["Microsoft.Storage.DirectoryCreated"], ...ELSEWHERE },
		],
		alertEmail: "ml@contoso.example",
	},
	"a GitHub App, routes, and other names": {
		baseName: "relay",
		githubAppId: "12345",
		githubAppKey: SECRETS.githubAppKey,
		routes: { routes: [{ name: "risk", to: { repository: "contoso/risk", token: "risk-token" } }] },
		settings: { GITHUB_PACE: "20/s", KEEP_DAYS: "90" },
		githubApiUrl: "https://github.contoso.example/api/v3",
		nodeVersion: "24",
		tags: { team: "ml" },
		subnetId: `/subscriptions/${SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/s`,
		delivery: "function",
		alwaysReadyInstances: 2,
	},
} satisfies Readonly<Record<string, object>>;

export type Mode = keyof typeof MODES;
