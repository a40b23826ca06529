import { randomUUID } from "node:crypto";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueClient } from "@azure/storage-queue";
import { beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { ROWS } from "../../src/ledger/rows.ts";
import { openStorage } from "../../src/storage/azure-storage.ts";
import { type Row, type Storage, StorageError, type Write } from "../../src/storage/storage.ts";
import { fileStorage, newNames, openFileStorage } from "../helpers/file-storage.ts";

const LANE = "default";
const ALL = { from: "", to: "~", top: 1_000 };
const insert = (rowKey: string, columns = {}): Write => ({ kind: "insert", rowKey, columns });
const keys = (rows: readonly Row[]) => rows.map(({ rowKey }) => rowKey);
const status = async (call: Promise<unknown>) =>
	call.then(
		() => "resolved",
		(error: unknown) => (error instanceof StorageError ? error.status : `no StorageError: ${String(error)}`),
	);

let storage: Storage;
let names: ReturnType<typeof newNames>;
let connectionString: string;
beforeAll(async () => {
	connectionString = await fileStorage();
});
beforeEach(async () => {
	names = newNames();
	storage = await openFileStorage(names);
});

describe("what is not there yet", () => {
	it("is made when it is first written to, and found by all later calls", async () => {
		await storage.commit(LANE, [insert("a")]);
		await storage.put("text", 0);
		await storage.write("b/c", Buffer.from("content"), "text/plain");
		const other = await openFileStorage(names);
		expect(keys((await other.list(LANE, ALL)).rows)).toEqual(["a"]);
		expect(String(await other.read("b/c"))).toBe("content");
	});

	it("is made once where several need it at the same time", async () => {
		const others = await Promise.all([1, 2, 3].map(() => openFileStorage(names)));
		await Promise.all(others.map((other, index) => other.commit(LANE, [insert(`row ${index}`)])));
		await Promise.all(others.map((other) => other.put("text", 0)));
		expect((await storage.list(LANE, ALL)).rows).toHaveLength(3);
		const leases = await Promise.all(others.map((other) => other.lease("lanes/x", 15)));
		expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1);
	});

	it("is empty to a reader, and is not made for that", async () => {
		expect(await storage.get(LANE, "a")).toBeUndefined();
		expect(await storage.list(LANE, ALL)).toEqual({ rows: [] });
		expect(await storage.read("a")).toBeUndefined();
		expect(await storage.names("a")).toEqual({ names: [] });
		expect(await storage.remove("a")).toBe(true);
		const blobs = BlobServiceClient.fromConnectionString(connectionString);
		for (const name of [names.container, names.payloads, names.deadLetters]) {
			expect(await blobs.getContainerClient(name).exists()).toBe(false);
		}
	});
});

