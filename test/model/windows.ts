import { inShort, type Model, type Step } from "./explore.ts";
import { asSteps, misfortune, type Rule as RuleOf } from "./rules.ts";

/**
 * The windows of one coalescing group. A rule is one call of Azure Storage. That somebody drains a lane which is not
 * empty is what wake-ups.ts shows; here it is taken for granted. A manifest has a name of its own, so writing one
 * changes nothing that others see: it is part of closing.
 */
interface World {
	/** Whether the window's row, an entry of the lane, is there. */
	window: boolean;
	/** The events that have joined and are in no manifest yet, or not cleaned up. */
	members: string[];
	/** The events whose receipt says "coalescing", and those whose receipt is final. */
	coalescing: string[];
	final: string[];
	/** The dispatch entries, in order. An entry is gone when it is both sent and cleaned up. */
	dispatches: Dispatch[];
	/** How many dispatches are numbered already. */
	numbers: number;
	/** All events of all manifests that GitHub was told of. */
	sent: string[];
	/** All events of all manifests whose dispatches are dead letters. */
	dead: string[];
	acknowledged: string[];
	lease: "free" | "held" | "held by a dead process";
	joins: Join[];
	drainers: Drainer[];
	left: Luck;
}

interface Dispatch {
	readonly number: number;
	readonly manifest: readonly string[];
	cleaned: boolean;
	sent: boolean;
}

interface Luck {
	/** Processes that die. */
	readonly crashes: number;
	/** Leases that are lost without the drainer noticing. */
	readonly leases: number;
}

interface Join {
	readonly event: string;
	at: "join" | "openWindow" | "readReceipt" | "done";
}

interface Drainer {
	at: "look" | "close" | "finish" | "lookAgain" | "conclude" | "send" | "giveUp";
	/** Whether the lease is its own. It cannot know. */
	hasLease: boolean;
	/** Whether the ETag that it has read is still that of the state row. */
	fresh: boolean;
	/** The dispatch that it is about, and its manifest. */
	number: number;
	manifest: readonly string[];
	/** How many events of the manifest it has worked off. */
	done: number;
	/** Whether it has seen members that are in no manifest. */
	left: boolean;
}

/** What the protocol must not do. */
export const WEAKNESSES = [
	"joining is two transactions",
	"the drainer does not look again after the clean-up",
	"the clean-up deletes all members",
	"the clean-up does not belong to the dispatch entry",
	"a window is closed before the last one is cleaned up",
	"a dispatch is given up before its clean-up",
	"closing is not guarded by the ETag",
] as const;
type Weakness = (typeof WEAKNESSES)[number];
const GIVEN_UP_EARLY: Weakness = "a dispatch is given up before its clean-up";

export interface Bounds {
	/** One join for each; the same event twice is a redelivery, at the same time or later. */
	readonly joins: readonly string[];
	readonly luck: Luck;
	readonly weak?: Weakness;
}

type Rule<P> = RuleOf<World, P, Bounds>;

export function windows(bounds: Bounds): Model<World> {
	return {
		initial: {
			window: false,
			members: [],
			coalescing: [],
			final: [],
			dispatches: [],
			numbers: 0,
			sent: [],
			dead: [],
			acknowledged: [],
			lease: "free",
			joins: bounds.joins.map((event) => ({ event, at: "join" })),
			drainers: [],
			left: bounds.luck,
		},
		steps: (world) => [...joinSteps(world, bounds), ...drainerSteps(world, bounds)],
		settle: (world) => {
			for (const me of world.drainers)
				if (me.at === "look") Object.assign(me, { number: 0, manifest: [], done: 0, left: false });
			const { coalescing, final, sent, dead, acknowledged, drainers } = world;
			for (const list of [coalescing, final, sent, dead, acknowledged]) list.sort();
			drainers.sort((a, b) => (inShort(a) < inShort(b) ? -1 : 1));
		},
		wrongAtEnd: ({ members, coalescing, acknowledged, sent, dead }) => {
			const listed = [...sent, ...dead];
			const times = (event: string) => listed.filter((other) => other === event).length;
			const lost = acknowledged.filter((event) => times(event) === 0);
			if (lost.length > 0) return `acknowledged, but in no manifest: ${lost}`;
			const repeated = listed.filter((event) => times(event) > 1);
			if (repeated.length > 0) return `in several manifests: ${repeated}`;
			const left = [...members, ...coalescing];
			return left.length > 0 ? `left for ever: ${left}` : undefined;
		},
	};
}

