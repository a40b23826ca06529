import { keyOfTitle, type RunsAnswer, type SeenRun } from "../destinations/destination.ts";
import { type FollowRow, RESENT, soundServerTime } from "../ledger/follow-rows.ts";
import { soundRun } from "../ledger/receipt.ts";
import type { Following, Run } from "../model.ts";

/** What a list of runs, or one run, says at a time. */
export interface Seen {
	readonly runs: readonly SeenRun[];
	/** Whether there are no others since the time that was asked for. */
	readonly complete: boolean;
	/** Whether there is more in the list than could be read: any run may be among it. */
	readonly unreadable: boolean;
	/** When the service answered, by its clock; epoch milliseconds. */
	readonly serverTime: number;
}

/** What a delivery's receipt says of its runs from now on. */
export interface Finding {
	readonly row: FollowRow;
	readonly following: Following;
	readonly runs: readonly Run[];
	readonly reason: string | null;
	/** Whether its run was read alone. */
	readonly isRead?: true;
}

export interface JudgeOptions {
	/** Epoch milliseconds, by our clock. */
	readonly now: number;
	/** If no run came within this time, there is none. */
	readonly runWithinMs: number;
	/** The bridge may have missed runs that were created before this time, by the service's clock. 0 if it missed none. */
	readonly missedUntil: number;
}

/** More than one answer holds. */
const MOST_RUNS = 1_000;
/** A run cannot be created after it was listed. Clocks of one service differ by less than this. */
const MAX_AHEAD_MS = 60_000;

/** An answer within its bounds. Entries that are not a run, or have no time, are left out. */
export function soundSeen(
	{ runs, complete, unreadable, serverTime }: Extract<RunsAnswer, { kind: "runs" }>,
	now: number,
): Seen {
	const time = soundServerTime(serverTime, now);
	const sound = runs.slice(0, MOST_RUNS).flatMap((run) => {
		const { id, title, createdAt, status } = (run ?? {}) as Partial<SeenRun>;
		const isSound =
			typeof id === "string" &&
			typeof status === "string" &&
			Number.isFinite(createdAt) &&
			(createdAt as number) <= time + MAX_AHEAD_MS;
		if (!isSound) return [];
		const plain = soundRun({ ...run, certain: false });
		return [{ ...plain, title: String(title ?? ""), createdAt: createdAt as number }];
	});
	const isSound = !unreadable && sound.length === runs.length;
	const isWhole = complete === true && isSound;
	// A list that is not complete and shows no run says as little.
	return { runs: sound, complete: isWhole, unreadable: !isSound || (!isWhole && sound.length === 0), serverTime: time };
}

export function isCompleted({ status }: Pick<Run, "status">): boolean {
	return status === "completed";
}

/** Whether a run has ended as it was meant to. */
export function isGood({ conclusion }: Pick<Run, "conclusion">): boolean {
	return conclusion === "success" || conclusion === "neutral" || conclusion === "skipped";
}

export const NO_KEY =
	"runs came, but their titles do not say which delivery started them; put the payload's bridge.key into the workflow's run-name";
export const TOO_MANY =
	"too many runs came to look at all of them, and this delivery's run may be among them; look at the page of runs";

export const UNREADABLE =
	"the service lists runs that the bridge cannot read, and this delivery's run may be among them; look at the page of runs";

