import { plain } from "../log.ts";
import type { Run } from "../model.ts";
import type { ShownReceipt } from "./bridge-client.ts";

/** What is known of the runs of a delivery, as far as the bridge tells it. */
export interface KnownRuns {
	/**
	 * A word of `Following`; `sent again` while a delivery without a run is on its way once more; `not told` by a
	 * bridge that did not follow runs when it delivered this.
	 */
	readonly following: string;
	readonly runs: readonly Run[];
	/** Why it is so, with the repair. */
	readonly reason: string | null;
	/** Where a person sees the runs; null where there is no such page. */
	readonly page: string | null;
}

/** What a receipt tells of its runs; undefined where nothing was dispatched, so that there can be none. */
export function runsOf({ state, runs, following, followingReason, page }: ShownReceipt): KnownRuns | undefined {
	const reason = followingReason ?? null;
	if (state !== "dispatched" && !following && reason === null) return undefined;
	const known = Array.isArray(runs) ? runs : [];
	// A bridge that followed no runs had the page there.
	const place = page ?? (typeof runs === "string" ? runs : null);
	const told = following ?? (reason === null ? "not told" : "sent again");
	return { following: told, runs: known, reason, page: place };
}

/** What is known of runs in a line each: how far the bridge looked, or each run with its conclusion. */
export function describeRuns(known: KnownRuns): readonly string[] {
	const { following, runs, reason, page } = known;
	const because = reason === null ? "" : `: ${reason}`;
	const listed = page === null ? "" : `; all are listed at ${page}`;
	switch (following) {
		case "running":
		case "concluded": {
			const told = runs.map(describeRun);
			return reason === null ? told : [...told, reason];
		}
		case "looking":
			return [...runs.map(describeRun), `looking${because || ": no run is known yet"}${listed}`];
		case "off":
			return [`not followed${because || ": FOLLOW_RUNS is off"}${listed}`];
		case "not told":
			return [`not followed${because || ": the bridge followed no runs when it delivered this"}${listed}`];
		default:
			// `none`, `cannot tell`, or a word of a newer bridge. A run that was known once is told as well.
			return [...runs.map(describeRun), `${following}${because}${listed}`];
	}
}

const CONCLUSIONS: Readonly<Record<string, string>> = {
	success: "succeeded",
	failure: "failed",
	cancelled: "was cancelled",
	timed_out: "timed out",
	startup_failure: "failed to start",
	action_required: "needs an approval",
	skipped: "was skipped",
};

/** A run in one line: its workflow, how far it is, and its page. */
export function describeRun({ id, url, workflow, status, conclusion, attempt, certain }: Run): string {
	const how = conclusion === null ? status.replaceAll("_", " ") : (CONCLUSIONS[conclusion] ?? `ended: ${conclusion}`);
	const again = attempt > 1 ? ` at attempt ${attempt}` : "";
	const repair =
		conclusion === "cancelled"
			? " (a newer run of its concurrency group may have cancelled it; doctor checks this)"
			: "";
	const likely = certain ? "" : " (likely; its title does not contain bridge.key)";
	return `${workflow ?? "run"} ${how}${again}: ${url ?? `run ${id}`}${likely}${repair}`;
}

/** What has to change for the runs of a receipt to be news: one is found, one has concluded, or following has ended. */
export function newsOf(receipt: ShownReceipt): readonly unknown[] {
	const { following = "", runs = [] } = runsOf(receipt) ?? {};
	const isEnd = following === "none" || following === "cannot tell";
	return [
		isEnd ? following : "",
		...runs.map(({ id, conclusion, attempt, certain }) => [id, conclusion, attempt, certain]),
	];
}

/** The same for a list, where it is worth a line: empty while none is known. */
export function runsInShort(receipt: ShownReceipt): string {
	const known = runsOf(receipt);
	if (known === undefined) return "";
	if (known.runs.length > 0) return known.runs.map(describeRun).join("; ");
	const isEnd = known.following === "none" || known.following === "cannot tell";
	return isEnd ? plain(describeRuns({ ...known, page: null }).join("; ")) : "";
}
