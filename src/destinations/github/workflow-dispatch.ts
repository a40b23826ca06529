import { isObject } from "../../event/json.ts";
import type { BridgeEvent, Destination } from "../../model.ts";
import { type Mapping, mappingProblem } from "../../route/mapping.ts";
import type { RouteTo } from "../../route/route.ts";
import { type BridgeFacts, toTexts } from "../client-payload.ts";
import { type Built, refuse, tooLarge } from "../destination.ts";
import type { Asked, Repair } from "./classify-response.ts";

/**
 * GitHub's `POST /repos/{owner}/{repo}/actions/workflows/{workflow}/dispatches`, as `to.workflow.schema.json` describes
 * it.
 */
export interface WorkflowDispatch extends Destination {
	/** `owner/name` */
	readonly repository: string;
	/** The name of its file, or its id in digits. */
	readonly workflow: string;
	/** A branch or a tag; left out, the repository's default branch at the time of sending. */
	readonly ref?: string | undefined;
	/** Not part of the id. */
	readonly inputs?: Mapping | undefined;
}

/** Whether a `to`, or a stored destination, is of this kind. */
export function isWorkflow(to: RouteTo): to is WorkflowDispatch {
	return to["workflow"] !== undefined;
}

/** Source of the limits: REST API, "Create a workflow dispatch event", of github.com and of Enterprise Server 3.19. */
export const WORKFLOW_LIMITS = { inputs: 25, inputsOnEnterpriseServer: 10, inputsCharacters: 65_535 } as const;

/** GitHub's repository names do not distinguish case; files, branches and tags do. */
export function resolveWorkflow({ repository = "", workflow, ref, inputs, token }: RouteTo): WorkflowDispatch {
	const id = `${repository.toLowerCase()}/${workflow}${ref === undefined ? "" : `#${ref}`}`;
	return {
		id,
		repository,
		workflow: String(workflow),
		ref: ref === undefined ? undefined : String(ref),
		inputs: inputs as Mapping | undefined,
		token,
	};
}

