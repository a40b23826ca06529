import type { Receipt, State } from "./answers.ts";
import { type Mark, runStep } from "./run-step.ts";
import { clock, span } from "./times.ts";

export interface Step {
	readonly name: "Received" | "Route" | "Waiting" | "GitHub" | "Run";
	readonly mark: Mark;
	/** A few words. */
	readonly text: string;
}

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

/** An event's way from its arrival to the run that it starts. */
export function wayOf(receipt: Receipt, now: number): readonly Step[] {
	return [
		{ name: "Received", mark: "done", text: clock(receipt.acceptedAt, now) },
		routeStep(receipt),
		waitingStep(receipt, now),
		githubStep(receipt),
		runStep(receipt),
	];
}

/** `Microsoft.Storage.BlobCreated` without its publisher. */
export function shortType(type: string): string {
	return type.split(".").at(-1) || type || "no type";
}

/** What an event is about, as short as it stays clear: a blob's container and path. */
export function shortSubject({ subject, source, id }: Receipt["event"]): string {
	const [, container, path] = /^\/blobServices\/default\/containers\/([^/]+)\/blobs\/(.+)$/s.exec(subject) ?? [];
	return container === undefined ? subject || source || id : `${container}/${path}`;
}

function routeStep({ route, state }: Receipt): Step {
	if (route !== null) return { name: "Route", mark: "done", text: route };
	const ends = state === "rejected" || state === "ignored";
	return { name: "Route", mark: state === "rejected" ? "failed" : "none", text: ends ? state : "–" };
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
		case "ignored":
			return step("none", "–");
		default:
			return step("done", waited);
	}
}

function githubStep({ state, attempts, to }: Receipt): Step {
	const step = (mark: Mark, text: string): Step => ({ name: "GitHub", mark, text });
	const last = attempts.at(-1);
	if (state === "coalesced") return step("done", "with others");
	if (last === undefined) return step(state === "dead" && to !== null ? "failed" : "none", "–");
	const answer = last.status === null ? "no answer" : String(last.status);
	const text = attempts.length === 1 ? answer : `${answer}, try ${attempts.length}`;
	if (state === "dispatched") return step("done", text);
	return step(state === "dead" ? "failed" : "stuck", text);
}
