import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { isRefusal, type Storage, StorageError, type Write } from "../../src/storage/storage.ts";
import { type Canned, type CannedStorage, startCannedStorage } from "../helpers/canned-storage.ts";

/** Storage's answers are held against what was asked: what is not an answer to it is never taken for success. */

let canned: CannedStorage;
beforeAll(async () => {
	canned = await startCannedStorage();
});
afterAll(() => canned.close());

const UNCLEAR = "unclear";
/** How a call ended: what it resolved with, or the status of its StorageError. */
async function end(call: (storage: Storage) => Promise<unknown>, answer: Canned): Promise<unknown> {
	canned.answer = answer;
	try {
		return await call(canned.storage);
	} catch (error) {
		if (!(error instanceof StorageError)) return `no StorageError: ${String(error)}`;
		return error.status ?? UNCLEAR;
	}
}

const HTML = { headers: { "content-type": "text/html" }, body: "<html><body>Sign in</body></html>" };
const JSON_TYPE = { "content-type": "application/json;odata=minimalmetadata" };
const XML_TYPE = { "content-type": "application/xml" };

describe("a transaction's answer", () => {
	const writes: readonly Write[] = [
		{ kind: "insert", rowKey: "a", columns: { text: "x" } },
		{ kind: "merge", rowKey: "b", columns: {} },
		{ kind: "delete", rowKey: "c" },
	];
	const headers = { "content-type": "multipart/mixed; boundary=batchresponse_1" };
	const part = (lines: readonly string[]) =>
		["--changesetresponse_1", "Content-Type: application/http", "", ...lines, ""].join("\r\n");
	const done = (etag?: string) => part(["HTTP/1.1 204 No Content", ...(etag ? [`ETag: ${etag}`] : []), "", ""]);
	const whole = (...parts: readonly string[]) =>
		`--batchresponse_1\r\n\r\n${parts.join("")}--changesetresponse_1--\r\n--batchresponse_1--\r\n`;
	const failed = (status: number, ...body: readonly string[]) => part([`HTTP/1.1 ${status} Failed`, "", ...body]);
	const good = [done('W/"1"'), done('W/"2"'), done()];
	const ENDS: readonly (readonly [string, Canned, unknown])[] = [
		["of each write", { status: 202, headers, body: whole(...good) }, ['W/"1"', 'W/"2"', undefined]],
		["that is empty", { status: 202, headers }, UNCLEAR],
		["without content", { status: 204 }, UNCLEAR],
		["that is a page", { status: 200, ...HTML }, UNCLEAR],
		["that is JSON", { status: 200, headers: JSON_TYPE, body: "{}" }, UNCLEAR],
		["of no write", { status: 202, headers, body: whole() }, UNCLEAR],
		["of fewer writes", { status: 202, headers, body: whole(...good.slice(1)) }, UNCLEAR],
		["of more writes", { status: 202, headers, body: whole(...good, done('W/"4"')) }, UNCLEAR],
		["that is cut off", { status: 202, headers, body: whole(...good).slice(0, -60) }, UNCLEAR],
		["without an ETag", { status: 202, headers, body: whole(done('W/"1"'), done(), done()) }, UNCLEAR],
		["without a status", { status: 202, headers, body: whole(done('W/"1"'), part(["", ""]), done()) }, UNCLEAR],
		["503 without a body", { status: 202, headers, body: whole(failed(503)) }, 503],
		["503 for one of them", { status: 202, headers, body: whole(done('W/"1"'), failed(503), done()) }, 503],
		["500 in several lines", { status: 202, headers, body: whole(failed(500, "{", '"odata.error":{}', "}")) }, 500],
		["400 without a body", { status: 202, headers, body: whole(failed(400)) }, 400],
		["409 with its code", { status: 202, headers, body: whole(failed(409, '{"odata.error":{"code":"E"}}')) }, 409],
		["403 from elsewhere", { status: 403, ...HTML }, 403],
		["413 from elsewhere", { status: 413, ...HTML }, 413],
		["404 from elsewhere", { status: 404, ...HTML }, UNCLEAR],
		["412 from elsewhere", { status: 412, ...HTML }, UNCLEAR],
	];

	it.each(ENDS)("%s counts as what it says", async (_, answer, expected) => {
		expect(await end((storage) => storage.commit("lane", writes), answer)).toEqual(expected);
	});
});

