import type { Bounds, Failing } from "./timed-bounds.ts";
import { type Item, LONGEST_DELAY, type Run, relies, THROWN, type World } from "./timed-world.ts";

// What a drain leaves behind, and how it writes the state row.

export function dueAt(item: Item, { known }: Run): number {
	return item.kind === "window" ? item.due : Math.max(item.due, known.pause);
}

export function puts(world: World, me: Run, as: "watchdog" | "successor", at: number, { weak }: Bounds) {
	const longest =
		weak === "a wake-up is put as far ahead as a slow clock says" ? Number.POSITIVE_INFINITY : LONGEST_DELAY;
	me.known = { ...me.known, last: me.known.last + 1, at };
	me.hasPut = true;
	world.queue.push({ n: me.known.last, wait: Math.min(Math.max(0, at - me.clock), longest), of: `${as} of ${me.id}` });
}

/** It can be taken back no longer, or it need not. */
export function forgets(world: World, me: Run, as: "watchdog" | "successor"): void {
	for (const message of world.queue) if (message.of === `${as} of ${me.id}`) message.of = "";
}

/** Only if that very message has not surfaced. */
function takesBack(world: World, me: Run, as: "watchdog" | "successor"): void {
	world.queue = world.queue.filter(({ of }) => of !== `${as} of ${me.id}`);
}

/** Nothing is due any more, or nobody waits: a wake-up for what is left, unless another one surfaces in time. */
export function leaves(seen: readonly Item[], me: Run, { weak }: Bounds) {
	const another = me.known.last > (me.wake ?? -1) && me.watchdog !== me.known.last;
	const isLate = weak === "a drain relies on a recorded wake-up however late it surfaces" && me.known.at !== null;
	const isThere = another && (isLate || relies(me.known, nextAt(seen, me), me.clock));
	me.at = isThere ? "release" : "leave";
}

function nextAt(seen: readonly Item[], me: Run): number {
	const windows = seen.filter(({ kind }) => kind === "window").map(({ due }) => due);
	const deliveries = seen
		.filter(({ kind }) => kind === "delivery")
		.map((item) => Math.max(dueAt(item, me), me.known.call));
	return Math.max(Math.min(...windows, ...deliveries), me.clock);
}

export function putsSuccessor(world: World, me: Run, bounds: Bounds) {
	if (fails("leave", world, me, bounds)) return;
	const seen = world.items.filter(({ name }) => me.seen.includes(name));
	// Where none was recorded, nothing relied on it.
	me.afterwards = me.known.at === null ? "release" : "look";
	puts(world, me, "successor", seen.length === 0 ? me.clock : nextAt(seen, me), bounds);
	me.at = "record";
}

/** If it surfaces later than what others may be waiting for, they may have relied on the record before: it looks again. */
export function recordsSuccessor(world: World, me: Run, bounds: Bounds) {
	const { weak } = bounds;
	if (fails("record", world, me, bounds)) {
		// The watchdog is the one message that it leaves.
		const leavesBoth = weak === "a drain that cannot record its successor leaves it beside its watchdog";
		if (me.watchdog !== null && !leavesBoth) takesBack(world, me, "successor");
		return;
	}
	if (!commits(world, me)) return throws(me);
	const from = weak === "a drain that leaves a paused lane does not look once more" ? me.known.pause : me.clock;
	const mayEnd =
		relies(me.known, from, me.clock) || weak === "a drain that leaves a late wake-up does not look once more";
	Object.assign(me, { hasRecorded: true, afterwards: mayEnd ? "release" : me.afterwards });
	me.at = me.watchdog === null ? me.afterwards : "takeBack";
	forgets(world, me, "successor");
}

export function afterAll(me: Run): Run["at"] {
	me.afterwards = "release";
	return me.watchdog === null ? "release" : "takeBack";
}

export function takesWatchdogBack(world: World, me: Run) {
	takesBack(world, me, "watchdog");
	Object.assign(me, { at: me.afterwards, watchdog: null });
}

/** A drain that fails leaves one message: its successor where it has put one, else its own, which comes back. */
export function releases(world: World, me: Run, { weak }: Bounds) {
	if (me.hasLease) world.lease = 0;
	const goes = me.hasPut && weak !== "a failed drain leaves its own message too";
	if (me.throws && !goes) givesBack(world, me, THROWN);
	isOver(world, me);
}

export function givesBack(world: World, { wake }: Run, wait: number): void {
	if (wake !== null) world.queue.push({ n: wake, wait, of: "" });
}

export function isOver(world: World, me: Run): void {
	world.runs = world.runs.filter((run) => run !== me);
	forgets(world, me, "watchdog");
	forgets(world, me, "successor");
}

/** A write of the state row. Whoever writes it makes all other ETags stale. */
export function commits(world: World, me: Run): boolean {
	if (!me.fresh) return false;
	for (const run of world.runs) run.fresh = run === me;
	world.row = { ...me.known };
	return true;
}

export function throws(me: Run): void {
	Object.assign(me, { at: "release", throws: true });
}

export function fails(step: Failing, world: World, me: Run, { fails: failing }: Bounds): boolean {
	if (!world.outage || failing !== step) return false;
	throws(me);
	return true;
}
