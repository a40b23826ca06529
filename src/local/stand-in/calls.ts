import type { IncomingHttpHeaders } from "node:http";
import { isObject } from "../../event/json.ts";
import { keyOf } from "./received.ts";
import type { CallFacts, Fault } from "./script.ts";

/** A request that has arrived, read as far as every part of the stand-in needs it. */
export interface Call {
	/** Epoch milliseconds of its arrival. */
	readonly at: number;
	readonly method: string;
	readonly path: string;
	readonly query: URLSearchParams;
	readonly headers: IncomingHttpHeaders;
	/** Its body, and the JSON in that; undefined where there is none. */
	readonly raw: Buffer;
	readonly json: unknown;
	/** Of the stand-in, without a slash at its end. */
	readonly url: string;
	/** The repository that its path names (owner/name), and what of it. */
	readonly repository: string | undefined;
	readonly below: string | undefined;
	/** The project of Azure Pipelines that its path names (organization/project). */
	readonly project: string | undefined;
}

/** An answer of the stand-in's. */
export interface Answer {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: unknown;
}

/**
 * A call of the API, as a judge of a storm needs it: a dispatch that was taken twice under one key is excused by a call
 * with that key that has no status, or that was `taken` though it was answered otherwise.
 */
export interface ApiCall {
	/** Epoch milliseconds of its arrival. */
	readonly at: number;
	readonly method: string;
	/** Without the query. */
	readonly path: string;
	readonly token: string | undefined;
	/** `bridge.key` of its dispatch (see `keyOf`). */
	readonly key?: string | undefined;
	/** The scripted fault in place of the proper answer; a number is its status. */
	readonly fault?: "hang" | "cut before" | "cut after" | number | undefined;
	/** The fault said that the dispatch is taken all the same. */
	readonly taken?: true | undefined;
	/** The status that was sent; null without one: under way, hanging, cut off, or given up by the caller. */
	readonly status: number | null;
}

const REPOSITORY = /^\/(?:api\/v3\/)?repos\/([^/]+\/[^/]+)(\/.*)?$/;
const PROJECT = /^\/([^/]+\/[^/]+)(?=\/_apis\/)/;

/** Reads what a request is about. */
export function readCall(
	given: Pick<Call, "at" | "headers" | "raw" | "url"> & { method: string; target: string },
): Call {
	const { target, ...call } = given;
	const [path = "", search = ""] = target.split("?");
	const [, repository, below = ""] = REPOSITORY.exec(path) ?? [];
	const [, project] = PROJECT.exec(path) ?? [];
	return {
		...call,
		json: call.raw.byteLength === 0 ? undefined : parseJson(call.raw),
		path,
		query: new URLSearchParams(search),
		repository,
		below: repository === undefined ? undefined : below,
		project: project && decodeURIComponent(project),
	};
}

/** The workflow that a path below a repository names, by its file or its id, and what of it is asked for. */
export function workflowIn(below: string | undefined): { readonly workflow?: string; readonly part?: string } {
	const [, workflow, part] = /^\/actions\/workflows\/([^/]+)(?:\/(dispatches|runs))?$/.exec(below ?? "") ?? [];
	return workflow === undefined ? {} : { workflow: decodeURIComponent(workflow), part: part ?? "" };
}

/** The pipeline that a path below a project names, and the run of it. */
export function pipelineIn(path: string) {
	const [, pipeline, part, run] = /\/_apis\/pipelines\/(\d+)(?:\/(runs|preview)(?:\/(\d+))?)?$/.exec(path) ?? [];
	const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
	return { pipeline: number(pipeline), part: part as "runs" | "preview" | undefined, run: number(run) };
}

/** What a step of the script is chosen by. */
export function factsOf(call: Call): CallFacts {
	const { method, below, path, repository, project } = call;
	const { workflow, part } = workflowIn(below);
	const { pipeline, part: asked } = pipelineIn(path);
	const isDispatch = method === "POST" && (below === "/dispatches" || part === "dispatches" || asked === "runs");
	const body = isDispatch && isObject(call.json) ? call.json : {};
	const about: Fault["refuse"][] = [];
	if (below?.startsWith("/actions/") === true) about.push("actions");
	if (method === "GET" && (about.length > 0 || asked === "runs")) about.push("runs");
	if (part === "dispatches" && "return_run_details" in body) about.push("return_run_details");
	return {
		kind: isDispatch ? "dispatch" : method === "GET" ? "read" : "other",
		repository,
		project,
		dispatchType: typeof body["event_type"] === "string" ? body["event_type"] : undefined,
		workflow,
		pipeline,
		about,
	};
}

/** Writes a call down as it arrives; its status is added when it is answered. */
export function noteCall(
	call: Call,
	token: string | undefined,
	fault: Fault | undefined,
): ApiCall & { status: number | null } {
	const { at, method, path, json } = call;
	const key = keyOf(isObject(json) ? json : {});
	const taken = fault?.taken === true ? true : undefined;
	return { at, method, path, token, key, fault: noteOf(fault), taken, status: null };
}

function parseJson(raw: Buffer): unknown {
	try {
		return JSON.parse(raw.toString("utf8"));
	} catch {
		return undefined;
	}
}

function noteOf(fault: Fault | undefined): ApiCall["fault"] {
	if (fault?.hang === true) return "hang";
	return fault?.cut === undefined ? fault?.status : `cut ${fault.cut}`;
}
