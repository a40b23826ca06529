import { resolve } from "../../destinations/list.ts";
import { isObject, readPlainJson } from "../../event/json.ts";
import { readEvent } from "../../event/read-event.ts";
import type { Route } from "../../route/route.ts";
import type { Ask, Asked } from "../ask.ts";
import { toCloudEvent } from "../catalogue/envelope.ts";
import { EVENT_TYPES, routeTypes } from "../event-types.ts";
import { nearest } from "../nearest.ts";
import { requestFor } from "../routes/explain.ts";
import { type Check, checksOf } from "./check.ts";
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

async function checkOne(pipeline: Pipeline, devOps: AzureDevOps, ask: Ask): Promise<Check[]> {
	const [organization, project, id] = pipeline.place;
	const subject = `${organization}/${project} ${id}`;
	const right = checksOf("pipelines", subject).cannotTell(
		"the command cannot check whether the bridge may start this pipeline and read its runs: it would have to start a run",
		"make sure that the bridge's identity, or its token, has Queue builds and View builds on the pipeline (docs/azure-devops.md)",
	);
	return [...(await checkPlace(pipeline, subject, devOps, ask)), right];
}

/** Whether a pipeline exists, and takes the parameters of its routes. */
async function checkPlace({ place, routes }: Pipeline, subject: string, devOps: AzureDevOps, ask: Ask) {
	const [organization = "", project = "", pipeline = ""] = place;
	const { ok, cannotTell, ofToken } = checksOf("pipelines", subject);
	if (devOps.token === undefined) {
		return [cannotTell("the command needs a token to check whether this pipeline exists", "set AZURE_DEVOPS_TOKEN")];
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
		return [ok(`the pipeline exists: ${name}`), ...once];
	}
	if (REFUSED.includes(answer.status)) {
		const what = `the command could not check whether this pipeline exists: Azure DevOps refuses the token (${answer.status})`;
		return [cannotTell(what, "give AZURE_DEVOPS_TOKEN the scope Build (read)")];
	}
	if (answer.status === 404) {
		const repair = "correct to.organization, to.project or to.pipeline";
		return [ofToken(devOps.tokenIsBridges, "error")(`this pipeline does not exist: ${saidBy(answer)}`, repair)];
	}
	const what = `the command could not check whether this pipeline exists: ${saidBy(answer)}`;
	return [cannotTell(what, "try again later, and check AZURE_DEVOPS_URL")];
}

function saidBy({ status, json, reason }: Asked): string {
	if (status === 0) return `no answer (${reason})`;
	return messageOf(json)?.slice(0, 300) ?? `it answered ${status}`;
}

/** Asks for a dry run of a pipeline, with this body. */
type Preview = (body: string) => Promise<Asked>;

/**
 * Whether a pipeline takes the parameters that a route gives it. Azure Pipelines is asked for the final YAML of a run
 * with the parameters of an example event; no run is started.
 * Source: learn.microsoft.com, "Preview - Preview": "Queues a dry run of the pipeline and returns an object containing
 * the final yaml".
 */
async function checkParameters(route: Route, subject: string, preview: Preview): Promise<readonly Check[]> {
	const { ok, error, cannotTell } = checksOf("pipelines", subject);
	const body = await exampleBody(route);
	if (body === undefined) return [];
	const given = Object.keys(isObject(body.templateParameters) ? body.templateParameters : {});
	const answer = await preview(JSON.stringify({ ...body, previewRun: true }));
	const said = messageOf(answer.json);
	if (answer.status === 200) {
		return given.length === 0 ? [] : [ok(`it accepts the parameters of route "${route.name}": ${given.join(", ")}`)];
	}
	if (answer.status !== 400 || said === undefined) {
		const what = `the command could not check the parameters of route "${route.name}": Azure DevOps answered a dry run with ${answer.status}`;
		return given.length === 0 ? [] : [cannotTell(what, "give AZURE_DEVOPS_TOKEN the scope Build (read & execute)")];
	}
	const unexpected = /unexpected parameter '([^']+)'/i.exec(said)?.[1];
	if (unexpected !== undefined) {
		const repair = `declare "${unexpected}" in the pipeline's YAML, or remove it from the route's parameters`;
		return [
			error(`route "${route.name}" sends the parameter "${unexpected}", but the pipeline does not declare it`, repair),
		];
	}
	const missing = /value for the '([^']+)' parameter must be provided/i.exec(said)?.[1];
	if (missing !== undefined) {
		const near = nearest(missing, given);
		const repair = `map "${missing}" in the route's parameters${near === undefined ? "" : ` (the route has "${near}")`}, or give the parameter a default in the pipeline's YAML`;
		return [
			error(`the pipeline requires the parameter "${missing}", but route "${route.name}" does not send it`, repair),
		];
	}
	const repair = "compare the route's parameters and ref with the pipeline's YAML";
	return [error(`it refuses the request of route "${route.name}" for an example event: ${said.slice(0, 300)}`, repair)];
}

/** What the bridge would send for an example of the route's first known type. */
async function exampleBody(route: Route): Promise<Record<string, unknown> | undefined> {
	const { types } = routeTypes(route);
	const known = EVENT_TYPES.find(({ type }) => types.includes(type)) ?? EVENT_TYPES[0];
	const read = known && readEvent(toCloudEvent(known.example));
	if (!read?.ok) return undefined;
	const to = resolve(route.to, read.event.type);
	const request = await requestFor(read.event, { route: route.name, to });
	return "rejected" in request ? undefined : (readPlainJson(request.body) as Record<string, unknown>);
}

function messageOf(json: unknown): string | undefined {
	const { message } = (json ?? {}) as { message?: unknown };
	return typeof message === "string" ? message : undefined;
}