/** The name of a file in `.github/workflows`, or an id. */
const WORKFLOW = /^(?:[1-9]\d{0,19}|[^\p{C}\s/\\#?%](?:[^\p{C}/\\#?%]{0,190}[^\p{C}\s/\\#?%])?\.ya?ml)$/u;

/** What is wrong with a route's `to` that its JSON Schema cannot say, by member. */
export const workflowProblems = {
	workflow: workflowProblem,
	ref: refProblem,
	inputs: inputsProblem,
};

function workflowProblem({ workflow }: RouteTo): string | undefined {
	if (typeof workflow === "string" && WORKFLOW.test(workflow)) return undefined;
	const file = /^\/?\.github\/workflows\/([^/]+)$/.exec(String(workflow))?.[1];
	if (file !== undefined) return `"${workflow}" is a path; write ${file}`;
	return `"${workflow}" is neither the name of a workflow's file, such as train.yml, nor its id`;
}

/** Characters and forms that git refuses in the name of a branch or a tag. Source: git-check-ref-format. */
const NO_REF = /[\p{C}\s~^:?*[\\]|\.\.|@\{|\/\/|^[/.-]|[/.]$|\.lock$/u;

function refProblem({ ref }: RouteTo): string | undefined {
	if (ref === undefined) return undefined;
	if (typeof ref !== "string" || NO_REF.test(ref)) return `"${ref}" cannot be a branch or a tag`;
	if (/^[0-9a-f]{40}$/i.test(ref)) return `"${ref}" is a commit; GitHub accepts only a branch or a tag here`;
	return undefined;
}

/** Source: docs.github.com, "Workflow syntax": an input's id has letters, digits, `-` and `_`. */
const INPUT = /^[A-Za-z_][\w-]*$/;

function inputsProblem({ inputs }: RouteTo): string | undefined {
	if (inputs === undefined) return undefined;
	if (!isObject(inputs)) return "is not a mapping";
	const names = Object.keys(inputs);
	if (names.length > WORKFLOW_LIMITS.inputs)
		return `has ${names.length} names; GitHub accepts at most ${WORKFLOW_LIMITS.inputs}`;
	const bad = names.find((name) => !INPUT.test(name));
	if (bad !== undefined) return `"${bad}" is no name of an input: a letter first, then letters, digits, - and _`;
	return mappingProblem(inputs as Mapping);
}

/**
 * Builds a request, and proves GitHub's limits on it. Values are texts, which GitHub takes for inputs of each type. The
 * body has no `ref` where the route has none: it is put in when it is sent.
 * @param mostInputs of the server that is called
 */
export function buildWorkflow(to: WorkflowDispatch, event: BridgeEvent, facts: BridgeFacts, mostInputs: number): Built {
	const { ref, inputs = {} } = to;
	if (!isObject(inputs)) return refuse("its row in storage is damaged: inputs");
	const texts = toTexts(inputs, event, facts);
	const count = Object.keys(texts).length;
	const body = JSON.stringify({
		ref,
		inputs: count === 0 ? undefined : texts,
		return_run_details: true,
	});
	if (count > mostInputs) {
		return refuse(`the route has ${count} inputs, but this GitHub accepts at most ${mostInputs}; remove some`, body);
	}
	const { length } = JSON.stringify(texts);
	const most = WORKFLOW_LIMITS.inputsCharacters;
	if (length <= most) return { ok: true, body };
	return tooLarge(`the inputs would have ${length} characters, but GitHub accepts at most ${most}`, body);
}

/** Below the API's address. */
export function workflowPath({ repository, workflow }: Pick<WorkflowDispatch, "repository" | "workflow">): string {
	return `/repos/${repository}/actions/workflows/${encodeURIComponent(workflow)}/dispatches`;
}

/** The permission that the request needs, and the meaning of GitHub's refusals. */
export function askedOf(to: WorkflowDispatch): Asked {
	const what = `such repository, no workflow ${to.workflow} on its default branch`;
	return { permission: "Actions: write", what, repairOf: (message) => repairOf(message, to) };
}

/**
 * The causes of a refusal by GitHub's own words, the first that fits. What the repository or the route can repair parks
 * the destination; what only this event can have caused does not. An event's own words stand in the first one alone.
 * Source: messages of GitHub's API, as seen in public reports.
 */
const REPAIRS: readonly (readonly [said: RegExp, repair: (to: WorkflowDispatch, input: string) => Repair])[] = [
	[
		/^provided value .* for input '([\w-]+)' /is,
		({ inputs }, input) => {
			const mapped = inputs?.[input];
			if (isObject(mapped) && "value" in mapped) return { means: `correct the route's value for the input ${input}` };
			return { means: `the input ${input} does not accept the event's value`, ofEvent: true };
		},
	],
	[/^inputs are too large/i, () => ({ means: "map less of the event to inputs", ofEvent: true })],
	[
		/required input '([\w-]+)' not provided/i,
		({ workflow, inputs = {} }, input) =>
			Object.hasOwn(inputs, input)
				? { means: `the event has no value for the input ${input}; give it a default in the route`, ofEvent: true }
				: { means: `add the input ${input} to the route, or give it a default in ${workflow}` },
	],
	[
		/unexpected inputs? provided/i,
		({ workflow }) => ({ means: `declare these inputs in ${workflow}, or remove them from the route` }),
	],
	[
		/does not have .{0,3}workflow_dispatch.{0,3} trigger/i,
		({ workflow, ref = "the default branch" }) => ({ means: `add "on: workflow_dispatch" to ${workflow} on ${ref}` }),
	],
	[
		/disabled workflow|workflow (?:is|was|has been) disabled/i,
		({ workflow, repository }) => ({ means: `enable it: gh workflow enable ${workflow} --repo ${repository}` }),
	],
	[
		/actions (?:is|are|has been|have been) disabled/i,
		() => ({ means: "turn Actions on in the repository's settings, Actions, General" }),
	],
	[
		/no ref found/i,
		({ ref = "the default branch" }) => ({ means: `push ${ref}, or give the route a branch or a tag that exists` }),
	],
	[
		/no more than \d+ properties/i,
		() => ({ means: "the route has more inputs than this GitHub accepts; remove some" }),
	],
	[/failed to parse|invalid workflow|yaml/i, ({ workflow }) => ({ means: `correct the file ${workflow}` })],
];

function repairOf(message: string, to: WorkflowDispatch): Repair | undefined {
	for (const [said, repair] of REPAIRS) {
		const found = said.exec(message);
		if (found !== null) return repair(to, found[1] ?? "");
	}
	return undefined;
}
