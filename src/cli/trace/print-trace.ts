import { plain } from "../../log.ts";
import type { BridgeClient } from "../bridge-client.ts";
import { colour, colourOf } from "../colour.ts";
import { adviceFor } from "../describe-receipt.ts";
import type { Io } from "../io.ts";
import { describeRuns, runsOf } from "../runs.ts";
import type { Trace } from "./trace-of.ts";

/** Prints a trace, a step on a line, and what is known of its runs. */
export function printTrace(io: Io, { key, state, event, steps, sent }: Trace, command: BridgeClient["command"]): void {
	const paint = colour(io.stdout, io.env);
	const say = (at: string | null, what: string, text: string) =>
		io.stdout.write(`  ${paint("grey", plain(at ?? "").padEnd(28))}  ${what.padEnd(9)}  ${plain(text)}\n`);
	io.stdout.write(
		`${paint("bold", plain(event.id))}  ${paint(colourOf(state), plain(state))}  ${paint("grey", plain(key))}\n`,
	);
	for (const { at, kind, text } of steps) say(at, kind, text);
	for (const advice of adviceFor(sent, command)) say(null, "next", advice);
	const known = runsOf(sent);
	for (const line of known === undefined ? [] : describeRuns(known)) say(null, "run", line);
}
