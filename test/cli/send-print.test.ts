import { describe, expect, it } from "@jest/globals";
import { readEvent } from "../../src/event/read-event.ts";
import { runCli } from "../helpers/run-cli.ts";

/** Nothing may be sent. */
const world = {
	fetch: (() => {
		throw new Error("it was sent");
	}) as unknown as typeof fetch,
};
const print = (...args: string[]) => runCli(["send", ...args, "--print"], world);

describe("send --print", () => {
	it("prints an event in its envelope, and sends nothing", async () => {
		const run = await print("RunCompleted", "--set", "data.runId=train-7");
		expect(run).toMatchObject({ code: 0, err: "" });
		expect(run.json()).toMatchObject({
			eventType: "Microsoft.MachineLearningServices.RunCompleted",
			data: { runId: "train-7" },
		});
		expect(readEvent(run.json()).ok).toBe(true);
		expect((await print("RunCompleted", "--schema", "cloudevents")).json()).toMatchObject({ specversion: "1.0" });
	});

	it("prints several as an array, every digit of their numbers, and no character that hides", async () => {
		expect((await print("BlobCreated", "--count", "3")).json()).toHaveLength(3);
		const run = await print("BlobCreated", "--set", "data.contentLength=9007199254740993", "subject=a\u202eb");
		expect(run.out).toContain("9007199254740993");
		expect(run.out).toContain("a\\u202eb");
	});

	it("goes with no handshake", async () => {
		expect(await print("--handshake")).toMatchObject({ code: 2, out: "" });
	});
});

describe("send --blob", () => {
	it.each([
		["https://acct.blob.core.windows.net/training/2026/a%20b.csv", "acct", "training/blobs/2026/a b.csv", "PutBlob"],
		["https://acct.dfs.core.windows.net/raw/a.parquet", "acct", "raw/blobs/a.parquet", "FlushWithClose"],
		["http://127.0.0.1:10000/devstoreaccount1/training/a.csv", "devstoreaccount1", "training/blobs/a.csv", "PutBlob"],
		["https://acct.blob.core.usgovcloudapi.net/$web/index.html", "acct", "$web/blobs/index.html", "PutBlob"],
	])("makes the event of %s", async (url, account, path, api) => {
		const event = (await print("--blob", url)).json() as { topic: string; subject: string };
		expect(event).toMatchObject({ eventType: "Microsoft.Storage.BlobCreated", data: { url, api } });
		expect(event.topic).toMatch(new RegExp(`/storageAccounts/${account}$`));
		expect(event.subject).toBe(`/blobServices/default/containers/${path}`);
		expect(readEvent(event).ok).toBe(true);
	});

	it("leaves a signature out, and takes another type of the same blob", async () => {
		const run = await print(
			"BlobDeleted",
			"--blob",
			"https://acct.blob.core.windows.net/training/a.csv?sv=2024&sig=secret",
		);
		expect(run.json()).toMatchObject({
			eventType: "Microsoft.Storage.BlobDeleted",
			data: { url: "https://acct.blob.core.windows.net/training/a.csv" },
		});
		expect(run.out).not.toContain("secret");
	});

	it.each([
		[["--blob", "training/a.csv"], "--blob must be the address of a blob"],
		[["--blob", "https://acct.blob.core.windows.net/training"], "is not the address of a blob"],
		[["--blob", "https://acct.blob.core.windows.net/"], "is not the address of a blob"],
		[["RunCompleted", "--blob", "https://acct.blob.core.windows.net/training/a.csv"], "not with RunCompleted"],
		[["--blob", "https://acct.blob.core.windows.net/training/a.csv", "--file", "x.json"], "give exactly one of these"],
	])("is told with code 2 where it cannot be meant: %j", async (args, words) => {
		const run = await print(...args);
		expect(run).toMatchObject({ code: 2, out: "", err: expect.stringContaining(words) });
	});
});

describe("the hint after send", () => {
	const taking = {
		fetch: (async () =>
			Response.json({
				events: [{ id: "a b", outcome: "dispatched", route: "r", key: "k", reason: null }],
			})) as unknown as typeof fetch,
	};

	it("asks the bridge that the event was sent to", async () => {
		const hint = async (...args: string[]) =>
			(await runCli(["send", "RunCompleted", ...args], taking)).out.split("\n").at(-2);
		expect(await hint()).toBe("see its trace: npx grid-dispatch trace 'a b'");
		expect(await hint("--url", "http://127.0.0.1:8080")).toMatch(/ --url http:\/\/127\.0\.0\.1:8080$/);
		expect(
			await hint("--to", "https://app.azurewebsites.net/api/events?code=secret", "--key", "planted-key-01"),
		).toMatch(/ --url https:\/\/app\.azurewebsites\.net --key KEY$/);
	});
});
