import { isObject } from "../../event/json.ts";
import { azureError, checkAzureCaller, signIn, throttled } from "./azure-rules.ts";
import { type Answer, type Call, pipelineIn } from "./calls.ts";
import { type Pipeline, parameterProblem, pipelineAnswer, readPipelines, runOfPipeline } from "./pipeline.ts";
import type { Received } from "./received.ts";
import { refIn } from "./repository.ts";
import type { Fault } from "./script.ts";
import type { Taken } from "./taken.ts";

/**
 * Azure Pipelines' REST API 7.1, as far as runs need it: `/{organization}/{project}/_apis/pipelines`, a pipeline, its
 * runs, and a new run. Until `POST /_pipeline` describes some, every project and every pipeline exists, and takes every
 * parameter.
 * Source: learn.microsoft.com, "Azure DevOps Services REST API", Pipelines and Runs.
 */
export class PipelinesApi {
	/** The tokens that are valid, personal access tokens and bearer tokens; undefined: all are. */
	tokens: ReadonlySet<string> | undefined;
	private pipelines: readonly Pipeline[] = [];
	private readonly taken: Taken;

	constructor(taken: Taken, tokens: readonly string[] | undefined) {
		this.taken = taken;
		this.tokens = tokens && new Set(tokens);
	}

	/**
	 * Replaces the pipelines that exist: one or an array of them, as JSON.
	 * @returns how many
	 * @throws TypeError naming what is wrong
	 */
	set(value: unknown): number {
		this.pipelines = readPipelines(value);
		return this.pipelines.length;
	}

	/** The proper answer to a call, which does what the call asks for. */
	answer(call: Call, fault: Fault | undefined): Answer {
		const refused = checkAzureCaller(call, this.tokens);
		if (refused !== undefined) return refused;
		const [organization = "", project = ""] = (call.project ?? "").split("/");
		const known = this.pipelines.filter((one) => isIn(one, organization, project));
		if (this.pipelines.length > 0 && known.length === 0) return azureError(404, "project", project);
		if (call.method === "GET" && call.path.endsWith("/_apis/pipelines")) {
			const all = this.pipelines.length === 0 ? [{ id: 1 }] : known;
			return { status: 200, body: list(all.map((one) => pipelineAnswer(call.url, organization, project, one))) };
		}
		const { pipeline: id, part, run } = pipelineIn(call.path);
		if (id === undefined) return azureError(404, "page", call.path);
		const pipeline = this.pipelines.length === 0 ? { id } : known.find((one) => one.id === id);
		if (pipeline === undefined) return azureError(404, "pipeline", String(id));
		if (call.method === "POST" && part !== undefined && run === undefined)
			return this.run(call, organization, project, pipeline, part === "preview", fault);
		if (call.method !== "GET") return azureError(405, "method", call.method);
		if (part === undefined) return { status: 200, body: pipelineAnswer(call.url, organization, project, pipeline) };
		if (pipeline.denied?.includes("read") === true) return this.refuse("runs");
		return this.show(call, `${organization}/${project}`, pipeline, run);
	}

	/** An error of that status, in Azure DevOps' form: a sign-in page where it would send one. */
	error(status: number, call: Call): Answer {
		if (status === 203 || status === 302) return signIn(status, call.url);
		return status === 429 ? throttled(call.at) : azureError(status, "fault", "A scripted fault");
	}

	/** What a step of the script refuses, in Azure DevOps' words. */
	refuse(what: NonNullable<Fault["refuse"]>): Answer {
		return what === "runs" ? azureError(403, "denied", "View builds") : azureError(404, "page", what);
	}

	/** One run, or the list of them. */
	private show({ url, at }: Call, project: string, pipeline: Pipeline, id: number | undefined): Answer {
		if (id === undefined) {
			const runs = this.taken.runs.seen(project, at).filter(({ of }) => of.id === pipeline.id);
			// A list has no templateParameters. Source: MicrosoftDocs/vsts-rest-api-specs#579.
			return { status: 200, body: list(runs.map((run) => runOfPipeline(url, pipeline, run, at, false))) };
		}
		const run = this.taken.runs.one(project, id, at);
		if (run?.of.id !== pipeline.id) return azureError(404, "run", String(id));
		return { status: 200, body: runOfPipeline(url, pipeline, run, at, true) };
	}

	/** Starts a run; for a preview it says only what the run would be. */
	private run(
		call: Call,
		organization: string,
		project: string,
		pipeline: Pipeline,
		isPreview: boolean,
		fault: Fault | undefined,
	): Answer {
		if (!call.query.has("api-version") && !/api-version=/.test(String(call.headers.accept)))
			return azureError(400, "version", call.method);
		const body = call.raw.byteLength === 0 ? {} : call.json;
		if (!isObject(body)) return azureError(400, "body", "Value cannot be null.\nParameter name: runParameters");
		if (pipeline.denied?.includes("run") === true) return azureError(403, "denied", "Queue builds");
		const { templateParameters = {} } = body;
		if (!isObject(templateParameters)) return azureError(400, "body", "templateParameters is not an object");
		const wanted = refOf(body) ?? pipeline.defaultBranch ?? "main";
		const ref = refIn(pipeline, wanted);
		const problem = ref === undefined ? noRef(wanted) : parameterProblem(pipeline, templateParameters);
		if (ref === undefined || problem !== undefined)
			return azureError(400, "validation", `/azure-pipelines.yml: ${problem}`);
		if (isPreview) return { status: 200, body: { finalYaml: "stages: []\n" } };
		const { authorization: _secret, ...headers } = call.headers;
		const at = new Date(call.at).toISOString();
		const dispatch = this.taken.receive({
			...(body as Partial<Received>),
			at,
			organization,
			project,
			pipeline: pipeline.id,
			headers,
		});
		const name = pipeline.name ?? `pipeline-${pipeline.id}`;
		const of = { id: pipeline.id, name, path: "azure-pipelines.yml" };
		const [run] = this.taken.start(dispatch, [{ of, title: name, ref }], call, fault?.run);
		return { status: 200, body: run && runOfPipeline(call.url, pipeline, run, call.at, true) };
	}
}

function isIn(pipeline: Pipeline, organization: string, project: string): boolean {
	const same = (one: string | undefined, other: string) => (one ?? other).toLowerCase() === other.toLowerCase();
	return same(pipeline.organization, organization) && same(pipeline.project, project);
}

function refOf(body: Readonly<Record<string, unknown>>): string | undefined {
	const { resources } = body as Partial<Received>;
	const name = resources?.repositories?.self?.refName;
	return typeof name === "string" && name !== "" ? name : undefined;
}

function noRef(ref: string): string {
	return `Could not get the latest source version for repository self hosted on Azure Repos using ref ${ref}.`;
}

function list<T>(value: readonly T[]): object {
	return { count: value.length, value };
}
