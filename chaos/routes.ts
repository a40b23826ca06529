/** Where the storm's events come from. */
export const SOURCES = {
	ml: "/subscriptions/5f3c1d2e/resourceGroups/storm/providers/Microsoft.MachineLearningServices/workspaces/contoso",
	storage: "/subscriptions/5f3c1d2e/resourceGroups/storm/providers/Microsoft.Storage/storageAccounts/contosodata",
	orders: "/subscriptions/5f3c1d2e/resourceGroups/storm/providers/Microsoft.EventGrid/topics/orders",
} as const;

/** The secrets of the vault: a lane each, and each its own limit at GitHub. */
export const SECRETS = ["github-token", "fabrikam-token", "northwind-token"] as const;

/** What is owed for an event at one destination. */
export interface Owed {
	readonly repository: string;
	readonly dispatchType: string;
	/** Whether it is one of many in a single dispatch. */
	readonly coalesced: boolean;
}

const to = (repository: string, dispatchType: string, token?: string) => ({
	repository,
	dispatchType,
	...(token === undefined ? {} : { token }),
});

/** The destinations by what they are for; those with the same token share a lane. */
const TO = {
	runs: to("contoso/fraud-model", "run-completed"),
	serving: to("fabrikam/serving", "model-registered", "fabrikam-token"),
	audit: to("contoso/audit", "model-registered"),
	orders: to("northwind/orders", "order", "northwind-token"),
	returns: to("northwind/returns", "return", "northwind-token"),
	training: to("contoso/fraud-model", "training-data"),
	raw: to("northwind/lake", "raw-data", "northwind-token"),
} as const;

/** The kinds of events that lead somewhere, and what each of them owes. */
export const OWED = {
	run: [owed(TO.runs)],
	model: [owed(TO.serving), owed(TO.audit)],
	order: [owed(TO.orders)],
	return: [owed(TO.returns)],
	training: [owed(TO.training, true)],
	raw: [owed(TO.raw, true)],
} as const satisfies Record<string, readonly Owed[]>;

function owed({ repository, dispatchType }: ReturnType<typeof to>, coalesced = false): Owed {
	return { repository, dispatchType, coalesced };
}

/** The routes table: seven destinations in three lanes, two of them coalescing. */
export function routesTable({ quietSeconds, maxSeconds }: { quietSeconds: number; maxSeconds: number }): string {
	const blobs = (container: string) => ({
		includedEventTypes: ["Microsoft.Storage.BlobCreated"],
		subjectBeginsWith: `/blobServices/default/containers/${container}/`,
	});
	const models = { includedEventTypes: ["Microsoft.MachineLearningServices.ModelRegistered"] };
	const runs = { includedEventTypes: ["Microsoft.MachineLearningServices.RunCompleted"] };
	const orders = { includedEventTypes: ["Contoso.Orders.Placed"] };
	const returns = { includedEventTypes: ["Contoso.Orders.Returned"] };
	const coalesce = { quietSeconds, maxSeconds };
	const routes = [
		{ name: "runs", source: SOURCES.ml, filter: runs, to: TO.runs },
		{ name: "serving", source: SOURCES.ml, filter: models, to: TO.serving },
		{ name: "audit", source: SOURCES.ml, filter: models, to: TO.audit },
		{ name: "orders", source: SOURCES.orders, filter: orders, to: TO.orders },
		{ name: "returns", source: SOURCES.orders, filter: returns, to: TO.returns },
		{
			name: "training",
			source: SOURCES.storage,
			filter: blobs("training"),
			to: TO.training,
			coalesce: { ...coalesce, by: "container" },
		},
		{
			name: "raw",
			source: SOURCES.storage,
			filter: blobs("raw"),
			to: TO.raw,
			coalesce: { ...coalesce, by: "directory" },
		},
	];
	return JSON.stringify({ routes });
}

/** A repository that GitHub redirects to is the one that was meant. */
export const RENAMED_SUFFIX = "-renamed";

export function originalName(repository: string): string {
	return repository.endsWith(RENAMED_SUFFIX) ? repository.slice(0, -RENAMED_SUFFIX.length) : repository;
}
