import type { ShownReceipt } from "../bridge-client.ts";
import { describeDestination } from "../describe-receipt.ts";

/** What happened to one event on its way to one destination, in the order of time. */
export interface Trace {
	readonly key: string;
	readonly state: ShownReceipt["state"];
	readonly event: ShownReceipt["event"];
	readonly to: ShownReceipt["to"];
	readonly steps: readonly Step[];
	/** The page of GitHub that lists the runs of the repository. */
	readonly runsPage: string | null;
}

export interface Step {
	/** ISO 8601; null where it is not known, or not yet. */
	readonly at: string | null;
	readonly kind: "happened" | "received" | "decided" | "waited" | "attempted" | "answered";
	readonly text: string;
}

/**
 * The trace of a receipt.
 * @param window the receipt of the dispatch that the event went out with, if it went out with others
 */
export function traceOf(receipt: ShownReceipt, window?: ShownReceipt): Trace {
	const { key, state, event, to } = receipt;
	const sent = window ?? receipt;
	return {
		key,
		state,
		event,
		to,
		steps: [
			{ at: event.time || null, kind: "happened", text: `${event.type} ${event.subject || event.id}` },
			{ at: receipt.acceptedAt, kind: "received", text: `event ${event.id} of ${event.source}` },
			decided(receipt),
			...waited(receipt, sent),
			...sent.attempts.map(attempted),
			answered(sent),
		],
		// A bridge of an older version does not tell.
		runsPage: receipt.page ?? null,
	};
}

function decided({ state, route, to, acceptedAt }: ShownReceipt): Step {
	const text =
		to === null
			? state === "rejected"
				? "it leads nowhere: the event itself is unsound"
				: "it leads nowhere"
			: `route "${route ?? "none"}" leads to ${describeDestination(to, ", as ")}`;
	return { at: acceptedAt, kind: "decided", text };
}

function waited(receipt: ShownReceipt, sent: ShownReceipt): readonly Step[] {
	const steps: Step[] = [];
	const at = receipt.acceptedAt;
	if (receipt.state === "coalescing") steps.push({ at, kind: "waited", text: "in a window that is still open" });
	if (receipt.window !== null) {
		const gathered = `gathered with others into the dispatch ${receipt.window}`;
		steps.push({ at, kind: "waited", text: `${gathered}${after(at, sent.acceptedAt)}` });
	}
	const first = sent.attempts[0]?.at;
	if (first !== undefined && Date.parse(first) - Date.parse(sent.acceptedAt) >= 1_000) {
		steps.push({ at: sent.acceptedAt, kind: "waited", text: `for its turn${after(sent.acceptedAt, first)}` });
	}
	return steps;
}

function attempted({ at, status, ms, requestId, reason }: ShownReceipt["attempts"][number]): Step {
	const answer = status === null || status === undefined ? "GitHub gave no answer" : `GitHub answered ${status}`;
	const more = [`${ms} ms`, requestId ? `request ${requestId}` : "", reason ?? ""].filter((fact) => fact !== "");
	return { at, kind: "attempted", text: `${answer} (${more.join("; ")})` };
}

function answered({ state, finishedAt, reason, acceptedAt }: ShownReceipt): Step {
	const why = reason === null ? "" : `: ${reason}`;
	// As a text: a bridge of another version may have a state that this one does not.
	switch (state as string) {
		case "ignored":
			return { at: finishedAt ?? acceptedAt, kind: "answered", text: `nothing is sent${why}` };
		case "dispatched":
			return { at: finishedAt, kind: "answered", text: `GitHub has it${after(acceptedAt, finishedAt)}` };
		case "coalesced":
			return { at: finishedAt, kind: "answered", text: "it went out with others" };
		case "dead":
		case "rejected":
			return {
				at: finishedAt,
				kind: "answered",
				text: `a dead letter${why}; repair that, then: npx grid-dispatch replay KEY`,
			};
		default:
			return { at: null, kind: "answered", text: `not yet, it is ${state}${why}` };
	}
}

function after(from: string, to: string | null): string {
	const ms = to === null ? Number.NaN : Date.parse(to) - Date.parse(from);
	if (Number.isNaN(ms) || ms < 0) return "";
	return ms < 1_000 ? `, after ${ms} ms` : `, after ${(ms / 1_000).toFixed(1)} s`;
}
