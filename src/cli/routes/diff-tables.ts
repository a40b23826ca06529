import { isDeepStrictEqual } from "node:util";
import { isObject } from "../../event/json.ts";
import { plain } from "../../log.ts";
import type { Destination } from "../../model.ts";
import type { Coalesce, Route } from "../../route/route.ts";
import { destinationInWords } from "../describe-receipt.ts";
import type { Io } from "../io.ts";
import { counted, painter } from "../print.ts";
import { explain, type RouteVerdict } from "./explain.ts";

/** What changes from one table to another. */
interface TableDiff {
	readonly added: readonly string[];
	readonly removed: readonly string[];
	/** Routes that have another name now, and are the same else. */
	readonly renamed: readonly { readonly from: string; readonly to: string }[];
	readonly changed: readonly { readonly route: string; readonly members: readonly MemberChange[] }[];
	/** Whether routes that stay stand in another order: the first of two that lead to one place gives the name. */
	readonly reordered: boolean;
	/** Recorded events that go elsewhere; only with events. */
	readonly events?:
		| { readonly looked: number; readonly unreadable: number; readonly moved: readonly Moved[] }
		| undefined;
}

interface MemberChange {
	/** Such as `filter.includedEventTypes`. */
	readonly path: string;
	/** Undefined, and left out of JSON, where the member is new. */
	readonly before: unknown;
	/** The same where it is gone. */
	readonly after: unknown;
}

interface Moved {
	readonly id: string;
	readonly type: string;
	readonly subject: string;
	/** Where it went; none: it was ignored. */
	readonly before: readonly Way[];
	readonly after: readonly Way[];
}

/** Where an event goes: a destination, with the window that it joins there. */
export type Way = Destination & { readonly coalesce?: Coalesce };

export function diffTables(before: readonly Route[], after: readonly Route[], events?: readonly unknown[]): TableDiff {
	const gone = before.filter(({ name }) => !after.some((route) => route.name === name));
	const fresh = after.filter(({ name }) => !before.some((route) => route.name === name));
	const renamed = gone.flatMap((route) => {
		const same = fresh.find((one) => isDeepStrictEqual({ ...one, name: "" }, { ...route, name: "" }));
		return same === undefined ? [] : [{ from: route.name, to: same.name }];
	});
	const namesOf = (routes: readonly Route[]) => routes.map(({ name }) => name);
	const staying = (routes: readonly Route[], others: readonly Route[]) =>
		namesOf(routes).filter((name) => namesOf(others).includes(name));
	return {
		added: namesOf(fresh).filter((name) => !renamed.some(({ to }) => to === name)),
		removed: namesOf(gone).filter((name) => !renamed.some(({ from }) => from === name)),
		renamed,
		changed: before.flatMap((route) => {
			const now = after.find(({ name }) => name === route.name);
			const members = now === undefined ? [] : memberChanges(route, now);
			return members.length === 0 ? [] : [{ route: route.name, members }];
		}),
		reordered: !isDeepStrictEqual(staying(before, after), staying(after, before)),
		events: events && moves(events, before, after),
	};
}

/** Members that differ, told at the deepest place; arrays are compared whole. */
function memberChanges(before: unknown, after: unknown, path = ""): MemberChange[] {
	if (isDeepStrictEqual(before, after)) return [];
	if (!isObject(before) || !isObject(after)) return [{ path, before, after }];
	const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
	return keys.flatMap((key) => memberChanges(before[key], after[key], path === "" ? key : `${path}.${key}`));
}

function moves(events: readonly unknown[], before: readonly Route[], after: readonly Route[]) {
	let unreadable = 0;
	const moved = events.flatMap((element): Moved[] => {
		const [was, is] = [explain(element, before), explain(element, after)];
		if ("rejected" in was || "rejected" in is) {
			unreadable += 1;
			return [];
		}
		const [from, to] = [waysOf(was.routes), waysOf(is.routes)];
		const { id, type, subject } = was.event;
		return isDeepStrictEqual(new Set(from), new Set(to)) ? [] : [{ id, type, subject, before: from, after: to }];
	});
	return { looked: events.length, unreadable, moved };
}

function waysOf(routes: readonly RouteVerdict[]): readonly Way[] {
	return routes.flatMap(({ to, group, sameAs }) => {
		if (to === undefined || sameAs !== undefined) return [];
		// What is sent there is told as a change of the route.
		const place = Object.fromEntries(Object.entries(to).filter(([, value]) => value !== undefined && !isObject(value)));
		const way = { ...place, id: to.id };
		if (group === undefined) return [way];
		const { id: _id, ...coalesce } = group;
		return [{ ...way, coalesce }];
	});
}

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
	if (reordered) say("~ the order of the routes has changed");
	if (added.length + removed.length + renamed.length + changed.length === 0 && !reordered)
		say("the routes are the same");
	if (events === undefined) return;
	const { looked, unreadable, moved } = events;
	say(
		`\n${moved.length} of ${counted(looked, "event")} ${moved.length === 1 ? "goes" : "go"} to another destination${unreadable > 0 ? `; ${counted(unreadable, "event")} could not be read` : ""}`,
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
	const one = ({ coalesce, ...to }: Way) => {
		const token = to.token === undefined ? "" : ` (token ${to.token})`;
		return `${destinationInWords(to)}${token}${coalesce === undefined ? "" : gathered(coalesce)}`;
	};
	return all.map(one).join("; ");
}

function gathered({ by, quietSeconds, maxSeconds, maxEvents }: NonNullable<Way["coalesce"]>): string {
	const most = maxEvents === undefined ? "" : `, ${maxEvents} at most`;
	return `, gathered by ${by} for ${quietSeconds} to ${maxSeconds} s${most}`;
}
