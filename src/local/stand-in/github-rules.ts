import type { IncomingHttpHeaders } from "node:http";

/** An answer of GitHub's. */
export interface Answer {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: unknown;
}

export interface DispatchBody {
	readonly event_type: string;
	readonly client_payload?: Readonly<Record<string, unknown>>;
}

const DISPATCH_DOCS = "https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event";

/** The API versions that GitHub lists. */
const API_VERSIONS = new Set(["2022-11-28", "2026-03-10"]);

/** An error as GitHub words it. */
export function githubError(status: number, message: string, more: object = {}): Answer {
	return { status, body: { message, ...more, documentation_url: DISPATCH_DOCS, status: String(status) } };
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

/**
 * Holds the body of a repository dispatch against GitHub's documented limits.
 * @returns the dispatch, or the refusal
 */
export function checkDispatch(raw: Buffer): DispatchBody | Answer {
	const body = parse(raw);
	if (body === undefined) return githubError(400, "Problems parsing JSON");
	if (typeof body !== "object" || body === null || Array.isArray(body))
		return githubError(400, "Body should be a JSON object");
	const { event_type, client_payload = {} } = body as Record<string, unknown>;
	if (typeof event_type !== "string" || event_type === "") return invalid("event_type", "missing_field");
	if ([...event_type].length > 100)
		return invalid("event_type", "invalid", "event_type is too long (maximum is 100 characters)");
	if (typeof client_payload !== "object" || client_payload === null || Array.isArray(client_payload)) {
		return invalid("client_payload", "invalid", "client_payload is not an object");
	}
	const keys = Object.keys(client_payload).length;
	if (keys > 10) {
		return githubError(422, `Invalid request.\n\nNo more than 10 properties are allowed; ${keys} were supplied.`);
	}
	if (raw.byteLength >= 64 * 1024) return invalid("client_payload", "invalid", "client_payload is too large");
	return body as DispatchBody;
}

/** Whether `checkDispatch` has refused. */
export function isAnswer(checked: DispatchBody | Answer): checked is Answer {
	return "status" in checked && !("event_type" in checked);
}

function invalid(field: string, code: string, message?: string): Answer {
	const error = { resource: "RepositoryDispatch", field, code, ...(message === undefined ? {} : { message }) };
	return githubError(422, "Validation Failed", { errors: [error] });
}

function parse(raw: Buffer): unknown {
	try {
		return JSON.parse(raw.toString("utf8"));
	} catch {
		return undefined;
	}
}
