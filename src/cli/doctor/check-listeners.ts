import type { Route } from "../../route/route.ts";
import { routeTypes } from "../event-types.ts";
import { nearest } from "../nearest.ts";
import { destinationOf } from "../routes/check-destinations.ts";
import { type Check, checksOf } from "./check.ts";
import type { WorkflowFacts } from "./read-workflows.ts";

/** The workflows of one repository, as far as they could be read. */
export interface Listeners {
	/** owner/name */
	readonly repository: string;
	readonly branch: string;
	readonly workflows: readonly WorkflowFacts[];
	/** Files that could not be read. */
	readonly unread: readonly string[];
	/** The state of each workflow by its path; undefined where the token may not see it. */
	readonly states?: ReadonlyMap<string, string> | undefined;
	/** The path of each workflow by its id; undefined as `states` is. */
	readonly ids?: ReadonlyMap<string, string> | undefined;
}

/** Who listens to what the routes send to a repository, each by a repository dispatch. */
export function checkListeners(routes: readonly Route[], listeners: Listeners): readonly Check[] {
	const named = sentTypes(routes.filter(isNamed));
	const types = sentTypes(routes);
	return [
		...named.map((type) => checkType(type, types, listeners)),
		...(named.length < types.length ? checkOpen(types, named, listeners) : []),
		...misspelt(types, named, listeners),
	];
}

/** The dispatch types that routes may send, each once. */
export function sentTypes(routes: readonly Route[]): readonly string[] {
	const types = routes.flatMap((route) =>
		routeTypes(route).types.map((eventType) => String(destinationOf(route, eventType)["dispatchType"])),
	);
	return [...new Set(types)];
}

/** Whether a route surely sends its types. */
function isNamed(route: Route): boolean {
	return route.to["dispatchType"] !== undefined || routeTypes(route).named;
}

/** One dispatch type that a route surely sends. */
function checkType(type: string, sent: readonly string[], listeners: Listeners): Check {
	const { repository, branch, workflows, unread } = listeners;
	const { ok, error, cannotTell } = checksOf("workflows", `${repository} ${type}`);
	const all = workflows.filter((workflow) => hears(workflow, type));
	const awake = all.filter(({ path }) => isAwake(listeners, path));
	if (awake.length > 0)
		return ok(`${awake.map(({ path }) => nameOf(path)).join(", ")} ${awake.length === 1 ? "listens" : "listen"}`);
	const [asleep] = all;
	if (asleep !== undefined) {
		const repair = `enable it: gh workflow enable ${nameOf(asleep.path)} --repo ${repository}`;
		return error(`only ${nameOf(asleep.path)} listens, but its state is ${listeners.states?.get(asleep.path)}`, repair);
	}
	if (unread.length > 0) {
		return cannotTell(
			`no workflow listens in the files that could be read; these could not be read: ${unread.join(", ")}`,
			"give the token Contents: read",
		);
	}
	const near = slips(workflows, sent).find(({ meant }) => meant === type);
	if (near !== undefined) {
		const how =
			near.heard.toLowerCase() === type.toLowerCase() ? "differs only in upper and lower case" : "has another spelling";
		const repair = `write "${type}" in ${near.path}, or "${near.heard}" as the route's to.dispatchType`;
		return error(`no workflow listens; ${nameOf(near.path)} listens to "${near.heard}", which ${how}`, repair);
	}
	const repair = `add a workflow with "on: repository_dispatch: types: [${type}]" to ${branch}; on another branch it does not listen`;
	return error(`no workflow on ${branch} listens`, repair);
}

/** Types that a route may send, since it takes every event: a workflow should listen to one of them. */
function checkOpen(types: readonly string[], named: readonly string[], listeners: Listeners): Check[] {
	const { repository, branch, workflows, unread } = listeners;
	const { ok, error, cannotTell } = checksOf("workflows", `${repository} every event`);
	const open = types.filter((type) => !named.includes(type));
	const all = workflows.filter((one) => open.some((type) => hears(one, type)));
	const awake = all.filter(({ path }) => isAwake(listeners, path));
	if (awake.length > 0) {
		const heardBy = (one: WorkflowFacts) =>
			one.listens === "all" ? "everything" : open.filter((type) => hears(one, type)).join(", ");
		const told = awake.map((one) => `${nameOf(one.path)} (${heardBy(one)})`);
		return [ok(`these workflows listen: ${told.join("; ")}`)];
	}
	if (unread.length > 0) return [cannotTell(`${unread.join(", ")} could not be read`, "give the token Contents: read")];
	if (all.length > 0) {
		const names = all.map(({ path }) => nameOf(path));
		return [
			error(
				`${names.join(", ")} would listen, but is disabled`,
				`enable it: gh workflow enable ${names[0]} --repo ${repository}`,
			),
		];
	}
	const repair = `add a workflow with "on: repository_dispatch" to ${branch}; on another branch it does not listen`;
	return [error(`no workflow on ${branch} listens to any dispatch type that the routes can send`, repair)];
}

/**
 * Types that are listened to and never sent, but look like one that is. Where no other workflow listens to a type that is surely
 * sent, that has been told.
 */
function misspelt(sent: readonly string[], named: readonly string[], listeners: Listeners): Check[] {
	const { repository, workflows } = listeners;
	return slips(workflows, sent)
		.filter(
			({ meant }) =>
				!named.includes(meant) || workflows.some((one) => hears(one, meant) && isAwake(listeners, one.path)),
		)
		.map(({ path, heard, meant }) =>
			checksOf("workflows", `${repository} ${nameOf(path)}`).warning(
				`it listens to "${heard}", but no route sends that`,
				`if you mean "${meant}", write that`,
			),
		);
}

function slips(workflows: readonly WorkflowFacts[], sent: readonly string[]) {
	return workflows.flatMap(({ path, listens }) => {
		const heard = listens === null || listens === "all" ? [] : listens.filter((type) => !sent.includes(type));
		return heard.flatMap((type) => {
			const meant = nearest(type, sent);
			return meant === undefined ? [] : [{ path, heard: type, meant }];
		});
	});
}

/** GitHub tells dispatch types apart by case. */
export function hears({ listens }: WorkflowFacts, type: string): boolean {
	return listens === "all" || listens?.includes(type) === true;
}

export function isAwake({ states }: Listeners, path: string): boolean {
	return (states?.get(path) ?? "active") === "active";
}

export function nameOf(path: string): string {
	return path.split("/").at(-1) ?? path;
}
