import { inShort, type Model, type Step } from "./explore.ts";
import { asSteps, misfortune, type Rule as RuleOf } from "./rules.ts";

/**
 * The wake-ups of one lane. A rule is one call of Azure Storage. Between any two of them anything may happen: another
 * process goes on, a message surfaces, a process dies, a lease is lost unnoticed. There is no clock.
 */
interface World {
	/** The pending entries, in the order of acceptance. */
	entries: string[];
	/** The entries whose receipt is final: delivered, and gone from the lane. */
	delivered: string[];
	/** The entries that Event Grid believes to be in good hands. */
	acknowledged: string[];
	/** The lane's state row: the last wake-up that was ever recorded, and whether it still is. */
	row: { recorded: boolean; last: number };
	/** The messages that nobody is processing. Each may surface now or be long in coming. */
	queue: number[];
	lease: "free" | "held" | "held by a dead process";
	acceptors: Acceptor[];
	drainers: Drainer[];
	left: Luck;
}

/** How often a run may be unlucky. */
interface Luck {
	/** Processes that die. */
	readonly crashes: number;
	/** Leases that are lost without the process noticing. */
	readonly leases: number;
	/** Messages that surface again while they are processed. */
	readonly messages: number;
	/** Calls of GitHub that come to nothing, so that the entry stays. */
	readonly calls: number;
	/** Readings of the lane that fail. */
	readonly reads: number;
}

interface Process {
	/** Which rules are next. */
	at: string;
	/** Whether the lease is its own. It cannot know. */
	hasLease: boolean;
	/** Whether the ETag that it has read is still that of the state row. */
	fresh: boolean;
	/** The last number as it has read it there, or put it since. */
	last: number | null;
	/** The entries that it has seen and not finished. */
	view: string[];
}

interface Acceptor extends Process {
	readonly entry: string;
	/** Whether it has seen that a wake-up is recorded. */
	recorded: boolean;
	finished: boolean;
}

interface Drainer extends Process {
	/** Its message. */
	n: number;
	/** Whether its message is no longer its own, and comes back or not whatever it does. */
	lostMessage: boolean;
	/** Whether it throws, so that its message comes back. */
	throws: boolean;
	/** Whether it has put any message that is or was to be recorded. */
	hasPut: boolean;
	/** Its watchdog: the number, and whether it can still be taken back, since it has not surfaced. */
	watchdog: number | null;
	isQueued: boolean;
	/** Whether that is what is recorded, or will be with the next write; and whether anything was finished since. */
	inForce: boolean;
	hasWorked: boolean;
	/** Whether it has seen that a later message is recorded which is not its own. */
	another: boolean;
}

/** What the protocol must not do. Each loses an event, or leaves messages for ever. */
export const WEAKNESSES = [
	"a held message ends if it is not the recorded one",
	"a held message ends if any wake-up is recorded",
	"a held message ends",
	"a superseded message that gets the lease goes on, and puts a successor",
	"the drainer does not look once more after it has cleared the record",
	"the drainer looks once more before it clears the record",
	"the drainer never clears the record",
	"the drainer records its successor before it puts it",
	"the drainer puts no successor if any wake-up is recorded",
	"the drainer works before it puts its watchdog",
	"the drainer counts on a watchdog that is recorded no longer",
	"the drainer takes its watchdog back before it looks once more",
	"the drainer takes its watchdog back before it records its successor",
	"the drainer takes its watchdog back though its write has failed",
	"the drainer deletes its message before it works",
	"the message of a failed drain goes though no successor was put",
	"the acceptor reads the state row before it writes the entry",
	"the acceptor acknowledges before it puts the message",
	"the acceptor counts on whoever holds the lease",
	"the acceptor that drains records a wake-up before it puts it",
	"a redelivered event is acknowledged without a look at the state row",
	"state writes are not guarded by the ETag",
] as const;
export type Weakness = (typeof WEAKNESSES)[number];

