import type { Rule as RuleOf } from "./rules.ts";
import { type Bounds, MAXIMUM, QUIET } from "./timed-bounds.ts";
import { newRun, read } from "./timed-run.ts";
import { type Acceptor, LONGEST_WAIT, OVERDUE, relies, type World } from "./timed-world.ts";

type Rule = RuleOf<World, Acceptor, Bounds>;

/** What is next. It may try to deliver at once, if nobody has the lane. */
export function rulesOfAcceptor({ at, kind }: Acceptor, { lease }: World): readonly Rule[] {
	switch (at) {
		case "idle":
			return [writes];
		case "written":
			return kind === "delivery" && lease === 0 ? [drains, looksAtTheRecord] : [looksAtTheRecord];
		case "readRow":
			return [looksAtTheRecord];
		case "put":
			return [putsMessage];
		default:
			return [];
	}
}

/** Joining postpones the end of a window, but not beyond its maximum. */
function writes(world: World, me: Acceptor, { weak }: Bounds) {
	const { entry: name, kind } = me;
	const item = world.items.find((other) => other.name === name);
	me.at = item === undefined || kind === "window" ? "written" : "readRow";
	if (item === undefined) {
		const [due, latest] = kind === "window" ? [QUIET, MAXIMUM] : [0, null];
		world.items.push({ name, kind, due, latest, since: null });
	} else if (item.latest !== null) {
		item.due = weak === "a window closes after its quiet time alone" ? QUIET : Math.min(QUIET, item.latest);
		if (item.since !== null) item.since = Math.max(item.since, item.due);
	}
}

function drains(world: World, me: Acceptor) {
	world.runs.push(newRun(world, { wake: null, own: me.entry, clock: me.clock }));
	me.at = "inline";
}

/** The drain within its request has ended. */
export function goesOnAfterDrain(world: World, me: Acceptor): void {
	if (world.items.some(({ name }) => name === me.entry)) me.at = "readRow";
	else isDone(me);
}

function looksAtTheRecord(world: World, me: Acceptor, bounds: Bounds) {
	const { last, at, pause } = read(world, me, bounds);
	const due = me.clock + (me.kind === "window" ? QUIET : 0);
	const { weak } = bounds;
	let isWoken = relies({ last, at }, Math.max(due, me.kind === "window" ? due : pause), me.clock);
	if (weak === "the acceptor relies on a record however late it surfaces") isWoken ||= at !== null && at > me.clock;
	if (weak === "the acceptor relies on an overdue record for ever") isWoken ||= at !== null && at <= me.clock;
	if (isWoken) acknowledges(world, me);
	else Object.assign(me, { at: "put", last });
}

function putsMessage(world: World, me: Acceptor) {
	world.queue.push({ n: me.last as number, wait: 0, of: "" });
	acknowledges(world, me);
}

function acknowledges(world: World, me: Acceptor) {
	const { items, row, robbed } = world;
	const item = items.find(({ name }) => name === me.entry);
	// What relies on a message that a person has taken away waits for an event that finds its record overdue.
	const isRobbed = robbed && row.at !== null && row.at > OVERDUE;
	if (item !== undefined && !isRobbed)
		item.since ??= Math.max(0, item.due, Math.min(item.kind === "window" ? 0 : world.row.pause, LONGEST_WAIT));
	isDone(me);
}

function isDone(me: Acceptor) {
	Object.assign(me, { at: "done", last: null });
}
