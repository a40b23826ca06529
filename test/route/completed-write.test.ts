import { describe, expect, it } from "@jest/globals";
import { completedWrite } from "../../src/route/filter.ts";
import { toFiltered } from "../../src/route/filtered-event.ts";
import { asBridgeEvent, exampleOf } from "../../support/example-events.ts";

function written(data: unknown, type = "Microsoft.Storage.BlobCreated") {
	return asBridgeEvent(exampleOf("BlobCreated"), { data, type });
}

describe("completed writes only", () => {
	it.each(["CreateFile", "createfile", "CREATEFILE", "SftpCreate", "sftpCreate"])(
		"stops a BlobCreated by %s, which only opens an upload, and says so",
		(api) => {
			expect(completedWrite.test(toFiltered(written({ api })))).toBe(false);
			expect(completedWrite.failure(written({ api }))).toMatch(new RegExp(`^data.api is ${api}, which only opens`));
		},
	);

	it.each([
		"PutBlob",
		"PutBlockList",
		"CopyBlob",
		"FlushWithClose",
		"flushwithclose",
		"SftpCommit",
		"WriteTomorrow",
		"",
	])("passes a BlobCreated by %j", (api) => {
		expect(completedWrite.test(toFiltered(written({ api })))).toBe(true);
	});

	it.each([[{}], [{ api: null }], [{ api: 5 }], [{ api: ["CreateFile"] }], [null], [undefined], ["CreateFile"], [[]]])(
		"passes a BlobCreated whose data names no operation: %j",
		(data) => {
			expect(completedWrite.test(toFiltered(written(data)))).toBe(true);
		},
	);

	it("stops it whatever the case of the event type", () => {
		expect(completedWrite.test(toFiltered(written({ api: "CreateFile" }, "MICROSOFT.STORAGE.BLOBCREATED")))).toBe(
			false,
		);
	});

	it.each(["Microsoft.Storage.BlobRenamed", "Microsoft.Storage.DirectoryCreated", "Contoso.Storage.BlobCreated"])(
		"leaves %s alone",
		(type) => {
			expect(completedWrite.test(toFiltered(written({ api: "CreateFile" }, type)))).toBe(true);
		},
	);
});
