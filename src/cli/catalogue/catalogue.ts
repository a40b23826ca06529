import { BLOB_EVENTS } from "./blob-events.ts";
import { LEARNING_EVENTS } from "./learning-events.ts";
import { POLICY_EVENTS } from "./policy-events.ts";
import type { Matter, SampleEvent } from "./sample-event.ts";
import { createWorld, type World } from "./world.ts";

const LEARNING = "Microsoft.MachineLearningServices.";
const STORAGE = "Microsoft.Storage.";

const MAKERS: ReadonlyMap<string, (world: World) => Matter> = new Map([
	...Object.entries(LEARNING_EVENTS).map(([name, make]) => [`${LEARNING}${name}`, make] as const),
	...Object.entries({ ...BLOB_EVENTS, ...POLICY_EVENTS }).map(([name, make]) => [`${STORAGE}${name}`, make] as const),
]);

/** Every type that there are events of. */
export const CATALOGUE_TYPES: readonly string[] = [...MAKERS.keys()].sort();

/** Makes realistic events that hang together: of one workspace and one storage account, in the order of their time. */
export interface Catalogue {
	/** @throws TypeError for a type that is not in `CATALOGUE_TYPES` */
	next(type: string): SampleEvent;
}

/**
 * @param seed the same seed and the same clock, the same events
 * @param now epoch milliseconds
 */
export function createCatalogue(seed: number, now: () => number): Catalogue {
	const world = createWorld(seed, now);
	return {
		next(type) {
			const make = MAKERS.get(type);
			if (make === undefined) throw new TypeError(`there are no events of ${type}`);
			const id = world.dice.uuid();
			const { subject, data } = make(world);
			const source = type.startsWith(LEARNING) ? world.workspace : world.storageAccount;
			// Event Grid's times have seven digits below the second.
			const time = new Date(now()).toISOString().replace("Z", `${String(world.dice.below(10_000)).padStart(4, "0")}Z`);
			return { id, type, source, subject, time, data };
		},
	};
}
