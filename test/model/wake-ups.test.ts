import { describe, expect, it } from "@jest/globals";
import { explore } from "./explore.ts";
import { type Bounds, WEAKNESSES, type Weakness, wakeUps } from "./wake-ups.ts";

const luck = { crashes: 0, leases: 0, messages: 0, calls: 0, reads: 0 };
const twoEvents = { accepts: ["a", "b"], drainers: 2, luck };
const redelivered = { accepts: ["a", "a"], drainers: 2, luck };
/** One event is accepted while another waits. */
const another = { waits: "a", accepts: ["b"], drainers: 2, luck };
const crash = { ...luck, crashes: 1 };
const lease = { ...luck, leases: 1 };
/** One message surfaces at a time: none meets another, and ends because the lane is held. */
const paused = { accepts: ["a", "b"], drainers: 1, luck: crash, paused: true };

describe("the wake-ups of a lane", () => {
	it.each<[string, Bounds, number]>([
		["two events, and a process dies", { ...twoEvents, luck: crash }, 30_000],
		["an event that comes twice, and a process dies", { ...redelivered, luck: crash }, 5_000],
		["an event that comes twice, and a lease is lost unnoticed", { ...redelivered, luck: lease }, 8_000],
		["one event, and both of this", { ...twoEvents, accepts: ["a"], luck: { ...crash, leases: 1 } }, 8_000],
		["another event, and a lease is lost", { ...another, luck: lease }, 25_000],
		["another event, and a message surfaces again", { ...another, luck: { ...luck, messages: 1 } }, 6_000],
		["another event, GitHub fails, and a process dies", { ...another, luck: { ...crash, calls: 1 } }, 20_000],
		["another event, a process dies, and the lane cannot be read", { ...another, luck: { ...crash, reads: 1 } }, 8_000],
		["another event, late wake-ups, and a process dies", { ...another, late: true, luck: crash }, 16_000],
	])("deliver all and end, in any order of steps: %s", (_, bounds, atLeast) => {
		const { states, violation } = explore(wakeUps(bounds));
		expect(violation).toBeUndefined();
		expect(states).toBeGreaterThan(atLeast);
	});

	it("become one while nothing is due", () => {
		expect(explore(wakeUps(paused)).violation).toBeUndefined();
	});

	it.each(WEAKNESSES)("would not if %s", (weak) => {
		const { violation } = explore(wakeUps({ ...boundsFor(weak), weak }));
		const isEndless = weak === "a superseded message that gets the lease goes on, and puts a successor";
		expect(violation?.problem).toContain(isEndless ? "goes on for ever" : "never delivered");
		expect(violation?.trace.length).toBeGreaterThan(2);
	});

	it("shows the steps to what went wrong", () => {
		const weak = "the acceptor acknowledges before it puts the message";
		const { violation } = explore(wakeUps({ ...boundsFor(weak), weak }));
		expect(violation?.trace).toEqual([
			"acceptor 1 of a writes receipt and entry",
			"acceptor 1 of a reads row for the record",
			"acceptor 1 of a dies",
		]);
	});
});

/** The least misfortune that shows it. */
function boundsFor(weak: Weakness): Bounds {
	switch (weak) {
		case "a superseded message that gets the lease goes on, and puts a successor":
			return paused;
		case "the drainer does not look once more after it has cleared the record":
		case "the drainer looks once more before it clears the record":
		case "the drainer never clears the record":
		case "state writes are not guarded by the ETag":
			return { ...another, luck: lease };
		case "the message of a failed drain goes though no successor was put":
			return { ...another, luck: { ...luck, reads: 1 } };
		case "the drainer takes its watchdog back though its write has failed":
			return { ...another, luck: { ...lease, calls: 1 } };
		case "the drainer takes its watchdog back before it looks once more":
			return { ...another, luck: { ...crash, messages: 1, calls: 1 } };
		case "the drainer counts on a watchdog that is recorded no longer":
			return { ...another, luck: { ...crash, leases: 1, calls: 1 } };
		default:
			return { ...twoEvents, luck: crash };
	}
}