export interface Bounds {
	/** An entry that lies in the lane from the beginning, with a message. */
	readonly waits?: string;
	/** One acceptor for each; the same entry twice is an event that is delivered twice at the same time. */
	readonly accepts: readonly string[];
	/** How many messages are processed at the same time. */
	readonly drainers: number;
	readonly luck: Luck;
	/** What is recorded may surface too late for others: then it ends nobody, and who has put it looks once more. */
	readonly late?: boolean;
	/** Nothing is ever due, and the lane is at rest when one message is left. Otherwise anything may be due or not. */
	readonly paused?: boolean;
	readonly weak?: Weakness;
}

type Rule<P extends Process> = RuleOf<World, P, Bounds>;

export function wakeUps(bounds: Bounds): Model<World> {
	const waiting = bounds.waits === undefined ? [] : [bounds.waits];
	return {
		initial: {
			entries: waiting,
			delivered: [],
			acknowledged: waiting,
			row: { recorded: false, last: 0 },
			queue: waiting.map(() => 0),
			lease: "free",
			acceptors: bounds.accepts.map((entry) => newAcceptor(entry, bounds)),
			drainers: [],
			left: bounds.luck,
		},
		steps: (world) => {
			const steps = [...acceptorSteps(world, bounds), ...drainerSteps(world, bounds), ...leaseSteps(world)];
			const atRest = bounds.paused && world.queue.length + world.drainers.length < 2;
			return atRest ? steps.map((step) => ({ ...step, optional: true })) : steps;
		},
		settle: (world) => settle(world, bounds),
		wrongAtEnd: ({ acknowledged, delivered }) => {
			const lost = acknowledged.filter((entry) => !delivered.includes(entry));
			return lost.length > 0 && !bounds.paused ? `acknowledged, but never delivered: ${lost}` : undefined;
		},
	};
}

// The acceptor.

const ACCEPTOR: Record<string, Rule<Acceptor>[]> = {
	write: [writesReceiptAndEntry],
	inline: [looksIntoTheLaneInline],
	putNext: [putsSuccessorInline],
	record: [recordsSuccessorInline],
	release: [releasesInline],
	readRow: [readsRowForTheRecord],
	put: [putsMessage],
	done: [],
};

/** What it does with what it has seen: as long as its own is not finished, it may go on. */
function rulesOfAcceptor(
	{ at, finished, recorded }: Acceptor,
	{ lease }: World,
	{ paused, weak }: Bounds,
): Rule<Acceptor>[] {
	const tries = lease === "free" || weak === "the acceptor counts on whoever holds the lease";
	if (at === "written") return tries ? [triesInline, readsRowForTheRecord] : [readsRowForTheRecord];
	if (at !== "work") return ACCEPTOR[at] ?? [];
	const putsFirst = weak !== "the acceptor that drains records a wake-up before it puts it";
	const leaves = recorded ? releasesInline : putsFirst ? putsSuccessorInline : recordsSuccessorInline;
	return finished || paused ? [leaves] : [finishesInline, leaves];
}

function newAcceptor(entry: string, { weak }: Bounds): Acceptor {
	const at = weak === "the acceptor reads the state row before it writes the entry" ? "readRow" : "write";
	return { entry, at, hasLease: false, fresh: false, recorded: false, last: null, view: [], finished: false };
}

function writesReceiptAndEntry(world: World, me: Acceptor, { weak }: Bounds) {
	const isFinal = world.delivered.includes(me.entry);
	const isNew = !isKnown(world, me.entry);
	if (isNew) world.entries.push(me.entry);
	if (weak === "the acceptor reads the state row before it writes the entry") {
		if (me.recorded) acknowledges(world, me);
		else me.at = "put";
	} else if (isNew) me.at = "written";
	else if (isFinal) acknowledges(world, me);
	else if (weak === "a redelivered event is acknowledged without a look at the state row") acknowledges(world, me);
	else me.at = "readRow";
}

function isKnown({ entries, delivered }: World, entry: string) {
	return entries.includes(entry) || delivered.includes(entry);
}