describe("an answer to another call", () => {
	const row = (rowKey: string) => JSON.stringify({ "odata.etag": 'W/"1"', PartitionKey: "lane", RowKey: rowKey, n: 1 });
	const rows = (...keys: readonly string[]) => `{"value":[${keys.map(row).join(",")}]}`;
	const BLOB = { etag: '"1"', "x-ms-request-id": "r" };
	const MESSAGE =
		"<QueueMessagesList><QueueMessage><MessageId>m</MessageId><PopReceipt>p</PopReceipt>" +
		"<InsertionTime>Fri, 27 Nov 2026 12:00:00 GMT</InsertionTime><ExpirationTime>Fri, 27 Nov 2026 12:00:00 GMT</ExpirationTime>" +
		"<TimeNextVisible>Fri, 27 Nov 2026 12:00:00 GMT</TimeNextVisible></QueueMessage></QueueMessagesList>";
	const blobs = (name: string) =>
		`<EnumerationResults><Blobs><Blob><Name>${name}</Name><Properties/></Blob></Blobs><NextMarker/></EnumerationResults>`;
	const missing = (code: string): Canned => ({
		status: 404,
		headers: { "x-ms-error-code": code, ...JSON_TYPE },
		body: JSON.stringify({ "odata.error": { code, message: { value: "not there" } } }),
	});

	const CALLS = {
		get: (storage: Storage) => storage.get("lane", "a"),
		list: (storage: Storage) => storage.list("lane", { from: "a", to: "c", top: 9 }),
		put: (storage: Storage) => storage.put("text", 0),
		lease: (storage: Storage) => storage.lease("lanes/x", 15),
		renew: (storage: Storage) => storage.renew("lanes/x", "id"),
		release: (storage: Storage) => storage.release("lanes/x", "id"),
		write: (storage: Storage) => storage.write("b", Buffer.from("text"), "text/plain"),
		writeStream: (storage: Storage) => storage.writeStream("b", Readable.from([Buffer.from("text")]), "text/plain"),
		read: (storage: Storage) => storage.read("b"),
		names: (storage: Storage) => storage.names("b"),
		remove: (storage: Storage) => storage.remove("b"),
	} as const;
	const json = (body: string): Canned => ({ status: 200, headers: JSON_TYPE, body });
	const xml = (status: number, body: string): Canned => ({ status, headers: XML_TYPE, body });

	const ENDS: readonly (readonly [keyof typeof CALLS, string, Canned, unknown])[] = [
		["get", "a row", json(row("a")), { rowKey: "a", etag: 'W/"1"', columns: { n: 1 } }],
		["get", "another row", json(row("b")), UNCLEAR],
		["get", "an empty object", json("{}"), UNCLEAR],
		["get", "nothing", { status: 200 }, UNCLEAR],
		["get", "a page", { status: 200, ...HTML }, UNCLEAR],
		["get", "that there is none", missing("ResourceNotFound"), undefined],
		["get", "that a page is missing", { status: 404, ...HTML }, UNCLEAR],
		["list", "no rows", json('{"value":[]}'), { rows: [], next: undefined }],
		["list", "a row before them", json(rows("Z")), UNCLEAR],
		["list", "a row behind them", json(rows("a", "c")), UNCLEAR],
		["list", "an empty object", json("{}"), UNCLEAR],
		["list", "a list of something else", json('{"value":[{}]}'), UNCLEAR],
		["list", "nothing", { status: 200 }, UNCLEAR],
		["list", "a page", { status: 200, ...HTML }, UNCLEAR],
		["list", "that there is no table", missing("TableNotFound"), { rows: [] }],
		["list", "that a page is missing", { status: 404, ...HTML }, UNCLEAR],
		["put", "a message", xml(201, MESSAGE), { id: "m", popReceipt: "p" }],
		["put", "no message", xml(201, "<QueueMessagesList/>"), UNCLEAR],
		["put", "a message without an id", xml(201, MESSAGE.replace("<MessageId>m</MessageId>", "")), UNCLEAR],
		["put", "nothing", { status: 201 }, UNCLEAR],
		["put", "a page", { status: 200, ...HTML }, UNCLEAR],
		["lease", "its id", { status: 201, headers: { "x-ms-lease-id": "id", ...BLOB } }, "id"],
		["lease", "no id", { status: 201, headers: BLOB }, UNCLEAR],
		["lease", "a page", { status: 200, ...HTML }, UNCLEAR],
		["lease", "that it is held", { status: 409, headers: { "x-ms-error-code": "LeaseAlreadyPresent" } }, undefined],
		["lease", "a conflict of something else", { status: 409, ...HTML }, UNCLEAR],
		["renew", "its id", { status: 200, headers: { "x-ms-lease-id": "id", ...BLOB } }, undefined],
		["renew", "a page", { status: 200, ...HTML }, UNCLEAR],
		["renew", "a conflict of something else", { status: 409, ...HTML }, UNCLEAR],
		["write", "that it is there", { status: 201, headers: BLOB }, expect.stringContaining("/b")],
		["write", "no ETag", { status: 201 }, UNCLEAR],
		["write", "a page", { status: 200, ...HTML }, UNCLEAR],
		["writeStream", "that it is there", { status: 201, headers: BLOB }, expect.stringContaining("/b")],
		["writeStream", "no ETag", { status: 201 }, UNCLEAR],
		["writeStream", "a page", { status: 200, ...HTML }, UNCLEAR],
		[
			"read",
			"its content",
			{ status: 200, headers: { "content-length": "4", ...BLOB }, body: "text" },
			Buffer.from("text"),
		],
		["read", "a page", { status: 200, ...HTML }, UNCLEAR],
		["read", "that there is none", { status: 404, headers: { "x-ms-error-code": "BlobNotFound" } }, undefined],
		["read", "that a page is missing", { status: 404, ...HTML }, UNCLEAR],
		["names", "names", xml(200, blobs("b/1")), { names: ["b/1"] }],
		["names", "another name", xml(200, blobs("c/1")), UNCLEAR],
		["names", "nothing", { status: 200 }, UNCLEAR],
		["names", "a page", { status: 200, ...HTML }, UNCLEAR],
		["names", "no list", xml(200, "<EnumerationResults/>"), UNCLEAR],
		["remove", "a page", { status: 200, ...HTML }, UNCLEAR],
		["remove", "that there is none", { status: 404, headers: { "x-ms-error-code": "BlobNotFound" } }, true],
	];

	it.each(ENDS)("takes %s, answered with %s, for no more than that says", async (method, _, answer, expected) => {
		expect(await end(CALLS[method], answer)).toEqual(expected);
	});

	it("is of no use where it is cut off in the middle", async () => {
		const cut = {
			status: 200,
			headers: { "content-length": "400", ...BLOB, ...JSON_TYPE },
			body: '{"value":[',
			cut: true,
		};
		for (const method of ["get", "list", "read"] as const) expect(await end(CALLS[method], cut)).toBe(UNCLEAR);
	});
});