describe("rows", () => {
	it("are read as they were written, with a new ETag each time", async () => {
		const columns = { text: "é😀", number: 7, flag: true, bytes: Buffer.from([0, 255]), time: "2026-05-26T12:00:00Z" };
		const [etag] = await storage.commit(LANE, [insert("a", columns)]);
		const row = await storage.get(LANE, "a");
		expect({ ...row?.columns, bytes: Buffer.from(row?.columns["bytes"] as Uint8Array) }).toEqual(columns);
		expect(row).toMatchObject({ rowKey: "a", etag });
		const [next] = await storage.commit(LANE, [{ kind: "replace", rowKey: "a", columns: {}, etag }]);
		expect(next).not.toBe(etag);
		expect((await storage.get(LANE, "a"))?.columns).toEqual({});
	});

	it("have ETags in the order of the writes", async () => {
		const etags = await storage.commit(LANE, [insert("c"), insert("a"), insert("b")]);
		const rows = await Promise.all(["c", "a", "b"].map((rowKey) => storage.get(LANE, rowKey)));
		expect(rows.map((row) => row?.etag)).toEqual(etags);
	});

	it("are merged into, made where they are not there, and removed", async () => {
		await storage.commit(LANE, [insert("a", { one: 1, two: 2 })]);
		await storage.commit(LANE, [
			{ kind: "merge", rowKey: "a", columns: { two: 3 } },
			{ kind: "upsert", rowKey: "b", columns: { new: 1 } },
		]);
		await storage.commit(LANE, [{ kind: "upsert", rowKey: "a", columns: { three: 4 } }]);
		expect((await storage.get(LANE, "a"))?.columns).toEqual({ one: 1, two: 3, three: 4 });
		await storage.commit(LANE, [{ kind: "delete", rowKey: "b" }]);
		expect(keys((await storage.list(LANE, ALL)).rows)).toEqual(["a"]);
	});

	it.each([
		["line separator", "a\u2028b"],
		["paragraph separator", "a\u2029b"],
		["next line", "a\u0085b"],
		["line breaks", "a\r\nb\nc\rd"],
		["escaped separator", "a\\u2028b"],
		["boundary of a batch", "\r\n--batch_1\r\nHTTP/1.1 404 Not Found\r\n\r\n--changeset_1--\r\n"],
		["null character", "a\u0000b"],
		["half an emoji's neighbour", "\ufffd😀"],
	])("keep a text with a %s as it is, and their neighbours in the transaction too", async (_, text) => {
		await storage.commit(LANE, [insert("a", { text }), insert("b", { text: "neighbour" })]);
		const { rows } = await storage.list(LANE, ALL);
		expect(rows.map(({ columns }) => columns["text"])).toEqual([text, "neighbour"]);
	});

	it("leave columns out that are undefined", async () => {
		await storage.commit(LANE, [insert("a", { one: undefined, two: 2 })]);
		expect((await storage.get(LANE, "a"))?.columns).toEqual({ two: 2 });
	});

	it.each<[string, Write, number]>([
		["an insert of a row that is there", insert("there"), 409],
		["a replacement by an old ETag", { kind: "replace", rowKey: "there", columns: {}, etag: 'W/"old"' }, 412],
		["a merge by an old ETag", { kind: "merge", rowKey: "there", columns: {}, etag: 'W/"old"' }, 412],
		["a merge into a row that is gone", { kind: "merge", rowKey: "gone", columns: {} }, 404],
		["a replacement of a row that is gone", { kind: "replace", rowKey: "gone", columns: {} }, 404],
		["the removal of a row that is gone", { kind: "delete", rowKey: "gone" }, 404],
	])("are all refused together by %s", async (_, write, expected) => {
		await storage.commit(LANE, [insert("there")]);
		const refused = storage.commit(LANE, [insert("first"), write, insert("last")]);
		expect(await status(refused)).toBe(expected);
		await expect(refused).rejects.toMatchObject({ conflict: true, message: expect.not.stringContaining("\n") });
		expect(keys((await storage.list(LANE, ALL)).rows)).toEqual(["there"]);
	});

	it("are a partition's own", async () => {
		await storage.commit("one", [insert("a")]);
		expect(await storage.get("two", "a")).toBeUndefined();
		expect(await storage.list("two", ALL)).toEqual({ rows: [], next: undefined });
	});

	it("are removed one by one in the version that was read, and in no other", async () => {
		const [first = ""] = await storage.commit(LANE, [insert("a", { n: 1 })]);
		const [second = ""] = await storage.commit(LANE, [{ kind: "merge", rowKey: "a", columns: { n: 2 } }]);
		expect(await storage.removeRow(LANE, "a", first)).toBe(false);
		expect((await storage.get(LANE, "a"))?.columns).toEqual({ n: 2 });
		expect(await storage.removeRow(LANE, "a", second)).toBe(true);
		expect(await storage.get(LANE, "a")).toBeUndefined();
		expect(await storage.removeRow(LANE, "a", second)).toBe(true);
	});

	it("are no longer removed in a transaction whose other row has changed since it was read", async () => {
		const [old = ""] = await storage.commit(LANE, [insert("r"), insert("x")]);
		await storage.commit(LANE, [{ kind: "merge", rowKey: "r", columns: { n: 1 } }]);
		const writes: Write[] = [
			{ kind: "delete", rowKey: "x" },
			{ kind: "merge", rowKey: "r", columns: {}, etag: old },
		];
		expect(await status(storage.commit(LANE, writes))).toBe(412);
		expect(keys((await storage.list(LANE, ALL)).rows)).toEqual(["r", "x"]);
	});

	it("are listed for a partition of any name, whatever quotes it holds", async () => {
		await storage.commit("o'brien", [insert("a")]);
		expect(keys((await storage.list("o'brien", ALL)).rows)).toEqual(["a"]);
	});

	it("are listed in the order of their keys, from the first to before the last", async () => {
		await storage.commit(
			LANE,
			["r-1", "e-2", "e.", "a-state", "e-1", "b-1"].map((key) => insert(key)),
		);
		expect(keys((await storage.list(LANE, { ...ROWS.pending, top: 9 })).rows)).toEqual([
			"a-state",
			"b-1",
			"e-1",
			"e-2",
		]);
		expect(keys((await storage.list(LANE, { ...ROWS.entries, top: 9 })).rows)).toEqual(["e-1", "e-2"]);
	});

	it("are listed with the columns that are asked for, and by a further condition", async () => {
		await storage.commit(LANE, [insert("a", { state: "dead", more: 1 }), insert("b", { state: "done", more: 1 })]);
		const { rows } = await storage.list(LANE, { ...ALL, select: ["state"], where: "state eq 'dead' or state eq 'x'" });
		expect(rows.map(({ rowKey, columns }) => [rowKey, columns])).toEqual([["a", { state: "dead" }]]);
	});

	it("are listed page by page, none twice and none left out, far beyond a thousand", async () => {
		const all = Array.from({ length: 1_250 }, (_, index) => `e-${String(index).padStart(5, "0")}`);
		for (let from = 0; from < all.length; from += 100) {
			await storage.commit(
				LANE,
				all.slice(from, from + 100).map((key) => insert(key)),
			);
		}
		const pages: string[][] = [];
		let after: string | undefined;
		do {
			const page = await storage.list(LANE, { ...ROWS.entries, top: 500, after });
			pages.push(keys(page.rows));
			after = page.next;
		} while (after !== undefined);
		expect(pages.map(({ length }) => length)).toEqual([500, 500, 250]);
		expect(pages.flat()).toEqual(all);
		const first = await storage.list(LANE, { ...ROWS.entries, top: 1_000 });
		expect([first.rows.length, first.next === undefined]).toEqual([1_000, false]);
	});
});

