import type { Route } from "../../route/route.ts";
import { toCloudEvent } from "../catalogue/envelope.ts";
import { eventType, routeTypes } from "../event-types.ts";

export interface ExampleEvents {
	/** One of each type that a route names, as CloudEvents. */
	readonly events: readonly unknown[];
	/** Types that routes name, and of which there is no example. */
	readonly without: readonly string[];
}

/** For a table that names no type. */
const USUAL = ["Microsoft.MachineLearningServices.RunCompleted", "Microsoft.Storage.BlobCreated"];

/** The events that a table is about: the examples of the types' schemas. */
export function exampleEvents(routes: readonly Route[]): ExampleEvents {
	const named = new Set(routes.map(routeTypes).flatMap(({ named: isNamed, types }) => (isNamed ? types : [])));
	const types = named.size === 0 ? USUAL : [...named];
	const examples = types.flatMap((type) => eventType(type)?.example ?? []);
	return { events: examples.map(toCloudEvent), without: types.filter((type) => eventType(type) === undefined) };
}
