/**
 * An event type as GitHub workflows listen to it: without `Microsoft.`, in lower case, with `-` for `.`:
 * `Microsoft.Storage.BlobCreated` → `storage-blobcreated`. Another publisher's name is kept whole.
 * The names are those of `Azure/aml-function`, which public workflows listen to.
 */
export function toDispatchType(eventType: string): string {
	return eventType
		.replace(/^microsoft\./i, "")
		.toLowerCase()
		.replaceAll(".", "-");
}