/** What a list says of all deliveries that are followed by it. Pure. */
export function judge(rows: readonly FollowRow[], seen: Seen, options: JudgeOptions): readonly Finding[] {
	const byId = new Map(seen.runs.map((run) => [run.id, run]));
	const byKey = groupBy(seen.runs, ({ title }) => keyOfTitle(title));
	const known = rows.map((row) => {
		const own = byKey.get(row.key.toLowerCase())?.filter(({ createdAt }) => createdAt >= row.from) ?? [];
		return { row, runs: merged(row.runs, own, byId) };
	});
	// A run without any key may be that of a delivery without any run.
	const waiting = known.filter(({ runs }) => runs.length === 0).map(({ row }) => row);
	const claimed = new Set(known.flatMap(({ runs }) => runs.map(({ id }) => id)));
	const free = byKey.get(undefined)?.filter(({ id }) => !claimed.has(id)) ?? [];
	const types = new Set(waiting.map(typeOf));
	/** Without a `run-name`, GitHub uses the dispatch type as the title of a run. */
	const canBe = ({ title, createdAt }: SeenRun, row: FollowRow) =>
		createdAt >= row.from && (title === typeOf(row) || !types.has(title));

	return known.map(({ row, runs }) => {
		if (runs.length > 0) return found(row, runs);
		const candidates = free.filter((run) => canBe(run, row));
		const [likely, ...others] = candidates;
		if (likely !== undefined && others.length === 0 && seen.complete) {
			const isOfAnother = waiting.some((other) => other !== row && canBe(likely, other));
			if (!isOfAnother) return found(row, [toRun(likely, false)]);
		}
		// One wrong answer of a clock is no reason to say that no run came.
		const waitedMs = Math.min(seen.serverTime - row.takenAt, options.now - row.finishedAt);
		if (waitedMs < options.runWithinMs) return { row, following: "looking", runs, reason: null };
		return ended(row, candidates.length > 0, seen, options);
	});
}

/** What has a name in common, in its order. */
export function groupBy<Name, Item>(items: readonly Item[], nameOf: (item: Item) => Name): Map<Name, readonly Item[]> {
	const groups = new Map<Name, Item[]>();
	for (const item of items) {
		const name = nameOf(item);
		const group = groups.get(name);
		if (group === undefined) groups.set(name, [item]);
		else group.push(item);
	}
	return groups;
}

/** A delivery whose runs are known: until all of them have ended. */
export function found(row: FollowRow, runs: readonly Run[]): Finding {
	const following = runs.every(isCompleted) ? "concluded" : "running";
	return { row, following, runs, reason: row.resent ? RESENT : null };
}

/** A delivery of which nothing more can be found out. */
export function cannotTell(row: FollowRow, runs: readonly Run[], reason: string): Finding {
	return { row, following: "cannot tell", runs, reason };
}

function ended(
	row: FollowRow,
	hasCandidates: boolean,
	{ unreadable }: Seen,
	{ runWithinMs, missedUntil }: JudgeOptions,
): Finding {
	if (hasCandidates) return cannotTell(row, [], NO_KEY);
	if (unreadable) return cannotTell(row, [], UNREADABLE);
	if (missedUntil > row.from) return cannotTell(row, [], TOO_MANY);
	return { row, following: "none", runs: [], reason: noRun(row, runWithinMs) };
}

function noRun({ to, resent }: FollowRow, runWithinMs: number): string {
	const minutes = Math.round(runWithinMs / 60_000);
	const repair = `check that an active workflow on the default branch listens to ${to?.id}, and check the service's status`;
	return `no run within ${minutes} minutes${resent ? `, though ${RESENT}` : ""}: ${repair}`;
}

/** A receipt names at most this many runs. */
const MOST_OF_ONE = 10;

/** The known runs of a delivery, updated. If a run carries the key, it replaces the guesses. */
function merged(before: readonly Run[], own: readonly SeenRun[], byId: ReadonlyMap<string, SeenRun>): readonly Run[] {
	const kept = own.length > 0 ? before.filter(({ certain }) => certain) : before;
	const updated = kept.map((run) => {
		const now = byId.get(run.id);
		return now === undefined ? run : toRun(now, run.certain);
	});
	const ids = new Set(updated.map(({ id }) => id));
	const added = own.filter(({ id }) => !ids.has(id)).sort((one, other) => one.createdAt - other.createdAt);
	return [...updated, ...added.map((run) => toRun(run, true))].slice(0, MOST_OF_ONE);
}

export function toRun({ title: _, createdAt: __, ...run }: SeenRun, certain: boolean): Run {
	return { ...run, certain };
}

function typeOf({ to }: FollowRow): string {
	return to?.id.split("#")[1] ?? "";
}
