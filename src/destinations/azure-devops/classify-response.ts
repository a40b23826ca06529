import { clipLine } from "../../log.ts";
import type { Classification, Destination } from "../../model.ts";
import {
	notFromApi,
	rateLimited,
	resetMs,
	retryAfterMs,
	type ServiceResponse,
	said,
	serverError,
} from "../service-response.ts";

const AZURE_DEVOPS = "Azure DevOps";

/** What Azure DevOps answered. */
export interface AzureResponse extends ServiceResponse {
	/** The name of its exception, such as `PipelineValidationException`. */
	readonly typeKey: unknown;
	/** It is the page where a person signs in, or leads there. */
	readonly isSignIn: boolean;
}

/** What was asked for: a refusal's cause and repair depend on it. */
export interface Asked {
	/** The permission on the pipeline that it needs. */
	readonly permission: "Queue builds" | "View builds";
	readonly to: Destination;
}

/**
 * The meaning of an answer of Azure DevOps. Pure.
 * Source: learn.microsoft.com, "Runs – Run Pipeline" and "Rate and usage limits"; messages seen in public reports.
 * @param now epoch milliseconds
 */
export function classifyResponse(response: AzureResponse, asked: Asked, now: number): Classification {
	const { status, headers, body } = response;
	if (response.isSignIn || status === 401) return unauthorized(response);
	if (status === 429 || isThrottled(response)) {
		return rateLimited(AZURE_DEVOPS, response, pauseMs(headers, now), now);
	}
	if (status >= 500 || status === 408) return serverError(AZURE_DEVOPS, response, now);
	if (status === 413)
		return { kind: "permanent", reason: said(AZURE_DEVOPS, response, "this request can never succeed") };
	if (status < 300) return meaningOfSuccess(response);
	if (body !== "json") return notFromApi(AZURE_DEVOPS, response, CHECK_ADDRESS);
	return refused(response, asked);
}

/** A 2xx with JSON is the documented success; one without a body may stand for it. */
function meaningOfSuccess(response: AzureResponse): Classification {
	if (response.body === "json") return { kind: "taken" };
	if (response.body === "other") return notFromApi(AZURE_DEVOPS, response, CHECK_ADDRESS);
	const reason = said(
		AZURE_DEVOPS,
		response,
		"the answer has no body, so it is not known whether Azure DevOps took the request",
	);
	return { kind: "uncertain", reason };
}

function unauthorized(response: AzureResponse): Classification {
	const means = response.isSignIn ? "its sign-in page: the token" : "the token";
	const repair =
		"is wrong, revoked or expired, or its identity is not in the organization; replace it with a valid one";
	return { kind: "unauthorized", reason: said(AZURE_DEVOPS, response, `${means} ${repair}`) };
}

const CHECK_ADDRESS = "check AZURE_DEVOPS_URL, the route's organization, and proxies";

/** Source: learn.microsoft.com, "Rate and usage limits": TF400733, exceeding usage of a resource. */
function isThrottled({ status, message }: AzureResponse): boolean {
	return status >= 400 && /TF400733|exceeding usage of resource/i.test(message);
}

/** As long as Azure DevOps delays a call at most. Source: "Rate and usage limits". */
const LONGEST_DELAY_MS = 30_000;

/**
 * The pause that Azure DevOps asks for, which it does with answers of any kind: `retry-after`; the reset of a budget that
 * is used up; or as long as it has delayed the call.
 * @param now epoch milliseconds
 * @returns milliseconds, from a second to a day
 */
export function pauseMs(headers: AzureResponse["headers"], now: number): number | undefined {
	const delay = headers["x-ratelimit-delay"]?.trim() ?? "";
	const delayMs = /^\d+(?:\.\d+)?$/.test(delay) ? Number(delay) * 1_000 : 0;
	const bounded = delayMs > 0 ? Math.min(Math.max(delayMs, 1_000), LONGEST_DELAY_MS) : undefined;
	return retryAfterMs(headers, now) ?? resetMs(headers, now) ?? bounded;
}

function refused(response: AzureResponse, asked: Asked): Classification {
	const fault = response.status === 400 ? parameterFault(response.message) : undefined;
	// A value of one event does not park the pipeline for other events.
	if (fault?.isOfValue && isOfEvent(asked.to, fault.name))
		return { kind: "permanent", reason: said(AZURE_DEVOPS, response, NOT_ACCEPTED) };
	const means = fault === undefined ? causeOf(response, asked) : fault.repair(clipLine(fault.name, 60));
	return { kind: "unavailable", reason: said(AZURE_DEVOPS, response, means) };
}

const NOT_ACCEPTED = "the parameter does not accept the event's value, or the event has none";

/**
 * What Azure Pipelines says of a parameter. The first quotation is the name; a quoted value comes later.
 * `isOfValue`: it is the value that does not fit, or is missing, and not the name.
 */
const PARAMETER_FAULTS = [
	{
		form: /^[^']*\bunexpected parameter\s+'([^']{1,200})'/i,
		isOfValue: false,
		repair: (name: string) => `declare ${name} in the pipeline's parameters, or remove it from the route's`,
	},
	{
		form: /^[^']*\ba value for the\s+'([^']{1,200})'\s+parameter must be provided/i,
		isOfValue: true,
		repair: (name: string) => `give ${name} a value in the route's parameters, or a default in the pipeline`,
	},
	{
		form: /^[^']*\bthe\s+'([^']{1,200})'\s+parameter\b/i,
		isOfValue: true,
		repair: (name: string) => `correct ${name} in the route's parameters`,
	},
];

function parameterFault(message: string) {
	return PARAMETER_FAULTS.flatMap(({ form, ...fault }) => {
		const name = form.exec(message)?.[1];
		return name === undefined ? [] : [{ ...fault, name }];
	})[0];
}

/** Whether the event fills a parameter. Azure Pipelines does not distinguish case in their names. */
function isOfEvent({ fromEvent }: Destination, name: string): boolean {
	const names = Array.isArray(fromEvent) ? fromEvent : [];
	return names.some((one) => String(one).toLowerCase() === name.toLowerCase());
}

/** Why a pipeline is parked, with the repair, as far as the answer says. */
function causeOf({ status, message, typeKey }: AzureResponse, { permission, to }: Asked): string {
	if (status === 400 && /latest source version|using ref\b/i.test(message))
		return "the pipeline's repository has no such branch; correct ref in the route";
	if (status === 400 && typeKey === "PipelineValidationException")
		return "Azure DevOps refuses the pipeline's YAML or its parameters; repair the pipeline, or the route's parameters";
	if (status === 403)
		return `the identity may not: allow it "${permission}" on the pipeline (its page, Security), or check the token's scope`;
	if (status === 404 && (/TF215016/.test(message) || typeKey === "DefinitionNotFoundException"))
		return `there is no pipeline ${clipLine(String(to["pipeline"]), 20)} in the project, or the identity cannot see it`;
	if (status === 404)
		return "there is no such project, or the identity cannot see it; check the route, and add the identity to the project";
	return "Azure DevOps does not document this answer; the bridge tries again later";
}
