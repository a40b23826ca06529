import { keyOfTitle, type RunsAnswer, type SeenRun } from "../destinations/destination.ts";
import type { Destinations } from "../destinations/list.ts";
import { PAGE_RUNS } from "../destinations/read-runs.ts";
import type { Entry } from "../ledger/outbox.ts";
import { targetOf } from "../ledger/rows.ts";
import { cleanText } from "../log.ts";
import type { Answer, Destination, Doubt, Run } from "../model.ts";

/** What a service has said of the runs of a destination. */
export interface Listing {
	readonly answer: RunsAnswer;
	/** When it was asked, epoch milliseconds of this process's clock. */
	readonly at: number;
	/** How far back the list was to reach, epoch milliseconds of the service's clock: `complete` holds so far. */
	readonly from: number;
}

/** What is to be done about a delivery that may have been taken, before it is sent again. */
export type DoubtVerdict =
	/** It was taken: this is its run. */
	| { readonly kind: "found"; readonly run: Run }
	/** Nothing can be done before `until`, epoch milliseconds. */
	| { readonly kind: "wait"; readonly until: number; readonly reason: string; readonly doubt: Doubt }
	/** It was not taken. Or this cannot be known, and it has waited long enough. */
	| { readonly kind: "repeat"; readonly doubt: Doubt };

/**
 * How long after a call its run is in the list, if there is one. GitHub gives a request up after 10 s, and a run has been
 * seen to start 8 s after its dispatch. Source: docs.github.com, "Troubleshooting the REST API", timeouts;
 * Codex-/return-dispatch#183. In an incident runs come later, and then a repeat can start a second one.
 */
export const LAG_MS = 30_000;
/** A list is read so often at most. */
const LIST_MS = 30_000;
/** So often a delivery waits for runs that cannot be read at the moment. Then that counts as not to be known. */
const MOST_LOOKS = 10;
/** The longest wait for runs that a service may name. */
const LONGEST_LOOK_MS = 60 * 60_000;
/** The difference between clocks, and the error of a service's rounded times. */
const MARGIN_MS = 60_000;
/** Where it is not known whether a repeat starts another run: 5 s, tripling, up to an hour. */
const FIRST_ASIDE_MS = 5_000;
const LONGEST_ASIDE_MS = 60 * 60_000;
const MAX_REASON = 300;

/**
 * How long a delivery steps aside after an uncertain answer.
 * @param failures how many came in a row before this one
 * @param doubt none where the bridge does not look for its run before it sends it again
 */
export function asideFor(failures: number, doubt: Doubt | undefined): number {
	if (doubt === undefined) return longPause(failures);
	return doubt.reason === undefined ? LAG_MS : Math.max(LAG_MS, longPause(failures));
}

function longPause(failures: number): number {
	return Math.min(FIRST_ASIDE_MS * 3 ** Math.min(failures, 30), LONGEST_ASIDE_MS);
}

/**
 * The calls whose result is unknown after an answer. An uncertain answer adds its call. Any other answer says nothing about
 * the calls before it: a run of theirs may still come.
 * @param began when its call began, epoch milliseconds of the service's clock
 * @param whyNoRuns why the runs of its destination can never be listed; undefined if they can be
 */
export function doubtAfter(
	before: Doubt | undefined,
	{ classification }: Pick<Answer, "classification">,
	began: number,
	whyNoRuns: string | undefined,
): Doubt | undefined {
	if (classification.kind !== "uncertain") return before;
	const { since = began, from = began, reason = whyNoRuns } = before ?? {};
	return { since, from, reason };
}

/** Why a delivery waits: the service's answer, and what the bridge does about it. */
export function reasonOfDoubt(answered: string, doubt: Doubt): string {
	if (doubt.reason === undefined) return `${answered}; the bridge looks for its run before it sends it again`;
	return `${answered}; ${notKnown(doubt.reason)}`;
}

function notKnown(reason: string): string {
	return `the bridge cannot know whether it was taken, and a repeat may start a second run, so the bridge waits longer before it repeats: ${reason}`;
}

/**
 * Decides about a delivery in doubt that is due. Pure.
 * @param now epoch milliseconds
 */
export function judgeDoubt(
	{ key, notBefore, failures, doubt }: Pick<Entry, "key" | "notBefore" | "failures"> & { readonly doubt: Doubt },
	{ answer, at, from: reach }: Listing,
	now: number,
): DoubtVerdict {
	const run = answer.kind === "runs" ? runOf(answer.runs, key, doubt) : undefined;
	if (run !== undefined) return { kind: "found", run };
	if (at < notBefore || listFrom(doubt) < reach) {
		const reason = "the service may have taken it; the bridge looks for its run once more before it sends it again";
		return { kind: "wait", until: Math.max(at + LIST_MS, now + 1_000), reason, doubt };
	}
	const looks = (doubt.looks ?? 0) + 1;
	if (answer.kind === "unavailable" && looks < MOST_LOOKS) {
		const until = now + Math.min(Math.max(LIST_MS, (answer.retryAt ?? 0) - now), LONGEST_LOOK_MS);
		const reason = `the service may have taken it, and the runs cannot be read at the moment: ${answer.reason}`;
		return { kind: "wait", until, reason, doubt: { ...doubt, looks } };
	}
	const unknown = whyUnknown(answer, key, doubt);
	// No call so far has started a run. If a run of one of them appears later, it is still found.
	if (unknown === undefined) return { kind: "repeat", doubt: { since: doubt.since } };
	const { since, from = since } = doubt;
	const reason = cleanText(unknown, MAX_REASON);
	// Its last pause was the short one, unless its result could not be known then either.
	const until = notBefore + (doubt.reason === undefined ? longPause(Math.max(0, failures - 1)) - LAG_MS : 0);
	if (until <= now) return { kind: "repeat", doubt: { since, from, reason } };
	return { kind: "wait", until, reason: notKnown(reason), doubt: { since, from, reason } };
}

