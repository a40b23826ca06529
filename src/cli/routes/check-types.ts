import type { Route } from "../../route/route.ts";
import { eventType, isKnownPublisher, meantType, typesOfSource } from "../event-types.ts";
import { destinationOf } from "./check-destinations.ts";
import { error, type RouteFinding, warning } from "./findings.ts";

/** GitHub's limit for `event_type`. */
const LONGEST_TYPE = 100;

/** The event types of a route, and the source that should raise them. */
export function checkTypes(route: Route, place: string): RouteFinding[] {
	const types = route.filter?.includedEventTypes;
	const path = `${place}.filter.includedEventTypes`;
	if (types === undefined || types === null) return checkSource(route, place);
	if (types.length === 0) {
		const repair = "leave it out to say that every type is meant, or name the types";
		return [warning(path, "an empty list takes every type of event", repair), ...checkSource(route, place)];
	}
	if (types.some((type) => type.toLowerCase() === "all")) {
		if (types.length === 1) return checkSource(route, place);
		const problem = `"All" takes every type, so that the other ${types.length - 1} do not matter`;
		return [warning(path, problem, 'remove "All", or the others'), ...checkSource(route, place)];
	}
	return [
		...types.flatMap((type, index) => checkType(type, `${path}[${index}]`, types, index)),
		...types.flatMap((type, index) => tooLong(route, type, `${path}[${index}]`)),
		...raisedElsewhere(route, types, path),
		...checkSource(route, place),
	];
}

function checkType(type: string, path: string, all: readonly string[], index: number): RouteFinding[] {
	if (all.findIndex((other) => other.toLowerCase() === type.toLowerCase()) < index) {
		return [warning(path, `"${type}" stands there twice`, "remove one of them")];
	}
	const known = eventType(type)?.type;
	if (known === type) return [];
	if (known !== undefined) {
		const problem = `"${type}" is written with another case than it is published with; it works here, but need not elsewhere`;
		return [warning(path, problem, `write "${known}"`)];
	}
	const meant = meantType(type);
	if (meant !== undefined) {
		// What is not called Microsoft's may be the user's own, of a custom topic.
		if (/^Microsoft\./i.test(type)) {
			return [error(path, `"${type}" is no event type, so that nothing matches it`, `write "${meant}"`)];
		}
		const problem = `"${type}" is none of the known event types; only a topic of your own can raise it`;
		return [warning(path, problem, `write "${meant}" if that is meant`)];
	}
	if (type.includes("*")) {
		return [error(path, `"${type}": there are no wildcards in event types`, "name each type, or leave the list out")];
	}
	if (!isKnownPublisher(type)) return [];
	return [
		warning(path, `"${type}" is not among the known event types of its publisher`, "check its spelling in the README"),
	];
}

/** Where the dispatch type follows from the event type. */
function tooLong(route: Route, type: string, path: string): RouteFinding[] {
	const { dispatchType } = destinationOf(route, type);
	const { length } = [...String(dispatchType ?? "")];
	if (route.to["dispatchType"] !== undefined || length <= LONGEST_TYPE) return [];
	const problem = `its dispatch type would have ${length} characters; GitHub takes ${LONGEST_TYPE}`;
	return [error(path, problem, "give the route a to.dispatchType")];
}

/** Types that no event of this source can have. */
function raisedElsewhere({ source }: Route, types: readonly string[], path: string): RouteFinding[] {
	const raised = source === undefined ? undefined : typesOfSource(source);
	if (raised === undefined) return [];
	const known = types.flatMap((type) => eventType(type)?.type ?? []);
	const strangers = known.filter((type) => !raised.includes(type));
	if (strangers.length === 0) return [];
	const problem = `${strangers.join(", ")}: the source of this route does not raise that, but ${raised[0]?.split(".")[1]} events`;
	const repair = "correct the source or the types; what two sources raise needs two routes";
	return [(strangers.length === types.length ? error : warning)(path, problem, repair)];
}

function checkSource({ source }: Route, place: string): RouteFinding[] {
	if (source === undefined) return [];
	const path = `${place}.source`;
	if (/^subscriptions\//i.test(source)) {
		const repair = `write "/${source}"`;
		return [error(path, "an ARM id begins with a slash; no event has a source like this", repair)];
	}
	if (source.includes("*")) {
		const repair = "name the resource, or one above it: events of what lies below it are taken, too";
		return [error(path, "there are no wildcards in a source; no event has one with a star", repair)];
	}
	const [, account, below] = /^(.+\/storageAccounts\/[^/]+)\/(.+)$/i.exec(source) ?? [];
	if (account === undefined || below === undefined) return [];
	const container = /containers\/([^/]+)/i.exec(below)?.[1] ?? "CONTAINER";
	const repair = `write the account, "${account}", and "subjectBeginsWith": "/blobServices/default/containers/${container}/" in the filter`;
	return [error(path, `events of a storage account come from the account itself, not from ${below}`, repair)];
}
