import { createHash } from "node:crypto";
import { newEntry } from "./entry.ts";
import type { Hold } from "./hold.ts";
import { type Manifest, summarise, type WindowSummary } from "./manifest.ts";
import { eventColumns } from "./receipt.ts";
import { entryKey, memberRange, receiptKey } from "./row-keys.ts";
import type { Row, Storage } from "./storage.ts";
import type { Group, Window } from "./window.ts";

export interface CloseOptions {
	readonly storage: Storage;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Never the same twice. */
	readonly newId: () => string;
	/** Builds the body of the one dispatch. */
	readonly toBody: (dispatch: WindowDispatch) => string;
}

/** The one dispatch that a window becomes. */
export interface WindowDispatch {
	readonly key: string;
	readonly route: string;
	readonly to: Group["to"];
	readonly summary: WindowSummary;
	/** Lines of JSON, one event each. */
	readonly lines: readonly string[];
	readonly manifest: Manifest;
}

/** The members of a closed window, as the blob holds them that the clean-up goes by. */
export interface Closing {
	readonly window: Group;
	/** The keys of each member's row, and of its receipt's. */
	readonly members: readonly (readonly [member: string, receipt: string])[];
}

const LOST = { type: "", source: "", subject: "", time: "", data: { lost: "its blob is gone from storage" } };

const PAGE = 1_000;
/** Reading many members takes longer than a lease. */
const LEASE_MS = 15_000;

/**
 * Closes a window: the manifest is written, and then, at once and together, the window's row gives way to a dispatch
 * that names it. What is left to do for the members belongs to that dispatch: see `cleanUp`.
 * @returns the key of the dispatch and how many events it stands for; undefined for a window without members
 */
export async function closeWindow(
	hold: Hold,
	window: Window,
	{ storage, now, newId, toBody }: CloseOptions,
): Promise<{ readonly key: string; readonly count: number } | undefined> {
	const { group, quietMs, maxMs, route, to, token } = window;
	const members = await listMembers(hold, storage, group);
	if (members.length === 0) {
		// Nobody makes such a window. Its row is not taken away, since somebody may be joining it just now.
		const dueAt = new Date(now() + maxMs).toISOString();
		await hold.commit(hold.state(), [{ kind: "merge", rowKey: window.rowKey, columns: { dueAt } }]);
		return undefined;
	}
	const key = createHash("sha256")
		.update(JSON.stringify([group, newId()]))
		.digest("hex")
		.slice(0, 32);
	const [manifestBlob, closingBlob] = [`manifests/${key}.jsonl`, `closings/${key}.json`];
	const lines = await Promise.all(members.map((member) => lineOf(storage, member)));
	const content = Buffer.from(`${lines.join("\n")}\n`);
	const closing: Closing = {
		window: { group, quietMs, maxMs, route, to, ...(token === undefined ? {} : { token }) },
		members: members.map(({ rowKey, columns }) => [rowKey, String(columns["receipt"])]),
	};
	const [url] = await Promise.all([
		storage.write(manifestBlob, content, "application/x-ndjson"),
		storage.write(closingBlob, Buffer.from(JSON.stringify(closing)), "application/json"),
	]);
	const sha256 = createHash("sha256").update(content).digest("hex");
	const manifest = { url, sha256, bytes: content.length, count: members.length };
	const summary = summarise(lines);
	const body = toBody({ key, route, to, summary, lines, manifest });
	const acceptedAt = now();
	const place = entryKey(acceptedAt, 0, key);
	const receipt = receiptKey(summary.time, key);
	const receiptColumns = {
		key,
		state: "accepted",
		...eventColumns({ id: key, ...summary }),
		route,
		repository: to.repository,
		dispatchType: to.dispatchType,
		acceptedAt: new Date(acceptedAt).toISOString(),
		place,
		blobs: `${manifestBlob} ${closingBlob}`,
	};
	const entry = {
		...newEntry({ key, receipt, acceptedAt, to, route, token, closing: closingBlob }),
		body: Buffer.from(body),
	};
	await hold.commit(hold.state(), [
		{ kind: "delete", rowKey: window.rowKey },
		{ kind: "insert", rowKey: receipt, columns: receiptColumns },
		{ kind: "insert", rowKey: place, columns: entry },
	]);
	return { key, count: members.length };
}

async function listMembers(hold: Hold, storage: Storage, group: string): Promise<readonly Row[]> {
	const rows: Row[] = [];
	let after: string | undefined;
	do {
		await hold.lastFor(LEASE_MS);
		const page = await storage.list(hold.lane, { ...memberRange(group), top: PAGE, after });
		rows.push(...page.rows);
		after = page.next;
	} while (after !== undefined);
	return rows;
}

async function lineOf(storage: Storage, { columns }: Row): Promise<string> {
	const { line, lineBlob } = columns;
	const content = lineBlob === undefined ? Buffer.from(line as Uint8Array) : await storage.read(String(lineBlob));
	// Somebody has removed the blob. The others of its window must not wait for it for ever, and its absence must show.
	if (content === undefined) return JSON.stringify({ ...LOST, id: String(columns["key"]) });
	return content.toString("utf8");
}
