import { isWorkflow, type WorkflowDispatch } from "../../destinations/github/workflow-dispatch.ts";
import type { Route } from "../../route/route.ts";
import { type Check, checksOf } from "./check.ts";
import { isAwake, type Listeners, nameOf } from "./check-listeners.ts";

/** Whether the workflows that routes start are there, and take what the routes give them. */
export function checkStarted(routes: readonly Route[], listeners: Listeners): readonly Check[] {
	const destinations = routes.map(({ to }) => to).filter(isWorkflow);
	const seen = new Set<string>();
	return destinations.flatMap((to) => {
		const { workflow, ref, inputs = {} } = to;
		const asked = JSON.stringify([workflow, ref, Object.keys(inputs).sort()]);
		if (seen.has(asked)) return [];
		seen.add(asked);
		return checkOne(to, listeners);
	});
}

function checkOne(to: WorkflowDispatch, listeners: Listeners): Check[] {
	const { workflow, ref, inputs = {} } = to;
	const { repository, branch, workflows, unread } = listeners;
	const { ok, error, cannotTell } = checksOf("workflows", `${repository} ${workflow}`);
	if (/^\d+$/.test(workflow)) return [cannotTell("which file has this id", "name the file in the route's to.workflow")];
	if (unread.some((path) => nameOf(path) === workflow)) {
		return [cannotTell("it could not be read", "let the token read Contents")];
	}
	const file = workflows.find(({ path }) => nameOf(path) === workflow);
	if (file === undefined) {
		return [error(`there is no such workflow on ${branch}`, `add it to ${branch}, or correct the route's to.workflow`)];
	}
	if (!isAwake(listeners, file.path)) {
		return [error(`it is ${listeners.states?.get(file.path)}`, `gh workflow enable ${workflow} --repo ${repository}`)];
	}
	if (ref !== undefined && ref !== branch) {
		return [cannotTell(`what it takes on ${ref}: only ${branch} was read`, `look at ${workflow} on ${ref}`)];
	}
	const { takes } = file;
	if (takes === null) return [error('it has no "on: workflow_dispatch"', `add it to ${workflow} on ${branch}`)];
	const unknown = Object.keys(inputs).filter((name) => !Object.hasOwn(takes, name));
	const missing = Object.keys(takes).filter((name) => takes[name] === "required" && !Object.hasOwn(inputs, name));
	return [
		...unknown.map((name) =>
			error(
				`it has no input "${name}", which the route gives`,
				`declare it in ${workflow}, or take it out of the route`,
			),
		),
		...missing.map((name) =>
			error(`it requires the input "${name}", which the route does not give`, `give it, or a default in ${workflow}`),
		),
		...(unknown.length + missing.length === 0 ? [ok("the routes can start it")] : []),
	];
}
