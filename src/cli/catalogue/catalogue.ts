import { toDispatchType } from "../../route/route.ts";
import { CliError } from "../cli-error.ts";
import { eventType, meantType, TYPE_NAMES } from "../event-types.ts";
import type { SampleEvent } from "./envelope.ts";
import { MAKERS } from "./makers.ts";
import { varyExample } from "./vary-example.ts";
import { createWorld } from "./world.ts";

/** Makes realistic events that hang together: of one workspace and one storage account, in the order of their time. */
export interface Catalogue {
	/** @throws TypeError for a type that has no schema */
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
			const example = eventType(type)?.example;
			if (example === undefined) throw new TypeError(`there are no events of ${type}`);
			const id = world.dice.uuid();
			const { subject, data } = MAKERS[type]?.(world) ?? varyExample(example, world);
			// Event Grid's times have seven digits below the second.
			const time = new Date(now()).toISOString().replace("Z", `${String(world.dice.below(10_000)).padStart(4, "0")}Z`);
			return { id, type, source: example.source, subject, time, data };
		},
	};
}

/**
 * The type that a text names: as published, by its dispatch type, or by its last part; in any case.
 * @throws CliError with what was probably meant
 */
export function findType(text: string): string {
	const wanted = text.trim().toLowerCase();
	const found = TYPE_NAMES.find((type) => namesOf(type).some((name) => name.toLowerCase() === wanted));
	if (found !== undefined) return found;
	const meant = meantType(text);
	const hint =
		meant === undefined
			? `the known types are ${TYPE_NAMES.map(shortName).join(", ")}; for another type, send a recorded event with --file`
			: `did you mean ${shortName(meant)}?`;
	throw new CliError(`the event type "${text}" is not known: ${hint}`, 2);
}

/** The last part of a type, such as `RunCompleted`. */
export function shortName(type: string): string {
	return type.split(".").at(-1) ?? type;
}

function namesOf(type: string): readonly string[] {
	return [type, toDispatchType(type), shortName(type)];
}