// Joining.

const JOIN: Record<Join["at"], Rule<Join>[]> = {
	join: [joins],
	openWindow: [opensWindow],
	readReceipt: [acknowledges],
	done: [],
};

/** One transaction, which fails if there is a receipt. */
function joins(world: World, me: Join, { weak }: Bounds) {
	if (world.coalescing.includes(me.event) || world.final.includes(me.event)) {
		me.at = "readReceipt";
		return;
	}
	world.coalescing.push(me.event);
	world.members.push(me.event);
	if (weak === "joining is two transactions") {
		me.at = "openWindow";
		return;
	}
	world.window = true;
	acknowledges(world, me);
}

function opensWindow(world: World, me: Join) {
	world.window = true;
	acknowledges(world, me);
}

function acknowledges(world: World, me: Join) {
	if (!world.acknowledged.includes(me.event)) world.acknowledged.push(me.event);
	me.at = "done";
}

// Draining.

const DRAINER: Record<Drainer["at"], Rule<Drainer>[]> = {
	look: [],
	close: [closesWindow],
	finish: [finishesListedMember],
	lookAgain: [looksAgain],
	conclude: [concludesCleanUp],
	send: [sends],
	giveUp: [givesUp],
};

/** What there is to do, in any order that is allowed. The last thing is to release the lease. */
function choices({ dispatches, window }: World, { weak }: Bounds): Rule<Drainer>[] {
	const unclean = dispatches.find(({ cleaned }) => !cleaned);
	// Whatever is done with a dispatch, its clean-up comes first.
	const unsent = dispatches.find(({ sent, cleaned }) => cleaned && !sent);
	const unwanted = dispatches.find(({ sent, cleaned }) => (cleaned || weak === GIVEN_UP_EARLY) && !sent);
	const mayClose = unclean === undefined || weak === "a window is closed before the last one is cleaned up";
	return [
		...(unclean === undefined ? [] : [beginsCleanUp]),
		...(unsent === undefined ? [] : [decidesToSend]),
		...(unwanted === undefined ? [] : [decidesToGiveUp]),
		...(window && mayClose ? [listsMembers, listsOldestMember] : []),
		...(unclean === undefined && unsent === undefined && !window ? [releases] : []),
	];
}

/** A window without members stays as it is. There is none, or the drainer would look for ever. */
function listsMembers(world: World, me: Drainer) {
	me.fresh = true;
	if (world.members.length > 0) Object.assign(me, { at: "close", manifest: [...world.members] });
}

/** A window that is full: what is left is the next one's. */
function listsOldestMember(world: World, me: Drainer) {
	me.fresh = true;
	if (world.members.length > 0) Object.assign(me, { at: "close", manifest: world.members.slice(0, 1) });
}

/** One transaction. */
function closesWindow(world: World, me: Drainer, { weak }: Bounds) {
	if (!writesRow(world, me) && weak !== "closing is not guarded by the ETag") return releases(world, me);
	world.window = false;
	const cleaned = weak === "the clean-up does not belong to the dispatch entry";
	world.dispatches.push({ number: world.numbers++, manifest: me.manifest, cleaned, sent: false });
	me.at = "look";
	if (cleaned) cleansUp(me, world.dispatches.at(-1) as Dispatch);
}

function beginsCleanUp({ dispatches }: World, me: Drainer) {
	me.fresh = true;
	cleansUp(me, dispatches.find(({ cleaned }) => !cleaned) as Dispatch);
}

function cleansUp(me: Drainer, { number, manifest }: Dispatch) {
	Object.assign(me, { number, manifest, done: 0, at: "finish" });
}

/** One transaction, whoever has the lane: the receipt is final, and the member is gone. Once. */
function finishesListedMember(world: World, me: Drainer, { weak }: Bounds) {
	const event = me.manifest[me.done++] as string;
	if (world.members.includes(event)) {
		world.coalescing = world.coalescing.filter((other) => other !== event);
		world.final.push(event);
	}
	const isOther = (member: string) => member !== event && weak !== "the clean-up deletes all members";
	world.members = world.members.filter(isOther);
	if (me.done === me.manifest.length) me.at = "lookAgain";
}

