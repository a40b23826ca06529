import { plain } from "../../log.ts";
import { colour, colourOf } from "../colour.ts";
import type { Io } from "../io.ts";
import type { FoundRuns } from "./find-runs.ts";
import type { Trace } from "./trace-of.ts";

const HOW = {
	named: "",
	typed: " (by dispatch type and time; name the run after the key to be sure)",
	timed: " (by its time alone; name the run after the key to be sure)",
} as const;

/** Prints a trace, a step on a line. */
export function printTrace(io: Io, { key, state, event, steps, runsPage }: Trace, found: FoundRuns | undefined): void {
	const paint = colour(io.stdout, io.env);
	const say = (at: string | null, what: string, text: string) =>
		io.stdout.write(`  ${paint("grey", plain(at ?? "").padEnd(28))}  ${what.padEnd(9)}  ${plain(text)}\n`);
	io.stdout.write(
		`${paint("bold", plain(event.id))}  ${paint(colourOf(state), plain(state))}  ${paint("grey", plain(key))}\n`,
	);
	for (const { at, kind, text } of steps) say(at, kind, text.replace("replay KEY", `replay ${key}`));
	if (found === undefined) return;
	const listed = runsPage === null ? "" : `; all are listed at ${runsPage}`;
	if (!found.ok) return void say(null, "run", `cannot tell: ${found.why}${listed}`);
	if (found.runs.length === 0) {
		say(
			null,
			"run",
			`none was found: does a workflow on the default branch listen? npx grid-dispatch doctor tells${listed}`,
		);
	}
	for (const { createdAt, workflow, title, status, conclusion, url, match } of found.runs) {
		say(createdAt, "run", `${workflow} "${title}" ${conclusion ?? status}: ${url}${HOW[match]}`);
	}
}
