import type { FollowLease } from "../ledger/follow-lease.ts";
import { type FollowRow, followColumns } from "../ledger/follow-rows.ts";
import { newEntry } from "../ledger/outbox.ts";
import { readReceipt } from "../ledger/receipt.ts";
import { entryKey } from "../ledger/rows.ts";
import type { Doubt } from "../model.ts";
import { isRefusal, isStorageError, persist, type Storage, type Write } from "../storage/storage.ts";
import { groupsByTransaction } from "../storage/transactions.ts";
import type { Looked } from "./follow-list.ts";
import type { Finding } from "./judge.ts";

export interface WriteFindingsOptions {
	readonly storage: Storage;
	readonly lane: string;
	readonly lease: Pick<FollowLease, "id" | "ensureFor">;
	/** Makes sure that the lane is drained. */
	readonly wakeLane: (lane: string) => Promise<void>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** A finding that is written now. */
export interface Written extends Finding {
	/** Whether it went back into the outbox, to be sent once more. */
	readonly isResent: boolean;
}

interface Group {
	readonly finding: Finding;
	readonly writes: readonly Write[];
}

/** What ends. */
export function isEnd({ following }: Pick<Finding, "following">): boolean {
	return following !== "looking" && following !== "running";
}

/**
 * Writes the findings that changed: receipt and row together, many of them in one transaction. If storage refuses one, it
 * is written alone. It is skipped if its receipt is missing.
 * @returns the findings that were written. Each is returned once, even if two followers have the lane
 */
export async function writeFindings(
	looked: Pick<Looked, "findings" | "read">,
	options: WriteFindingsOptions,
): Promise<readonly Written[]> {
	const changed = looked.findings.filter(hasChanged);
	const again = changed.filter(({ row, following }) => following === "none" && row.resends);
	const written: Written[] = [];
	const notSent: Finding[] = [];
	for (const finding of again) {
		const isSent = await sendAgain(finding, options).catch((error: unknown) => {
			if (!isRefusal(error)) throw error;
			// A conflict comes from another follower. Anything else would be refused each time: the receipt says that no run came.
			if (!error.conflict) notSent.push(finding);
			return false;
		});
		if (isSent) written.push({ ...finding, isResent: true });
	}
	const plain = [...changed.filter((finding) => !again.includes(finding)), ...notSent];
	const groups = [...plain.map((finding) => groupOf(finding, options)), ...readRows(looked, options)];
	const byWrites = new Map(groups.map((group) => [group.writes, group]));
	for (const together of groupsByTransaction(groups.map(({ writes }) => writes))) {
		const included = together.map((writes) => byWrites.get(writes) as Group);
		for (const finding of await writeTogether(included, options)) {
			if (hasChanged(finding)) written.push({ ...finding, isResent: false });
		}
	}
	return written;
}

export function hasChanged({ row, following, runs }: Finding): boolean {
	return following !== row.following || JSON.stringify(runs) !== JSON.stringify(row.runs);
}

function groupOf(finding: Finding, { lease, now }: WriteFindingsOptions): Group {
	const { row, following, runs, reason } = finding;
	const { rowKey, receipt, etag } = row;
	const columns = followColumns(runs, following, reason);
	const writes: Write[] = [
		{ kind: "merge", rowKey: receipt, columns: { ...columns, followedBy: lease.id } },
		isEnd(finding)
			? { kind: "delete", rowKey }
			: { kind: "merge", rowKey, columns: { following, runs: columns["runs"], readAt: iso(now()) }, etag },
	];
	return { finding, writes };
}

/** Of those that were read and are as they were: when that was, so that others come first the next time. */
function readRows(
	{ findings, read }: Pick<Looked, "findings" | "read">,
	{ now }: WriteFindingsOptions,
): readonly Group[] {
	const rows = new Set(read);
	return findings
		.filter((finding) => rows.has(finding.row) && !hasChanged(finding))
		.map((finding) => {
			const { rowKey, etag } = finding.row;
			return { finding, writes: [{ kind: "merge", rowKey, columns: { readAt: iso(now()) }, etag }] };
		});
}

async function writeTogether(groups: readonly Group[], options: WriteFindingsOptions): Promise<readonly Finding[]> {
	const { storage, lane, lease } = options;
	await lease.ensureFor();
	try {
		await persist(() =>
			storage.commit(
				lane,
				groups.flatMap(({ writes }) => writes),
			),
		);
		return groups.map(({ finding }) => finding);
	} catch (error) {
		if (!isRefusal(error)) throw error;
	}
	const written: Finding[] = [];
	for (const group of groups) if (await writeAlone(group, options)) written.push(group.finding);
	return written;
}

async function writeAlone({ finding, writes }: Group, options: WriteFindingsOptions): Promise<boolean> {
	const { storage, lane, lease } = options;
	await lease.ensureFor();
	try {
		await persist(() => storage.commit(lane, writes));
		return true;
	} catch (error) {
		if (!isRefusal(error)) throw error;
		return await settle(finding, error.conflict, options);
	}
}

/** Answers whether it is our own write, whose answer got lost. A row without a receipt, or whose receipt takes no more, goes. */
async function settle(
	{ row, following }: Finding,
	isConflict: boolean,
	options: WriteFindingsOptions,
): Promise<boolean> {
	const { storage, lane, lease } = options;
	const receipt = await storage.get(lane, row.receipt).catch(() => undefined);
	if (receipt === undefined || !isConflict) {
		await removeRow(row, options);
		return false;
	}
	const isThere = (await storage.get(lane, row.rowKey)) !== undefined;
	return !isThere && receipt.columns["followedBy"] === lease.id && receipt.columns["following"] === following;
}

async function removeRow({ rowKey }: FollowRow, { storage, lane }: WriteFindingsOptions): Promise<void> {
	await storage.commit(lane, [{ kind: "delete", rowKey }]).catch((error: unknown) => {
		if (!(isStorageError(error) && error.status === 404)) throw error;
	});
}

/**
 * Puts a delivery back into the outbox as it was, once. The row stays until its lane is woken: should the process end
 * before, the next look wakes it.
 */
async function sendAgain({ row, reason }: Finding, options: WriteFindingsOptions): Promise<boolean> {
	const { storage, lane, lease, now } = options;
	const [full, receiptRow] = [await storage.get(lane, row.rowKey), await storage.get(lane, row.receipt)];
	if (full === undefined) return false;
	if (receiptRow === undefined) {
		await removeRow(row, options);
		return false;
	}
	const { body, bodyBlob } = full.columns;
	const place = entryKey(now(), 0, row.key);
	const attempts = JSON.stringify(readReceipt(receiptRow).attempts);
	// A run of the first dispatch may still come. It has the key, too.
	const doubt = JSON.stringify({ since: row.from } satisfies Doubt);
	const entry = { ...newEntry({ ...row, acceptedAt: now() }), body, bodyBlob, attempts, doubt, resent: true };
	const followingReason = `${reason}; the bridge sends it once more`;
	const back = { state: "accepted", place, finishedAt: "", reason: "", runs: "", following: "", followingReason };
	await lease.ensureFor();
	await storage.commit(lane, [
		{ kind: "merge", rowKey: row.rowKey, columns: { again: place }, etag: row.etag },
		{ kind: "insert", rowKey: place, columns: entry },
		{ kind: "merge", rowKey: row.receipt, columns: back },
	]);
	await finishAgain(row, options);
	return true;
}

/** Its delivery is in the outbox: the lane is woken, and the row is done. */
export async function finishAgain(row: FollowRow, options: WriteFindingsOptions): Promise<void> {
	await options.wakeLane(options.lane);
	await removeRow(row, options);
}

function iso(epochMs: number): string {
	return new Date(epochMs).toISOString();
}
