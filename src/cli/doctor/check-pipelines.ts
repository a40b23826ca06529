import type { Route } from "../../route/route.ts";
import type { Ask, Asked } from "../ask.ts";
import { type Check, checksOf } from "./check.ts";
import { checkParameters } from "./check-parameters.ts";
import { NOT_THE_BRIDGES } from "./check-token.ts";
import type { AzureDevOps } from "./find-target.ts";

const REFUSED = [203, 301, 302, 303, 307, 308, 401, 403];

/**
 * Whether the pipelines that routes start are there. Whether the bridge may start them is not asked: it signs in with an
 * identity of its own, and Azure DevOps tells only who starts a run.
 * Source: learn.microsoft.com, "Pipelines - Get".
 */
export async function checkPipelines(
	routes: readonly Route[],
	devOps: AzureDevOps,
	ask: Ask,
): Promise<readonly Check[]> {
	const pipelines = new Map<string, Pipeline>();
	for (const route of routes) {
		const { organization, project, pipeline } = route.to;
		if (organization === undefined || pipeline === undefined) continue;
		const place = [organization, project, pipeline].map(String);
		const id = place.join("/").toLowerCase();
		const known = pipelines.get(id)?.routes ?? [];
		pipelines.set(id, { place, routes: [...known, route] });
	}
	const looked: Check[] = [];
	for (const pipeline of pipelines.values()) looked.push(...(await checkOne(pipeline, devOps, ask)));
	return looked;
}

interface Pipeline {
	/** Organization, project and the pipeline's id. */
	readonly place: readonly string[];
	/** Those that start it. */
	readonly routes: readonly Route[];
}

async function checkOne({ place, routes }: Pipeline, devOps: AzureDevOps, ask: Ask): Promise<Check[]> {
	const [organization = "", project = "", pipeline = ""] = place;
	const subject = `${organization}/${project} ${pipeline}`;
	const { ok, error, cannotTell } = checksOf("pipelines", subject);
	const right = cannotTell(
		"the command cannot check whether the bridge may start this pipeline and read its runs: it would have to start a run",
		"make sure that the bridge's identity, or its token, has Queue builds and View builds on the pipeline (docs/azure-devops.md)",
	);
	if (devOps.token === undefined) {
		return [
			cannotTell("the command needs a token to check whether this pipeline exists", "set AZURE_DEVOPS_TOKEN"),
			right,
		];
	}
	const path = [organization, project, "_apis", "pipelines", pipeline].map(encodeURIComponent).join("/");
	const authorization = `Basic ${Buffer.from(`:${devOps.token}`).toString("base64")}`;
	const headers = { accept: "application/json", authorization };
	const answer = await ask(`${devOps.url}/${path}?api-version=7.1`, { headers });
	const { name, id } = (answer.json ?? {}) as { name?: unknown; id?: unknown };
	if (answer.status === 200 && String(id) === pipeline) {
		const preview = (body: string) => {
			const init = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body };
			return ask(`${devOps.url}/${path}/preview?api-version=7.1`, init);
		};
		const parameters: Check[] = [];
		for (const route of routes) parameters.push(...(await checkParameters(route, subject, preview)));
		const once = parameters.filter((one, at) => parameters.findIndex(({ finding }) => finding === one.finding) === at);
		return [ok(`the pipeline exists: ${name}`), ...once, right];
	}
	if (REFUSED.includes(answer.status)) {
		const what = `the command could not check whether this pipeline exists: Azure DevOps refuses the token (${answer.status})`;
		return [cannotTell(what, "give AZURE_DEVOPS_TOKEN the scope Build (read)"), right];
	}
	if (answer.status === 404) {
		const repair = "correct to.organization, to.project or to.pipeline";
		const finding = `this pipeline does not exist: ${saidBy(answer)}`;
		return [devOps.tokenIsBridges ? error(finding, repair) : cannotTell(finding + NOT_THE_BRIDGES, repair), right];
	}
	return [
		cannotTell(
			`the command could not check whether this pipeline exists: ${saidBy(answer)}`,
			"try again later, and check AZURE_DEVOPS_URL",
		),
		right,
	];
}

function saidBy({ status, json, reason }: Asked): string {
	if (status === 0) return `no answer (${reason})`;
	const { message } = (json ?? {}) as { message?: unknown };
	return typeof message === "string" ? message.slice(0, 300) : `it answered ${status}`;
}
