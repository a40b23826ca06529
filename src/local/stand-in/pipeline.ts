import { type Members, OBJECT, readList, STRING, STRINGS, whole } from "./members.ts";
import { type Run, stateOf } from "./runs.ts";

/** A parameter as a pipeline's YAML declares it. */
interface Parameter {
	/** `string` if left out, `number`, `boolean`, or `object`. */
	readonly type?: string;
	/** Left out, a value must be given. */
	readonly default?: unknown;
	/** The only values that are allowed. */
	readonly values?: readonly unknown[];
}

/** A pipeline as the stand-in shows it, as `POST /_pipeline` takes it. All members may be left out. */
interface StandInPipeline {
	/** Left out, every one. */
	readonly organization?: string;
	readonly project?: string;
	/** Left out, its place in the list, from 1. */
	readonly id?: number;
	readonly name?: string;
	readonly folder?: string;
	readonly defaultBranch?: string;
	/** Branches and tags that exist beside the default branch. */
	readonly refs?: readonly string[];
	/** By name; left out, every parameter is taken. */
	readonly parameters?: Readonly<Record<string, Parameter>>;
	/** What the token may not do: `run` it, or `read` its runs. */
	readonly denied?: readonly string[];
}

/** A pipeline whose id is known. */
export type Pipeline = StandInPipeline & { readonly id: number };

const MEMBERS: Members<StandInPipeline> = {
	organization: STRING,
	project: STRING,
	id: whole(1),
	name: STRING,
	folder: STRING,
	defaultBranch: STRING,
	refs: STRINGS,
	parameters: OBJECT,
	denied: STRINGS,
};

/**
 * Reads one pipeline or an array of them, as JSON.
 * @throws TypeError naming what is wrong
 */
export function readPipelines(given: unknown): readonly Pipeline[] {
	return readList<StandInPipeline>(given, "pipeline", MEMBERS).map((one, index) => ({
		...one,
		id: one.id ?? index + 1,
	}));
}

/** What Azure Pipelines says against the parameters of a run; undefined where they fit. */
export function parameterProblem(
	{ parameters }: StandInPipeline,
	given: Readonly<Record<string, unknown>>,
): string | undefined {
	if (parameters === undefined) return undefined;
	const unexpected = Object.keys(given).find((name) => !Object.hasOwn(parameters, name));
	if (unexpected !== undefined) return `Unexpected parameter '${unexpected}'`;
	for (const [name, parameter] of Object.entries(parameters)) {
		const value = given[name];
		if (value === undefined && parameter.default === undefined)
			return `A value for the '${name}' parameter must be provided.`;
		if (value === undefined) continue;
		if (parameter.type === "number" && !Number.isFinite(Number(value)))
			return `The '${name}' parameter value '${value}' is not a valid Number.`;
		if (parameter.type === "boolean" && !["true", "false"].includes(String(value).toLowerCase()))
			return `The '${name}' parameter value '${value}' is not a valid Boolean.`;
		if (parameter.values !== undefined && !parameter.values.map(String).includes(String(value)))
			return `The '${name}' parameter value '${value}' is not allowed.`;
	}
	return undefined;
}

/** Azure Pipelines knows three results. */
const RESULTS: Readonly<Record<string, string>> = { success: "succeeded", cancelled: "canceled" };

/** "Pipelines – Get", and a member of their list. */
export function pipelineAnswer(url: string, organization: string, project: string, pipeline: Pipeline): object {
	const { self, web } = linksOf(url, organization, project, pipeline.id);
	return {
		_links: { self: { href: self }, web: { href: web } },
		...referenceOf(pipeline),
		url: self,
		configuration: {
			type: "yaml",
			path: "azure-pipelines.yml",
			repository: { id: "5f7bfb5c-0f1c-4d1e-9f0e-6a4a4c2b7a11", type: "azureReposGit" },
		},
	};
}

/**
 * "Runs – Get", and with `isWhole` false a member of their list.
 * @param now epoch milliseconds
 */
export function runOfPipeline(url: string, pipeline: Pipeline, run: Run, now: number, isWhole: boolean): object {
	const { organization = "", project = "", templateParameters = {} } = run.dispatch;
	const { self, web, page } = linksOf(url, organization, project, pipeline.id);
	const { status = "queued", conclusion = null } = stateOf(run, now) ?? {};
	const createdAt = Number.isFinite(run.createdAt) ? run.createdAt : now;
	const isCanceling = status === "in_progress" && run.conclusion === "cancelled";
	const own = `${self.split("?")[0]}/runs/${run.id}`;
	return {
		_links: {
			self: { href: own },
			web: { href: `${page}/results?buildId=${run.id}` },
			"pipeline.web": { href: web },
			pipeline: { href: self },
		},
		templateParameters: isWhole ? templateParameters : undefined,
		pipeline: { url: self, ...referenceOf(pipeline) },
		state: status === "completed" ? "completed" : isCanceling ? "canceling" : "inProgress",
		result: conclusion === null ? undefined : (RESULTS[conclusion] ?? "failed"),
		createdDate: new Date(createdAt).toISOString(),
		finishedDate: status === "completed" ? new Date(run.completedAt).toISOString() : undefined,
		url: own,
		resources: isWhole ? resourcesOf(run) : undefined,
		id: run.id,
		name: nameOf(run, createdAt),
	};
}

/** The usual run number, unless the script names the run. */
function nameOf({ title, of, number }: Run, createdAt: number): string {
	if (title !== of.name) return title;
	return `${new Date(createdAt).toISOString().slice(0, 10).replaceAll("-", "")}.${number}`;
}

function resourcesOf({ ref }: Run): object {
	const repository = { type: "azureReposGit" };
	const version = "4c1f3a0b9d2e8f7a6c5b4d3e2f1a0b9c8d7e6f5a";
	return { repositories: { self: { repository, refName: `refs/heads/${ref}`, version } } };
}

function referenceOf({ id, name = `pipeline-${id}`, folder = "\\" }: Pipeline) {
	return { id, revision: 1, name, folder };
}

/** The API's links lead to the stand-in, those for a browser to Azure DevOps. */
function linksOf(url: string, organization: string, project: string, id: number) {
	const place = `${encodeURIComponent(organization)}/${encodeURIComponent(project)}`;
	const page = `https://dev.azure.com/${place}/_build`;
	return {
		self: `${url}/${place}/_apis/pipelines/${id}?revision=1`,
		web: `${page}/definition?definitionId=${id}`,
		page,
	};
}
