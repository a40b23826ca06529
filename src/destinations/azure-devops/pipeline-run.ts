import { isObject, writeJson } from "../../event/json.ts";
import type { BridgeEvent, Destination } from "../../model.ts";
import { type Mapped, type Mapping, mappingProblem } from "../../route/mapping.ts";
import type { RouteTo } from "../../route/route.ts";
import { BODY_BYTES, type BridgeFacts, toTexts } from "../client-payload.ts";
import { type Built, refuse, tooLarge } from "../destination.ts";

/**
 * A route's `to` as `to.pipeline.schema.json` describes it, with nothing left open. Azure DevOps does not distinguish case
 * in the names of organizations and projects; git does in those of branches.
 */
export function resolveRun({ organization, project, pipeline, ref, parameters, token }: RouteTo): Destination {
	const refName = typeof ref === "string" ? toRefName(ref) : undefined;
	const place = `dev.azure.com/${String(organization)}/${String(project)}/${String(pipeline)}`.toLowerCase();
	return {
		id: refName === undefined ? place : `${place}#${refName}`,
		organization,
		project,
		pipeline,
		ref: refName,
		parameters,
		fromEvent: parameters === undefined ? undefined : namesFromEvent(parameters as Mapping),
		token,
	};
}

/**
 * The parameters that the event fills. A row whose request is made has no mapping any more, and a refusal may be the
 * event's fault or the route's.
 */
function namesFromEvent(parameters: Mapping): readonly string[] {
	const isOfEvent = ([, mapped]: [string, Mapped]) => typeof mapped === "string" || "key" in mapped;
	return Object.entries(parameters)
		.filter(isOfEvent)
		.map(([name]) => name);
}

/** Azure Pipelines takes whole refs only. */
function toRefName(ref: string): string {
	return ref.startsWith("refs/") ? ref : `refs/heads/${ref}`;
}

/** A project as the addresses of Azure DevOps have it. */
export function projectOf({ organization, project }: RouteTo): string {
	return [organization, project].map((name) => encodeURIComponent(String(name))).join("/");
}

/** Below the address of Azure DevOps: a pipeline, and what is below it. */
export function pathOf(to: RouteTo, below: string): string {
	return `/${projectOf(to)}/_apis/pipelines/${Number(to["pipeline"])}${below}`;
}

/** Sources: learn.microsoft.com, "Naming restrictions and conventions", Azure DevOps; git-check-ref-format. */
const NAME = /^(?![._])[^\p{Cc}\\/:*?"<>|;#$%&{},+=[\]]{1,64}(?<![.\s])$/u;
const REF = /^(?!\/)(?!.*(?:\.\.|\/\/|@\{))[^\p{Cc}\s~^:?*[\\]{1,400}(?<![./])$/u;
const LARGEST_ID = 2 ** 31 - 1;

/** What is wrong with a `to`, also with one that was damaged in storage. */
export function problemsOf({ organization, project, pipeline, ref, parameters }: RouteTo) {
	return [
		{ member: "organization", problem: nameProblem(organization, "an organization, such as contoso") },
		{ member: "project", problem: nameProblem(project, "a project, such as fraud-model") },
		{ member: "pipeline", problem: pipelineProblem(pipeline) },
		{ member: "ref", problem: ref === undefined ? undefined : refProblem(ref) },
		{ member: "parameters", problem: parameters === undefined ? undefined : parametersProblem(parameters) },
	].flatMap(({ member, problem }) => (problem === undefined ? [] : [{ member, problem }]));
}

function nameProblem(name: unknown, meant: string): string | undefined {
	if (typeof name === "string" && NAME.test(name)) return undefined;
	return `${JSON.stringify(name)} is not the name of ${meant}; write the name alone, not its address`;
}

/** Whether it can be the id of a pipeline, or of a run. */
export function isId(value: unknown): boolean {
	return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LARGEST_ID;
}

function pipelineProblem(pipeline: unknown): string | undefined {
	if (isId(pipeline)) return undefined;
	return `${JSON.stringify(pipeline)} is not the id of a pipeline: the number after definitionId= in its page's address`;
}

function refProblem(ref: unknown): string | undefined {
	if (typeof ref === "string" && REF.test(ref)) return undefined;
	return `${JSON.stringify(ref)} is neither a branch, such as main, nor a ref, such as refs/tags/v1`;
}

function parametersProblem(parameters: unknown): string | undefined {
	if (isObject(parameters)) {
		const wrong = Object.entries(parameters).find(([, mapped]) => typeof mapped !== "string" && !isObject(mapped));
		return wrong === undefined ? mappingProblem(parameters as Mapping) : `"${wrong[0]}" is not a key of the event`;
	}
	return "it is not a mapping of names to keys of the event";
}

/**
 * Builds "Run Pipeline", and proves the limit on the very bytes that will be sent. Each parameter is a text, as Azure
 * Pipelines reads them: booleans and numbers as they are written, objects and lists as JSON.
 * Source: azure-devops-node-api, `RunPipelineParameters.templateParameters`.
 */
export function buildRun(to: Destination, event: BridgeEvent, facts: BridgeFacts): Built {
	const [problem] = problemsOf(to);
	if (problem !== undefined) return refuse(`${problem.member}: ${problem.problem}`);
	const { ref, parameters } = to;
	const body = writeJson({
		resources: ref === undefined ? undefined : { repositories: { self: { refName: ref } } },
		templateParameters: parameters === undefined ? undefined : toTexts(parameters as Mapping, event, facts),
	});
	const bytes = Buffer.byteLength(body);
	if (bytes < BODY_BYTES) return { ok: true, body };
	const reason = `the parameters would have ${bytes} bytes, but the bridge sends less than ${BODY_BYTES} to Azure Pipelines`;
	return tooLarge(reason, body);
}
