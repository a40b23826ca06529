import type { Rule as RuleOf } from "./rules.ts";
import { type Bounds, PAUSE } from "./timed-bounds.ts";
import {
	afterAll,
	commits,
	dueAt,
	fails,
	forgets,
	isOver,
	leaves,
	puts,
	putsSuccessor,
	recordsSuccessor,
	releases,
	takesWatchdogBack,
	throws,
} from "./timed-leave.ts";
import {
	BEHIND_THE_LEASE,
	type Item,
	LEASE,
	LONGEST_WAIT,
	type Row,
	type Run,
	superseded,
	TERM,
	WATCHDOG,
	type World,
} from "./timed-world.ts";

/** The one drain program, for a message and within a request. A rule is one call of storage, or the call of GitHub. */
export type Rule = RuleOf<World, Run, Bounds>;

export const RUN: Record<Run["at"], Rule> = {
	held: looksWhetherItIsSuperseded,
	look: looksIntoTheLane,
	begin: putsWatchdog,
	work: beginsCallOrCloses,
	call: writesThatItIsTaken,
	clear: clearsRecord,
	leave: putsSuccessor,
	record: recordsSuccessor,
	takeBack: takesWatchdogBack,
	release: releases,
};

export function newRun(world: World, of: Pick<Run, "wake" | "own" | "clock">): Run {
	const ids = world.runs.map(({ id }) => id);
	const isFree = world.lease === 0;
	if (isFree) takesLease(world);
	return {
		...of,
		id: [1, 2, 3, 4].find((id) => !ids.includes(id)) as number,
		at: isFree ? "look" : "held",
		afterwards: "release",
		hasLease: isFree,
		leased: 0,
		fresh: false,
		known: { last: 0, at: null, pause: 0, call: 0 },
		seen: [],
		open: [],
		hasRecorded: false,
		hasPut: false,
		watchdog: null,
		age: 0,
		worked: false,
		calling: null,
		lasts: false,
		throws: false,
	};
}

function takesLease(world: World): void {
	for (const run of world.runs) run.hasLease = false;
	world.lease = LEASE;
}

function looksWhetherItIsSuperseded(world: World, me: Run, bounds: Bounds) {
	const wake = me.wake as number;
	if (!ends(wake, read(world, me, bounds), me, bounds)) world.queue.push({ n: wake, wait: BEHIND_THE_LEASE, of: "" });
	isOver(world, me);
}

/** Whether a message may end, since a later one is recorded that surfaces soon. */
function ends(wake: number, record: Row, { clock }: Run, { weak }: Bounds): boolean {
	const isLate = weak === "a message ends for a later one however late that surfaces";
	return isLate ? record.at !== null && record.last > wake : superseded(wake, record, clock);
}

/** The state row as it is made sound when it is read. */
export function read({ row }: World, { clock }: { readonly clock: number }, { weak }: Bounds): Row {
	const latest = clock + (weak === "a pause of a year is obeyed" ? Number.POSITIVE_INFINITY : LONGEST_WAIT);
	const call = weak === "a call by a clock that is ahead puts off the next one" ? row.call : Math.min(row.call, clock);
	const at = row.at === null ? null : Math.min(row.at, latest);
	return { last: row.last, at, pause: Math.min(row.pause, latest), call };
}

function looksIntoTheLane(world: World, me: Run, bounds: Bounds) {
	if (fails("look", world, me, bounds)) return;
	Object.assign(me, { known: read(world, me, bounds), fresh: true });
	if (me.wake !== null && !me.hasRecorded && ends(me.wake, me.known, me, bounds)) {
		me.at = "release";
		return;
	}
	me.seen = world.items.map(({ name }) => name);
	Object.assign(me, { open: [...me.seen], worked: false });
	goesOn(world, me, bounds);
}

/** What is next, by what was seen. */
function goesOn(world: World, me: Run, bounds: Bounds) {
	const seen = world.items.filter(({ name }) => me.seen.includes(name));
	// A drain within a request leaves windows to the wake-ups of those that have joined them.
	const isLeft = seen.some(({ kind }) => kind === "delivery" || me.wake !== null);
	if (nextOf(seen, me, bounds) !== undefined) me.at = needsWatchdog(me, bounds) ? "begin" : "work";
	else if (me.worked && !isDone(seen, me)) me.at = "look";
	else if (isLeft) leaves(seen, me, bounds);
	else me.at = me.wake !== null && me.known.at !== null ? "clear" : afterAll(me);
}

/** The request is not waiting any more. */
function isDone(seen: readonly Item[], { own, open }: Run): boolean {
	return own !== null && !(open.includes(own) && seen.some(({ name }) => name === own));
}

