import { isDeepStrictEqual } from "node:util";
import { isWorkflow, type WorkflowDispatch } from "../../destinations/github/workflow-dispatch.ts";
import { isObject } from "../../event/json.ts";
import type { Route } from "../../route/route.ts";
import { nearest } from "../nearest.ts";
import { type Check, checksOf } from "./check.ts";
import { isAwake, type Listeners, nameOf } from "./check-listeners.ts";
import type { Inputs } from "./find-inputs.ts";
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

/** Reads a workflow as it is on another branch or tag; undefined where it is not there. */
export type ReadAt = (path: string, ref: string) => Promise<WorkflowFacts | undefined>;

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
	const { error } = checksOf("workflows", `${repository} ${route.to.workflow}`);
	const there = startedBy(route, listeners);
	if (there === undefined) return [missing(route, listeners)];
	const { path } = there;
	if (!isAwake(listeners, path)) {
		const state = listeners.states?.get(path);
		return [error(`it is ${state}`, `gh workflow enable ${nameOf(path)} --repo ${repository}`)];
	}
	const ref = route.to.ref?.replace(/^refs\/(?:heads|tags)\//, "") ?? branch;
	const read = ref === branch ? there : await readAt(path, ref);
	if (read === undefined) {
		const repair = `push ${ref} with ${path}, or correct the to.ref of route "${route.name}"`;
		return [error(`it could not be read on ${ref}, which route "${route.name}" names`, repair)];
	}
	if (!read.parses) return [];
	if (read.inputs === null) {
		return [error(`it takes no workflow dispatch on ${ref}`, `add "on: workflow_dispatch" to ${path}`)];
	}
	return checkInputs(route, read.inputs, { repository, path, ref });
}

function missing(route: Started, { repository, branch, workflows, unread, ids }: Listeners): Check {
	const named = route.to.workflow;
	const { error, cannotTell } = checksOf("workflows", `${repository} ${named}`);
	const isId = /^\d+$/.test(named);
	if (isId && ids === undefined) return cannotTell("which workflow has this id", "let the token read Actions");
	if (unread.some((path) => nameOf(path) === named)) {
		return cannotTell("whether it takes a workflow dispatch: it could not be read", "let the token read Contents");
	}
	const near = nearest(
		named,
		workflows.map(({ path }) => nameOf(path)),
	);
	const meant = near === undefined ? "" : `; there is ${near}`;
	return error(
		`no such workflow is on ${branch}, which route "${route.name}" starts${meant}`,
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
			const meant = near === undefined ? "" : `; it has "${near}"`;
			return error(
				`${from} gives it the input "${name}", which it does not declare on ${ref}${meant}`,
				near === undefined
					? `declare it in ${path}, or take it out of the route`
					: `write "${near}" in the route's inputs`,
			);
		}),
		...declared
			.filter((name) => inputs[name]?.isNeeded && !Object.hasOwn(mapped, name))
			.map((name) =>
				error(
					`${from} does not give it the input "${name}", which is required`,
					`map it in the route's inputs, or let it have a default in ${path}`,
				),
			),
		...Object.entries(mapped).flatMap(([name, value]) => {
			const options = inputs[name]?.options;
			if (!options || !isObject(value) || !("value" in value) || options.includes(String(value["value"]))) return [];
			return error(
				`${from} gives the input "${name}" the value "${value["value"]}", which it does not take`,
				`write one of ${options.join(", ")}`,
			);
		}),
	];
	return wrong.length > 0 ? wrong : [ok("the routes can start it")];
}