function triesInline(world: World, me: Acceptor, { weak }: Bounds) {
	if (takesLease(world, me)) me.at = "inline";
	else if (weak === "the acceptor counts on whoever holds the lease") acknowledges(world, me);
	else me.at = "readRow";
}

function looksIntoTheLaneInline(world: World, me: Acceptor) {
	readsRow(world, me);
	Object.assign(me, { recorded: world.row.recorded, view: [...world.entries] });
	me.at = me.view.length > 0 ? "work" : "release";
}

function finishesInline(world: World, me: Acceptor, bounds: Bounds) {
	const [entry] = me.view;
	const isWritten = finishes(world, me, me.recorded, bounds);
	if (isWritten && entry === me.entry) me.finished = true;
	me.at = isWritten && me.view.length > 0 ? "work" : "release";
}

function putsSuccessorInline(world: World, me: Acceptor, { weak }: Bounds) {
	if (weak === "the acceptor that drains records a wake-up before it puts it") {
		world.queue.push(me.last as number);
		me.at = "release";
	} else {
		putsNext(world, me);
		me.at = "record";
	}
}

function recordsSuccessorInline(world: World, me: Acceptor, bounds: Bounds) {
	const isLate = bounds.weak === "the acceptor that drains records a wake-up before it puts it";
	if (isLate) me.last = (me.last as number) + 1;
	const isWritten = writesRow(world, me, true, bounds);
	me.at = isWritten && isLate ? "putNext" : "release";
}

function releasesInline(world: World, me: Acceptor) {
	releasesLease(world, me);
	if (me.finished) acknowledges(world, me);
	else me.at = "readRow";
}

function readsRowForTheRecord(world: World, me: Acceptor, { weak }: Bounds) {
	readsRow(world, me);
	me.recorded = world.row.recorded;
	if (weak === "the acceptor reads the state row before it writes the entry") me.at = "write";
	else if (me.recorded) acknowledges(world, me);
	else me.at = "put";
	if (weak === "the acceptor acknowledges before it puts the message") world.acknowledged.push(me.entry);
}

function putsMessage(world: World, me: Acceptor) {
	world.queue.push(me.last as number);
	acknowledges(world, me);
}

function acknowledges(world: World, me: Acceptor) {
	if (!world.acknowledged.includes(me.entry)) world.acknowledged.push(me.entry);
	me.at = "done";
}

// The drainer.

const DRAINER: Record<string, Rule<Drainer>[]> = {
	held: [looksWhetherItIsSuperseded],
	look: [looksIntoTheLane],
	// Its watchdog is put, and is recorded with the next write.
	begun: [finishesNext],
	putLate: [putsWatchdogLate],
	record: [recordsSuccessor],
	putNext: [putsSuccessor],
	lookBefore: [looksBeforeItClears],
	clear: [clearsRecord],
	takeBackFirst: [takesWatchdogBackFirst],
	takeBack: [takesWatchdogBack],
	takeBackReplaced: [takesWatchdogBack],
	left: [releases],
	release: [releases],
};

/** What it does with what it has seen: it works, or leaves because nothing is due yet, or has worked long enough. */
function rulesOfDrainer(me: Drainer, { row }: World, { late, paused, weak }: Bounds): Rule<Drainer>[] {
	const { n, at, hasPut, inForce, hasWorked, another, isQueued } = me;
	if (late && at === "look" && !hasPut && isSuperseded(row, n)) return [looksIntoTheLane, looksThoughSuperseded];
	if (late && at === "left") return [releases, looksIntoTheLane];
	if (at !== "work") return DRAINER[at] ?? [];
	const isEarly = weak === "the drainer takes its watchdog back before it records its successor";
	const putsFirst = weak !== "the drainer records its successor before it puts it";
	const puts = isEarly && isQueued ? takesWatchdogBackFirst : putsFirst ? putsSuccessor : recordsSuccessor;
	const leaves = another ? releases : puts;
	if (paused) return [leaves];
	if (weak === "the drainer works before it puts its watchdog" && !inForce) return [finishesNext, leaves];
	if (!inForce) return [putsWatchdog, leaves];
	return [finishesNext, leaves, ...(hasWorked ? [putsWatchdog] : [])];
}

