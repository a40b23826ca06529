import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BlobServiceClient, type StoragePipelineOptions, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { KEY, MANIFEST_PATH, manifestOf, onePayload, REFERENCE_PATH, runAction, windowPayload } from "./run-action.ts";
import { startWorld, type World } from "./world.ts";

const ACCOUNT = "devstoreaccount1";
const ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

const folder = mkdtempSync(join(tmpdir(), "azurite-https-"));
let world: World;
let azurite: ChildProcess;
/** 127.0.0.1:port */
let host: string;

beforeAll(async () => {
	world = await startWorld();
	azurite = startAzuriteBlobs();
	host = await listening(azurite);
	const container = new BlobServiceClient(
		`https://${host}/${ACCOUNT}`,
		new StorageSharedKeyCredential(ACCOUNT, ACCOUNT_KEY),
		// Handed on to the SDK's pipeline, whose option it is.
		{ tlsOptions: { ca: readFileSync(world.certificateFile, "utf8") } } as StoragePipelineOptions,
	).getContainerClient("grid-dispatch-payloads");
	await container.create();
	for (const [path, text] of [
		[MANIFEST_PATH, manifestOf(1000)],
		[REFERENCE_PATH, JSON.stringify({ runId: "train_9" })],
	] as const) {
		const name = path.replace("/grid-dispatch-payloads/", "");
		await container.getBlockBlobClient(name).upload(text, Buffer.byteLength(text));
	}
});
afterAll(async () => {
	const ended = new Promise((resolve) => azurite.once("exit", resolve));
	azurite.kill("SIGTERM");
	await ended;
	await world.close();
	rmSync(folder, { recursive: true, force: true });
});

/** Azurite takes tokens of Entra over https alone. */
function startAzuriteBlobs(): ChildProcess {
	const main = createRequire(import.meta.url).resolve("azurite/dist/src/blob/main.js");
	const tls = ["--cert", world.certificateFile, "--key", world.keyFile, "--oauth", "basic"];
	const flags = ["--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", folder];
	return fork(main, [...flags, ...tls, "--blobHost", "127.0.0.1", "--blobPort", "0"], {
		env: {},
		execArgv: ["--require", fileURLToPath(new URL("../../src/local/end-with-parent.cjs", import.meta.url))],
		stdio: ["ignore", "pipe", "inherit", "ipc"],
	});
}

function listening(child: ChildProcess): Promise<string> {
	return new Promise((resolve, reject) => {
		let output = "";
		child.stdout?.setEncoding("utf8").on("data", (text: string) => {
			output += text;
			const [, address] = /successfully listens on https:\/\/(\S+)/.exec(output) ?? [];
			if (address !== undefined) resolve(address);
		});
		child.once("exit", (code) => reject(new Error(`Azurite ended with ${code}: ${output}`)));
	});
}

function told(path: string, text: string) {
	const sha256 = createHash("sha256").update(text).digest("hex");
	return { url: `https://${host}/${ACCOUNT}${path}`, sha256, bytes: Buffer.byteLength(text) };
}

describe("from Azure Storage, as Azurite plays it, the action reads", () => {
	it("a manifest, with the token that Entra gives for GitHub's word", async () => {
		const manifest = { ...told(MANIFEST_PATH, manifestOf(1000)), count: 1000 };
		const ended = await runAction(world, windowPayload(1000, { manifest }), {
			"allowed-hosts": `contosobridge ${host}`,
		});
		expect(ended).toMatchObject({ ok: true, outputs: { key: KEY, count: "1000" } });
		expect(ended.files["manifest-file"]).toBe(manifestOf(1000));
	});

	it("large data", async () => {
		const reference = told(REFERENCE_PATH, '{"runId":"train_9"}');
		const ended = await runAction(world, onePayload({ data: { reference } }), { "allowed-hosts": host });
		expect(ended).toMatchObject({ ok: true, outputs: { "run-id": "train_9", data: '{"runId":"train_9"}' } });
	});
});
