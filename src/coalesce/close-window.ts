import { createHash } from "node:crypto";
import type { Destinations } from "../destinations/list.ts";
import { readJson } from "../event/json.ts";
import type { LaneLease } from "../ledger/lane-lease.ts";
import { type Entry, finishWrites, newEntry, readEntry } from "../ledger/outbox.ts";
import { eventColumns, routeColumns } from "../ledger/receipt.ts";
import { entryKey, receiptKey } from "../ledger/rows.ts";
import { type Group, toGroup, type Window } from "../ledger/window.ts";
import { type StoredBody, storeBody } from "../storage/rows.ts";
import type { Write } from "../storage/storage.ts";
import {
	type CleanUpOptions,
	type Closing,
	cleanedWrite,
	closingBlob,
	completeMembers,
	manifestBlob,
} from "./clean-up.ts";
import { type Manifest, type WindowSummary, writeManifest } from "./manifest.ts";
import { type Member, takeMembers } from "./members.ts";

export interface CloseOptions extends CleanUpOptions {
	/** Of grid-dispatch. */
	readonly version: string;
	readonly destinations: Pick<Destinations, "build">;
}

/** A window that cannot be closed is tried again after so long. */
export const AGAIN_MS = 5 * 60_000;

/** The one dispatch that a window becomes. */
export interface WindowDispatch {
	readonly key: string;
	readonly route: string;
	readonly to: Group["to"];
	readonly summary: WindowSummary;
	/** Lines of JSON, one event each; undefined where they are too many to be sent along. */
	readonly lines: readonly string[] | undefined;
	readonly manifest: Manifest;
}

/** What a dispatch sends; and why it can never be sent, if so. */
interface WindowBody {
	readonly body: string;
	readonly refused?: string;
}

/** A window that was closed. */
export interface ClosedWindow {
	/** Of its dispatch. */
	readonly key: string;
	/** How many events it stands for. */
	readonly count: number;
	/** Why it is a dead letter, if it can never be sent. */
	readonly refused: string | undefined;
}

/**
 * Closes a window: the manifest is written, and then, at once and together, the window's row gives way to a dispatch
 * that names it. What is left to do for the members is done right after that; as long as it is not, it belongs to the
 * dispatch, and the next drainer does it. So no window may be closed while a dispatch of its lane has that to do: see
 * `cleanUpClosed`. A window that can never be sent becomes a dead letter.
 * @returns undefined for a window without members
 */
export async function closeWindow(
	lease: LaneLease,
	window: Window,
	options: CloseOptions,
): Promise<ClosedWindow | undefined> {
	const { storage, now } = options;
	const members = await takeMembers(lease, storage, window);
	if (members.length === 0) {
		// Such a window is damaged. Its row is not removed, since an event may be joining it just now.
		const dueAt = new Date(now() + Math.max(window.maxMs, AGAIN_MS)).toISOString();
		await lease.commit(lease.state(), [{ kind: "merge", rowKey: window.rowKey, columns: { dueAt } }]);
		return undefined;
	}
	const key = keyOf(window, members);
	const { manifest, summary, lines } = await writeManifest(lease, storage, manifestBlob(key), members);
	const closing: Closing = { window: toGroup(window), members };
	await storage.write(closingBlob(key), Buffer.from(JSON.stringify(closing)), "application/json");
	const { body, refused } = windowBody({ key, route: window.route, to: window.to, summary, lines, manifest }, options);
	const { entry, rows } = dispatchRows(window, key, summary, await storeBody(storage, "body", key, body), now());
	await lease.commit(lease.state(), [{ kind: "delete", rowKey: window.rowKey }, ...rows]);
	const writes =
		refused === undefined
			? [cleanedWrite(entry)]
			: finishWrites(entry, { kind: "dead-lettered", reason: refused }, undefined, now());
	const reason = refused && `the dispatch of their window can never be sent: ${refused}`;
	await completeMembers(lease, { ...entry, writes, reason }, closing, options);
	return { key, count: members.length, refused };
}

/**
 * The key of the window's dispatch. The same members give the same key, so a repeated close writes the same blobs again.
 * Other members give another key. So a drainer that lost its lease unnoticed cannot write into another dispatch's blobs.
 */
function keyOf({ group, after }: Window, members: readonly Member[]): string {
	const hash = createHash("sha256").update(JSON.stringify([group, after]));
	for (const [member] of members) hash.update(`\n${member}`);
	return hash.digest("hex").slice(0, 32);
}

/** The rows of a window's dispatch: its receipt, and the entry, which says of what group it is as well. */
function dispatchRows(
	{ group, quietMs, maxMs, maxEvents, route, to }: Window,
	key: string,
	summary: WindowSummary,
	body: StoredBody,
	acceptedAt: number,
): { readonly entry: Entry; readonly rows: readonly Write[] } {
	const place = entryKey(acceptedAt, 0, key);
	const receipt = receiptKey(summary.time, key);
	const receiptColumns = {
		key,
		state: "accepted",
		...eventColumns({ id: key, ...summary }),
		...routeColumns(route, to),
		acceptedAt: new Date(acceptedAt).toISOString(),
		place,
		blobs: [manifestBlob(key), closingBlob(key), ...body.blobs].join(" "),
	};
	const columns = { ...newEntry({ key, receipt, acceptedAt, to, route }), ...body.columns };
	const closing = { closing: closingBlob(key), group, quietMs, maxMs, maxEvents };
	const rows: Write[] = [
		{ kind: "insert", rowKey: receipt, columns: receiptColumns },
		{ kind: "insert", rowKey: place, columns: { ...columns, ...closing } },
	];
	// As it is when its members are completed.
	return { entry: readEntry({ rowKey: place, columns }, acceptedAt), rows };
}

/** A longer type is cut here; the manifest has it whole. */
const MAX_TYPE_CHARACTERS = 1_000;

/**
 * The body of a window's one dispatch: that of an event whose data sums the gathered ones up, and holds them if they
 * fit, or says where they are.
 */
export function windowBody(
	dispatch: WindowDispatch,
	{ version, destinations }: Pick<CloseOptions, "version" | "destinations">,
): WindowBody {
	const { key, route, to, summary, lines, manifest } = dispatch;
	const { data, ...facts } = summary;
	const build = (event: typeof facts, content: object) =>
		destinations.build(to, { ...event, id: key, attributes: {}, data: content }, { version, route, key });
	const whole = lines && build(facts, { ...data, events: lines.map(readJson) });
	if (whole?.ok) return whole;
	const built = build(facts, { ...data, manifest });
	if (built.ok) return built;
	// Only the texts of the events themselves can be so long; the manifest has them.
	const least = build(leastOf(facts), { ...data, sample: [], manifest });
	// What would be sent is stored all the same: for a person to read, and for the service to judge when it is replayed.
	return least.ok ? least : { body: least.body ?? "{}", refused: least.reason };
}

function leastOf({ type, time }: Omit<WindowSummary, "data">) {
	return { type: type.slice(0, MAX_TYPE_CHARACTERS), time, source: "", subject: "" };
}