describe("what storage would refuse", () => {
	const commit = (write: Partial<Write> & object, partition = "lane") =>
		canned.storage.commit(partition, [{ kind: "insert", rowKey: "a", columns: {}, ...write } as Write]);
	beforeEach(() => {
		canned.answer = { status: 500 };
	});

	it.each([
		["a text over 64 KiB", { columns: { time: "x".repeat(32 * 1024 + 1) } }, "column time of the row a"],
		["bytes over 64 KiB", { columns: { body: Buffer.alloc(64 * 1024 + 1) } }, "column body of the row a"],
		[
			"a row over 1 MiB",
			{ columns: Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`c${at}`, "é".repeat(30_000)])) },
			"larger than 1 MiB",
		],
		[
			"more than 252 columns",
			{ columns: Object.fromEntries(Array.from({ length: 253 }, (_, at) => [`c${at}`, at])) },
			"more than 252 columns",
		],
		["a slash in a key", { rowKey: "r-a/b" }, "contains a character"],
		["a control character in a key", { rowKey: "r-\u0085" }, "contains a character"],
		["a key over 1 KiB", { rowKey: "r".repeat(513) }, "longer than 1 KiB"],
	] as const)("is refused before it is sent, with the name of what is wrong: %s", async (_, write, words) => {
		const before = canned.requests.length;
		await expect(commit(write)).rejects.toMatchObject({
			status: 400,
			refusesContent: true,
			message: expect.stringContaining(words),
		});
		expect(canned.requests).toHaveLength(before);
	});

	it("is refused where the lane is named so, too", async () => {
		await expect(commit({}, "app-a#b")).rejects.toMatchObject({ status: 400 });
	});
});

describe("a refusal", () => {
	it.each<[string, unknown, boolean]>([
		["a bad request", new StorageError("InvalidInput", 400), true],
		["a row that is gone", new StorageError("ResourceNotFound", 404), true],
		["a row that is there already", new StorageError("EntityAlreadyExists", 409), true],
		["another ETag", new StorageError("UpdateConditionNotSatisfied", 412), true],
		["what is too large", new StorageError("RequestBodyTooLarge", 413), true],
		["a service that is too busy", new StorageError("ServerBusy", 503), false],
		["a service that lets nobody in", new StorageError("AuthorizationFailure", 403), false],
		["no answer", new StorageError("ECONNRESET", undefined), false],
		["an error of another kind", Object.assign(new Error("?"), { refused: true }), false],
		["no error", undefined, false],
	])("is a fault of what was asked alone: %s", (_, error, expected) => {
		expect(isRefusal(error)).toBe(expected);
	});
});
