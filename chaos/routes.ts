/** Where the storm's events come from. */
export const SOURCES = {
	ml: "/subscriptions/5f3c1d2e/resourceGroups/storm/providers/Microsoft.MachineLearningServices/workspaces/contoso",
	storage: "/subscriptions/5f3c1d2e/resourceGroups/storm/providers/Microsoft.Storage/storageAccounts/contosodata",
	orders: "/subscriptions/5f3c1d2e/resourceGroups/storm/providers/Microsoft.EventGrid/topics/orders",
} as const;

/** The tokens in the vault: a lane each, and each its own limit at GitHub. The rest goes out as a GitHub App. */
export const SECRETS = ["fabrikam-token", "northwind-token", "lake-token"] as const;
/** The secret that holds the App's private key. */
export const APP_KEY_SECRET = "github-app-key";

/** What is owed for an event at one destination. */
export interface Owed {
	readonly repository: string;
	readonly dispatchType: string;
	/** Whether it is one of many in a single dispatch. */
	readonly coalesced: boolean;
}

interface Destination {
	readonly repository: string;
	/** Left out, it follows from the event's type. */
	readonly dispatchType?: string;
	readonly token?: (typeof SECRETS)[number];
}

/** The destinations by what they are for; those with the same token share a lane. */
const TO = {
	runs: { repository: "contoso/fraud-model", dispatchType: "run-completed" },
	audit: { repository: "contoso/audit" },
	training: { repository: "contoso/fraud-model", dispatchType: "training-data" },
	serving: { repository: "fabrikam/serving", dispatchType: "model-registered", token: "fabrikam-token" },
	orders: { repository: "northwind/orders", dispatchType: "order", token: "northwind-token" },
	returns: { repository: "northwind/returns", token: "northwind-token" },
	raw: { repository: "northwind/lake", dispatchType: "raw-data", token: "northwind-token" },
	lake: { repository: "northwind/lake", token: "lake-token" },
	retired: { repository: "northwind/retired", token: "lake-token" },
} as const satisfies Record<string, Destination>;

/** What is sent there is given up: GitHub says of it that it does not exist, all storm long. */
export const RETIRED = TO.retired.repository;
/** Those that GitHub knows. */
export const REPOSITORIES = [...new Set(Object.values(TO).map(({ repository }) => repository))].filter(
	(repository) => repository !== RETIRED,
);

/** What an event is called where its route does not say: written down a second time, so that no change goes unseen. */
const BLOB_CREATED = "storage-blobcreated";

/** The kinds of events that lead somewhere, and what each of them owes. */
export const OWED = {
	run: [owed(TO.runs)],
	model: [owed(TO.serving), owed(TO.audit, "machinelearningservices-modelregistered")],
	order: [owed(TO.orders)],
	return: [owed(TO.returns, "contoso-orders-returned")],
	retired: [owed(TO.retired, "contoso-orders-retired")],
	training: [coalesced(owed(TO.training))],
	raw: [coalesced(owed(TO.raw))],
	lake: [coalesced(owed(TO.lake, BLOB_CREATED))],
	retiredBlob: [coalesced(owed(TO.retired, BLOB_CREATED))],
} as const satisfies Record<string, readonly Owed[]>;

function owed({ repository, dispatchType = "" }: Destination, derived = dispatchType): Owed {
	return { repository, dispatchType: derived, coalesced: false };
}

function coalesced(of: Owed): Owed {
	return { ...of, coalesced: true };
}

/** The routes table: four lanes, and four routes that coalesce. */
export function routesTable({ quietSeconds, maxSeconds }: { quietSeconds: number; maxSeconds: number }): string {
	const blobs = (container: string) => ({
		includedEventTypes: ["Microsoft.Storage.BlobCreated"],
		subjectBeginsWith: `/blobServices/default/containers/${container}/`,
	});
	const models = { includedEventTypes: ["Microsoft.MachineLearningServices.ModelRegistered"] };
	const runs = { includedEventTypes: ["Microsoft.MachineLearningServices.RunCompleted"] };
	const orders = { includedEventTypes: ["Contoso.Orders.Placed"] };
	const returns = { includedEventTypes: ["Contoso.Orders.Returned"] };
	const retired = { includedEventTypes: ["Contoso.Orders.Retired"] };
	const coalesce = { quietSeconds, maxSeconds };
	const routes = [
		{ name: "runs", source: SOURCES.ml, filter: runs, to: TO.runs },
		{ name: "serving", source: SOURCES.ml, filter: models, to: TO.serving },
		{ name: "audit", source: SOURCES.ml, filter: models, to: TO.audit },
		{ name: "orders", source: SOURCES.orders, filter: orders, to: TO.orders },
		{ name: "returns", source: SOURCES.orders, filter: returns, to: TO.returns },
		{ name: "retired", source: SOURCES.orders, filter: retired, to: TO.retired },
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
		{
			name: "lake",
			source: SOURCES.storage,
			filter: blobs("lake"),
			to: TO.lake,
			coalesce: { ...coalesce, by: "directory" },
		},
		{ name: "retired-blobs", source: SOURCES.storage, filter: blobs("retired"), to: TO.retired, coalesce },
	];
	return JSON.stringify({ routes });
}

/** A repository that GitHub redirects to is the one that was meant. */
export const RENAMED_SUFFIX = "-renamed";

export function originalName(repository: string): string {
	return repository.endsWith(RENAMED_SUFFIX) ? repository.slice(0, -RENAMED_SUFFIX.length) : repository;
}