/** How far back the list of runs must reach for a delivery whose result is unknown. */
export function listFrom({ since, from = since }: Doubt): number {
	return from - MARGIN_MS;
}

/** The first of the runs that has the key: several workflows may listen. */
function runOf(runs: readonly SeenRun[], key: string, { since }: Doubt): Run | undefined {
	const own = runs.filter(({ title, createdAt }) => createdAt >= since - MARGIN_MS && keyOfTitle(title) === key);
	const [first] = own.sort((one, other) => one.createdAt - other.createdAt);
	if (first === undefined) return undefined;
	const { title: _, createdAt: __, ...run } = first;
	return { ...run, certain: true };
}

/** Why the runs do not show whether a delivery was taken, with the repair. Undefined if they show that it was not. */
function whyUnknown(answer: RunsAnswer, key: string, doubt: Doubt): string | undefined {
	if (answer.kind === "unchanged") return "the service did not list the runs";
	if (answer.kind !== "runs") return answer.reason;
	const { runs, complete, unreadable = 0 } = answer;
	if (unreadable > 0) return "a run in the list cannot be read, and it may be the run of this delivery";
	if (!runs.some(({ title }) => keyOfTitle(title) !== undefined)) {
		return "no run has a key in its title; begin the titles of the runs with bridge.key (run-name in a workflow)";
	}
	const candidate = runs.find((run) => run.createdAt >= listFrom(doubt) && !isOfAnother(run, key));
	if (candidate !== undefined) {
		return `run ${candidate.id} was started meanwhile, and its title does not say for which delivery; begin the titles of the runs with bridge.key (run-name in each workflow that listens)`;
	}
	return complete ? undefined : "the list of runs does not go back to the time of the call";
}

/** If a title has this key behind another key, the run may still be this delivery's: a text of its event may come first. */
function isOfAnother({ title }: SeenRun, key: string): boolean {
	return keyOfTitle(title) !== undefined && !title.toLowerCase().includes(key.toLowerCase());
}

/** The runs of destinations, as their services last listed them to this process. */
export interface RunLists {
	/**
	 * The runs of a destination. A list is read at most every half minute and shared, because an incident leaves hundreds of
	 * deliveries in doubt at once. It takes no longer than two calls. Never rejects.
	 * @param from how far back the list should reach, epoch milliseconds of the service's clock. A shared list may not reach
	 * that far
	 */
	read(to: Destination, from: number): Promise<Listing>;
}

/** How far back the bridge checks whether any run has a key. GitHub keeps the data of a run for 90 days. */
const LOOK_BACK_MS = 90 * 86_400_000;
/** Of a hundred runs each. GitHub lists a thousand at most. Source: docs.github.com, "List workflow runs for a repository". */
const MOST_PAGES = 10;
/** No page is begun after so long. */
const PAGES_MS = 10_000;

export function createRunLists({
	destinations,
	now,
}: {
	readonly destinations: Pick<Destinations, "listRuns">;
	/** Epoch milliseconds. */
	readonly now: () => number;
}): RunLists {
	const lists = new Map<string, { readonly at: number; readonly listing: Promise<Listing> }>();

	async function ask(to: Destination, from: number, at: number): Promise<Listing> {
		try {
			return { at, from, answer: await readPages(to, from, at) };
		} catch (error) {
			const reason = `the bridge failed to list the runs: ${(error as Error).message}`;
			return { at, from, answer: { kind: "unavailable", reason } };
		}
	}

	/** One page is enough unless hundreds of runs were started since. */
	async function readPages(to: Destination, from: number, at: number): Promise<RunsAnswer> {
		const runs = new Map<string, SeenRun>();
		let unreadable = 0;
		for (let page = 1; ; page++) {
			const answer = await destinations.listRuns(to, at - LOOK_BACK_MS, undefined, page);
			if (answer.kind !== "runs") return answer;
			for (const run of answer.runs) runs.set(run.id, run);
			unreadable += answer.unreadable ?? 0;
			const isFull = answer.runs.length + (answer.unreadable ?? 0) >= PAGE_RUNS;
			const isEnd = answer.complete || (isFull && answer.runs.some(({ createdAt }) => createdAt < from));
			if (isEnd || !isFull || page === MOST_PAGES || now() - at > PAGES_MS) {
				return { ...answer, runs: [...runs.values()], unreadable, complete: isEnd && unreadable === 0 };
			}
		}
	}

	/** A clock that was set back must not make a list last. */
	const isFresh = (readAt: number, at: number) => Math.abs(at - readAt) < LIST_MS;

	return {
		read(to, from) {
			const at = now();
			const name = `${to.token ?? ""} ${targetOf(to)}`;
			const known = lists.get(name);
			if (known !== undefined && isFresh(known.at, at)) return known.listing;
			for (const [other, list] of lists) if (!isFresh(list.at, at)) lists.delete(other);
			const listing = ask(to, from, at);
			lists.set(name, { at, listing });
			return listing;
		},
	};
}
