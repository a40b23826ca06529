import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TableClient } from "@azure/data-tables";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type Azurite, type AzuriteOptions, startAzurite } from "../../src/local/azurite.ts";
import { serve } from "../../src/local/serve.ts";
import { eventually } from "../../support/eventually.ts";
import { isFree } from "../../support/free-ports.ts";

describe("Azurite", () => {
	let folder: string;
	const started: Azurite[] = [];

	async function start(options: Partial<AzuriteOptions> = {}): Promise<Azurite> {
		const azurite = await startAzurite({ folder, ...options });
		started.push(azurite);
		return azurite;
	}

	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "azurite-"));
	});
	afterEach(async () => {
		await Promise.all(started.splice(0).map((azurite) => azurite.stop()));
		rmSync(folder, { recursive: true, force: true });
	});

	it("serves blobs, queues and tables by its connection string, on ports of its own", async () => {
		const { connectionString, ports } = await start();
		await BlobServiceClient.fromConnectionString(connectionString).getContainerClient("blobs").create();
		await putMessages(connectionString, "one");
		await TableClient.fromConnectionString(connectionString, "rows", { allowInsecureConnection: true }).createTable();
		expect(new Set(Object.values(ports)).size).toBe(3);
	});

	it("finds a row by its index, whatever else lies in its partition", () => {
		const count = `
			process.argv[1] = require.resolve("azurite/dist/src/azurite.js");
			require("./src/local/find-rows-by-key.cjs");
			const rows = new (require("lokijs"))("test").addCollection("rows", { indices: ["PartitionKey", "RowKey"] });
			let looks = 0;
			for (let row = 0; row < 1000; row++) for (const PartitionKey of ["a", "b"]) rows.insert({
				get PartitionKey() { looks += 1; return PartitionKey; }, RowKey: String(row), value: PartitionKey + row });
			const find = (PartitionKey, RowKey) => rows.findOne({ PartitionKey, RowKey })?.value ?? null;
			find("a", "0");
			looks = 0;
			console.log(JSON.stringify({ found: [find("a", "7"), find("b", "7"), find("c", "7"), find("a", "x")], looks }));`;
		const options = { cwd: join(import.meta.dirname, "../.."), encoding: "utf8" } as const;
		const { found, looks } = JSON.parse(execFileSync(process.execPath, ["--eval", count], options));
		expect(found).toEqual(["a7", "b7", null, null]);
		expect(looks).toBeLessThan(50);
	});

	it("keeps its data when it was stopped, and comes back on the same ports", async () => {
		const { connectionString, ports, stop } = await start();
		await putMessages(connectionString, "one", "two");
		await stop();
		expect(await allFree(ports)).toBe(true);
		expect((await start({ ports })).connectionString).toBe(connectionString);
		expect(await messagesOf(connectionString)).toEqual(["one", "two"]);
	});

	it("makes its folder", async () => {
		await start({ folder: join(folder, "deep", "down") });
		expect(existsSync(join(folder, "deep", "down"))).toBe(true);
	});

	it("says when it ends by itself, but not when it is stopped", async () => {
		const codes: (number | null)[] = [];
		const onExit = (code: number | null) => void codes.push(code);
		await (await start({ onExit })).stop();
		expect(codes).toEqual([]);
		process.kill((await start({ onExit })).pid, "SIGKILL");
		expect(await eventually("its end", () => codes.at(0))).toBeNull();
	});

	it("can be stopped again, and after it has ended", async () => {
		const azurite = await start();
		await Promise.all([azurite.stop(), azurite.stop()]);
		await azurite.stop();
		expect(await allFree(azurite.ports)).toBe(true);
	});

	it("names what it printed when it cannot start", async () => {
		const holder = await serve(0, (_, response) => void response.end());
		try {
			const ports = { blob: 0, queue: holder.port, table: 0 };
			await expect(start({ ports })).rejects.toThrow(
				/^Azurite ended with exit code 1 before it was ready\n.*EADDRINUSE/s,
			);
		} finally {
			await holder.close();
		}
	});

	it("ends with the process that started it, even by SIGKILL, and keeps what was written until then", async () => {
		const source = `
			const { startAzurite } = await import(process.argv[1]);
			console.log(JSON.stringify(await startAzurite({ folder: process.argv[2] })));
		`;
		const module = join(import.meta.dirname, "../../src/local/azurite.ts");
		const args = ["--import", "tsx", "--input-type=module", "--eval", source, module, folder];
		const parent = spawn(process.execPath, args, {
			cwd: join(import.meta.dirname, "../.."),
			stdio: ["ignore", "pipe", "inherit"],
		});
		const [line] = (await once(parent.stdout, "data")) as [Buffer];
		const { connectionString, ports, pid } = JSON.parse(line.toString()) as Azurite;
		await putMessages(connectionString, ...Array.from({ length: 50 }, (_, index) => `message ${index}`));
		parent.kill("SIGKILL");
		await eventually("the end of Azurite", () => (isRunning(pid) ? undefined : true));
		const again = await start({ ports });
		const { approximateMessagesCount } = await queueOf(again.connectionString).getProperties();
		expect(approximateMessagesCount).toBe(50);
	});
});

function queueOf(connectionString: string) {
	return QueueServiceClient.fromConnectionString(connectionString).getQueueClient("messages");
}

async function putMessages(connectionString: string, ...texts: readonly string[]): Promise<void> {
	await queueOf(connectionString).createIfNotExists();
	for (const text of texts) await queueOf(connectionString).sendMessage(text);
}

async function messagesOf(connectionString: string): Promise<string[]> {
	const { peekedMessageItems } = await queueOf(connectionString).peekMessages({ numberOfMessages: 32 });
	return peekedMessageItems.map(({ messageText }) => messageText);
}

async function allFree(ports: Azurite["ports"]): Promise<boolean> {
	return (await Promise.all(Object.values(ports).map(isFree))).every((free) => free);
}

function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
	} catch {
		return false;
	}
	const stat = `/proc/${pid}/stat`;
	// Whoever inherits an orphan may take its time to notice its end.
	return !(existsSync(stat) && readFileSync(stat, "utf8").includes(") Z "));
}
