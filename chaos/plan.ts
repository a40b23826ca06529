import { planWeather, type StormSize, type Weather } from "./plan-weather.ts";
import { createRandom, type Random } from "./random.ts";
import { type StormEvent, stormEvent } from "./storm-event.ts";

export type Door = "webhook" | "event-grid-trigger";

/** One delivery of Event Grid's. All times are milliseconds from the beginning of the storm. */
export interface Delivery {
	readonly at: number;
	/** Indices of its events. */
	readonly events: readonly number[];
	readonly schema: "event-grid" | "cloud-events";
	readonly door: Door;
	/** Sent to two bridges at the same time. */
	readonly twice: boolean;
	/** Sent again so long after it was answered with success. */
	readonly again: { readonly afterMs: number; readonly door: Door } | undefined;
}

export interface Kill {
	readonly at: number;
	/** Which bridge; if that one is down, the next one that is not. */
	readonly bridge: number;
	readonly downMs: number;
}

export interface Outage {
	readonly at: number;
	readonly ms: number;
}

/** Everything that a storm does by itself. What the bridges do about it is up to them. */
export interface Plan {
	readonly seed: number;
	readonly size: StormSize;
	readonly events: readonly StormEvent[];
	readonly deliveries: readonly Delivery[];
	readonly kills: readonly Kill[];
	readonly outages: readonly Outage[];
	readonly weather: readonly Weather[];
}

export const BRIDGES = 3;
const LARGEST_BATCH = 12;
/** A batch is all or nothing, so what goes wrong with one event concerns all of it. */
const BATCHES = 0.35;
const TWICE = 0.02;
const AGAIN = 0.06;
const AGAIN_WITHIN_MS = 8_000;
/** So that ten thousand events are in hundreds of directories, a window each. */
const EVENTS_A_DIRECTORY = 25;
/** The share of the storm in which something comes that is given up. */
const RETIRES_UNTIL = 0.3;

/** Plans a storm. The same seed and size give the same plan. */
export function planStorm(seed: number, size: StormSize): Plan {
	const random = createRandom(seed);
	const { events: count, intakeMs } = size;
	const atOf = (index: number) => Math.floor((index / count) * intakeMs);
	const making = random.of("events");
	const events = Array.from({ length: count }, (_, index) => {
		const at = atOf(index);
		const retires = size.long && at < intakeMs * RETIRES_UNTIL;
		return stormEvent({ index, at, directories: Math.ceil(count / EVENTS_A_DIRECTORY), retires }, making);
	});
	return {
		seed,
		size,
		events,
		deliveries: planDeliveries(count, atOf, random.of("deliveries")),
		kills: planKills(size, random.of("kills")),
		outages: planOutages(size, random.of("outages")),
		weather: planWeather(size, random.of("weather")),
	};
}

function planDeliveries(count: number, atOf: (index: number) => number, random: Random): Delivery[] {
	const door = (): Door => random.pick(["webhook", "webhook", "event-grid-trigger"]);
	const deliveries: Delivery[] = [];
	for (let next = 0; next < count; ) {
		const length = Math.min(random.chance(BATCHES) ? random.between(2, LARGEST_BATCH) : 1, count - next);
		const first = next;
		deliveries.push({
			at: atOf(first),
			events: Array.from({ length }, (_, index) => first + index),
			schema: random.pick(["event-grid", "cloud-events"]),
			door: door(),
			twice: random.chance(TWICE),
			again: random.chance(AGAIN) ? { afterMs: random.between(0, AGAIN_WITHIN_MS), door: door() } : undefined,
		});
		next += length;
	}
	return deliveries;
}

/** Spread over the storm, each at any moment of its share: never all at one end. */
function planKills({ kills, intakeMs }: StormSize, random: Random): Kill[] {
	const share = (intakeMs * 0.9) / Math.max(kills, 1);
	return Array.from({ length: kills }, (_, index) => ({
		at: Math.floor(intakeMs * 0.05 + (index + random.fraction()) * share),
		bridge: random.between(0, BRIDGES - 1),
		downMs: random.between(0, 2_500),
	}));
}

function planOutages({ outages, intakeMs, long }: StormSize, random: Random): Outage[] {
	const share = (intakeMs * 0.8) / Math.max(outages, 1);
	return Array.from({ length: outages }, (_, index) => ({
		at: Math.floor(intakeMs * 0.15 + (index + random.fraction() * 0.5) * share),
		ms: random.between(300, long ? 8_000 : 2_000),
	}));
}
