import { goesOnAfterDrain } from "./timed-acceptor.ts";
import type { Bounds } from "./timed-bounds.ts";
import { OVERDUE, type World } from "./timed-world.ts";

/** Worlds that differ in nothing that can matter any more become one. That keeps their number finite, and small. */
export function settle(world: World, bounds: Bounds): void {
	for (const acceptor of world.acceptors) {
		if (acceptor.at === "inline" && !world.runs.some(({ own }) => own === acceptor.entry))
			goesOnAfterDrain(world, acceptor);
	}
	const slowest = Math.min(
		0,
		world.left.clocks > 0 || world.runs.some(({ clock }) => clock !== 0) ? (bounds.clock ?? 0) : 0,
	);
	for (const item of world.items) item.due = Math.max(item.due, slowest);
	for (const row of [world.row, ...world.runs.map(({ known }) => known)]) {
		row.pause = Math.max(row.pause, slowest);
		row.call = Math.max(row.call, slowest);
		if (row.at !== null) row.at = Math.max(row.at, slowest + OVERDUE - 1);
	}
	for (const run of world.runs) {
		run.leased = Math.min(run.leased, 1);
		run.age = Math.min(run.age, 2);
		if (run.at === "held" || run.at === "look" || run.at === "release") {
			Object.assign(run, { known: { last: 0, at: null, pause: 0, call: 0 }, fresh: false, seen: [], open: [] });
		}
		if (run.at === "release")
			Object.assign(run, { watchdog: null, age: 0, worked: false, calling: null, lasts: false });
	}
	countFromLast(world);
	world.queue.sort((one, other) => one.wait - other.wait || one.n - other.n || one.of.localeCompare(other.of));
}

/** Numbers are only ever compared with the last one, so they are counted from it, and all older messages are alike. */
function countFromLast(world: World): void {
	const { last } = world.row;
	const shift = (n: number, least: number) => Math.max(n - last, least);
	world.row.last = 0;
	for (const message of world.queue) message.n = shift(message.n, -1);
	for (const run of world.runs) {
		if (run.wake !== null) run.wake = shift(run.wake, -1);
		if (run.watchdog !== null) run.watchdog = shift(run.watchdog, -2);
		if (run.at !== "held" && run.at !== "look" && run.at !== "release") run.known.last = shift(run.known.last, -2);
	}
	for (const acceptor of world.acceptors) if (acceptor.last !== null) acceptor.last = shift(acceptor.last, -1);
}
