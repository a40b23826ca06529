import { isWorkflow } from "../../destinations/github/workflow-dispatch.ts";
import type { Route } from "../../route/route.ts";
import { type Check, checksOf } from "./check.ts";
import { hears, isAwake, type Listeners, nameOf, sentTypes } from "./check-listeners.ts";
import { keyInputOf, startedBy } from "./check-started.ts";
import type { Group } from "./find-in-workflow.ts";
import { type GitHub, reasonOf } from "./github.ts";
import type { WorkflowFacts } from "./read-workflows.ts";

/** How an expression names the key, in a client payload. */
const KEY = "github.event.client_payload.bridge.key";

/**
 * Whether the runs that routes start can be found again, and reach their end: the names of runs carry the key, no
 * concurrency group loses a run that waits, and the token may read runs.
 */
export function checkFollowing(routes: readonly Route[], listeners: Listeners): readonly Check[] {
	const awake = listeners.workflows.filter(({ path }) => isAwake(listeners, path));
	const types = sentTypes(routes.filter(({ to }) => !isWorkflow(to)));
	const heard = awake.filter((workflow) => types.some((type) => hears(workflow, type)));
	const named = heard.map((workflow) => checkRunName(workflow, KEY, listeners));
	const dispatched = routes.flatMap((route) => {
		const workflow = startedBy(route, { ...listeners, workflows: awake });
		if (workflow === undefined) return [];
		return [{ workflow, check: checkDispatchedName(route, workflow, listeners) }];
	});
	const started = new Set([...heard, ...dispatched.map(({ workflow }) => workflow)]);
	const groups = [...started].flatMap((workflow) => checkGroups(workflow, routes, listeners));
	return [...named, ...dispatched.flatMap(({ check }) => check ?? []), ...groups];
}

/** Asks once whether the token may read a repository's runs. */
export async function checkReading(repository: string, github: GitHub, tokenIsBridges: boolean): Promise<Check> {
	const { ok, cannotTell, ofToken } = checksOf("runs", repository);
	const answer = await github.get(`/repos/${repository}/actions/runs?per_page=1`);
	if (answer.status === 200) return ok("the token may read runs, so the bridge can follow each run to its end");
	if (answer.classification.kind !== "unavailable") {
		return cannotTell(
			`the command could not check whether the token may read runs: ${reasonOf(answer)}`,
			"try again later",
		);
	}
	const finding = `the token may not read runs, so the bridge cannot follow them: ${reasonOf(answer)}`;
	const repair = "give the token Actions: read on this repository (classic token: the scope repo)";
	return ofToken(tokenIsBridges, "warning")(finding, repair);
}

/** GitHub does not say which dispatch started a run: only its title can. */
function checkRunName({ path, runName }: WorkflowFacts, key: string, { repository }: Listeners): Check {
	const { ok, warning } = checksOf("runs", `${repository} ${nameOf(path)}`);
	const line = `run-name: ${nameOf(path).replace(/\.ya?ml$/, "")} \${{ ${key} }}`;
	const repair = `write into ${path}: ${line}`;
	switch (placeOfKey(runName, key)) {
		case "first":
			return ok("its run-name contains bridge.key");
		case "behind":
			return warning(
				"its run-name has other text of the event before bridge.key, and that text may look like a key: the bridge cannot be sure which run a dispatch started",
				`put the key first: ${repair}`,
			);
		default: {
			const why = runName === null ? "it has no run-name" : "its run-name does not contain bridge.key";
			return warning(`${why}: the bridge cannot be sure which run a dispatch started`, repair);
		}
	}
}