describe("messages", () => {
	const seen = async () => {
		const queue = new QueueClient(connectionString, names.queue);
		const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 });
		return receivedMessageItems;
	};

	it("are put as the queue trigger reads them, and never expire", async () => {
		await storage.put('{"lane":"é"}', 0);
		const [message] = await seen();
		expect(Buffer.from(message?.messageText ?? "", "base64").toString("utf8")).toBe('{"lane":"é"}');
		expect(message?.expiresOn.getUTCFullYear()).toBeGreaterThan(9_000);
	});

	it("are not seen before their time", async () => {
		await storage.put("later", 3_600);
		expect(await seen()).toEqual([]);
		const properties = await new QueueClient(connectionString, names.queue).getProperties();
		expect(properties.approximateMessagesCount).toBe(1);
	});

	it("may be put into another queue of the account, which is made if it is not there, and never expire there either", async () => {
		const other = `${names.queue}-other`;
		await storage.put("elsewhere", 0, other);
		const queue = new QueueClient(connectionString, other);
		const { peekedMessageItems } = await queue.peekMessages();
		expect(peekedMessageItems).toMatchObject([{ messageText: Buffer.from("elsewhere").toString("base64") }]);
		expect(peekedMessageItems[0]?.expiresOn.getUTCFullYear()).toBe(9999);
	});

	it("finds its queue there, where that was made before; making it again leaves what is in it", async () => {
		const other = `${names.queue}-made`;
		await storage.makeQueues([other]);
		await storage.put("first", 0, other);
		await storage.makeQueues([other]);
		const { approximateMessagesCount } = await new QueueClient(connectionString, other).getProperties();
		expect(approximateMessagesCount).toBe(1);
	});

	it("may be put to be seen six days later", async () => {
		await expect(storage.put("later", 6 * 86_400)).resolves.toHaveProperty("popReceipt");
	});

	it("can be taken back until they are received", async () => {
		const put = await storage.put("mine", 0);
		await storage.unput(put);
		expect(await seen()).toEqual([]);
		const taken = await storage.put("taken", 0);
		expect(await seen()).toHaveLength(1);
		expect([400, 404]).toContain(await status(storage.unput(taken)));
	});
});

