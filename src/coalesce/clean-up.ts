import pMap from "p-map";
import type { LaneLease } from "../ledger/lane-lease.ts";
import { LIGHT_COLUMNS, readEntry } from "../ledger/outbox.ts";
import { reasonColumn } from "../ledger/receipt.ts";
import { isReceiptKey, ROWS, readDestination, windowKey } from "../ledger/rows.ts";
import { ensureWindow, type Group, readWindow, toGroup } from "../ledger/window.ts";
import { type Columns, isRefusal, persist, type Storage, type Write } from "../storage/storage.ts";
import { groupsByTransaction } from "../storage/transactions.ts";
import { hasMembers, isMember, linesOf, type Member, presentMembers, rowsOf, takeMembers } from "./members.ts";

export interface CleanUpOptions {
	readonly storage: Storage;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** So many transactions at once: the dispatch is sent after them. */
const PARTS_AT_ONCE = 4;

/** The dispatch of a closed window whose members are not completed yet. */
export interface ClosedDispatch {
	readonly rowKey: string;
	readonly key: string;
	/** The key of its receipt's row. */
	readonly receipt: string;
	/** The blob that lists the members. */
	readonly closing: string;
}

/**
 * Completes the members of a closed window whose close broke off: before anything else is done with its dispatch,
 * whether it is sent or given up. It can be repeated.
 */
export async function cleanUp(lease: LaneLease, dispatch: ClosedDispatch, options: CleanUpOptions): Promise<void> {
	const { storage } = options;
	const closing = await readClosing(lease, storage, dispatch);
	const present = await presentMembers(lease, storage, closing.window.group);
	const members = closing.members.filter(([member]) => present.has(member));
	await completeMembers(lease, { ...dispatch, writes: [cleanedWrite(dispatch)] }, { ...closing, members }, options);
}

/** The dispatch that completes its members. */
interface CompletedBy extends Pick<ClosedDispatch, "key" | "receipt"> {
	/** What is written of it when they are completed. */
	readonly writes: readonly Write[];
	/** For their receipts. */
	readonly reason?: string | undefined;
}

/**
 * Completes the members of a closed window: it makes their receipts final and removes exactly these members. Receipt and
 * member are written together, so no event is ever between two windows. An event that joined later is in the next window.
 */
export async function completeMembers(
	lease: LaneLease,
	{ key, receipt, writes, reason }: CompletedBy,
	{ window, members }: Closing,
	{ storage, now }: CleanUpOptions,
): Promise<void> {
	const columns = {
		state: "coalesced",
		finishedAt: new Date(now()).toISOString(),
		window: key,
		dispatch: receipt,
		reason: reason === undefined ? undefined : reasonColumn(reason),
	};
	const parts = groupsByTransaction(members.map((member) => completion(member, columns)));
	const completePart = async (part: readonly (readonly Write[])[]) => {
		await lease.ensureFor();
		await completeTogether(storage, lease.lane, part);
	};
	await pMap(parts, completePart, { concurrency: PARTS_AT_ONCE });
	const next = (await hasMembers(lease, storage, window.group)) ? [ensureWindow(window)] : [];
	await lease.commit(lease.state(), [...writes, ...next]);
}

/** Says of a dispatch that its members are completed. */
export function cleanedWrite({ rowKey }: { readonly rowKey: string }): Write {
	return { kind: "merge", rowKey, columns: { closing: "" } };
}

/** Its removal comes last. */
function completion([member, receipt]: Member, columns: Columns): readonly Write[] {
	const removal: Write = { kind: "delete", rowKey: member };
	return isReceiptKey(receipt) ? [{ kind: "merge", rowKey: receipt, columns }, removal] : [removal];
}

/** In one transaction; in ever smaller ones where a row that it names is gone. */
async function completeTogether(storage: Storage, lane: string, members: readonly (readonly Write[])[]): Promise<void> {
	const writes = members.flat();
	try {
		return void (await persist(() => storage.commit(lane, writes)));
	} catch (error) {
		if (!isRefusal(error)) throw error;
	}
	if (members.length > 1) {
		const half = Math.ceil(members.length / 2);
		for (const part of [members.slice(0, half), members.slice(half)]) await completeTogether(storage, lane, part);
	} else if (writes.length > 1) {
		// The member is gone, since another drainer has completed it; or its receipt is gone.
		await completeTogether(storage, lane, [writes.slice(1)]);
	}
}

/**
 * Completes the unfinished work of closes that were interrupted, in the whole lane. Call it before a drain closes its
 * first window, and again after a close that failed. Otherwise a window of the same group would gather a member twice.
 * @returns the keys of the entries that need no clean-up any more
 */
export async function cleanUpClosed(lease: LaneLease, options: CleanUpOptions): Promise<readonly string[]> {
	const range = { ...ROWS.entries, select: LIGHT_COLUMNS, where: "closing gt ''" };
	const cleaned: string[] = [];
	for await (const row of rowsOf(lease, options.storage, range)) {
		const closing = String(row.columns["closing"]);
		await cleanUp(lease, { ...readEntry(row, options.now()), closing }, options);
		cleaned.push(row.rowKey);
	}
	return cleaned;
}

/** The members of a closed window, as a blob holds them that the clean-up goes by. */
export interface Closing {
	readonly window: Group;
	readonly members: readonly Member[];
}

/** Where the events of a window's dispatch can be read, and where the list of its members lies. */
export function manifestBlob(key: string): string {
	return `manifests/${key}.jsonl`;
}

export function closingBlob(key: string): string {
	return `closings/${key}.json`;
}

/**
 * What a closed window's clean-up goes by. Where its list is gone or cannot be read, the manifest still tells the
 * members that are left: by their lines. Where that is gone, too, nothing was closed as far as anybody can tell, and the
 * window gathers its members anew. A dispatch of an earlier version does not say of what group it is: then no member is
 * left, and an event that joins its group later makes the window that gathers them anew.
 */
async function readClosing(lease: LaneLease, storage: Storage, dispatch: ClosedDispatch): Promise<Closing> {
	const listed = parseClosing(await storage.read(dispatch.closing));
	if (listed !== undefined) return listed;
	const columns = (await storage.get(lease.lane, dispatch.rowKey))?.columns ?? {};
	const window = toGroup(readWindow({ rowKey: windowKey(String(columns["group"])), columns }));
	const manifest = await storage.read(manifestBlob(dispatch.key));
	if (manifest === undefined) return { window: { ...window, after: dispatch.key }, members: [] };
	return { window, members: await listedIn(lease, storage, manifest, window) };
}

async function listedIn(
	lease: LaneLease,
	storage: Storage,
	manifest: Buffer,
	{ group }: Group,
): Promise<readonly Member[]> {
	const texts = new Set(manifest.toString("utf8").split("\n"));
	const members: Member[] = [];
	const present = await takeMembers(lease, storage, { group, maxEvents: Number.POSITIVE_INFINITY });
	for await (const { member, text } of linesOf(lease, storage, present)) if (texts.has(text)) members.push(member);
	return members;
}

function parseClosing(content: Buffer | undefined): Closing | undefined {
	try {
		const { window, members } = JSON.parse(String(content)) as Closing;
		if (typeof window.group === "string" && members.every(isMember))
			return { window: withDestination(window), members };
	} catch {
		// It is gone, or it is no list.
	}
	return undefined;
}

/** In lists of version 0.1.0 a destination has no identity, and the token stands beside it. */
function withDestination({ token, ...window }: Group & { readonly token?: string }): Group {
	if (window.to?.id !== undefined) return window;
	return { ...window, to: readDestination({ ...(window.to as Columns | undefined), token }) };
}