/** A workflow dispatch is answered with its run; only where that answer is lost, the title has to tell. */
function checkDispatchedName(route: Route, workflow: WorkflowFacts, { repository }: Listeners): Check | undefined {
	const input = keyInputOf(route);
	const { warning } = checksOf("runs", `${repository} ${nameOf(workflow.path)}`);
	const lost = "if GitHub's answer is lost, the bridge cannot find the run";
	if (input === undefined) {
		const repair = `declare an input bridge_key in the workflow, map it in the route ("bridge_key": "bridge.key"), and begin the run-name with it: run-name: \${{ inputs.bridge_key }}`;
		return warning(`route "${route.name}" does not send bridge.key to this workflow: ${lost}`, repair);
	}
	const place = placeOfKey(workflow.runName, `inputs.${input}`);
	if (place === "first") return undefined;
	const why = place === "behind" ? "has other text of the event before" : "does not contain";
	const line = `run-name: ${nameOf(workflow.path).replace(/\.ya?ml$/, "")} \${{ inputs.${input} }}`;
	return warning(`its run-name ${why} the input ${input}, which holds bridge.key: ${lost}`, `write: ${line}`);
}

/** What an event writes: all of the payload and of the inputs, but for what is the bridge's. */
const EVENT_TEXT =
	/\bgithub\s*\.\s*event\b(?!\s*\.\s*(?:action|client_payload\s*\.\s*bridge\s*\.\s*\w+)\b)|\binputs\b/gi;

/** A key in a title is its first word of 32 hexadecimal digits, so that no other text of the event may stand before it. */
function placeOfKey(runName: string | null, key: string): "first" | "behind" | "nowhere" {
	const text = runName ?? "";
	const at = positionOf(text, key);
	if (at === undefined) return "nowhere";
	const [first = at] = [...text.matchAll(EVENT_TEXT)].map(({ index }) => index);
	return first < at ? "behind" : "first";
}

/** Where an expression names a member, written with dots or with brackets, in any case. */
function positionOf(text: string, member: string): number | undefined {
	const [first = "", ...rest] = member.split(".").map((name) => name.replaceAll(/\W/g, "\\$&"));
	const parts = rest.map((name) => `(?:\\s*\\.\\s*${name}\\b|\\s*\\[\\s*'${name}'\\s*\\])`);
	// Inputs are members of the event, too.
	const event = first === "inputs" ? "(?:github\\s*\\.\\s*event\\s*\\.\\s*)?" : "";
	const pattern = new RegExp(`\\$\\{\\{(?:(?!\\}\\}).)*?(${event}\\b${first}${parts.join("")}(?![\\w.-]))`, "is");
	const found = pattern.exec(text);
	return found === null ? undefined : found.index + found[0].length - (found[1]?.length ?? 0);
}

function checkGroups(workflow: WorkflowFacts, routes: readonly Route[], { repository }: Listeners): readonly Check[] {
	const inputs = routes.flatMap((route) => (isWorkflow(route.to) ? (keyInputOf(route) ?? []) : []));
	return workflow.groups
		.filter((group) => !(group.queues && !group.cancels) && !isOfOneEvent(group, inputs))
		.map(({ line, text, cancels }) => {
			const { warning } = checksOf("runs", `${repository} ${nameOf(workflow.path)}:${line}`);
			const lost = cancels ? "cancels the run that is in progress" : "cancels a run that waits";
			const what = `its concurrency group "${text}" loses runs: the next run ${lost}`;
			const off = cancels ? "remove cancel-in-progress, and " : "";
			return warning(
				what,
				`${off}add "queue: max" to the group (on github.com since May 2026), or add \${{ ${KEY} }} to the group's name`,
			);
		});
}

/** What is empty in a dispatch, so that what stands behind `||` counts. */
const EMPTY = /^github\s*\.\s*(?:head_ref|base_ref|event\s*\.\s*(?:pull_request|issue|number)\b.*)$/i;
const OF_A_RUN = /^github\s*\.\s*run_(?:id|number)$/i;

/** Whether no two events share a group, since its name has what is each event's own. */
function isOfOneEvent({ text }: Group, keyInputs: readonly string[]): boolean {
	const keys = [KEY, ...keyInputs.map((name) => `inputs.${name}`)];
	return [...text.matchAll(/\$\{\{(.*?)\}\}/gs)].some(([expression, inner = ""]) => {
		const counts = inner
			.split("||")
			.map((part) => part.trim())
			.find((part) => !EMPTY.test(part));
		if (counts === undefined) return false;
		return OF_A_RUN.test(counts) || keys.some((key) => positionOf(expression, key) !== undefined);
	});
}
