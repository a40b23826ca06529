import type { Receipt } from "./answers.ts";
import { type Mark, runStep } from "./run-step.ts";
import { serviceOf } from "./service-of.ts";
import { clock, span } from "./times.ts";

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
