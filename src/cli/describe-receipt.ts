import { plain } from "../log.ts";
import type { Run } from "../model.ts";
import type { BridgeClient, ShownReceipt } from "./bridge-client.ts";
import { type Colour, colourOf } from "./print.ts";

/** One line for a receipt: state, type, subject, where it goes, what it waits for, and its runs. */
export function describeReceipt(receipt: ShownReceipt, paint: (colour: Colour, text: string) => string): string {
	const { state, event, to, attempts, reason, window } = receipt;
	const last = attempts.at(-1);
	const facts = [
		paint(colourOf(state), plain(state).padEnd(10)),
		plain(event.type.replace(/^Microsoft\./, "")),
		event.subject === "" ? plain(event.id) : plain(event.subject),
		to === null ? "" : paint("grey", `→ ${plain(describeDestination(to))}`),
		window === null ? "" : `in window ${plain(window)}`,
		last === undefined || state !== "dispatched" ? "" : plain(triesOf(attempts.length, last.ms)),
		reason === null ? "" : paint("yellow", plain(reason)),
		plain(runsInShort(receipt)),
	];
	return facts.filter((fact) => fact !== "").join("  ");
}

/** The service that a delivery goes to, as its users call it; `the destination` where that is any other one. */
export function serviceOf({ to }: Pick<ShownReceipt, "to">): string {
	if (to?.["repository"] !== undefined) return "GitHub";
	return to?.["pipeline"] === undefined ? "the destination" : "Azure Pipelines";
}

/** What to do about a dead letter: to replay it, unless that would end the same; or to discard it. */
export function adviceFor({ key, state, replay, arrived }: ShownReceipt, command: BridgeClient["command"]): string[] {
	if (state !== "dead" && state !== "rejected") return [];
	const discard = `${command(`dead-letters discard ${key}`)}`;
	const show = arrived ? [`see the event as it arrived: ${command(`dead-letters show ${key}`)}`] : [];
	if (replay?.wouldRepeat) {
		const why = replay.why ?? "a replay would send the same request, and it would be refused again";
		return [...show, `a replay now would end the same way: ${why}`, `if you do not need it any more: ${discard}`];
	}
	const why = replay?.why ? ` (${replay.why})` : "";
	return [...show, `after the repair${why}: ${command(`replay ${key}`)}`, `if you do not need it any more: ${discard}`];
}

/** Where a delivery goes: its target, and what it starts there. */
export function describeDestination(to: NonNullable<ShownReceipt["to"]>, between = " "): string {
	// A bridge of version 0.1.0 tells no id.
	const id = (to as Partial<typeof to>).id ?? `${to["repository"]}#${to["dispatchType"]}`;
	return id.replace("#", between);
}

/** The same in words: `contoso/fraud-model as retrain`, `contoso/fraud-model/train.yml on main`. */
export function destinationInWords(to: NonNullable<ShownReceipt["to"]>): string {
	return describeDestination(to, to["dispatchType"] === undefined ? " on " : " as ");
}

function triesOf(count: number, ms: number): string {
	return count === 1 ? `${ms} ms` : `${ms} ms, attempt ${count}`;
}

/** What is known of the runs of a delivery, as far as the bridge tells it. */
interface KnownRuns {
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

/** What is said of runs that are not told to their end, and why it usually is so. */
const NOT_TOLD: Readonly<Record<string, readonly [said: string, usual: string]>> = {
	looking: ["looking", "no run is known yet"],
	off: ["not followed", "FOLLOW_RUNS is off"],
	"not told": ["not followed", "the bridge followed no runs when it delivered this"],
};

/** What is known of runs in a line each: each run with its conclusion, and how far the bridge looked. */
export function describeRuns({ following, runs, reason, page }: KnownRuns): readonly string[] {
	const told = runs.map(describeRun);
	if (following === "running" || following === "concluded") return reason === null ? told : [...told, reason];
	// `none`, `cannot tell`, or a word of a newer bridge, has no usual reason.
	const [said, usual] = NOT_TOLD[following] ?? [following, null];
	const why = reason ?? usual;
	const listed = page === null ? "" : `; all are listed at ${page}`;
	return [...told, `${said}${why ? `: ${why}` : ""}${listed}`];
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
function runsInShort(receipt: ShownReceipt): string {
	const known = runsOf(receipt);
	if (known === undefined) return "";
	if (known.runs.length > 0) return known.runs.map(describeRun).join("; ");
	const isEnd = known.following === "none" || known.following === "cannot tell";
	return isEnd ? plain(describeRuns({ ...known, page: null }).join("; ")) : "";
}
