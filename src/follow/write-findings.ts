import type { FollowLease } from "../ledger/follow-lease.ts";
import { type FollowRow, followColumns } from "../ledger/follow-rows.ts";
import { newEntry } from "../ledger/outbox.ts";
import { readReceipt } from "../ledger/receipt.ts";
import { entryKey } from "../ledger/rows.ts";
import { type Log, report } from "../log.ts";
import type { Doubt } from "../model.ts";
import { isRefusal, isStorageError, persist, type Storage, type StorageError, type Write } from "../storage/storage.ts";
import { groupsByTransaction } from "../storage/transactions.ts";
import { type Finding, isGood } from "./judge.ts";

export interface WriteFindingsOptions {
	readonly storage: Storage;
	readonly lane: string;
	readonly lease: Pick<FollowLease, "id" | "ensureFor">;
	/** Makes sure that the lane is drained. */
	readonly wakeLane: (lane: string) => Promise<void>;
	readonly log: Log;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** A finding that is written now. */
export interface WrittenFinding extends Finding {
	/** Whether it went back into the outbox, to be sent once more. */
	readonly isResent: boolean;
}

/** What ends. */
export function isEnd({ following }: Pick<Finding, "following">): boolean {
	return following !== "looking" && following !== "running";
}

export function hasChanged({ row, following, runs }: Finding): boolean {
	return following !== row.following || JSON.stringify(runs) !== JSON.stringify(row.runs);
}

/**
 * Writes the findings that changed: receipt and row together, many of them in one transaction. If storage refuses one, it
 * is written alone. It is skipped if its receipt is missing. How following ends is logged as soon as it is written, since
 * no later look sees it.
 * @returns the findings that were written. Each is returned once, even if two followers have the lane
 */
export async function writeFindings(
	findings: readonly Finding[],
	options: WriteFindingsOptions,
): Promise<readonly WrittenFinding[]> {
	const written: WrittenFinding[] = [];
	const add = (finding: Finding, isResent: boolean) => {
		if (!hasChanged(finding)) return;
		written.push({ ...finding, isResent });
		reportEnd(options.log, options.lane, { ...finding, isResent });
	};

	const isAgain = ({ following, row }: Finding) => following === "none" && row.resends;
	const plain = findings.filter((finding) => !isAgain(finding));
	for (const finding of findings.filter(isAgain)) {
		const came = await sendAgain(finding, options);
		if (came === "refused") plain.push(finding);
		if (came !== "sent") continue;
		add(finding, true);
		await finishAgain(finding.row, options);
	}

	const byWrites = new Map(plain.map((finding) => [writesOf(finding, options), finding]));
	for (const together of groupsByTransaction([...byWrites.keys()])) {
		const isRefused = (await commit(together.flat(), options)) !== undefined;
		for (const writes of together) {
			const finding = byWrites.get(writes) as Finding;
			if (!isRefused || (await writeAlone(finding, writes, options))) add(finding, false);
		}
	}
	return written;
}

/** Of one that was read and is as it was: when that was, so that others come first the next time. */
function writesOf(finding: Finding, { lease, now }: WriteFindingsOptions): readonly Write[] {
	const { row, following, runs, reason, isRead } = finding;
	const { rowKey, receipt, etag } = row;
	const readAt = new Date(now()).toISOString();
	if (!hasChanged(finding)) return isRead ? [{ kind: "merge", rowKey, columns: { readAt }, etag }] : [];
	const columns = followColumns(runs, following, reason);
	return [
		{ kind: "merge", rowKey: receipt, columns: { ...columns, followedBy: lease.id } },
		isEnd(finding)
			? { kind: "delete", rowKey }
			: { kind: "merge", rowKey, columns: { following, runs: columns["runs"], readAt }, etag },
	];
}

/** Answers why storage refuses it, if it does. */
async function commit(
	writes: readonly Write[],
	{ storage, lane, lease }: WriteFindingsOptions,
): Promise<StorageError | undefined> {
	await lease.ensureFor();
	try {
		await persist(() => storage.commit(lane, writes));
		return undefined;
	} catch (error) {
		if (isRefusal(error)) return error;
		throw error;
	}
}

/**
 * Answers whether it is written, also by a write of our own whose answer got lost. A row without a receipt, or whose
 * receipt takes no more, goes.
 */
async function writeAlone(
	{ row, following }: Finding,
	writes: readonly Write[],
	options: WriteFindingsOptions,
): Promise<boolean> {
	const { storage, lane, lease } = options;
	const refusal = await commit(writes, options);
	if (refusal === undefined) return true;
	const receipt = await storage.get(lane, row.receipt).catch(() => undefined);
	if (receipt === undefined || !refusal.conflict) {
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
async function sendAgain(
	{ row, reason }: Finding,
	options: WriteFindingsOptions,
): Promise<"sent" | "refused" | "left alone"> {
	const { storage, lane, now } = options;
	const [full, receiptRow] = [await storage.get(lane, row.rowKey), await storage.get(lane, row.receipt)];
	if (full === undefined) return "left alone";
	if (receiptRow === undefined) {
		await removeRow(row, options);
		return "left alone";
	}
	const { body, bodyBlob } = full.columns;
	const place = entryKey(now(), 0, row.key);
	const attempts = JSON.stringify(readReceipt(receiptRow).attempts);
	// A run of the first dispatch may still come. It has the key, too.
	const doubt = JSON.stringify({ since: row.from } satisfies Doubt);
	const entry = { ...newEntry({ ...row, acceptedAt: now() }), body, bodyBlob, attempts, doubt, resent: true };
	const followingReason = `${reason}; the bridge sends it once more`;
	const back = { state: "accepted", place, finishedAt: "", reason: "", runs: "", following: "", followingReason };
	const refusal = await commit(
		[
			{ kind: "merge", rowKey: row.rowKey, columns: { again: place }, etag: row.etag },
			{ kind: "insert", rowKey: place, columns: entry },
			{ kind: "merge", rowKey: row.receipt, columns: back },
		],
		options,
	);
	if (refusal === undefined) return "sent";
	// A conflict comes from another follower. Anything else would be refused each time: the receipt says that no run came.
	return refusal.conflict ? "left alone" : "refused";
}

/** Its delivery is in the outbox: the lane is woken, and the row is done. */
export async function finishAgain(row: FollowRow, options: WriteFindingsOptions): Promise<void> {
	await options.wakeLane(options.lane);
	await removeRow(row, options);
}

const CANCELLED =
	"the run was cancelled: by a person, by a time limit, or by a newer run of its concurrency group before it began (queue: max keeps the runs that wait)";

const LEVELS: Readonly<Record<string, Parameters<Log>[0]>> = {
	concluded: "info",
	"cannot tell": "warn",
	"sent again": "warn",
};

/** Says how following a delivery has ended; one line for each. What is only on its way is no news. */
export function reportEnd(log: Log, lane: string, written: WrittenFinding): void {
	if (!isEnd(written) || written.following === "off") return;
	const { row, following, runs, reason, isResent } = written;
	const bad = runs.find((run) => following === "concluded" && !isGood(run));
	const shown = bad ?? runs[0];
	const change = isResent ? "sent again" : bad !== undefined ? "failed" : following;
	report(log, LEVELS[change] ?? "error", {
		stage: "follow",
		change,
		lane,
		key: row.key,
		route: row.route,
		destination: row.to?.id,
		run: shown?.id,
		url: shown?.url,
		workflow: shown?.workflow,
		conclusion: shown?.conclusion,
		certain: shown === undefined ? undefined : String(shown.certain),
		reason: bad === undefined ? reason : whyFailed(bad.conclusion),
	});
}

function whyFailed(conclusion: string | null): string {
	return conclusion === "cancelled"
		? CANCELLED
		: `the run ended with ${conclusion ?? "no conclusion"}; the page of the run shows why`;
}
