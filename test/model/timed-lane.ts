import { inShort, type Model, type Step } from "./explore.ts";
import { asSteps, misfortune } from "./rules.ts";
import { rulesOfAcceptor } from "./timed-acceptor.ts";
import type { Bounds } from "./timed-bounds.ts";
import { givesBack, isOver } from "./timed-leave.ts";
import { newRun, pausesTheLane, RUN, stepsAside } from "./timed-run.ts";
import { settle } from "./timed-settle.ts";
import {
	type Acceptor,
	BEHIND_THE_LEASE,
	HIDDEN,
	IN_TIME,
	LONGEST_WAIT,
	type Run,
	THROWN,
	WATCHDOG,
	type World,
} from "./timed-world.ts";

/** So late something may be when nothing goes wrong, 75 s: its wake-up is in time, and finds the lane held once. */
const PUNCTUAL = IN_TIME + BEHIND_THE_LEASE;
/** While no drain is under way there is one message for each event, and so many more; again so many for each crash. */
const MESSAGES = 2;
/** Events that come without end come while fewer messages wait: more of the same show nothing new. */
const CROWD = 3;

/** @param later how many ticks later everything may be */
export function timedLane(bounds: Bounds, later = 0): Model<World> {
	return {
		initial: initialWorld(bounds),
		steps: (world) => [
			...acceptorSteps(world, bounds),
			...surfacingSteps(world, bounds),
			...runSteps(world, bounds),
			...outsideSteps(world, bounds),
			...timeSteps(world, bounds),
		],
		settle: (world) => settle(world, bounds),
		wrongNow: (world) => wrongNow(world, bounds, later),
		wrongAtEnd: ({ items }) => {
			const lost = items.filter(({ since }) => since !== null).map(({ name }) => name);
			return lost.length > 0 ? `never delivered: ${lost}` : undefined;
		},
	};
}

function initialWorld({ waits = [], pause = 0, accepts, luck, fails }: Bounds): World {
	const since = Math.min(pause, LONGEST_WAIT);
	return {
		items: waits.map((name) => ({ name, kind: "delivery", due: 0, latest: null, since })),
		row: { last: 0, at: null, pause, call: 0 },
		queue: waits.length > 0 ? [{ n: 0, wait: 0, of: "" }] : [],
		lease: 0,
		acceptors: accepts.map(({ entry, joins = false, again = false }) => {
			return { entry, kind: joins ? "window" : "delivery", again, clock: 0, at: "idle", last: null };
		}),
		runs: [],
		left: luck,
		excused: 0,
		outage: fails !== undefined,
		robbed: false,
	};
}

function wrongNow({ items, queue, runs, excused, left }: World, { luck, accepts, waits = [] }: Bounds, later: number) {
	// Each call before it takes a tick at most, and so does its own.
	const most = PUNCTUAL + items.length + excused + (luck.slow - left.slow) + later;
	const late = items.find(({ since }) => since !== null && -since > most);
	if (late !== undefined) return `late: ${late.name} waits for more than ${most} ticks`;
	const open = items.find(({ latest }) => latest !== null && -latest > most);
	if (open !== undefined) return `late: ${open.name} is open for ${most} ticks beyond its maximum`;
	if (runs.length > 0) return undefined;
	const messages = queue.length;
	const dead = luck.crashes - left.crashes;
	const events = accepts.some(({ again }) => again) ? Number.POSITIVE_INFINITY : accepts.length + waits.length;
	return messages > events + MESSAGES * (1 + dead) ? `${messages} messages for ${events} events` : undefined;
}

function acceptorSteps(world: World, bounds: Bounds): Step<World>[] {
	return world.acceptors.flatMap((acceptor, index) => {
		const of = (next: World) => next.acceptors[index] as Acceptor;
		const rules = rulesOfAcceptor(acceptor, world);
		if (acceptor.again && acceptor.at === "idle" && world.queue.length >= CROWD) return [];
		if (acceptor.at !== "idle") return asSteps(`acceptor of ${acceptor.entry}`, rules, of, bounds);
		// An event comes whenever it likes, to any instance.
		return rules.flatMap((rule) =>
			atAnyInstance(world, `acceptor of ${acceptor.entry} ${rule.name}`, bounds, (next, clock) => {
				of(next).clock = clock;
				rule(next, of(next), bounds);
			}).map((step) => ({ ...step, optional: true })),
		);
	});
}

/** The instance whose clock is wrong acts as often as it may. */
function atAnyInstance(world: World, name: string, { clock = 0 }: Bounds, act: (next: World, clock: number) => void) {
	return [
		{ name, take: (next: World) => act(next, 0) },
		...misfortune(world, "clocks", `${name} where the clock is ${clock} ticks ahead`, (next) => act(next, clock)),
	];
}

