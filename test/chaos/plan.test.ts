import { describe, expect, it } from "@jest/globals";
import { BRIDGES, planStorm } from "../../chaos/plan.ts";
import type { StormSize } from "../../chaos/plan-weather.ts";
import { readArguments } from "../../chaos/read-arguments.ts";
import { placeOf, RETIRED } from "../../chaos/routes.ts";

const SIZE: StormSize = { events: 3_000, kills: 9, outages: 4, long: true, intakeMs: 60_000 };
const plan = planStorm(42, SIZE);

describe("a storm's plan", () => {
	it("is the same for the same seed, and another for another one", () => {
		expect(planStorm(42, SIZE)).toEqual(plan);
		expect(planStorm(43, SIZE).kills).not.toEqual(plan.kills);
	});

	it("delivers every event once, in its order, apart from what it repeats on purpose", () => {
		const delivered = plan.deliveries.flatMap(({ events }) => events);
		expect(delivered).toEqual(plan.events.map((_, index) => index));
		expect(new Set(plan.events.map(({ id }) => id)).size).toBe(SIZE.events);
	});

	it("has about as many events that go alone as events that are gathered, and some of every other sort", () => {
		const share = (count: number) => count / SIZE.events;
		const gathered = plan.events.filter(({ owes }) => owes.some(({ coalesced }) => coalesced)).length;
		expect(share(gathered)).toBeGreaterThan(0.45);
		expect(share(gathered)).toBeLessThan(0.57);
		const [invalid, manifold, large] = [
			plan.events.filter((event) => event.invalid),
			plan.events.filter(({ owes }) => owes.length > 1),
			plan.events.filter(({ data }) => JSON.stringify(data).length > 64 * 1024),
		];
		for (const some of [invalid, manifold, large]) expect(some.length).toBeGreaterThan(3);
		expect(plan.deliveries.some(({ twice }) => twice)).toBe(true);
		expect(plan.deliveries.some(({ again }) => again !== undefined)).toBe(true);
	});

	it("owes something to each kind of destination, gathered and alone", () => {
		const owed = plan.events.flatMap(({ owes }) => owes);
		const kinds = owed.map(({ to, coalesced }) => {
			const kind = to.startsWith("dev.azure.com/") ? "pipeline" : to.includes(".yml") ? "workflow" : "repository";
			return `${kind} ${coalesced ? "gathered" : "alone"}`;
		});
		const each = ["pipeline", "repository", "workflow"].flatMap((kind) => [`${kind} alone`, `${kind} gathered`]);
		expect([...new Set(kinds)].toSorted()).toEqual(each);
	});

	it("keeps everything within the time in which events come", () => {
		const times = [plan.deliveries, plan.kills, plan.outages, plan.weather].flatMap((items) =>
			items.map(({ at }) => at),
		);
		expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
		expect(Math.max(...times)).toBeLessThanOrEqual(SIZE.intakeMs);
		expect(plan.kills.map(({ bridge }) => bridge).every((bridge) => bridge >= 0 && bridge < BRIDGES)).toBe(true);
		expect([plan.kills.length, plan.outages.length]).toEqual([SIZE.kills, SIZE.outages]);
	});

	it("plays what takes minutes to heal only in a long storm", () => {
		const kinds = (long: boolean) => new Set(planStorm(1, { ...SIZE, long }).weather.map(({ kind }) => kind));
		expect(kinds(true)).toEqual(new Set(["faults", "rotate", "app tokens end", "revoke"]));
		expect(kinds(false)).toEqual(new Set(["faults", "rotate", "app tokens end"]));
		const retired = (long: boolean) =>
			planStorm(1, { ...SIZE, long }).events.filter(({ owes }) => owes.some(({ to }) => placeOf(to) === RETIRED));
		expect(retired(true).filter(({ owes }) => owes[0]?.coalesced).length).toBeGreaterThan(2);
		expect(retired(true).filter(({ owes }) => !owes[0]?.coalesced).length).toBeGreaterThan(2);
		expect(retired(false)).toEqual([]);
	});

	it("spreads ten thousand events over hundreds of groups", () => {
		const large = planStorm(42, { ...SIZE, events: 10_000 });
		const groups = new Set(large.events.map(({ subject }) => /containers\/lake\/blobs\/([^/]+)\//.exec(subject)?.[1]));
		expect(groups.size).toBeGreaterThan(300);
	});

	it("plays answers that are untrue: taken, and answered with 502", () => {
		const faults = plan.weather.flatMap((weather) => (weather.kind === "faults" ? weather.faults : []));
		expect(faults.some(({ status, taken }) => status === 502 && taken === true)).toBe(true);
	});
});

describe("the command line", () => {
	it("asks for ten thousand events and twenty kills, or for a short storm", () => {
		expect(readArguments([])).toMatchObject({ size: { events: 10_000, kills: 20, long: true }, boundMs: 1_200_000 });
		expect(readArguments(["--quick"])).toMatchObject({
			size: { events: 300, kills: 3, long: false },
			boundMs: 240_000,
		});
		expect(readArguments(["--events", "50", "--kills", "0", "--seed", "7"])).toMatchObject({
			seed: 7,
			size: { events: 50, kills: 0 },
		});
	});

	it.each([
		["--events", "none"],
		["--kills", "-1"],
		["--minutes", "0"],
		["--seed", "1.5"],
		["--everything", "1"],
	])("refuses %s %s", (flag, value) => {
		expect(() => readArguments([`${flag}=${value}`])).toThrow(flag);
	});
});
