import { odata, type TableClient, type TransactionAction } from "@azure/data-tables";
import { expectRows } from "./azure-answers.ts";
import { type Columns, type Page, type Range, type Row, WRITTEN_AT, type Write } from "./storage.ts";

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
	let body: unknown;
	const onResponse = ({ parsedBody }: { readonly parsedBody?: unknown }) => {
		body = parsedBody;
	};
	const pages = table
		.listEntities({ queryOptions: { filter, ...columns }, abortSignal, onResponse })
		.byPage({ maxPageSize: top, ...(after === undefined ? {} : { continuationToken: after }) });
	const { value } = await pages.next();
	// The service's own time of the last write is no column, unless it is asked for.
	const written = (entity: Readonly<Record<string, unknown>>) =>
		select?.includes(WRITTEN_AT) ? { [WRITTEN_AT]: String(entity["timestamp"]) } : {};
	const rows = (value ?? []).map((entity: Readonly<Record<string, unknown>>) => {
		const row = toRow(entity);
		return { ...row, columns: { ...row.columns, ...written(entity) } };
	});
	return { rows: expectRows(body, rows, { from, to }), next: value?.continuationToken };
}
