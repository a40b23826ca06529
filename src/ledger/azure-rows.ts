import { odata, type TableClient, type TransactionAction } from "@azure/data-tables";
import type { Columns, Page, Range, Row, Write } from "./storage.ts";

/** A write as the SDK's transactions take it. */
export function toAction(partitionKey: string, write: Write): TransactionAction {
	const { kind, rowKey } = write;
	if (kind === "delete") return ["delete", { partitionKey, rowKey }];
	const entity = { ...write.columns, partitionKey, rowKey };
	switch (kind) {
		case "insert":
			return ["create", entity];
		case "upsert":
			return ["upsert", entity, "Merge"];
		case "merge":
			return ["update", entity, "Merge", { etag: write.etag ?? "*" }];
		case "replace":
			return ["update", entity, "Replace", { etag: write.etag ?? "*" }];
	}
}

/** A row as the SDK reads it. */
export function toRow(entity: Readonly<Record<string, unknown>>): Row {
	const { rowKey, etag, partitionKey: _, timestamp: __, "odata.metadata": ___, ...columns } = entity;
	return { rowKey: String(rowKey), etag: String(etag ?? ""), columns: columns as Columns };
}

/** One page of a partition's rows. */
export async function readPage(
	table: TableClient,
	partition: string,
	{ from, to, top, select, where, after }: Range,
	abortSignal: AbortSignal,
): Promise<Page> {
	const range = odata`PartitionKey eq ${partition} and RowKey ge ${from} and RowKey lt ${to}`;
	const filter = where === undefined ? range : `${range} and (${where})`;
	const columns = select === undefined ? {} : { select: ["RowKey", ...select] };
	const pages = table
		.listEntities({ queryOptions: { filter, ...columns }, abortSignal })
		.byPage({ maxPageSize: top, ...(after === undefined ? {} : { continuationToken: after }) });
	const { value } = await pages.next();
	return { rows: (value ?? []).map(toRow), next: value?.continuationToken };
}
