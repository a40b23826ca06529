import { resolve } from "../../destinations/list.ts";
import { isObject, readPlainJson } from "../../event/json.ts";
import { readEvent } from "../../event/read-event.ts";
import type { Route } from "../../route/route.ts";
import type { Asked } from "../ask.ts";
import { toCloudEvent } from "../catalogue/envelope.ts";
import { EVENT_TYPES, routeTypes } from "../event-types.ts";
import { nearest } from "../nearest.ts";
import { requestFor } from "../routes/requests.ts";
import { type Check, checksOf } from "./check.ts";

/** Asks for a dry run of a pipeline, with this body. */
export type Preview = (body: string) => Promise<Asked>;

/**
 * Whether a pipeline takes the parameters that a route gives it. Azure Pipelines is asked for the final YAML of a run
 * with the parameters of an example event; no run is started.
 * Source: learn.microsoft.com, "Preview - Preview": "Queues a dry run of the pipeline and returns an object containing
 * the final yaml".
 */
export async function checkParameters(route: Route, subject: string, preview: Preview): Promise<readonly Check[]> {
	const { ok, error, cannotTell } = checksOf("pipelines", subject);
	const body = await exampleBody(route);
	if (body === undefined) return [];
	const given = Object.keys(isObject(body.templateParameters) ? body.templateParameters : {});
	const answer = await preview(JSON.stringify({ ...body, previewRun: true }));
	const said = messageOf(answer);
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

function messageOf({ json }: Asked): string | undefined {
	const { message } = (json ?? {}) as { message?: unknown };
	return typeof message === "string" ? message : undefined;
}