describe("a lease", () => {
	const BLOB = "lanes/default";

	it("is one owner's alone until it is released", async () => {
		const lease = await storage.lease(BLOB, 15);
		expect(lease).toMatch(/^[0-9a-f-]{36}$/);
		expect(await storage.lease(BLOB, 15)).toBeUndefined();
		await storage.release(BLOB, lease as string);
		expect(await storage.lease(BLOB, 15)).toEqual(expect.any(String));
	});

	it("is renewed by the one that has it, and by no other", async () => {
		const lease = (await storage.lease(BLOB, 15)) as string;
		await expect(storage.renew(BLOB, lease)).resolves.toBeUndefined();
		await expect(storage.renew(BLOB, randomUUID())).rejects.toMatchObject({ status: 409, conflict: true });
		await expect(storage.release(BLOB, randomUUID())).rejects.toMatchObject({ status: 409 });
		expect(await storage.lease(BLOB, 15)).toBeUndefined();
	});

	it("cannot be renewed once another one has acquired it", async () => {
		const lost = (await storage.lease(BLOB, 15)) as string;
		const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(names.container);
		await container.getBlobClient(BLOB).getBlobLeaseClient().breakLease(0);
		expect(await storage.lease(BLOB, 15)).toEqual(expect.any(String));
		await expect(storage.renew(BLOB, lost)).rejects.toMatchObject({ conflict: true });
	});

	it("is had where the container is there and the blob is not, and does not make it anew", async () => {
		await storage.write("other", Buffer.from(""), "text/plain");
		const lease = (await storage.lease(BLOB, 15)) as string;
		await storage.release(BLOB, lease);
		const made = async () => {
			const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(names.container);
			return (await container.getBlobClient(BLOB).getProperties()).createdOn;
		};
		const before = await made();
		await storage.lease(BLOB, 15);
		expect(await made()).toEqual(before);
	});
});

