const RESOURCES = "/subscriptions/5f3c1d2e-8a47-4b6e-9c15-70d2a1b4e893/resourceGroups/contoso-ml/providers";
const TRAINING = "/blobServices/default/containers/training/";

/**
 * Five routes as a team may have them. Of the events in the schemas' examples they take all but `ModelDeployed` and
 * `RunStatusChanged`; `BlobCreated` goes two ways.
 */
export const ROUTES_TABLE = {
	routes: [
		{
			name: "evaluate",
			source: `${RESOURCES}/Microsoft.MachineLearningServices/workspaces/contoso-workspace`,
			filter: {
				includedEventTypes: ["Microsoft.MachineLearningServices.RunCompleted"],
				advancedFilters: [{ operatorType: "StringIn", key: "data.runTags.deploy", values: ["true"] }],
			},
			to: { repository: "contoso/fraud-model" },
		},
		{
			name: "retrain on new data",
			filter: {
				includedEventTypes: ["Microsoft.Storage.BlobCreated"],
				subjectBeginsWith: TRAINING,
				subjectEndsWith: ".csv",
			},
			to: { repository: "contoso/fraud-model", dispatchType: "retrain" },
		},
		{
			name: "deploy",
			filter: {
				includedEventTypes: ["Microsoft.MachineLearningServices.ModelRegistered"],
				subjectBeginsWith: "models/fraud-model:",
			},
			to: { repository: "contoso/fraud-scoring" },
		},
		{
			name: "drift",
			filter: {
				includedEventTypes: ["Microsoft.MachineLearningServices.DatasetDriftDetected"],
				advancedFilters: [{ operatorType: "NumberGreaterThan", key: "data.driftCoefficient", value: 0.1 }],
			},
			to: { repository: "contoso/monitoring" },
		},
		{
			name: "catalogue",
			source: `${RESOURCES}/Microsoft.Storage/storageAccounts/contosodata`,
			to: { repository: "contoso/data-catalogue" },
		},
	],
};

/** What the settings say of a storage that is never called. */
export const NO_STORAGE = "UseDevelopmentStorage=true";

/**
 * The settings of an app that dispatches by these routes, at a pace that delays nothing.
 * @param storage a connection string
 */
export function exampleSettings(githubApiUrl: string, storage: string): Record<string, string> {
	return {
		GITHUB_API_URL: githubApiUrl,
		GITHUB_TOKEN: "a-token-that-only-the-stand-in-takes",
		GITHUB_PACE: "10000/s",
		BRIDGE_ROUTES: JSON.stringify(ROUTES_TABLE),
		AzureWebJobsStorage: storage,
	};
}
