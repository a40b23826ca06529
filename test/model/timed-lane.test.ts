import { describe, expect, it } from "@jest/globals";
import { explore } from "./explore.ts";
import { A_YEAR, type Bounds, HALF_A_DAY, PAUSE, TEN_MINUTES, WEAKNESSES, type Weakness } from "./timed-bounds.ts";
import { timedLane } from "./timed-lane.ts";
import { LONGEST_DELAY } from "./timed-world.ts";

const luck = { crashes: 0, slow: 0, pauses: 0, asides: 0, removals: 0, clocks: 0 };
const crash = { ...luck, crashes: 1 };
const aside = { ...luck, asides: 1 };
const pause = { ...luck, pauses: 1 };
const wrongClock = { ...luck, clocks: 1 };
const drainers = 2;
const one = { waits: ["a"], accepts: [], drainers, luck };
/** One event is accepted, or opens a window, while another one waits. */
const another: Bounds = { ...one, accepts: [{ entry: "b" }] };
const opens: Bounds = { ...one, accepts: [{ entry: "w", joins: true }] };
/** Single events come without end while a window is open; events join it without end. */
const stream: Bounds = { ...opens, waits: [], accepts: [...opens.accepts, { entry: "b", again: true }], drainers: 1 };
const joined: Bounds = { ...stream, accepts: [{ entry: "w", joins: true, again: true }] };
/** Each drain calls GitHub in vain, and then fails. */
const failing = { ...one, luck: { ...luck, pauses: Number.POSITIVE_INFINITY } };

describe("the wake-ups of a lane, and time", () => {
	it.each<[string, Bounds, number]>([
		["another event", another, 400],
		["two processes die", { ...one, luck: { ...luck, crashes: 2 } }, 200],
		["another event, and a process dies", { ...another, luck: crash }, 5_000],
		["a window, and a process dies", { ...opens, luck: crash }, 5_000],
		["another event, and a drainer oversleeps", { ...another, luck: { ...luck, slow: 2 } }, 15_000],
		["another event, and a delivery that steps aside", { ...another, luck: aside }, 2_000],
		["a delivery that steps aside, and a process dies", { ...another, luck: { ...aside, crashes: 1 } }, 10_000],
		["a window, and a lane that pauses", { ...opens, luck: pause }, 1_000],
		["a window in a lane that is paused", { ...opens, pause: PAUSE }, 500],
		["another event, and a message is taken away", { ...another, luck: { ...aside, removals: 1 } }, 5_000],
		[
			"another event, and a drain that cannot record what it leaves",
			{ ...another, fails: "record", luck: pause },
			1_000,
		],
		["GitHub asks for a pause of a year", { ...one, asks: A_YEAR, luck: pause }, 300],
		["the state row holds a pause of a year", { ...one, pause: A_YEAR }, 300],
		["a clock is ten minutes ahead", { ...another, clock: TEN_MINUTES, luck: wrongClock }, 1_000],
		["a window, and single events without end", stream, 10_000],
		["a window, and events that join it without end", joined, 300],
	])("have everything done in time, in any order of steps: %s", (_, bounds, atLeast) => {
		const { states, violation } = explore(timedLane(bounds));
		expect(violation).toBeUndefined();
		expect(states).toBeGreaterThan(atLeast);
	});

	it.each([
		["ten minutes behind, ten minutes", TEN_MINUTES, TEN_MINUTES],
		["half a day behind, half an hour", HALF_A_DAY, LONGEST_DELAY],
	])("have everything done later by no more than a clock is wrong, and half an hour: %s", (_, behind, later) => {
		const bounds = { ...another, pause: PAUSE, clock: -behind, luck: wrongClock };
		expect(explore(timedLane(bounds, later)).violation).toBeUndefined();
	});

	// A lane at rest has a message for each event at most, and two.
	it.each(["look", "begin", "call", "clear", "leave", "record"] as const)(
		"stay as few as they are while every drain fails at the same step: %s",
		(fails) => {
			expect(explore(timedLane({ ...failing, fails })).violation).toBeUndefined();
		},
	);

	it.each(WEAKNESSES)("would not if %s", (weak) => {
		const bounds = boundsFor(weak);
		const later = weak === "a wake-up is put as far ahead as a slow clock says" ? LONGEST_DELAY : 0;
		const { violation } = explore(timedLane({ ...bounds, weak }, later));
		expect(violation?.problem).toMatch(
			bounds.fails === undefined ? /^late: |^never delivered: / : /messages for 1 events/,
		);
	});

	it("shows the steps to what went wrong", () => {
		const weak = "a message ends for a later one however late that surfaces";
		const { violation } = explore(timedLane({ ...boundsFor(weak), weak }));
		expect(violation?.problem).toBe("late: w waits for more than 7 ticks");
		expect(violation?.trace.slice(0, 3)).toEqual([
			"message 0 surfaces",
			"drain with 0 looks into the lane",
			"acceptor of w writes",
		]);
	});
});

/** The least misfortune that shows it. */
function boundsFor(weak: Weakness): Bounds {
	switch (weak) {
		case "the acceptor relies on a record however late it surfaces":
		case "a drain that leaves a late wake-up does not look once more":
			return { ...another, luck: aside };
		case "the acceptor relies on an overdue record for ever":
			return { ...another, luck: { ...aside, removals: 1 } };
		case "a message ends for a later one however late that surfaces":
			return { ...opens, pause: PAUSE };
		case "a drain that leaves a paused lane does not look once more":
			return { ...opens, luck: pause };
		case "a drain relies on a recorded wake-up however late it surfaces":
			return { ...opens, luck: aside };
		case "a drain works without a watchdog":
			return { ...one, luck: crash };
		case "a failed drain leaves its own message too":
			return { ...failing, fails: "call" };
		case "a drain that cannot record its successor leaves it beside its watchdog":
			return { ...failing, fails: "record" };
		case "a pause of a year is obeyed":
			return { ...one, pause: A_YEAR };
		case "a call by a clock that is ahead puts off the next one":
			return { ...another, clock: TEN_MINUTES, luck: wrongClock };
		case "a wake-up is put as far ahead as a slow clock says":
			return { ...one, pause: PAUSE, clock: -HALF_A_DAY, luck: wrongClock };
		case "a drain within a request closes no window":
			return stream;
		case "a window closes after its quiet time alone":
			return joined;
	}
}
