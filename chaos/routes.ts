/** Where the storm's events come from. */
export const SOURCES = {
	ml: "/subscriptions/5f3c1d2e/resourceGroups/storm/providers/Microsoft.MachineLearningServices/workspaces/contoso",
	storage: "/subscriptions/5f3c1d2e/resourceGroups/storm/providers/Microsoft.Storage/storageAccounts/contosodata",
	orders: "/subscriptions/5f3c1d2e/resourceGroups/storm/providers/Microsoft.EventGrid/topics/orders",
} as const;

/** Azure DevOps' token. */
export const AZURE_SECRET = "logistics-token";
/** The tokens in the vault: a lane each, and each its own limit at GitHub. The rest goes out as a GitHub App. */
export const SECRETS = ["fabrikam-token", "northwind-token", "lake-token", AZURE_SECRET] as const;
/** The secret that holds the App's private key. */
export const APP_KEY_SECRET = "github-app-key";

/** What is owed for an event at one destination. */
export interface Owed {
	/** The destination's id. */
	readonly to: string;
	/** Whether it is one of many in a single dispatch. */
	readonly coalesced: boolean;
}

/** What a workflow's inputs and a pipeline's parameters are of an event. */
const WHOLE = { key: "bridge.key", event: "event" };
const LOGISTICS = { organization: "contoso", project: "logistics", parameters: WHOLE };

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
	invoices: { repository: "northwind/orders", workflow: "invoice.yml", inputs: WHOLE, token: "northwind-token" },
	scans: { repository: "fabrikam/serving", workflow: "scan.yml", ref: "main", inputs: WHOLE, token: "fabrikam-token" },
	shipments: { ...LOGISTICS, pipeline: 7 },
	features: { ...LOGISTICS, pipeline: 8 },
} as const;

/** What is sent there is given up: GitHub says of it that it does not exist, all storm long. */
export const RETIRED = TO.retired.repository;
/** Those that GitHub knows. */
export const REPOSITORIES = [
	...new Set(Object.values(TO).flatMap((to) => ("repository" in to ? [to.repository] : []))),
].filter((repository) => repository !== RETIRED);
/** The project of Azure DevOps. */
export const PROJECT = `${LOGISTICS.organization}/${LOGISTICS.project}`;

/** The repository or the project of a destination's id. */
export function placeOf(id: string): string {
	const [first = "", second = "", third = ""] = id.split(/[/#]/);
	return first === "dev.azure.com" ? `${second}/${third}` : `${first}/${second}`;
}

/** The places that a token of the vault opens. */
export const WITH_TOKEN: Readonly<Record<string, readonly string[]>> = {
	[AZURE_SECRET]: [PROJECT],
	...Object.fromEntries(
		SECRETS.slice(0, -1).map((secret) => [
			secret,
			Object.values(TO).flatMap((to) => ("token" in to && to.token === secret ? [to.repository] : [])),
		]),
	),
};

/** What an event is called where its route does not say: written down a second time, so that no change goes unseen. */
const BLOB_CREATED = "storage-blobcreated";

/** The kinds of events that lead somewhere, and what each of them owes. */
export const OWED = {
	run: [owed("contoso/fraud-model#run-completed")],
	model: [owed("fabrikam/serving#model-registered"), owed("contoso/audit#machinelearningservices-modelregistered")],
	order: [owed("northwind/orders#order")],
	return: [owed("northwind/returns#contoso-orders-returned")],
	invoice: [owed("northwind/orders/invoice.yml")],
	shipment: [owed("dev.azure.com/contoso/logistics/7")],
	retired: [owed("northwind/retired#contoso-orders-retired")],
	training: [coalesced("contoso/fraud-model#training-data")],
	raw: [coalesced("northwind/lake#raw-data")],
	lake: [coalesced(`northwind/lake#${BLOB_CREATED}`)],
	scan: [coalesced("fabrikam/serving/scan.yml#main")],
	features: [coalesced("dev.azure.com/contoso/logistics/8")],
	retiredBlob: [coalesced(`northwind/retired#${BLOB_CREATED}`)],
} as const satisfies Record<string, readonly Owed[]>;

function owed(to: string): Owed {
	return { to, coalesced: false };
}

function coalesced(to: string): Owed {
	return { to, coalesced: true };
}

/** The routes table: five lanes, three kinds of destinations, and six routes that coalesce. */
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
	const invoices = { includedEventTypes: ["Contoso.Orders.Invoiced"] };
	const shipments = { includedEventTypes: ["Contoso.Orders.Shipped"] };
	const coalesce = { quietSeconds, maxSeconds };
	const routes = [
		{ name: "runs", source: SOURCES.ml, filter: runs, to: TO.runs },
		{ name: "serving", source: SOURCES.ml, filter: models, to: TO.serving },
		{ name: "audit", source: SOURCES.ml, filter: models, to: TO.audit },
		{ name: "orders", source: SOURCES.orders, filter: orders, to: TO.orders },
		{ name: "returns", source: SOURCES.orders, filter: returns, to: TO.returns },
		{ name: "retired", source: SOURCES.orders, filter: retired, to: TO.retired },
		{ name: "invoices", source: SOURCES.orders, filter: invoices, to: TO.invoices },
		{ name: "shipments", source: SOURCES.orders, filter: shipments, to: TO.shipments },
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
		{
			name: "scans",
			source: SOURCES.storage,
			filter: blobs("scans"),
			to: TO.scans,
			coalesce: { ...coalesce, by: "directory" },
		},
		{
			name: "features",
			source: SOURCES.storage,
			filter: blobs("features"),
			to: TO.features,
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