function surfacingSteps(world: World, bounds: Bounds): Step<World>[] {
	const { queue, runs } = world;
	if (runs.filter(({ wake }) => wake !== null).length >= bounds.drainers) return [];
	const distinct = new Map(queue.map((message, index) => [inShort(message), index]));
	return [...distinct.values()].flatMap((index) => {
		const { n, wait, of } = queue[index] as World["queue"][number];
		if (wait > 0) return [];
		return atAnyInstance(world, `message ${n}${of === "" ? "" : `, ${of},`} surfaces`, bounds, (next, clock) => {
			next.queue.splice(index, 1);
			next.runs.push(newRun(next, { wake: n, own: null, clock }));
		});
	});
}

function runSteps(world: World, bounds: Bounds): Step<World>[] {
	return world.runs.flatMap((run, index) => {
		const of = (next: World) => next.runs[index] as Run;
		const who = run.wake === null ? `drain within the request of ${run.own}` : `drain with ${run.wake}`;
		const dies = (next: World) => {
			const me = of(next);
			const isAlone = me.wake !== null && me.watchdog === null && me.at !== "work" && me.at !== "call";
			next.excused += (isAlone ? HIDDEN : WATCHDOG) + BEHIND_THE_LEASE;
			givesBack(next, me, HIDDEN);
			for (const acceptor of next.acceptors)
				if (acceptor.at === "inline" && acceptor.entry === me.own) acceptor.at = "idle";
			isOver(next, me);
		};
		const isCall = run.at === "call";
		return [
			...asSteps(who, [RUN[run.at]], of, bounds),
			...misfortune(world, "crashes", `${who} dies`, dies),
			...(isCall
				? misfortune(world, "pauses", `${who} pauses the lane`, (next) => pausesTheLane(next, of(next), bounds))
				: []),
			...(isCall
				? misfortune(world, "asides", `${who} defers ${run.calling}`, (next) => stepsAside(next, of(next), bounds))
				: []),
		];
	});
}

function outsideSteps(world: World, { fails }: Bounds): Step<World>[] {
	const ends: Step<World>[] = world.outage ? [{ name: `${fails} fails no longer`, take: isRepaired }] : [];
	const removals = world.queue.flatMap((_, index) =>
		misfortune(world, "removals", "a person takes a message away", (next) => isRobbed(next, index)),
	);
	return [...ends, ...removals];
}

function isRobbed(world: World, index: number) {
	world.queue.splice(index, 1);
	world.robbed = true;
	for (const item of world.items) item.since = null;
}

function isRepaired(world: World) {
	world.outage = false;
	world.excused += THROWN;
}

/** Time passes by itself while nothing can be done at once; otherwise somebody is slow. */
function timeSteps(world: World, bounds: Bounds): Step<World>[] {
	const { queue, runs, acceptors } = world;
	if (queue.length + runs.length === 0 && !mayCome(world)) return [];
	const name = "15 s pass";
	if (isUrgent(world, bounds)) return misfortune(world, "slow", `${name} in vain`, (next) => passes(next, 1));
	const isCertain = runs.length > 0 || queue.length > 0;
	const isBusy = runs.length > 0 || acceptors.some(({ at, again }) => at === "idle" || again);
	const leap = isBusy ? 1 : Math.min(...queue.map(({ wait }) => wait));
	return [
		{ name: leap === 1 ? name : `${leap} times ${name}`, optional: !isCertain, take: (next) => passes(next, leap) },
	];
}

/** Whether it matters when the next event comes. */
function mayCome({ acceptors, row }: World): boolean {
	return acceptors.some(({ at }) => at === "idle") && row.at !== null;
}

function isUrgent(world: World, bounds: Bounds): boolean {
	const { acceptors, runs } = world;
	const isActing = acceptors.some(({ at }) => at === "written" || at === "readRow" || at === "put");
	const isWorking = runs.some(({ at, lasts }) => at !== "call" || lasts);
	return isActing || isWorking || surfacingSteps(world, bounds).length > 0;
}

function passes(world: World, by: number): void {
	for (const item of world.items) {
		item.due -= by;
		if (item.since !== null) item.since = Math.max(item.since - by, world.outage ? 0 : Number.NEGATIVE_INFINITY);
		if (item.latest !== null) item.latest -= by;
	}
	for (const row of [world.row, ...world.runs.map(({ known }) => known)]) {
		row.pause -= by;
		row.call -= by;
		if (row.at !== null) row.at -= by;
	}
	for (const message of world.queue) message.wait = Math.max(0, message.wait - by);
	world.lease = Math.max(0, world.lease - by);
	for (const run of world.runs) {
		run.leased += by;
		if (run.watchdog !== null) run.age += by;
		if (run.at === "call") run.lasts = true;
	}
	for (const acceptor of world.acceptors) if (acceptor.at === "done" && acceptor.again) acceptor.at = "idle";
}
