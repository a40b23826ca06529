import { odata, TableClient, type TableServiceClientOptions, type TransactionAction } from "@azure/data-tables";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueClient, type StoragePipelineOptions } from "@azure/storage-queue";
import { blobCalls } from "./azure-blobs.ts";
import { called, expectText, UnclearAnswer, unlessChanged, unlessMissing } from "./azure-call.ts";
import {
	type Columns,
	LEDGER,
	type LedgerNames,
	type Page,
	type Range,
	type Row,
	type ServiceUrls,
	type Storage,
	WRITTEN_AT,
	type Write,
} from "./storage.ts";
import { checkLimits } from "./transactions.ts";

/** The storage account, and what it lets the bridge in with. */
type Account =
	| { readonly kind: "connection-string"; readonly connectionString: string }
	| ({ readonly kind: "identity"; readonly credential: Credential } & ServiceUrls);

/** What Azure's SDKs ask for the tokens of an identity; `config/credential.ts` makes one. */
interface Credential {
	getToken(scopes: string | string[], options?: object): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}

/**
 * Opens the ledger's storage by Azure's own SDKs; nothing is called yet. To be imported when the first event needs it,
 * since the SDKs are ten times the size of all the rest: this file is the root of a bundle of its own.
 */
export function openStorage(account: Account, names: LedgerNames = LEDGER): Storage {
	const { table, queue, blobs } = createClients(account, names);
	return { ...tableCalls(table), ...blobCalls(blobs, names), ...queueCalls(queue, names) };
}

/** The clients of one account. */
interface StorageClients {
	readonly table: TableClient;
	readonly queue: (name: string) => QueueClient;
	readonly blobs: BlobServiceClient;
}

/** Short, since the caller has a request to answer, or tries again later. */
const RETRIES = { maxTries: 3, retryDelayInMs: 100, maxRetryDelayInMs: 500 };

/**
 * Two characters end a line for JavaScript and not for JSON. Azurite reads a transaction line by line, and answers 500 to
 * a text that has one, each time. Escaped, the JSON says the same.
 */
const escapeLines: NonNullable<TableServiceClientOptions["additionalPolicies"]>[number]["policy"] = {
	name: "escape-lines",
	sendRequest(request, next) {
		if (typeof request.body === "string") {
			request.body = request.body.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
		}
		return next(request);
	},
};

export function createClients(account: Account, { table }: LedgerNames): StorageClients {
	const { maxTries, ...delays } = RETRIES;
	const tableOptions: TableServiceClientOptions = {
		retryOptions: { maxRetries: maxTries - 1, ...delays },
		allowInsecureConnection: true,
		additionalPolicies: [{ policy: escapeLines, position: "perCall" }],
	};
	const options: StoragePipelineOptions = { retryOptions: { maxTries, ...delays } };
	if (account.kind === "connection-string") {
		const { connectionString } = account;
		return {
			table: TableClient.fromConnectionString(connectionString, table, tableOptions),
			queue: (name) => new QueueClient(connectionString, name, options),
			blobs: BlobServiceClient.fromConnectionString(connectionString, options),
		};
	}
	const { tableUrl, queueUrl, blobUrl, credential } = account;
	return {
		table: new TableClient(tableUrl, table, credential, tableOptions),
		queue: (name) => new QueueClient(`${queueUrl}/${name}`, credential, options),
		blobs: new BlobServiceClient(blobUrl, credential, options),
	};
}

/** What the ledger does with queues. */
function queueCalls(queue: StorageClients["queue"], names: LedgerNames): Pick<Storage, "put" | "unput" | "makeQueues"> {
	const wakeUps = queue(names.queue);
	const follow = queue(names.follow);
	const queueOf = (name: string | undefined) => {
		if (name === undefined) return wakeUps;
		return name === LEDGER.follow ? follow : queue(name);
	};
	return {
		async put(text, visibleInSeconds, name) {
			const to = queueOf(name);
			const send = async (abortSignal: AbortSignal) => {
				const options = { messageTimeToLive: -1, visibilityTimeout: visibleInSeconds, abortSignal };
				const { messageId, popReceipt } = await to.sendMessage(Buffer.from(text).toString("base64"), options);
				return { id: expectText(messageId, "message id"), popReceipt: expectText(popReceipt, "pop receipt") };
			};
			return called(send, { make: (abortSignal) => to.createIfNotExists({ abortSignal }) });
		},
		makeQueues: (queues) =>
			called(
				async (abortSignal) =>
					void (await Promise.all(queues.map((queue) => queueOf(queue).createIfNotExists({ abortSignal })))),
			),
		unput: ({ id, popReceipt }, name) =>
			called(async (abortSignal) => void (await queueOf(name).deleteMessage(id, popReceipt, { abortSignal }))),
	};
}

/**
 * The table service may work five seconds on a page before it answers with what it has, and thirty on a query in all.
 * Source: learn.microsoft.com, "Query timeout and pagination".
 */
const QUERY_TIMEOUT_MS = 30_000;

