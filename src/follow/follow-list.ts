import type { RunsAnswer } from "../destinations/destination.ts";
import type { Destinations } from "../destinations/list.ts";
import type { Watched } from "../ledger/follow-lease.ts";
import { type FollowRow, soundServerTime } from "../ledger/follow-rows.ts";
import { targetOf } from "../ledger/rows.ts";
import type { Destination } from "../model.ts";
import { cannotTell, type Finding, found, isCompleted, judge, type Seen, soundSeen, toRun } from "./judge.ts";

export interface FollowListOptions {
	readonly destinations: Pick<Destinations, "listRuns" | "readRun">;
	/** If no run came within this time, there is none. */
	readonly runWithinMs: number;
	/** Whether one more run may be read. Rejects with LeaseLost. */
	readonly goesOn: () => Promise<boolean>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** What a look at a list has shown. */
export interface ListFindings {
	readonly findings: readonly Finding[];
	readonly watched: Watched;
}

/** A service sees one list call in this time. */
export const LIST_MS = 60_000;
/** What a service refuses is asked for again after so long. */
const REFUSED_MS = 60 * 60_000;
/** Runs that cannot be listed for so long are not looked for any more. */
const UNREACHABLE_MS = 24 * 60 * 60_000;
/**
 * No delivery is followed for longer, whatever the answers are. Source: docs.github.com, "Actions limits": a run lasts 35
 * days at most.
 */
const LONGEST_MS = 36 * 24 * 60 * 60_000;
/** So many runs are read alone in one look: those that no list has shown, the ones that were read longest ago first. */
const MOST_READS = 30;
/** A run may be created so long before it is listed. */
const LAG_MS = 10_000;
/** The time since which is asked stays as it is for so long: the same question can be answered with "unchanged". */
const SAME_QUESTION_MS = 60 * 60_000;
/** So long before a delivery's time is up the whole list is wanted, changed or not. */
const WHOLE_LIST_MS = 2 * LIST_MS;

export const UNSEEN: Watched = {
	listedAt: 0,
	since: 0,
	skewMs: 0,
	complete: false,
	missedUntil: 0,
	notBefore: 0,
};

/** What destinations with the same runs have in common. */
export function listOf({ to }: FollowRow): string {
	// One service lists runs by what started them, so that destinations of another form have another list.
	return to?.["workflow"] === undefined ? targetOf(to) : `${targetOf(to)} workflow`;
}

/**
 * Asks for the runs of one list, and reads what it does not show. Nothing is asked while a service refuses to say
 * anything. Rejects only with LeaseLost, apart from a fault of ours.
 */
export async function lookAt(
	rows: readonly FollowRow[],
	before: Watched,
	options: FollowListOptions,
): Promise<ListFindings> {
	const isRefused = before.refused !== undefined && before.notBefore > options.now();
	const looked = isRefused ? refused(rows, before, before.refused, options.now()) : await ask(rows, before, options);
	return { ...looked, findings: looked.findings.map((finding) => withinBounds(finding, options.now())) };
}

async function ask(rows: readonly FollowRow[], before: Watched, options: FollowListOptions): Promise<ListFindings> {
	const { destinations, now } = options;
	const listedAt = now();
	const to = rows.at(-1)?.to as Destination;
	const since = sinceOf(rows, before);
	const isTimeUp = rows.some((row) => row.following === "looking" && isNearlyUp(row, before, options));
	const etag = since === before.since && !isTimeUp ? before.etag : undefined;
	const answer = await destinations.listRuns(to, since, etag);
	const { refused: _, ...known } = before;
	const asked: Watched = { ...known, listedAt, since, notBefore: 0 };
	switch (answer.kind) {
		case "runs": {
			const seen = soundSeen(answer, now());
			const watched = watch({ ...asked, etag: answer.etag }, seen, before, now());
			const findings = judge(rows, seen, { ...options, now: now(), missedUntil: watched.missedUntil });
			return readUnseen(findings, new Set(seen.runs.map(({ id }) => id)), watched, options);
		}
		case "unchanged": {
			const findings = rows.map(asBefore);
			const watched = { ...asked, skewMs: soundServerTime(answer.serverTime, now()) - now() };
			return asked.complete ? { findings, watched } : readUnseen(findings, new Set(), watched, options);
		}
		case "unavailable":
			return unavailable(rows, { ...asked, notBefore: answer.retryAt ?? 0 }, answer.reason, now());
		default:
			return refused(rows, asked, answer.reason, now());
	}
}

function refused(rows: readonly FollowRow[], watched: Watched, reason: string, now: number): ListFindings {
	const notBefore = watched.notBefore > now ? watched.notBefore : now + REFUSED_MS;
	return {
		findings: rows.map((row) => cannotTell(row, row.runs, reason)),
		watched: { ...watched, notBefore, refused: reason, etag: undefined },
	};
}

function unavailable(rows: readonly FollowRow[], watched: Watched, reason: string, now: number): ListFindings {
	const findings = rows.map((row) => {
		const isLong = row.following === "looking" && now - row.finishedAt >= UNREACHABLE_MS;
		return isLong ? cannotTell(row, row.runs, reason) : asBefore(row);
	});
	return { findings, watched };
}

const TOO_LONG =
	"the bridge has followed it for 36 days, and then it stops; the page of the run shows whether the run has ended";

/** What has been followed for too long ends. */
function withinBounds(finding: Finding, now: number): Finding {
	const { row, following, runs } = finding;
	const isOpen = following === "running" || following === "looking";
	return isOpen && now - row.finishedAt >= LONGEST_MS ? cannotTell(row, runs, TOO_LONG) : finding;
}

function asBefore(row: FollowRow): Finding {
	return { row, following: row.following, runs: row.runs, reason: null };
}

function sinceOf(rows: readonly FollowRow[], { since }: Watched): number {
	const oldest = rows.reduce((first, { from }) => Math.min(first, from), Number.POSITIVE_INFINITY);
	return oldest - since < SAME_QUESTION_MS ? Math.min(since, oldest) : oldest;
}

function isNearlyUp({ takenAt }: FollowRow, { skewMs }: Watched, { runWithinMs, now }: FollowListOptions): boolean {
	return now() + skewMs - takenAt >= runWithinMs - WHOLE_LIST_MS;
}

/** A list that is cut, and whose oldest run is newer than the last look, leaves a time in which runs were missed. */
function watch(asked: Watched, { runs, complete, serverTime }: Seen, before: Watched, now: number): Watched {
	const oldest = runs.reduce((first, { createdAt }) => Math.min(first, createdAt), Number.POSITIVE_INFINITY);
	const lookedAt = before.listedAt + before.skewMs - LAG_MS;
	const missed = oldest > lookedAt && runs.length > 0 ? oldest : 0;
	const missedUntil = complete ? 0 : Math.max(before.missedUntil, missed);
	return { ...asked, skewMs: serverTime - now, complete, missedUntil };
}

/** Reads the runs that the list did not show, one by one: of each delivery the first that has not ended. */
async function readUnseen(
	findings: readonly Finding[],
	shown: ReadonlySet<string>,
	watched: Watched,
	{ destinations, goesOn, runWithinMs, now }: FollowListOptions,
): Promise<ListFindings> {
	const due = findings
		.flatMap((finding) => {
			const unseen = finding.runs.find((run) => !isCompleted(run) && !shown.has(run.id));
			return unseen === undefined ? [] : [{ finding, id: unseen.id }];
		})
		.sort((one, other) => one.finding.row.readAt - other.finding.row.readAt);
	const read = new Map<Finding, Finding>();
	let { notBefore } = watched;
	for (const { finding, id } of due.slice(0, MOST_READS)) {
		if (!(await goesOn())) break;
		const answer = await destinations.readRun(finding.row.to as Destination, id);
		// Where it cannot be read, the others come first the next time.
		read.set(finding, { ...afterRead(finding, id, answer, { now: now(), runWithinMs }), isRead: true });
		if (answer.kind !== "unavailable") continue;
		notBefore = answer.retryAt ?? 0;
		break;
	}
	// If a complete list is unchanged, no run is read alone. So a list that does not show these runs is asked for as a whole.
	const etag = due.length > 0 && watched.complete ? undefined : watched.etag;
	return {
		findings: findings.map((finding) => read.get(finding) ?? finding),
		watched: { ...watched, notBefore, etag },
	};
}

function afterRead(
	finding: Finding,
	id: string,
	answer: RunsAnswer,
	{ now, runWithinMs }: { readonly now: number; readonly runWithinMs: number },
): Finding {
	const { row, runs } = finding;
	if (answer.kind === "gone") {
		// A run that an answer has named may appear as late as any other run.
		if (now - row.finishedAt < runWithinMs) return finding;
		const others = runs.filter((run) => run.id !== id);
		if (others.length > 0) return found(row, others);
	}
	if (answer.kind === "gone" || answer.kind === "refused") return cannotTell(row, runs, answer.reason);
	if (answer.kind !== "runs") return finding;
	const read = soundSeen(answer, now).runs.find((run) => run.id === id);
	if (read === undefined) return finding;
	return found(
		row,
		runs.map((run) => (run.id === id ? toRun(read, run.certain) : run)),
	);
}
