import { KNOWN_EVENT_TYPES } from "../../event/read-event.ts";
import { toDispatchType } from "../../route/keys.ts";
import type { Route } from "../../route/route.ts";
import { published, typesOfSource } from "./known-events.ts";

/** The event types that a route takes. */
export interface RouteTypes {
	/** In published case where known. */
	readonly types: readonly string[];
	/** Whether the table names them. If not, `types` are the known ones that the route's source can raise. */
	readonly named: boolean;
}

export function routeTypes({ filter, source }: Route): RouteTypes {
	const included = filter?.includedEventTypes ?? [];
	const raised = source === undefined ? undefined : typesOfSource(source);
	if (included.length === 0 || included.some((type) => type.toLowerCase() === "all")) {
		return { types: raised ?? KNOWN_EVENT_TYPES, named: false };
	}
	return { types: [...new Set(included.map((type) => published(type) ?? type))], named: true };
}

/** The dispatch types that a route sends, with the event types that each comes from. */
export function sentTypes(route: Route): ReadonlyMap<string, readonly string[]> {
	const { types } = routeTypes(route);
	const { dispatchType } = route.to;
	if (typeof dispatchType === "string") return new Map([[dispatchType, types]]);
	const sent = new Map<string, string[]>();
	for (const type of types) sent.set(toDispatchType(type), [...(sent.get(toDispatchType(type)) ?? []), type]);
	return sent;
}