function newDrainer(n: number, { weak }: Bounds): Drainer {
	return {
		n,
		at: "",
		hasLease: false,
		fresh: false,
		last: null,
		view: [],
		lostMessage: weak === "the drainer deletes its message before it works",
		throws: false,
		hasPut: false,
		watchdog: null,
		isQueued: false,
		inForce: false,
		hasWorked: false,
		another: false,
	};
}

function triesLease(world: World, me: Drainer) {
	me.at = takesLease(world, me) ? "look" : "held";
}

/** If it is not, it puts itself again. Meanwhile nobody can tell whether it is in the queue or will be. */
function looksWhetherItIsSuperseded(world: World, me: Drainer, { weak }: Bounds) {
	const { row } = world;
	let superseded = isSuperseded(row, me.n);
	if (weak === "a held message ends if it is not the recorded one") superseded = !row.recorded || row.last !== me.n;
	if (weak === "a held message ends if any wake-up is recorded") superseded = row.recorded;
	if (weak === "a held message ends") superseded = true;
	if (!superseded) world.queue.push(me.n);
	ends(world, me);
}

function isSuperseded(row: World["row"], n: number) {
	return row.recorded && row.last > n;
}

/** One query, which sees the state row and the entries at the same moment. */
function looksIntoTheLane(world: World, me: Drainer, bounds: Bounds) {
	const goesOn = bounds.weak === "a superseded message that gets the lease goes on, and puts a successor";
	if (isSuperseded(world.row, me.n) && !me.hasPut && !goesOn) me.at = "release";
	else looksThoughSuperseded(world, me, bounds);
}

/** What is recorded surfaces so late that it is no reason to end, but reason enough to put no successor. */
function looksThoughSuperseded(world: World, me: Drainer, bounds: Bounds) {
	const { row } = world;
	const { weak } = bounds;
	readsRow(world, me);
	me.inForce = row.recorded && me.watchdog === row.last;
	if (weak === "the drainer counts on a watchdog that is recorded no longer") me.inForce = me.watchdog !== null;
	me.another = isSuperseded(row, me.n) && me.watchdog !== row.last;
	if (weak === "a superseded message that gets the lease goes on, and puts a successor") me.another = false;
	if (weak === "the drainer puts no successor if any wake-up is recorded") me.another = row.recorded;
	me.view = [...world.entries];
	const clears = row.recorded && weak !== "the drainer never clears the record";
	if (me.view.length > 0) me.at = "work";
	else if (!clears) me.at = me.isQueued ? "takeBack" : "release";
	else me.at = weak === "the drainer looks once more before it clears the record" ? "lookBefore" : "clear";
}

function looksBeforeItClears(world: World, me: Drainer) {
	me.at = world.entries.length > 0 ? "look" : "clear";
}

function clearsRecord(world: World, me: Drainer, bounds: Bounds) {
	if (writesRow(world, me, false, bounds)) looksOnceMore(me, bounds);
	else throws(me, bounds);
}

function looksOnceMore(me: Drainer, { weak }: Bounds) {
	me.at = "look";
	if (weak === "the drainer takes its watchdog back before it looks once more" && me.isQueued) me.at = "takeBackFirst";
	if (weak === "the drainer does not look once more after it has cleared the record") me.at = "release";
	if (weak === "the drainer looks once more before it clears the record") me.at = "release";
}

function putsWatchdog(world: World, me: Drainer) {
	putsNext(world, me);
	Object.assign(me, { at: "begun", hasPut: true, watchdog: me.last, isQueued: true, inForce: true, hasWorked: false });
}

