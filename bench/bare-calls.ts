import { Agent } from "node:http";
import { ROWS, STATE_KEY } from "../src/ledger/row-keys.ts";
import { createClients } from "../src/storage/azure-clients.ts";
import type { LedgerNames } from "../src/storage/names.ts";
import type { Columns, Write } from "../src/storage/storage.ts";
import { call } from "../support/call.ts";

/** What an undisturbed event writes before it is sent, and when GitHub has it; and what is sent. */
export interface Written {
	readonly first: readonly Write[];
	readonly last: readonly Write[];
	readonly url: string;
	readonly body: string;
}

export interface BareEvent {
	/** Milliseconds from the start until an answer could be given, and until all is done. */
	readonly answeredMs: number;
	readonly doneMs: number;
	/** Calls of storage. */
	readonly calls: number;
}

const PARTITION = "bare";
const BLOB = "lanes/bare";

/**
 * Makes the calls that an undisturbed event needs, with the same SDKs and the same rows in the same order, and nothing
 * else around them: commit, lease, list, post to GitHub, commit, release.
 */
export async function openBareCalls(connectionString: string, names: LedgerNames, written: Written) {
	const { table, blobs } = createClients({ kind: "connection-string", connectionString }, undefined, names);
	const container = blobs.getContainerClient(names.container);
	const blob = container.getBlockBlobClient(BLOB);
	await blob.upload("", 0);
	const agent = new Agent({ keepAlive: true });
	const headers = { "user-agent": "bench", authorization: "Bearer a-token-that-only-the-stand-in-takes" };
	const filter = `PartitionKey eq '${PARTITION}' and RowKey ge '${ROWS.pending.from}' and RowKey lt '${ROWS.pending.to}'`;
	let events = 0;

	return async (): Promise<BareEvent> => {
		events += 1;
		const start = performance.now();
		const inserts = written.first.map((write) => ["create", entityOf(write, events)] as ["create", Entity]);
		await table.submitTransaction(inserts);
		const { leaseId = "" } = await blob.getBlobLeaseClient().acquireLease(30);
		const { value: rows = [] } = await table
			.listEntities({ queryOptions: { filter } })
			.byPage({ maxPageSize: 32 })
			.next();
		const etag = (rows as { rowKey?: string; etag: string }[]).find(({ rowKey }) => rowKey === STATE_KEY)?.etag;
		const { status } = await call(written.url, { method: "POST", headers, body: written.body, agent });
		if (status !== 204) throw new Error(`the stand-in answered ${status} to a bare call`);
		await table.submitTransaction(
			written.last.map((write) => {
				const entity = entityOf(write, events);
				if (write.kind === "delete") return ["delete", entity];
				if (write.rowKey === STATE_KEY) {
					return etag === undefined ? ["create", entity] : ["update", entity, "Replace", { etag }];
				}
				return ["update", entity, "Merge", { etag: "*" }];
			}),
		);
		const answeredMs = performance.now() - start;
		await blob.getBlobLeaseClient(leaseId).releaseLease();
		return { answeredMs, doneMs: performance.now() - start, calls: 5 };
	};
}

type Entity = Columns & { partitionKey: string; rowKey: string };

/** The same row under a key of its own. */
function entityOf(write: Write, event: number): Entity {
	const rowKey = write.rowKey === STATE_KEY ? STATE_KEY : `${write.rowKey}-${event}`;
	return { ...("columns" in write ? write.columns : {}), partitionKey: PARTITION, rowKey };
}
