import { pMapIterable } from "p-map";
import { isObject } from "../event/json.ts";
import type { LaneLease } from "../ledger/lane-lease.ts";
import { memberRange } from "../ledger/rows.ts";
import { MAX_MANIFEST_BYTES, type Window } from "../ledger/window.ts";
import { readBody } from "../storage/rows.ts";
import type { Columns, Page, Range, Row, Storage } from "../storage/storage.ts";

/** A member of a window: the keys of its row, and of its receipt's. */
export type Member = readonly [member: string, receipt: string];

export function isMember(value: unknown): value is Member {
	return Array.isArray(value) && typeof value[0] === "string" && typeof value[1] === "string";
}

/** An event of a window, as a line of its manifest. */
export interface ManifestLine {
	readonly member: Member;
	/** JSON, without a line's end in it. */
	readonly text: string;
	/** What is in it. */
	readonly event: Readonly<Record<string, unknown>>;
}

/** A page of keys. */
const PAGE = 1_000;
/** A page of rows with their lines, each of which may have 60 KiB: the first one, and what the later ones aim at. */
const FIRST_LINES = 100;
const LINE_PAGE_BYTES = 4 * 1024 * 1024;
/** How many members' blobs are in memory, each of which may have as much as a request. */
const READS_AT_ONCE = 4;

/** The members of a window that one dispatch stands for: its oldest ones, in order, as many as it may take. */
export async function takeMembers(
	lease: LaneLease,
	storage: Storage,
	{ group, maxEvents }: Pick<Window, "group" | "maxEvents">,
): Promise<readonly Member[]> {
	const members: Member[] = [];
	let bytes = 0;
	const range = { ...memberRange(group), select: ["receipt", "bytes"] };
	for await (const { rowKey, columns } of rowsOf(lease, storage, range)) {
		bytes += lineBytes(columns);
		if (members.length > 0 && bytes > MAX_MANIFEST_BYTES) break;
		members.push([rowKey, String(columns["receipt"])]);
		if (members.length >= maxEvents) break;
	}
	return members;
}

/**
 * What a member's row says of the size of its line. One of an earlier version says nothing: how many they are limits a
 * manifest all the same.
 */
export function lineBytes(columns: Columns): number {
	return Math.max(Number(columns["bytes"]) || 0, 0) + 1;
}

/** The keys of all members of a group that are there. */
export async function presentMembers(lease: LaneLease, storage: Storage, group: string): Promise<ReadonlySet<string>> {
	const keys = new Set<string>();
	for await (const { rowKey } of rowsOf(lease, storage, keysOf(group))) keys.add(rowKey);
	return keys;
}

export async function hasMembers(lease: LaneLease, storage: Storage, group: string): Promise<boolean> {
	for await (const _ of rowsOf(lease, storage, keysOf(group), () => 1)) return true;
	return false;
}

/** The rows of all members of a group, with little in them. */
function keysOf(group: string) {
	return { ...memberRange(group), select: ["key"] };
}

/** The lines of members, in their order. Few of them are read at a time: when the ones before have been taken. */
export function linesOf(lease: LaneLease, storage: Storage, members: readonly Member[]): AsyncIterable<ManifestLine> {
	const read = async ({ member, row }: { readonly member: Member; readonly row: Row | undefined }) =>
		toLine(member, row, row && (await readBody(storage, "line", row.columns)));
	const concurrency = { concurrency: READS_AT_ONCE, backpressure: READS_AT_ONCE };
	return pMapIterable(withRows(lease, storage, members), read, concurrency);
}

/** Who has joined since the list was made is passed by; of whom it names and who is gone there is no row. */
async function* withRows(lease: LaneLease, storage: Storage, members: readonly Member[]) {
	const last = members.at(-1);
	if (last === undefined) return;
	const [first = last] = members;
	// `~` sorts behind every character of a key.
	const rows = rowsOf(lease, storage, { from: first[0], to: `${last[0]}~` }, pageOfLines);
	let next = 0;
	for await (const row of rows) {
		for (let member = members[next]; member !== undefined && member[0] <= row.rowKey; member = members[next]) {
			next += 1;
			yield { member, row: member[0] === row.rowKey ? row : undefined };
		}
	}
	for (const member of members.slice(next)) yield { member, row: undefined };
}

/** How many rows the next page is to have, from what the last one had. */
function pageOfLines(page: readonly Row[]): number {
	if (page.length === 0) return FIRST_LINES;
	const bytes = page.reduce((sum, { columns }) => sum + ((columns["line"] as Uint8Array | undefined)?.length ?? 0), 0);
	return Math.min(Math.floor((LINE_PAGE_BYTES * page.length) / bytes), PAGE);
}

/**
 * The rows of a range of a lane's partition. A page may be empty, and not the last one.
 * @param sizeOf how many rows the page after this one is to have; asked for the first one with none
 */
export async function* rowsOf(
	lease: LaneLease,
	storage: Storage,
	range: Omit<Range, "top" | "after">,
	sizeOf: (page: readonly Row[]) => number = () => PAGE,
): AsyncGenerator<Row> {
	let page: Page = { rows: [] };
	do {
		await lease.ensureFor();
		page = await storage.list(lease.lane, { ...range, top: sizeOf(page.rows), after: page.next });
		yield* page.rows;
	} while (page.next !== undefined);
}

/** What cannot be read of a member must be seen, and must not block its neighbours. */
function toLine(member: Member, row: Row | undefined, text: string | undefined): ManifestLine {
	if (row === undefined) return lost(member, row, "its row is missing in storage");
	if (text === undefined) {
		const isBlob = row.columns["lineBlob"] !== undefined;
		return lost(member, row, isBlob ? "its blob is missing in storage" : "its row does not contain the event");
	}
	const event = parseEvent(text);
	// Between the members of an object, a line's end is nothing but space; within a text there is none.
	return event === undefined
		? lost(member, row, "its content in storage is not an event in JSON")
		: { member, event, text: text.replace(/[\r\n]/g, "") };
}

function lost(member: Member, row: Row | undefined, why: string): ManifestLine {
	const event = {
		id: String(row?.columns["key"] ?? member[0]),
		type: "",
		source: "",
		subject: "",
		time: "",
		data: { lost: why },
	};
	return { member, event, text: JSON.stringify(event) };
}

function parseEvent(text: string): ManifestLine["event"] | undefined {
	try {
		const parsed: unknown = JSON.parse(text);
		if (isObject(parsed)) return parsed;
	} catch {
		// It is no JSON.
	}
	return undefined;
}