/** Windows come first, then deliveries in their order. */
function nextOf(seen: readonly Item[], me: Run, { weak }: Bounds): Item | undefined {
	if (isDone(seen, me)) return undefined;
	const closes = me.wake !== null || weak !== "a drain within a request closes no window";
	const due = seen.filter((item) => me.open.includes(item.name) && dueAt(item, me) <= me.clock);
	const window = closes ? due.find(({ kind }) => kind === "window") : undefined;
	return window ?? (me.known.call <= me.clock ? due.find(({ kind }) => kind === "delivery") : undefined);
}

function needsWatchdog(me: Run, { weak }: Bounds): boolean {
	if (me.wake === null || weak === "a drain works without a watchdog") return false;
	const inForce = me.watchdog !== null && me.watchdog === me.known.last && me.known.at !== null;
	return !inForce || me.age >= TERM;
}

/** The one before stays, and finds itself superseded. */
function putsWatchdog(world: World, me: Run, bounds: Bounds) {
	if (fails("begin", world, me, bounds)) return;
	forgets(world, me, "watchdog");
	puts(world, me, "watchdog", me.clock + WATCHDOG, bounds);
	Object.assign(me, { at: "work", watchdog: me.known.last, age: 0, hasRecorded: true });
}

/** Half of the lease is left, or it is renewed. */
function beginsCallOrCloses(world: World, me: Run, bounds: Bounds) {
	if (me.leased > 0) {
		if (!me.hasLease) return throws(me);
		Object.assign(me, { leased: 0 });
		world.lease = LEASE;
	}
	const seen = world.items.filter(({ name }) => me.seen.includes(name));
	const next = nextOf(seen, me, bounds);
	if (next?.kind === "window") closes(world, me, next.name, bounds);
	else if (next !== undefined) Object.assign(me, { at: "call", calling: next.name, lasts: false });
	else goesOn(world, me, bounds);
}

/** One transaction: the window's row gives way to a delivery. */
function closes(world: World, me: Run, name: string, bounds: Bounds) {
	if (!commits(world, me)) return throws(me);
	const since = Math.max(0, me.known.pause);
	const dispatch: Item = { name: `dispatch of ${name}`, kind: "delivery", due: 0, latest: null, since };
	world.items = [...world.items.filter((item) => item.name !== name), dispatch];
	tried(me, name, true);
	goesOn(world, me, bounds);
}

function tried(me: Run, name: string, isGone: boolean) {
	Object.assign(me, { open: me.open.filter((other) => other !== name), worked: true, calling: null });
	if (isGone) me.seen = me.seen.filter((other) => other !== name);
}

/** The last one takes the record along. A 2xx is a fact: it is written whoever has the lane by now. */
function writesThatItIsTaken(world: World, me: Run, bounds: Bounds) {
	if (fails("call", world, me, bounds)) return;
	const name = me.calling as string;
	const isLast = me.wake !== null && me.seen.length === 1;
	me.known = { ...me.known, call: me.clock, ...(isLast ? { at: null } : {}) };
	const isWritten = commits(world, me);
	world.items = world.items.filter((item) => item.name !== name);
	if (!isWritten) return throws(me);
	tried(me, name, true);
	goesOn(world, me, bounds);
}

export function pausesTheLane(world: World, me: Run, bounds: Bounds) {
	const longest = bounds.weak === "a pause of a year is obeyed" ? Number.POSITIVE_INFINITY : LONGEST_WAIT;
	const pause = me.clock + Math.min(bounds.asks ?? PAUSE, longest);
	comesToNothing(world, me, bounds, { pause }, () => {
		// However long GitHub asks for, nothing may wait for more than a day.
		for (const item of world.items)
			if (item.since !== null) item.since = Math.max(item.since, Math.min(pause, LONGEST_WAIT));
	});
}

export function stepsAside(world: World, me: Run, bounds: Bounds) {
	comesToNothing(world, me, bounds, {}, (item) => {
		item.due = me.clock + PAUSE;
		if (item.since !== null) item.since = Math.max(item.since, item.due);
	});
}

function comesToNothing(world: World, me: Run, bounds: Bounds, known: Partial<Row>, change: (item: Item) => void) {
	if (fails("call", world, me, bounds)) return;
	const name = me.calling as string;
	me.known = { ...me.known, ...known, call: me.clock };
	if (!commits(world, me)) return throws(me);
	const item = world.items.find((other) => other.name === name);
	if (item !== undefined) change(item);
	tried(me, name, false);
	goesOn(world, me, bounds);
}

function clearsRecord(world: World, me: Run, bounds: Bounds) {
	if (fails("clear", world, me, bounds)) return;
	me.known = { ...me.known, at: null };
	if (commits(world, me)) me.at = "look";
	else throws(me);
}
