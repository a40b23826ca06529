import { plain } from "../../log.ts";
import type { Io } from "../io.ts";
import { counted, painter } from "../paint.ts";
import type { TableDiff, Way } from "./diff-tables.ts";

export function printDiff(io: Io, { added, removed, renamed, changed, reordered, events }: TableDiff): void {
	const paint = painter(io);
	const say = (line: string) => io.stdout.write(`${line}\n`);
	const quoted = (name: string) => `"${plain(name)}"`;
	for (const name of removed) say(paint("error", `- ${quoted(name)}`));
	for (const name of added) say(paint("ok", `+ ${quoted(name)}`));
	for (const { from, to } of renamed) say(`~ ${quoted(from)} is now called ${quoted(to)}`);
	for (const { route, members } of changed) {
		say(paint("warning", `~ ${quoted(route)}`));
		for (const { path, before, after } of members) say(plain(`    ${path}: ${shown(before)} -> ${shown(after)}`));
	}
	if (reordered) say("~ the order of the routes");
	if (added.length + removed.length + renamed.length + changed.length === 0 && !reordered)
		say("the routes are the same");
	if (events === undefined) return;
	const { looked, unreadable, moved } = events;
	say(
		`\n${moved.length} of ${counted(looked, "event")} ${moved.length === 1 ? "goes" : "go"} elsewhere${unreadable > 0 ? `; ${unreadable} could not be read` : ""}`,
	);
	for (const { id, type, subject, before, after } of moved) {
		say(plain(`  ${id}  ${type}  ${subject}`));
		say(plain(`    before: ${ways(before)}`));
		say(plain(`    after:  ${ways(after)}`));
	}
}

function shown(value: unknown): string {
	return value === undefined ? "nothing" : JSON.stringify(value);
}

function ways(all: readonly Way[]): string {
	if (all.length === 0) return "ignored";
	const one = ({ repository, dispatchType, token, coalesce }: Way) =>
		`${repository} as ${dispatchType}${token === undefined ? "" : ` (token ${token})`}${coalesce === undefined ? "" : gathered(coalesce)}`;
	return all.map(one).join("; ");
}

function gathered({ by, quietSeconds, maxSeconds, maxEvents }: NonNullable<Way["coalesce"]>): string {
	const most = maxEvents === undefined ? "" : `, ${maxEvents} at most`;
	return `, gathered by ${by} for ${quietSeconds} to ${maxSeconds} s${most}`;
}
