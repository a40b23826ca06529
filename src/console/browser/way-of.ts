import type { Receipt, Run, State } from "./answers.ts";
import { clock, serviceOf, span } from "./words.ts";

/** What a state means, in colour: sent, on its way, delayed, lost unless a person acts, or passed by. */
export type Tone = "sent" | "moving" | "delayed" | "lost" | "passed";

export const TONES: Readonly<Record<State, Tone>> = {
	accepted: "moving",
	paused: "delayed",
	parked: "delayed",
	coalescing: "moving",
	dispatched: "sent",
	coalesced: "sent",
	dead: "lost",
	rejected: "lost",
	discarded: "passed",
	ignored: "passed",
};

/** Whether it can be replayed or discarded. */
export function isDeadLetter({ state }: { readonly state: State }): boolean {
	return TONES[state] === "lost";
}

export interface Step {
	/** `Received`, `Route`, `Waiting`, the destination's service, or `Run`. */
	readonly name: string;
	readonly mark: Mark;
	/** A few words. */
	readonly text: string;
}

/** An event's way from its arrival to the run that it starts. */
export function wayOf(receipt: Receipt, now: number): readonly Step[] {
	return [
		{ name: "Received", mark: "done", text: clock(receipt.acceptedAt, now) },
		routeStep(receipt),
		waitingStep(receipt, now),
		destinationStep(receipt),
		runStep(receipt),
	];
}

function routeStep({ route, state }: Receipt): Step {
	if (route !== null) return { name: "Route", mark: "done", text: route };
	switch (state) {
		case "rejected":
			return { name: "Route", mark: "failed", text: state };
		case "ignored":
			return { name: "Route", mark: "none", text: "no route matches" };
		default:
			return { name: "Route", mark: "none", text: "–" };
	}
}

function waitingStep({ state, acceptedAt, finishedAt }: Receipt, now: number): Step {
	const waited = span(Math.max(0, (finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(acceptedAt)));
	const step = (mark: Mark, text: string): Step => ({ name: "Waiting", mark, text });
	switch (state) {
		case "accepted":
		case "coalescing":
			return step("now", waited);
		case "paused":
		case "parked":
			return step("stuck", waited);
		case "rejected":
		case "discarded":
		case "ignored":
			return step("none", "–");
		default:
			return step("done", waited);
	}
}

function destinationStep(receipt: Receipt): Step {
	const { state, windowState, attempts, to } = receipt;
	const step = (mark: Mark, text: string): Step => ({ name: serviceOf(receipt), mark, text });
	// The window of a coalesced event has closed. Whether its dispatch was taken, its own state says.
	if (state === "coalesced") return step(MARKS[windowState ?? ""] ?? "unknown", "with its window");
	const last = attempts.at(-1);
	if (last === undefined) return step(state === "dead" && to !== null ? "failed" : "none", "–");
	const answer = last.status === null ? "no answer" : String(last.status);
	const text = attempts.length === 1 ? answer : `${answer}, try ${attempts.length}`;
	return step(MARKS[state] ?? "stuck", text);
}

/** What a delivery's state says of its destination; the others: it is still to be asked. */
const MARKS: Readonly<Record<string, Mark>> = {
	accepted: "stuck",
	paused: "stuck",
	parked: "stuck",
	dispatched: "done",
	dead: "failed",
	discarded: "failed",
};

/**
 * How a step went: `now` is where the event is, `stuck` where it waits for the destination or for a repair. `unknown`: the
 * bridge does not know, and so it does not look like `done`.
 */
export type Mark = "done" | "now" | "stuck" | "failed" | "none" | "unknown";

/** How the runs of a receipt are, in a few words; and whether a person should look at it. */
interface Judged {
	readonly mark: Mark;
	readonly text: string;
	readonly alarm?: Alarm;
}

/** A mark beside the state, for what is not seen in it. */
export interface Alarm {
	readonly tone: "lost" | "delayed";
	readonly text: string;
}

const UNKNOWN: Judged = { mark: "unknown", text: "unknown" };

/** The step of the run: what is known of it, and never more. */
export function runStep(receipt: Receipt) {
	const { mark, text } = judge(receipt);
	return { name: "Run", mark, text } as const;
}

/** What a person should look at although the dispatch was taken; undefined where there is nothing. */
export function alarmOf(receipt: Receipt): Alarm | undefined {
	return judge(receipt).alarm;
}

function judge({ state: own, windowState, runs, following }: Receipt): Judged {
	// The run of a window's dispatch is the run of each of its events.
	const state = own === "coalesced" ? windowState : own;
	if (state === null || state === undefined) return UNKNOWN;
	// No request was taken, so that no run can come of it.
	if (TONES[state] === "lost" || state === "discarded") return { mark: "failed", text: "none" };
	if (state !== "dispatched") return { mark: "none", text: "–" };
	switch (following ?? "") {
		case "":
			return UNKNOWN;
		case "off":
			return { mark: "unknown", text: "not followed" };
		case "looking":
			return { mark: "now", text: "looking" };
		case "none":
			return { mark: "failed", text: "none", alarm: { tone: "lost", text: "no run" } };
		case "cannot tell":
			return { mark: "stuck", text: "cannot tell", alarm: { tone: "delayed", text: "run: cannot tell" } };
		case "running":
		case "concluded":
			return worstOf(runs.map(judgeRun));
		default:
			// A word of a newer bridge says nothing that is known here.
			return { mark: "unknown", text: String(following) };
	}
}

/** One that has failed says more than one that has not ended, and that more than one that has succeeded. */
const WORST: readonly Mark[] = ["failed", "stuck", "now", "unknown", "done"];

function worstOf(all: readonly Judged[]): Judged {
	const [worst = UNKNOWN] = [...all].sort((one, other) => WORST.indexOf(one.mark) - WORST.indexOf(other.mark));
	return all.length < 2 ? worst : { ...worst, text: `${worst.text}, of ${all.length}` };
}

const CONCLUSIONS: Readonly<Record<string, string>> = {
	success: "succeeded",
	failure: "failed",
	timed_out: "timed out",
	startup_failure: "failed to start",
	action_required: "needs an approval",
};

/** A run of which it is only likely that it is this one's never looks like one that is known to have succeeded. */
function judgeRun(run: Run): Judged {
	const word = wordOf(run);
	const text = run.certain ? word : `likely ${word}`;
	switch (run.conclusion) {
		case null:
			return { mark: "now", text };
		case "success":
			return { mark: run.certain ? "done" : "unknown", text };
		case "neutral":
		case "skipped":
			return { mark: "unknown", text };
		default:
			return run.certain
				? { mark: "failed", text, alarm: { tone: "lost", text: `run ${word}` } }
				: { mark: "stuck", text, alarm: { tone: "delayed", text: `run ${text}` } };
	}
}

/** How far a run is, or how it has ended. */
export function wordOf({ status, conclusion }: Run): string {
	if (conclusion !== null) return CONCLUSIONS[conclusion] ?? conclusion.replaceAll("_", " ");
	return status === "in_progress" ? "running" : status.replaceAll("_", " ");
}

/** An address that may be a link: of https, and without a name that is no host's. */
export function linkOf(url: string | null): string | undefined {
	if (url === null || !URL.canParse(url)) return undefined;
	const { protocol, username, password, href } = new URL(url);
	return protocol === "https:" && username === "" && password === "" ? href : undefined;
}