describe("blobs", () => {
	it("are written anew, with their type, at the address that is answered", async () => {
		await storage.write("a/b.json", Buffer.from("first, and longer"), "text/plain");
		const url = await storage.write("a/b.json", Buffer.from("second"), "application/json");
		expect(url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:\\d+/devstoreaccount1/${names.container}/a/b\\.json$`));
		expect(String(await storage.read("a/b.json"))).toBe("second");
		const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(names.container);
		expect((await container.getBlobClient("a/b.json").getProperties()).contentType).toBe("application/json");
	});

	it.each([
		["payloads/a.json", "payloads"],
		["manifests/a.jsonl", "payloads"],
		["rejected/a.json", "deadLetters"],
		["closings/a.json", "container"],
		["requests/a.json", "container"],
		["lines/a.json", "container"],
		["payloads", "container"],
		["other/payloads/a.json", "container"],
	] as const)("lie where those read them who may: %s in %s, which is made for it", async (blob, name) => {
		const url = await storage.write(blob, Buffer.from("x"), "text/plain");
		expect(new URL(url).pathname).toBe(`/devstoreaccount1/${names[name]}/${blob}`);
		expect(String(await storage.read(blob))).toBe("x");
		expect(await storage.names(blob)).toEqual({ names: [blob] });
		const containers: string[] = [];
		const service = BlobServiceClient.fromConnectionString(connectionString);
		for (const one of [names.container, names.payloads, names.deadLetters]) {
			if (await service.getContainerClient(one).exists()) containers.push(one);
		}
		expect(containers).toEqual([names[name]]);
		await storage.remove(blob);
		expect(await storage.read(blob)).toBeUndefined();
	});

	it("may be empty, or large", async () => {
		await storage.write("empty", Buffer.alloc(0), "text/plain");
		expect(await storage.read("empty")).toEqual(Buffer.alloc(0));
		const large = Buffer.alloc(9 * 1024 * 1024, "x");
		await storage.write("large", large, "text/plain");
		expect((await storage.read("large"))?.equals(large)).toBe(true);
	});

	it.each([
		["nothing", []],
		["one part", [5]],
		["many small parts", Array(300).fill(100)],
		["parts that are more than a block", [3e6, 3e6, 9e6, 1]],
	])("may be written as a stream of %s, in a container that is made for it", async (_, sizes) => {
		const parts = sizes.map((size, index) => Buffer.alloc(size, String.fromCharCode(97 + (index % 26))));
		const stream = async function* () {
			yield* parts;
		};
		// Twice: a stream that is repeated writes the same blob.
		for (let times = 0; times < 2; times++) {
			const url = await storage.writeStream("manifests/a.jsonl", stream(), "application/x-ndjson");
			expect(new URL(url).pathname).toBe(`/devstoreaccount1/${names.payloads}/manifests/a.jsonl`);
			expect((await storage.read("manifests/a.jsonl"))?.equals(Buffer.concat(parts))).toBe(true);
		}
		const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(names.payloads);
		const { contentType } = await container.getBlobClient("manifests/a.jsonl").getProperties();
		expect(contentType).toBe("application/x-ndjson");
	});

	it("are not there as long as their stream has not come to its end", async () => {
		const stream = async function* () {
			yield Buffer.alloc(9_000_000);
			throw new Error("nothing more can be read");
		};
		await expect(storage.writeStream("manifests/a.jsonl", stream(), "text/plain")).rejects.toThrow("nothing more");
		expect(await storage.read("manifests/a.jsonl")).toBeUndefined();
	});

	it("are removed, and it is no fault if they are gone", async () => {
		await storage.write("a", Buffer.from("x"), "text/plain");
		await storage.remove("a");
		expect(await storage.read("a")).toBeUndefined();
		expect(await storage.remove("a")).toBe(true);
	});

	it("are not removed where they were written after the time that is named", async () => {
		await storage.write("requests/a.json", Buffer.from("{}"), "application/json");
		expect(await storage.remove("requests/a.json", undefined, Date.now() - 60_000)).toBe(false);
		expect(String(await storage.read("requests/a.json"))).toBe("{}");
		expect(await storage.remove("requests/a.json", undefined, Date.now() + 60_000)).toBe(true);
		expect(await storage.read("requests/a.json")).toBeUndefined();
		expect(await storage.remove("requests/a.json", undefined, Date.now() - 60_000)).toBe(true);
	});

	it("are named by how they begin, page by page", async () => {
		const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(names.container);
		await storage.write("other/a", Buffer.from(""), "text/plain");
		const all = Array.from({ length: 1_005 }, (_, index) => `many/${String(index).padStart(5, "0")}`);
		for (let from = 0; from < all.length; from += 50) {
			await Promise.all(all.slice(from, from + 50).map((name) => container.getBlockBlobClient(name).upload("", 0)));
		}
		const first = await storage.names("many/");
		expect(first.names).toEqual(all.slice(0, 1_000));
		expect(await storage.names("many/", first.next)).toEqual({ names: all.slice(1_000) });
		expect(await storage.names("other/")).toEqual({ names: ["other/a"] });
	});

	it("lie in another container, too, such as Event Grid's own for dead letters", async () => {
		const other = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(`e${names.container}`);
		await other.create();
		await other.getBlockBlobClient("2026/a.json").upload("[]", 2);
		expect(await storage.names("2026/", undefined, other.containerName)).toEqual({ names: ["2026/a.json"] });
		expect(String(await storage.read("2026/a.json", other.containerName))).toBe("[]");
		expect(await storage.read("2026/a.json")).toBeUndefined();
		await storage.remove("2026/a.json", other.containerName);
		expect(await storage.names("2026/", undefined, other.containerName)).toEqual({ names: [] });
	});
});

describe("storage that does not answer", () => {
	it("is an error without a status, within the time that an event can wait", async () => {
		const dead = connectionString.replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:9");
		const gone = openStorage({ kind: "connection-string", connectionString: dead }, names);
		const started = performance.now();
		const ends = await Promise.all([
			status(gone.commit(LANE, [insert("a")])),
			status(gone.get(LANE, "a")),
			status(gone.list(LANE, ALL)),
			status(gone.put("text", 0)),
			status(gone.lease("a", 15)),
			status(gone.write("a", Buffer.from(""), "text/plain")),
			status(gone.read("a")),
			status(gone.names("a")),
		]);
		expect(ends).toEqual(Array(8).fill(undefined));
		expect(performance.now() - started).toBeLessThan(6_000);
	});
});
