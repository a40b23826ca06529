import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isObject } from "../../event/json.ts";
import type { Answer, Call } from "./calls.ts";

/** The body of a repository dispatch. */
export interface DispatchBody {
	readonly event_type: string;
	readonly client_payload?: Readonly<Record<string, unknown>>;
}

/** The body of a workflow dispatch. */
export interface WorkflowDispatchBody {
	readonly ref: string;
	readonly inputs?: Readonly<Record<string, unknown>>;
	readonly return_run_details?: boolean;
}

const DISPATCH_DOCS = "https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event";
const WORKFLOW_DOCS = "https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event";
const MAX_INPUTS = 25;
/** Characters of the inputs as JSON. Source: docs.github.com, "Events that trigger workflows", workflow_dispatch. */
const MAX_INPUTS_LENGTH = 65_535;

/** The API versions that GitHub lists. */
const API_VERSIONS = new Set(["2022-11-28", "2026-03-10"]);

/** An error as GitHub words it. */
export function githubError(status: number, message: string, more: object = {}): Answer {
	return { status, body: { message, documentation_url: DISPATCH_DOCS, ...more, status: String(status) } };
}

/**
 * What GitHub refuses before it looks at the request itself. Source: "Troubleshooting the REST API".
 */
export function checkCaller(headers: IncomingHttpHeaders, isValid: (token: string) => boolean): Answer | undefined {
	if (!headers["user-agent"]) {
		return githubError(
			403,
			"Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
		);
	}
	const version = headers["x-github-api-version"];
	if (version !== undefined && !API_VERSIONS.has(String(version))) {
		return githubError(400, `"${version}" is not a supported version`);
	}
	const token = tokenOf(headers);
	if (token === undefined) return githubError(401, "Requires authentication");
	if (!isValid(token)) return githubError(401, "Bad credentials");
	return undefined;
}

/** The token of an Authorization header, which GitHub takes as `Bearer` and as `token`. */
export function tokenOf({ authorization }: IncomingHttpHeaders): string | undefined {
	return /^(?:bearer|token) +(\S+)$/i.exec(authorization ?? "")?.[1];
}

/** What a token that lacks a permission is answered. */
export function notAccessible(permission: string, access: "read" | "write"): Answer {
	const headers = { "x-accepted-github-permissions": `${permission}=${access}` };
	return { ...githubError(403, "Resource not accessible by personal access token"), headers };
}

/** The refusal of a workflow dispatch. */
export function dispatchError(message: string): Answer {
	return githubError(422, message, { documentation_url: WORKFLOW_DOCS });
}

/**
 * Checks the body of a repository dispatch against GitHub's documented limits.
 * @returns the dispatch, or the refusal
 */
export function checkDispatch({ json, raw }: Call): DispatchBody | Answer {
	const body = readBody(json);
	if (isAnswer(body)) return body;
	const { event_type, client_payload = {} } = body;
	if (typeof event_type !== "string" || event_type === "") return invalid("event_type", "missing_field");
	if ([...event_type].length > 100)
		return invalid("event_type", "invalid", "event_type is too long (maximum is 100 characters)");
	if (!isObject(client_payload)) return invalid("client_payload", "invalid", "client_payload is not an object");
	const keys = Object.keys(client_payload).length;
	if (keys > 10) return githubError(422, tooMany(10, keys));
	if (raw.byteLength >= 64 * 1024) return invalid("client_payload", "invalid", "client_payload is too large");
	return body as unknown as DispatchBody;
}

/**
 * Checks the body of a workflow dispatch, before the workflow is looked at. A member that is not documented is refused,
 * as `return_run_details` is by Enterprise Server up to 3.20.
 * @returns the dispatch, or the refusal
 */
export function checkWorkflowDispatch({ json }: Call): WorkflowDispatchBody | Answer {
	const body = readBody(json);
	if (isAnswer(body)) return body;
	const { ref, inputs = {}, return_run_details, ...others } = body;
	const [other] = Object.keys(others);
	if (other !== undefined) return dispatchError(notPermitted(other));
	if (ref === undefined) return dispatchError('Invalid request.\n\n"ref" wasn\'t supplied.');
	if (typeof ref !== "string")
		return dispatchError(`Invalid request.\n\nFor 'properties/ref', ${ref} is not a string.`);
	if (!isObject(inputs)) return dispatchError("Invalid request.\n\nFor 'properties/inputs', it is not an object.");
	if (return_run_details !== undefined && typeof return_run_details !== "boolean")
		return dispatchError("Invalid request.\n\nFor 'properties/return_run_details', it is not a boolean.");
	const count = Object.keys(inputs).length;
	if (count > MAX_INPUTS) return dispatchError(tooMany(MAX_INPUTS, count));
	if ([...JSON.stringify(inputs)].length > MAX_INPUTS_LENGTH) return dispatchError("inputs are too large.");
	return body as unknown as WorkflowDispatchBody;
}

/** How a member is refused that an endpoint does not know. */
export function notPermitted(member: string): string {
	return `Invalid request.\n\n"${member}" is not a permitted key.`;
}

/** Whether a check has refused. */
export function isAnswer(checked: object): checked is Answer {
	return "status" in checked && typeof checked.status === "number" && "body" in checked;
}

function tooMany(most: number, given: number): string {
	return `Invalid request.\n\nNo more than ${most} properties are allowed; ${given} were supplied.`;
}

function readBody(body: unknown): Record<string, unknown> | Answer {
	if (body === undefined) return githubError(400, "Problems parsing JSON");
	return isObject(body) ? body : githubError(400, "Body should be a JSON object");
}

function invalid(field: string, code: string, message?: string): Answer {
	return githubError(422, "Validation Failed", { errors: [{ resource: "RepositoryDispatch", field, code, message }] });
}

/** A page of a list, by `per_page` (30, at most 100) and `page` as GitHub documents them. */
export function pageOf<T>(all: readonly T[], query: URLSearchParams): readonly T[] {
	const size = Math.min(Math.max(Math.trunc(Number(query.get("per_page") ?? 30)) || 30, 1), 100);
	const page = Math.max(Math.trunc(Number(query.get("page") ?? 1)) || 1, 1);
	return all.slice((page - 1) * size, page * size);
}

/** An answer with a tag of its content, by which a caller that has it already is answered 304. */
export function tagged(answer: Answer): Answer {
	const hash = createHash("sha256").update(JSON.stringify(answer.body)).digest("hex");
	return { ...answer, headers: { etag: `W/"${hash}"`, ...answer.headers } };
}

/** Whether a caller has that answer already. Tags are compared weakly (RFC 9110, §13.1.2). */
export function isKnown({ headers }: Answer, ifNoneMatch: string | undefined): boolean {
	const bare = (tag: string) => tag.trim().replace(/^W\//, "");
	const tag = headers?.["etag"];
	if (tag === undefined || ifNoneMatch === undefined) return false;
	return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((one) => bare(one) === bare(tag));
}
