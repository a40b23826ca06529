import type { Route } from "../../route/route.ts";
import { eventType, isKnownPublisher, meantType, typesOfSource } from "../event-types.ts";
import { destinationOf } from "./check-destinations.ts";
import { error, type RouteFinding, warning } from "./findings.ts";

/** GitHub's limit for `event_type`. */
const LONGEST_TYPE = 100;

/** The event types of a route. */
export function checkTypes(route: Route, place: string): RouteFinding[] {
	const types = route.filter?.includedEventTypes;
	const path = `${place}.filter.includedEventTypes`;
	if (types === undefined || types === null) return [];
	if (types.length === 0) {
		const repair = "remove the list if the route is for every type; otherwise name the types";
		return [warning(path, "an empty list matches every event type", repair)];
	}
	if (types.some((type) => type.toLowerCase() === "all")) {
		if (types.length === 1) return [];
		const problem = `"All" matches every type, so ${types.length === 2 ? "the other type has" : `the other ${types.length - 1} types have`} no effect`;
		return [warning(path, problem, 'remove "All", or remove the other types')];
	}
	return [
		...types.flatMap((type, index) => checkType(type, `${path}[${index}]`, types, index)),
		...types.flatMap((type, index) => tooLong(route, type, `${path}[${index}]`)),
		...raisedElsewhere(route, types, path),
	];
}

function checkType(type: string, path: string, all: readonly string[], index: number): RouteFinding[] {
	if (all.findIndex((other) => other.toLowerCase() === type.toLowerCase()) < index) {
		return [warning(path, `the list contains "${type}" twice`, "remove one of the two")];
	}
	const known = eventType(type)?.type;
	if (known === type) return [];
	if (known !== undefined) {
		const problem = `the published name is "${known}", with other upper and lower case; the bridge accepts both, but other programs may not`;
		return [warning(path, problem, `write "${known}"`)];
	}
	const meant = meantType(type);
	if (meant !== undefined) {
		// What is not called Microsoft's may be the user's own, of a custom topic.
		if (/^Microsoft\./i.test(type)) {
			return [error(path, `"${type}" is not an event type, so no event can match it`, `write "${meant}"`)];
		}
		const problem = `"${type}" is not a known event type; only a custom topic can send it`;
		return [warning(path, problem, `if you mean "${meant}", write that`)];
	}
	if (type.includes("*")) {
		return [
			error(path, `"${type}" contains a star, but event types have no wildcards`, "name each type, or remove the list"),
		];
	}
	if (!isKnownPublisher(type)) return [];
	return [
		warning(
			path,
			`"${type}" is not one of the known event types of its publisher`,
			"check its spelling: README.md lists the known event types",
		),
	];
}

/** Where the dispatch type follows from the event type. */
function tooLong(route: Route, type: string, path: string): RouteFinding[] {
	const { dispatchType } = destinationOf(route, type);
	const { length } = [...String(dispatchType ?? "")];
	if (route.to["dispatchType"] !== undefined || length <= LONGEST_TYPE) return [];
	const problem = `the dispatch type that follows from "${type}" has ${length} characters; GitHub allows at most ${LONGEST_TYPE}`;
	return [error(path, problem, "set to.dispatchType in the route")];
}

/** Types that no event of this source can have. */
function raisedElsewhere({ source }: Route, types: readonly string[], path: string): RouteFinding[] {
	const raised = source === undefined ? undefined : typesOfSource(source);
	if (raised === undefined) return [];
	const known = types.flatMap((type) => eventType(type)?.type ?? []);
	const strangers = known.filter((type) => !raised.includes(type));
	if (strangers.length === 0) return [];
	const problem = `the source of this route never sends ${strangers.join(" or ")}; it sends only events of Microsoft.${raised[0]?.split(".")[1]}`;
	const repair = "correct the source or the types; for events of two sources write two routes";
	return [(strangers.length === types.length ? error : warning)(path, problem, repair)];
}

/** The source that should raise the events. */
export function checkSource({ source }: Route, place: string): RouteFinding[] {
	if (source === undefined) return [];
	const path = `${place}.source`;
	if (/^subscriptions\//i.test(source)) {
		const repair = `write "/${source}"`;
		return [error(path, "an ARM id begins with a slash, so no event has this source", repair)];
	}
	if (source.includes("*")) {
		const repair = "name the resource, or a resource group or subscription: it also matches everything below it";
		return [error(path, "a source has no wildcards, and no event has a source with a star", repair)];
	}
	const [, account, below] = /^(.+\/storageAccounts\/[^/]+)\/(.+)$/i.exec(source) ?? [];
	if (account === undefined || below === undefined) return [];
	const container = /containers\/([^/]+)/i.exec(below)?.[1] ?? "CONTAINER";
	const repair = `write the account, "${account}", as the source, and "subjectBeginsWith": "/blobServices/default/containers/${container}/" in the filter`;
	return [error(path, `the source of a storage event is the account itself, not ${below}`, repair)];
}
