import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { closeWindow } from "../../src/coalesce/close-window.ts";
import { writeManifest } from "../../src/coalesce/manifest.ts";
import { takeMembers } from "../../src/coalesce/members.ts";
import type { Destinations } from "../../src/destinations/list.ts";
import { destinations as real } from "../../support/destinations.ts";
import { type Filled, fill, GROUP, LANE, START } from "../helpers/filled-window.ts";

const KIB = 1024;
const NOW = START + 600_000;

async function close({ storage, lease, window }: Filled, build: Destinations["build"] = real.build, after?: string) {
	const options = { storage, now: () => NOW, version: "1.2.3", destinations: { build } };
	const closed = await closeWindow(lease, { ...window(), ...(after === undefined ? {} : { after }) }, options);
	return closed?.key ?? "";
}

/** One line of that many bytes, with its end, for each event. */
const lineOf = (bytes: number) => JSON.stringify({ id: "x".repeat(bytes - JSON.stringify({ id: "" }).length - 1) });

describe("a window's dispatch", () => {
	it.each([
		["its manifest and its list", "{}", ""],
		["the blob of its request as well, where that is large", JSON.stringify("x".repeat(61 * KIB)), " requests/"],
	])("has a receipt that names %s", async (_, body, request) => {
		const filled = await fill({ count: 2 });
		const key = await close(filled, () => ({ ok: true, body }));
		const receipt = filled.storage.rowsOf(LANE).find(({ columns }) => columns["key"] === key && "place" in columns);
		expect(receipt?.columns).toMatchObject({
			state: "accepted",
			acceptedAt: new Date(NOW).toISOString(),
			blobs: expect.stringMatching(new RegExp(`^manifests/${key}\\.jsonl closings/${key}\\.json${request}(?!.* )`)),
		});
		if (request === "") expect(String(receipt?.columns["blobs"]).split(" ")).toHaveLength(2);
	});

	it("has a list in JSON, and a manifest in JSON Lines", async () => {
		const filled = await fill({ count: 2 });
		const key = await close(filled);
		const written = filled.calls.filter(({ method }) => method.startsWith("write"));
		expect(written.map(({ args: [blob, , type] }) => [blob, type])).toEqual([
			[`manifests/${key}.jsonl`, "application/x-ndjson"],
			[`closings/${key}.json`, "application/json"],
		]);
	});

	it("has a key that its group and members make, and a new one each time that they are gathered anew", async () => {
		const keys = async (...after: (string | undefined)[]) =>
			Promise.all(after.map(async (before) => close(await fill({ count: 2 }), real.build, before)));
		const [first, again] = await keys(undefined, undefined);
		expect(again).toBe(first);
		const [second, third] = await keys(first, "another");
		expect(new Set([first, second, third]).size).toBe(3);
		expect(await close(await fill({ count: 3 }))).not.toBe(first);
	});
});

describe("the manifest of a window", () => {
	/** Writes it, and answers what storage was given, piece by piece. */
	async function written(count: number, line: string) {
		const pieces: Buffer[] = [];
		const { storage, lease } = await fill({
			count,
			line,
			around: async ({ method, args }, make) => {
				if (method !== "writeStream") return make();
				for await (const piece of args[1] as AsyncIterable<Buffer>) pieces.push(piece);
				return "memory:";
			},
		});
		const members = await takeMembers(lease, storage, { group: GROUP, maxEvents: count });
		return { ...(await writeManifest(lease, storage, "manifests/a.jsonl", members)), pieces };
	}

	it.each([
		["of their size, where lines make it exactly", KIB, 130, [64 * KIB, 64 * KIB, 2 * KIB]],
		["with the line that goes beyond it", KIB + 1, 130, [64 * (KIB + 1), 64 * (KIB + 1), 2 * (KIB + 1)]],
		["with the line that makes it full", KIB - 1, 66, [65 * (KIB - 1), KIB - 1]],
	])("goes to storage in pieces of 64 KiB, %s", async (_, bytes, count, sizes) => {
		const line = lineOf(bytes);
		const { pieces, manifest } = await written(count, line);
		expect(pieces.map(({ length }) => length)).toEqual(sizes);
		const content = `${line}\n`.repeat(count);
		expect(Buffer.concat(pieces).toString()).toBe(content);
		expect(manifest).toEqual({
			url: "memory:",
			sha256: createHash("sha256").update(content).digest("hex"),
			bytes: count * bytes,
			count,
		});
	});

	it.each([
		["are sent along up to 60 KiB with their ends", 60, true],
		["are not sent along beyond 60 KiB", 61, false],
		["are not sent along far beyond 60 KiB", 200, false],
	])("has lines that %s", async (_, count, are) => {
		const { lines } = await written(count, lineOf(KIB));
		expect(lines?.length).toBe(are ? count : undefined);
	});

	it.each([
		["\n", '{"id":"1",\n\n"type":"t"}'],
		["\r\n", '{\r\n"id":"1",\r\n"type":"t"}'],
		["\r", '\r{"id":"1","type":"t"}\r'],
	])("has no end of a line within an event: %j", async (_, line) => {
		expect((await written(1, line)).lines).toEqual(['{"id":"1","type":"t"}']);
	});
});
