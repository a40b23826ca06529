import { isDeepStrictEqual } from "node:util";
import { isWorkflow, type WorkflowDispatch } from "../../destinations/github/workflow-dispatch.ts";
import { isObject } from "../../event/json.ts";
import type { Route } from "../../route/route.ts";
import { nearest } from "../nearest.ts";
import { type Check, checksOf } from "./check.ts";
import { isAwake, type Listeners, nameOf } from "./check-listeners.ts";
import type { Inputs } from "./find-in-workflow.ts";
import type { WorkflowFacts } from "./read-workflows.ts";

/** The workflow of the default branch that a route starts, by its file's name or its id; undefined where there is none. */
export function startedBy({ to }: Route, { workflows, ids }: Listeners): WorkflowFacts | undefined {
	if (!isWorkflow(to)) return undefined;
	return workflows.find(({ path }) => nameOf(path) === to.workflow || ids?.get(to.workflow) === path);
}

/** The input that a route gives `bridge.key` to. */
export function keyInputOf(route: Route): string | undefined {
	const found = Object.entries(mappedBy(route)).find(
		([, mapped]) => mapped === "bridge.key" || (isObject(mapped) && mapped["key"] === "bridge.key"),
	);
	return found?.[0];
}

function mappedBy({ to }: Pick<Route, "to">): Readonly<Record<string, unknown>> {
	return isObject(to["inputs"]) ? to["inputs"] : {};
}

/** Reads a workflow as it is on another branch or tag; undefined where it is not there, a status where that is not known. */
export type ReadAt = (path: string, ref: string) => Promise<WorkflowFacts | number | undefined>;

/** Whether the workflows that routes start are there, and take what the routes give them. */
export async function checkStarted(
	routes: readonly Route[],
	listeners: Listeners,
	readAt: ReadAt,
): Promise<readonly Check[]> {
	const seen = new Set<string>();
	const checks: Check[] = [];
	for (const { name, to } of routes) {
		if (!isWorkflow(to)) continue;
		const asked = JSON.stringify([to.workflow, to.ref, to.inputs]);
		if (seen.has(asked)) continue;
		seen.add(asked);
		checks.push(...(await checkOne({ name, to }, listeners, readAt)));
	}
	return checks.filter((check, at) => !checks.slice(0, at).some((other) => isDeepStrictEqual(other, check)));
}

interface Started {
	/** Of the route. */
	readonly name: string;
	readonly to: WorkflowDispatch;
}

async function checkOne(route: Started, listeners: Listeners, readAt: ReadAt): Promise<readonly Check[]> {
	const { repository, branch } = listeners;
	const { error, cannotTell } = checksOf("workflows", `${repository} ${route.to.workflow}`);
	const there = startedBy(route, listeners);
	if (there === undefined) return [missing(route, listeners)];
	const { path } = there;
	if (!isAwake(listeners, path)) {
		const state = listeners.states?.get(path);
		return [error(`its state is ${state}`, `enable it: gh workflow enable ${nameOf(path)} --repo ${repository}`)];
	}
	const ref = route.to.ref?.replace(/^refs\/(?:heads|tags)\//, "") ?? branch;
	const read = ref === branch ? there : await readAt(path, ref);
	const unread = `route "${route.name}" starts it on ${ref}, but the file could not be read there`;
	if (read === undefined) {
		return [error(unread, `push ${ref} with ${path}, or correct the to.ref of route "${route.name}"`)];
	}
	if (typeof read === "number") return [cannotTell(unread, "try again later")];
	if (!read.parses) return [];
	if (read.inputs === null) {
		return [
			error(
				`it has no "on: workflow_dispatch" on ${ref}, so a route cannot start it`,
				`add "on: workflow_dispatch" to ${path}`,
			),
		];
	}
	return checkInputs(route, read.inputs, { repository, path, ref });
}

function missing(route: Started, { repository, branch, workflows, unread, ids }: Listeners): Check {
	const named = route.to.workflow;
	const { error, cannotTell } = checksOf("workflows", `${repository} ${named}`);
	const isId = /^\d+$/.test(named);
	if (isId && ids === undefined)
		return cannotTell("the token may not read which workflow has this id", "give the token Actions: read");
	if (unread.some((path) => nameOf(path) === named)) {
		return cannotTell("the file could not be read, so the command cannot check it", "give the token Contents: read");
	}
	const near = nearest(
		named,
		workflows.map(({ path }) => nameOf(path)),
	);
	const meant = near === undefined ? "" : `; a similar name exists: ${near}`;
	return error(
		`route "${route.name}" starts this workflow, but it does not exist on ${branch}${meant}`,
		near === undefined
			? `add .github/workflows/${isId ? "FILE" : named} to ${branch}, or correct the route`
			: `write "${near}" as the route's to.workflow`,
	);
}

interface Place {
	readonly repository: string;
	readonly path: string;
	readonly ref: string;
}

/** GitHub refuses a dispatch with an input that is not declared, and one without an input that is needed. */
function checkInputs(route: Started, inputs: Inputs, { repository, path, ref }: Place): readonly Check[] {
	const { ok, error } = checksOf("workflows", `${repository} ${nameOf(path)}`);
	const mapped = mappedBy(route);
	const declared = Object.keys(inputs);
	const from = `route "${route.name}"`;
	const unknown = Object.keys(mapped).filter((name) => !Object.hasOwn(inputs, name));
	const wrong = [
		...unknown.map((name) => {
			const near = nearest(name, declared);
			const meant = near === undefined ? "" : `; a similar input exists: "${near}"`;
			return error(
				`${from} sends the input "${name}", but the workflow does not declare it on ${ref}${meant}`,
				near === undefined
					? `declare the input in ${path}, or remove it from the route`
					: `write "${near}" in the route's inputs`,
			);
		}),
		...declared
			.filter((name) => inputs[name]?.isNeeded && !Object.hasOwn(mapped, name))
			.map((name) =>
				error(
					`the workflow requires the input "${name}", but ${from} does not send it`,
					`map the input in the route's inputs, or give it a default in ${path}`,
				),
			),
		...Object.entries(mapped).flatMap(([name, value]) => {
			const options = inputs[name]?.options;
			if (!options || !isObject(value) || !("value" in value) || options.includes(String(value["value"]))) return [];
			return error(
				`${from} sends the value "${value["value"]}" for the input "${name}", but the workflow does not allow it`,
				`write one of ${options.join(", ")}`,
			);
		}),
	];
	return wrong.length > 0 ? wrong : [ok("the routes can start it")];
}