/** What the ledger does with its table. */
function tableCalls(table: TableClient): Pick<Storage, "commit" | "get" | "list" | "removeRow"> {
	const make = (abortSignal: AbortSignal) => table.createTable({ abortSignal });
	return {
		async commit(partition, writes) {
			checkLimits(partition, writes);
			const actions = writes.map((write) => toAction(partition, write));
			const send = async (abortSignal: AbortSignal) => {
				return etagsOf(writes, (await table.submitTransaction(actions, { abortSignal })).subResponses);
			};
			return called(send, { make });
		},
		get: (partition, rowKey) =>
			called(async (abortSignal) => {
				const row = toRow(await table.getEntity(partition, rowKey, { abortSignal }));
				if (row.rowKey !== rowKey || row.etag === "") throw new UnclearAnswer(`the answer is not the row ${rowKey}`);
				return row;
			}).catch(unlessMissing),
		list: (partition, range) =>
			called((abortSignal) => readPage(table, partition, range, abortSignal), { timeoutMs: QUERY_TIMEOUT_MS }).catch(
				(error: unknown) => unlessMissing(error) ?? { rows: [] },
			),
		removeRow: (partition, rowKey, etag) =>
			called(async (abortSignal) => {
				await table.deleteEntity(partition, rowKey, { etag, abortSignal });
				return true;
			}).catch(unlessChanged),
	};
}

/** A write as the SDK's transactions take it. */
function toAction(partitionKey: string, write: Write): TransactionAction {
	const { rowKey } = write;
	if (write.kind === "delete") return ["delete", { partitionKey, rowKey }];
	const entity = { ...write.columns, partitionKey, rowKey };
	if (write.kind === "merge" || write.kind === "replace") {
		return ["update", entity, write.kind === "merge" ? "Merge" : "Replace", { etag: write.etag ?? "*" }];
	}
	return write.kind === "insert" ? ["create", entity] : ["upsert", entity, "Merge"];
}

/**
 * The new ETags of a transaction's rows, in the order of the writes; a removed row has none.
 * Source: learn.microsoft.com, "Performing entity group transactions": one answer for each write, or that of the first
 * one that failed.
 */
function etagsOf(
	writes: readonly Write[],
	answers: readonly { readonly status: number; readonly etag?: string }[],
): readonly (string | undefined)[] {
	const failed = answers.find(({ status }) => status < 200 || status > 299);
	if (failed !== undefined) {
		throw new UnclearAnswer(`a write of the transaction was answered ${failed.status}`, failed.status);
	}
	if (answers.length !== writes.length) {
		throw new UnclearAnswer(`the answer to a transaction of ${writes.length} writes has only ${answers.length}`);
	}
	const etags = answers.map(({ etag }) => etag?.trim() || undefined);
	const missing = writes.find(({ kind }, index) => kind !== "delete" && etags[index] === undefined);
	if (missing !== undefined) throw new UnclearAnswer(`the answer has no ETag for the row ${missing.rowKey}`);
	return etags;
}

/** An entity as the SDK reads it. */
type Entity = Readonly<Record<string, unknown>>;

/** @param selected the columns that were asked for: the service's own time of the last write is one only then */
function toRow(entity: Entity, selected: readonly string[] = []): Row {
	const { rowKey, etag, partitionKey: _, timestamp, "odata.metadata": __, ...columns } = entity;
	const written = selected.includes(WRITTEN_AT) ? { [WRITTEN_AT]: String(timestamp) } : {};
	return { rowKey: String(rowKey), etag: String(etag ?? ""), columns: { ...columns, ...written } as Columns };
}

/** One page of a partition's rows. */
async function readPage(
	table: TableClient,
	partition: string,
	{ from, to, top, select, where, after }: Range,
	abortSignal: AbortSignal,
): Promise<Page> {
	const range = odata`PartitionKey eq ${partition} and RowKey ge ${from} and RowKey lt ${to}`;
	const filter = where === undefined ? range : `${range} and (${where})`;
	const columns = select === undefined ? {} : { select: ["RowKey", ...select] };
	let isList = false;
	// The SDK reads a page without rows where the answer has no list at all.
	const onResponse = ({ parsedBody }: { readonly parsedBody?: unknown }) => {
		isList = Array.isArray((parsedBody as { value?: unknown } | null | undefined)?.value);
	};
	const pages = table
		.listEntities({ queryOptions: { filter, ...columns }, abortSignal, onResponse })
		.byPage({ maxPageSize: top, ...(after === undefined ? {} : { continuationToken: after }) });
	const { value } = await pages.next();
	if (!isList) throw new UnclearAnswer("the answer has no list of rows");
	const rows: readonly Row[] = (value ?? []).map((entity: Entity) => toRow(entity, select));
	const strange = rows.find(({ rowKey }) => rowKey < from || rowKey >= to);
	if (strange !== undefined) {
		throw new UnclearAnswer(`the answer has the row ${strange.rowKey}, which was not asked for`);
	}
	return { rows, next: value?.continuationToken };
}
