import type { Model, Step } from "./explore.ts";
import { asSteps, type Rule as RuleOf } from "./rules.ts";

/**
 * The lease of one lane, two drainers, and time in ticks of five seconds. The service's clock and each drainer's own run at
 * the same speed, and neither knows what the other shows. Anything may take any time, but a call of GitHub, which is
 * broken off.
 */
interface World {
	drainers: Drainer[];
	/** How long the service still refuses the lease to others. */
	lease: number;
}

interface Drainer {
	at: "idle" | "asks" | "asked" | "looks" | "begins" | "calls";
	/** Whether the lease is its own by what the service says, and by what it believes itself. */
	hasLease: boolean;
	believes: boolean;
	/** How long ago it has asked for the lease that it has, and for the one that it asks for now. */
	age: number;
	asked: number;
	/** How long it has been where it is. */
	for: number;
}

/** What a drainer must not do. */
export const WEAKNESSES = [
	"a call is begun with five seconds of lease left",
	"a call may last for as long as it likes",
	"the lease counts from the answer",
	"a renewal that took long is not looked at again",
	"what is to be sent is read after the look at the lease",
	"a drainer that is refused its renewal goes on",
] as const;

export interface Bounds {
	readonly weak?: (typeof WEAKNESSES)[number];
}

type Rule = RuleOf<World, Drainer, Bounds>;

/** The lease, what of it must be left when a call begins, and how long a call may last: 30 s, 15 s, 10 s. */
const LEASE = 6;
const LEFT = 3;
const CALL = 2;

export function timedLease(bounds: Bounds): Model<World> {
	const idle: Drainer = { at: "idle", hasLease: false, believes: false, age: LEASE, asked: 0, for: 0 };
	return {
		initial: { drainers: [idle, { ...idle }], lease: 0 },
		steps: (world) => [...drainerSteps(world, bounds), ...timeSteps(world, bounds)],
		settle,
		wrongNow: ({ drainers }) =>
			drainers.every(({ at }) => at === "calls") ? "both drainers have a call under way" : undefined,
		wrongAtEnd: () => undefined,
	};
}

const RULES: Record<Drainer["at"], readonly Rule[]> = {
	idle: [asksForLease],
	asks: [isAnsweredByService],
	asked: [readsAnswer],
	looks: [looksAtLease, letsGo],
	begins: [beginsCall],
	calls: [endsCall],
};

function drainerSteps(world: World, bounds: Bounds): Step<World>[] {
	return world.drainers.flatMap((drainer, index) => {
		const of = (next: World) => next.drainers[index] as Drainer;
		const steps = asSteps(`drainer ${index + 1}`, RULES[drainer.at], of, bounds);
		// It may stop anywhere, and may be long.
		return steps.map((step) => ({ ...step, optional: true }));
	});
}

/** What is asked takes effect at the service some time between the question and the answer. */
function asksForLease(_: World, me: Drainer) {
	Object.assign(me, { at: "asks", asked: 0 });
}

function isAnsweredByService(world: World, me: Drainer) {
	if (me.hasLease || world.lease === 0) {
		for (const drainer of world.drainers) drainer.hasLease = drainer === me;
		world.lease = LEASE;
	}
	me.at = "asked";
}

function readsAnswer(_: World, me: Drainer, { weak }: Bounds) {
	const goesOn = me.believes && weak === "a drainer that is refused its renewal goes on";
	if (!me.hasLease && !goesOn) return void Object.assign(me, { at: "idle", believes: false });
	const begins = me.believes && weak === "a renewal that took long is not looked at again";
	const age = weak === "the lease counts from the answer" ? 0 : me.asked;
	Object.assign(me, { at: begins ? "begins" : "looks", believes: true, age });
}

function looksAtLease(_: World, me: Drainer, { weak }: Bounds) {
	const left = weak === "a call is begun with five seconds of lease left" ? 1 : LEFT;
	if (LEASE - me.age >= left) me.at = "begins";
	else Object.assign(me, { at: "asks", asked: 0 });
}

function beginsCall(_: World, me: Drainer) {
	me.at = "calls";
}

/** What came of it is written against the ETag, whoever has the lease by then. */
function endsCall(_: World, me: Drainer) {
	me.at = "looks";
}

function letsGo(world: World, me: Drainer) {
	if (me.hasLease) world.lease = 0;
	Object.assign(me, { at: "idle", hasLease: false, believes: false });
}

/** From the look at the lease to the call it is a moment, and a call is broken off. */
function timeSteps({ drainers }: World, { weak }: Bounds): Step<World>[] {
	const isFree = weak === "a call may last for as long as it likes";
	const reads = weak === "what is to be sent is read after the look at the lease";
	const isUrgent = ({ at, for: time }: Drainer) =>
		(at === "calls" && time === CALL && !isFree) || (at === "begins" && !reads);
	return drainers.some(isUrgent) ? [] : [{ name: "5 s pass", optional: true, take: passes }];
}

function passes(world: World): void {
	world.lease = Math.max(0, world.lease - 1);
	for (const drainer of world.drainers) {
		drainer.age += 1;
		drainer.asked += 1;
		drainer.for += 1;
	}
}

/** What is over for long is over. */
function settle(world: World): void {
	for (const drainer of world.drainers) {
		drainer.age = drainer.believes ? Math.min(drainer.age, LEASE) : LEASE;
		drainer.asked = drainer.at === "asks" || drainer.at === "asked" ? Math.min(drainer.asked, LEASE) : 0;
		drainer.for = drainer.at === "calls" ? Math.min(drainer.for, CALL) : 0;
	}
}