function looksAgain(world: World, me: Drainer, { weak }: Bounds) {
	me.left = world.members.length > 0 && weak !== "the drainer does not look again after the clean-up";
	me.at = "conclude";
}

/** One transaction: the clean-up is done, and whoever is left has a window. */
function concludesCleanUp(world: World, me: Drainer) {
	if (!writesRow(world, me)) return releases(world, me);
	if (me.left) world.window = true;
	concludes(world, me.number, { cleaned: true });
	me.at = "look";
}

function decidesToSend(world: World, me: Drainer) {
	const { number, manifest } = world.dispatches.find(({ sent, cleaned }) => cleaned && !sent) as Dispatch;
	Object.assign(me, { number, manifest, at: "send", fresh: true });
}

function decidesToGiveUp(world: World, me: Drainer, { weak }: Bounds) {
	const mayBe = ({ sent, cleaned }: Dispatch) => (cleaned || weak === GIVEN_UP_EARLY) && !sent;
	const { number, manifest } = world.dispatches.find(mayBe) as Dispatch;
	Object.assign(me, { number, manifest, at: "giveUp", fresh: true });
}

/** One transaction: it is a dead letter. */
function givesUp(world: World, me: Drainer) {
	if (!writesRow(world, me)) return releases(world, me);
	world.dead.push(...me.manifest);
	world.dispatches = world.dispatches.filter(({ number }) => number !== me.number);
	me.at = "look";
}

/** One transaction, after GitHub was told. */
function sends(world: World, me: Drainer) {
	if (!writesRow(world, me)) return releases(world, me);
	world.sent.push(...me.manifest);
	concludes(world, me.number, { sent: true });
	me.at = "look";
}

function releases(world: World, me: Drainer) {
	if (me.hasLease) world.lease = "free";
	world.drainers = world.drainers.filter((drainer) => drainer !== me);
}

function writesRow({ drainers }: World, me: Drainer) {
	if (!me.fresh) return false;
	for (const drainer of drainers) drainer.fresh = drainer === me;
	return true;
}

function concludes(world: World, number: number, change: Partial<Dispatch>) {
	world.dispatches = world.dispatches
		.map((dispatch) => (dispatch.number === number ? { ...dispatch, ...change } : dispatch))
		.filter(({ cleaned, sent }) => !(cleaned && sent));
}

// What happens to them.

function joinSteps(world: World, bounds: Bounds): Step<World>[] {
	return world.joins.flatMap(({ event, at }, index) => {
		const who = `join ${index + 1} of ${event}`;
		const of = (next: World) => next.joins[index] as Join;
		const steps = asSteps(who, JOIN[at], of, bounds);
		// Event Grid delivers an event, for the first time or again, whenever it likes.
		if (at === "join") return steps.map((step) => ({ ...step, optional: true }));
		const dies = (next: World) => {
			of(next).at = "join";
		};
		return at === "done" ? [] : [...steps, ...misfortune(world, "crashes", `${who} dies`, dies)];
	});
}

function drainerSteps(world: World, bounds: Bounds): Step<World>[] {
	const isIdle = !world.window && world.dispatches.length === 0;
	return [
		...(isIdle || world.lease !== "free"
			? []
			: [{ name: "a drainer takes the lease and reads the lane", take: begins }]),
		...(world.lease === "held by a dead process"
			? [{ name: "the lease of the dead drainer runs out", take: runsOut }]
			: []),
		...world.drainers.flatMap(({ at, hasLease }, index) => {
			const who = hasLease ? "the drainer" : "the drainer that has lost its lease";
			const of = (next: World) => next.drainers[index] as Drainer;
			const dies = (next: World) => {
				if (hasLease) next.lease = "held by a dead process";
				next.drainers.splice(index, 1);
			};
			const losesLease = (next: World) => {
				next.lease = "free";
				of(next).hasLease = false;
			};
			return [
				...asSteps(who, at === "look" ? choices(world, bounds) : DRAINER[at], of, bounds),
				...misfortune(world, "crashes", `${who} dies`, dies),
				...(hasLease ? misfortune(world, "leases", `${who} loses its lease`, losesLease) : []),
			];
		}),
	];
}

function begins(world: World) {
	world.lease = "held";
	world.drainers.push({ at: "look", hasLease: true, fresh: true, number: 0, manifest: [], done: 0, left: false });
}

function runsOut(world: World) {
	world.lease = "free";
}
