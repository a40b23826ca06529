import { plain } from "../log.ts";
import type { ShownReceipt } from "./bridge-client.ts";
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
		window === null ? "" : `with window ${plain(window)}`,
		last === undefined || state !== "dispatched" ? "" : plain(triesOf(attempts.length, last.ms)),
		reason === null ? "" : paint("yellow", plain(reason)),
		plain(runsInShort(receipt)),
	];
	return facts.filter((fact) => fact !== "").join("  ");
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
	return count === 1 ? `${ms} ms` : `${ms} ms, at the try no. ${count}`;
}