/** One transaction, which also records the watchdog, or clears the record if nothing that it has seen is left. */
function finishesNext(world: World, me: Drainer, bounds: Bounds) {
	const isLast = me.view.length === 1;
	const { weak } = bounds;
	const isLate = weak === "the drainer works before it puts its watchdog" && !me.inForce;
	if (isLate) me.last = (me.last as number) + 1;
	if (weak === "the drainer counts on a watchdog that is recorded no longer" && !isLast) me.last = me.watchdog;
	if (!finishes(world, me, !isLast, bounds)) return throws(me, bounds);
	Object.assign(me, { at: isLate ? "putLate" : "work", hasWorked: true });
	if (isLast) looksOnceMore(me, bounds);
}

function putsWatchdogLate(world: World, me: Drainer) {
	world.queue.push(me.last as number);
	Object.assign(me, { at: "work", hasPut: true, watchdog: me.last, isQueued: true, inForce: true });
}

/** GitHub does not take it, or it waits: in a write that finishes nothing. */
function recordsWatchdog(world: World, me: Drainer, bounds: Bounds) {
	if (writesRow(world, me, true, bounds)) me.at = "look";
	else throws(me, bounds);
}

function putsSuccessor(world: World, me: Drainer, { weak }: Bounds) {
	if (weak === "the drainer records its successor before it puts it") {
		world.queue.push(me.last as number);
		me.at = "left";
	} else {
		putsNext(world, me);
		me.at = "record";
	}
}

function recordsSuccessor(world: World, me: Drainer, bounds: Bounds) {
	const isLate = bounds.weak === "the drainer records its successor before it puts it";
	if (isLate) me.last = (me.last as number) + 1;
	if (!writesRow(world, me, true, bounds)) throws(me, bounds);
	else Object.assign(me, { at: isLate ? "putNext" : me.isQueued ? "takeBackReplaced" : "left", hasPut: true });
}

function takesWatchdogBackFirst(world: World, me: Drainer, { weak }: Bounds) {
	takesWatchdogBack(world, me);
	me.at = weak === "the drainer takes its watchdog back before it looks once more" ? "look" : "putNext";
}

/** Only if that very message has not surfaced. */
function takesWatchdogBack(world: World, me: Drainer) {
	if (me.isQueued) world.queue.splice(world.queue.indexOf(me.watchdog as number), 1);
	Object.assign(me, { at: me.at === "takeBackReplaced" ? "left" : "release", isQueued: false });
}

function throws(me: Drainer, { weak }: Bounds) {
	me.throws = true;
	const takesBack = weak === "the drainer takes its watchdog back though its write has failed" && me.isQueued;
	me.at = takesBack ? "takeBack" : "release";
}

function releases(world: World, me: Drainer, { weak }: Bounds) {
	releasesLease(world, me);
	// A drain that fails leaves one message: its successor where it has put one, else its own, which comes back.
	const goes = me.hasPut || weak === "the message of a failed drain goes though no successor was put";
	if (me.throws && !goes) givesBackMessage(world, me);
	ends(world, me);
}

/** The platform deletes the message. A process that dies before that is one whose message surfaces again. */
function ends(world: World, me: Drainer) {
	world.drainers = world.drainers.filter((drainer) => drainer !== me);
}

function givesBackMessage(world: World, me: Drainer) {
	if (!me.lostMessage) world.queue.push(me.n);
}

// What both do.

function takesLease(world: World, me: Process) {
	if (world.lease !== "free") return false;
	world.lease = "held";
	me.hasLease = true;
	return true;
}

function releasesLease(world: World, me: Process) {
	if (me.hasLease) world.lease = "free";
	me.hasLease = false;
}

function readsRow({ row }: World, me: Process) {
	Object.assign(me, { fresh: true, last: row.last });
}

/** Whoever writes the state row makes all other ETags stale. A write with a stale one fails. */
function writesRow(world: World, me: Process, recorded: boolean, { weak }: Bounds) {
	if (!me.fresh && weak !== "state writes are not guarded by the ETag") return false;
	for (const process of [...world.acceptors, ...world.drainers]) process.fresh = process === me;
	world.row = { recorded, last: me.last as number };
	return true;
}

