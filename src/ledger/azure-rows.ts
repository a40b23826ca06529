import type { TransactionAction } from "@azure/data-tables";
import type { Columns, Row, Write } from "./storage.ts";

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
