import { type Log, report } from "../log.ts";
import { isGood } from "./judge.ts";
import { isEnd, type Written } from "./write-findings.ts";

const CANCELLED =
	"the run was cancelled: by a person, by a time limit, or by a newer run of its concurrency group before it began (queue: max keeps the runs that wait)";

/** Says how following a delivery has ended; one line for each. What is only on its way is no news. */
export function reportEnd(log: Log, lane: string, written: Written): void {
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
		reason: bad === undefined ? reason : reasonOf(bad.conclusion),
	});
}

const LEVELS: Readonly<Record<string, Parameters<Log>[0]>> = {
	concluded: "info",
	"cannot tell": "warn",
	"sent again": "warn",
};

function reasonOf(conclusion: string | null): string {
	return conclusion === "cancelled"
		? CANCELLED
		: `the run ended with ${conclusion ?? "no conclusion"}; the page of the run shows why`;
}