function putsNext(world: World, me: Process) {
	me.last = (me.last as number) + 1;
	world.queue.push(me.last);
}

/**
 * One transaction: the receipt is final, the entry is gone, the state row knows of the call. If it fails, the first two
 * are written alone: what GitHub has taken is a fact, whoever has the lane now.
 */
function finishes(world: World, me: Process, recorded: boolean, bounds: Bounds) {
	const entry = me.view.shift() as string;
	const isWritten = world.entries.includes(entry) && writesRow(world, me, recorded, bounds);
	world.entries = world.entries.filter((other) => other !== entry);
	if (!world.delivered.includes(entry)) world.delivered.push(entry);
	return isWritten;
}

// What happens to them.

function acceptorSteps(world: World, bounds: Bounds): Step<World>[] {
	return world.acceptors.flatMap((acceptor, index) => {
		const { at, entry, hasLease } = acceptor;
		const who = `acceptor ${index + 1} of ${entry}`;
		const of = (next: World) => next.acceptors[index] as Acceptor;
		const firstPlace = newAcceptor(entry, bounds).at;
		const steps = asSteps(who, rulesOfAcceptor(acceptor, world, bounds), of, bounds);
		// All are alike: what follows if the second begins first would only be the same with other names.
		const before = bounds.accepts[index - 1];
		if (firstPlace === "write" && before !== undefined && !isKnown(world, before)) return [];
		// Event Grid delivers an event, for the first time or again, whenever it likes.
		if (at === firstPlace) return steps.map((step) => ({ ...step, optional: true }));
		const dies = (next: World) => {
			leavesLease(next, of(next));
			next.acceptors[index] = newAcceptor(entry, bounds);
		};
		if (at !== "done") steps.push(...misfortune(world, "crashes", `${who} dies`, dies));
		if (hasLease)
			steps.push(...misfortune(world, "leases", `${who} loses its lease`, (next) => losesLease(next, of(next))));
		return steps;
	});
}

function drainerSteps(world: World, bounds: Bounds): Step<World>[] {
	return [
		...surfacingSteps(world, bounds),
		...world.drainers.flatMap((drainer, index) => {
			const { at, n, hasLease, lostMessage, inForce } = drainer;
			const kind = hasLease ? "drainer" : at === "held" ? "held drainer" : "overslept drainer";
			const who = `${kind} with ${nameOf(n)}`;
			const of = (next: World) => next.drainers[index] as Drainer;
			const dies = (next: World) => {
				leavesLease(next, of(next));
				givesBackMessage(next, of(next));
				next.drainers.splice(index, 1);
			};
			const losesMessage = (next: World) => {
				givesBackMessage(next, of(next));
				of(next).lostMessage = true;
			};
			const triesInVain = (next: World) => recordsWatchdog(next, of(next), bounds);
			return [
				...asSteps(who, rulesOfDrainer(drainer, world, bounds), of, bounds),
				...misfortune(world, "crashes", `${who} dies`, dies),
				...(hasLease
					? misfortune(world, "leases", `${who} loses its lease`, (next) => losesLease(next, of(next)))
					: []),
				...(lostMessage ? [] : misfortune(world, "messages", `the message of ${who} surfaces again`, losesMessage)),
				...(at === "look"
					? misfortune(world, "reads", `${who} cannot read the lane`, (next) => throws(of(next), bounds))
					: []),
				...(inForce ? misfortune(world, "calls", `${who} tries in vain, and records its watchdog`, triesInVain) : []),
			];
		}),
	];
}

