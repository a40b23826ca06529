import type { StandInPipeline } from "./pipeline.ts";
import { type Run, stateOf } from "./runs.ts";

/** Azure Pipelines knows three results. */
const RESULTS: Readonly<Record<string, string>> = { success: "succeeded", cancelled: "canceled" };

/** "Pipelines – Get", and a member of their list. */
export function pipelineAnswer(
	url: string,
	organization: string,
	project: string,
	pipeline: StandInPipeline & { readonly id: number },
): object {
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
export function runOfPipeline(
	url: string,
	pipeline: StandInPipeline & { readonly id: number },
	run: Run,
	now: number,
	isWhole: boolean,
): object {
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
		...(isWhole ? { templateParameters } : {}),
		pipeline: { url: self, ...referenceOf(pipeline) },
		state: status === "completed" ? "completed" : isCanceling ? "canceling" : "inProgress",
		...(conclusion === null ? {} : { result: RESULTS[conclusion] ?? "failed" }),
		createdDate: new Date(createdAt).toISOString(),
		...(status === "completed" ? { finishedDate: new Date(run.completedAt).toISOString() } : {}),
		url: own,
		...(isWhole ? { resources: resourcesOf(run) } : {}),
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

function referenceOf({ id, name = `pipeline-${id}`, folder = "\\" }: StandInPipeline & { readonly id: number }) {
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
