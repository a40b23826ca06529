import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeEach, describe, expect, it } from "@jest/globals";
import { blocksOf, scriptsOf } from "./read-docs.ts";

const run = promisify(execFile);
const [workflow] = blocksOf("docs/client-payload.md").filter(({ text }) => text.includes("az storage blob download"));
const [script = ""] = scriptsOf(workflow?.text ?? "").map((text) => text.replace(/^ *\|\n/, ""));

const lines = [1, 2].map((n) => JSON.stringify({ id: `${n}`, data: { url: `https://contosodata/${n}.csv` } }));
const manifest = `${lines.join("\n")}\n`;
const digest = createHash("sha256").update(manifest).digest("hex");
const given = {
	ACCOUNT: "contosobridge",
	EVENTS: "null",
	MANIFEST: "https://contosobridge.blob.core.windows.net/grid-dispatch-payloads/manifests/0123.jsonl",
	DIGEST: digest,
};

/** Writes what it was called with, and the manifest to the file that it was given. */
const AZ = `#!/usr/bin/env bash
echo "$@" >> az.log
while [ $# -gt 0 ]; do if [ "$1" = --file ]; then cp manifest "$2"; fi; shift; done
`;

const folder = mkdtempSync(join(tmpdir(), "workflow-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
	for (const file of ["az.log", "events.jsonl", "urls.txt"]) rmSync(join(folder, file), { force: true });
	writeFileSync(join(folder, "manifest"), manifest);
	writeFileSync(join(folder, "az"), AZ);
	chmodSync(join(folder, "az"), 0o755);
});

/** As GitHub runs it: bash, ending at the first command that fails. */
async function step(env: Partial<typeof given> = {}) {
	const path = `${folder}${delimiter}${process.env["PATH"]}`;
	return run("bash", ["-e", "-o", "pipefail", "-c", script], { cwd: folder, env: { PATH: path, ...given, ...env } });
}

function read(file: string): string {
	return readFileSync(join(folder, file), "utf8");
}

describe("the workflow that reads a manifest", () => {
	it("downloads it with its own login, and checks it", async () => {
		await step();
		expect(read("az.log")).toContain(`storage blob download --auth-mode login --blob-url ${given.MANIFEST}`);
		expect(read("urls.txt")).toBe("https://contosodata/1.csv\nhttps://contosodata/2.csv\n");
	});

	it("reads the events from the payload where there is no manifest", async () => {
		await step({ MANIFEST: "", DIGEST: "", EVENTS: `[${lines.join(",")}]` });
		expect(read("urls.txt")).toBe("https://contosodata/1.csv\nhttps://contosodata/2.csv\n");
		expect(() => read("az.log")).toThrow("ENOENT");
	});

	it("stops where the content is not the one that was written", async () => {
		await expect(step({ DIGEST: "0".repeat(64) })).rejects.toThrow();
		expect(() => read("urls.txt")).toThrow("ENOENT");
	});

	it.each([
		"https://evil.example/grid-dispatch-payloads/manifests/0123.jsonl",
		"https://contosobridge.blob.core.windows.net.evil.example/grid-dispatch-payloads/manifests/0123.jsonl",
		"https://contosobridge.blob.core.windows.net@evil.example/grid-dispatch-payloads/manifests/0123.jsonl",
		"https://contosobridge.blob.core.windows.net/other/0123.jsonl",
	])("shows its login to no other host: %s", async (url) => {
		await expect(step({ MANIFEST: url })).rejects.toThrow("not a manifest of ours");
		expect(() => read("az.log")).toThrow("ENOENT");
	});
});