/** Of messages with the same number it matters only whose they are. */
function surfacingSteps({ queue, drainers }: World, bounds: Bounds): Step<World>[] {
	if (drainers.length >= bounds.drainers) return [];
	return [...new Set(queue)].flatMap((n) => {
		const owners = [...drainers.keys()].filter((index) => drainers[index]?.isQueued && drainers[index]?.watchdog === n);
		const others = queue.filter((other) => other === n).length - owners.length;
		const take = (next: World) => surfaces(next, n, bounds);
		return [
			...(others > 0 ? [{ name: `${nameOf(n)} surfaces, and tries the lease`, take }] : []),
			...owners.map((index) => ({
				name: `${nameOf(n)}, a watchdog, surfaces, and tries the lease`,
				take: (next: World) => {
					(next.drainers[index] as Drainer).isQueued = false;
					surfaces(next, n, bounds);
				},
			})),
		];
	});
}

function leaseSteps({ lease }: World): Step<World>[] {
	if (lease !== "held by a dead process") return [];
	return [{ name: "the lease of the dead process runs out", take: runsOut }];
}

function runsOut(world: World) {
	world.lease = "free";
}

function surfaces(world: World, n: number, bounds: Bounds) {
	world.queue.splice(world.queue.indexOf(n), 1);
	const drainer = newDrainer(n, bounds);
	triesLease(world, drainer);
	world.drainers.push(drainer);
}

function leavesLease(world: World, { hasLease }: Process) {
	if (hasLease) world.lease = "held by a dead process";
}

function losesLease(world: World, me: Process) {
	world.lease = "free";
	me.hasLease = false;
}

/** Worlds that differ in nothing that can matter any more become one. That keeps their number finite, and small. */
function settle(world: World, bounds: Bounds): void {
	// Who has no lease any more has nothing to release.
	for (const me of world.acceptors) if (me.at === "release" && !me.hasLease) releasesInline(world, me);
	for (const me of world.drainers) if (me.at === "release" && !me.hasLease) releases(world, me, bounds);
	for (const acceptor of world.acceptors) {
		const { at } = acceptor;
		if (!["work", "record", "putNext", "put", "write"].includes(at))
			Object.assign(acceptor, { fresh: false, last: null, view: [], recorded: false });
		if (!["work"].includes(at)) acceptor.view = [];
		if (["put", "record"].includes(at)) acceptor.recorded = false;
		if (!["work", "record", "putNext", "release"].includes(at)) acceptor.finished = false;
	}
	for (const drainer of world.drainers) {
		const { at } = drainer;
		if (!["work", "begun"].includes(at)) drainer.view = [];
		if (["look", "left", "release", "takeBack", "takeBackReplaced"].includes(at))
			Object.assign(drainer, { fresh: false, last: null });
		if (!["work", "begun"].includes(at)) Object.assign(drainer, { inForce: false, another: false });
		if (["left", "release", "takeBack", "takeBackReplaced"].includes(at)) drainer.hasWorked = false;
		if (at === "release") {
			const hasPut = drainer.throws && drainer.hasPut;
			Object.assign(drainer, { hasPut, watchdog: null, isQueued: false });
		}
	}
	countFromLast(world);
	world.drainers.sort((a, b) => (inShort(a) < inShort(b) ? -1 : 1));
	world.delivered.sort();
	world.acknowledged.sort();
}

/** Numbers are only ever compared with the last one, so they are counted from it, and all older messages are alike. */
function countFromLast(world: World): void {
	const { recorded, last } = world.row;
	const shift = (n: number, least: number) => Math.max(n - last, least);
	world.row = { recorded, last: 0 };
	world.queue = world.queue.map((n) => shift(n, -1)).sort((a, b) => a - b);
	for (const drainer of world.drainers) {
		drainer.n = shift(drainer.n, -1);
		if (drainer.watchdog !== null) drainer.watchdog = shift(drainer.watchdog, -1);
	}
	for (const process of [...world.acceptors, ...world.drainers]) {
		// Whoever puts it, puts an old message; whoever puts the next one, the last.
		if (process.last !== null) process.last = shift(process.last, process.at === "put" ? -1 : -2);
	}
}

function nameOf(n: number): string {
	if (n < 0) return "an old message";
	return n === 0 ? "the last message" : "the next message";
}
