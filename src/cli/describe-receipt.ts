import { plain } from "../log.ts";
import type { BridgeClient, ShownReceipt } from "./bridge-client.ts";
import { type Colour, colourOf } from "./colour.ts";
import { runsInShort } from "./runs.ts";

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
