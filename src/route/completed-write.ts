import type { BridgeEvent } from "../event/bridge-event.ts";
import type { Condition } from "./filter.ts";

/** What opens a Data Lake or SFTP upload; `FlushWithClose` or `SftpCommit` follows with a second BlobCreated. */
const OPENING_WRITES = new Set(["createfile", "sftpcreate"]);

/**
 * Lets only the write through that completes an upload, so that one upload starts one run. An operation that is not
 * known passes: better a second run than none.
 * Source: learn.microsoft.com, "Azure Blob Storage as an Event Grid source".
 */
export const completedWrite: Condition = {
	test: ({ event, lower }) =>
		lower(event.type) !== "microsoft.storage.blobcreated" || !OPENING_WRITES.has(lower(apiOf(event))),
	failure: (event) =>
		`data.api is ${apiOf(event)}, which only opens the upload; onlyCompletedWrites waits for the event that completes it. An empty file or a copy may have no second event: a route with "onlyCompletedWrites": false takes the first`,
};

function apiOf({ data }: BridgeEvent): string {
	const api = (data as { api?: unknown } | null | undefined)?.api;
	return typeof api === "string" ? api : "";
}
