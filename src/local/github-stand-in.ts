import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type Fault, FaultScript } from "./fault-script.ts";
import { createAppRules, type StandInApp } from "./github-app-rules.ts";
import {
	type Answer,
	checkCaller,
	checkDispatch,
	type DispatchBody,
	githubError,
	isAnswer,
	tokenOf,
} from "./github-rules.ts";
import { type Allowance, createRateLimits, DOCUMENTED_LIMITS, type Limits } from "./rate-limits.ts";
import { readAll, type Server, serve } from "./serve.ts";

/** A dispatch that the stand-in has taken, as `GET /_received` lists it. */
export interface Received extends DispatchBody {
	/** ISO 8601. */
	readonly at: string;
	/** owner/name */
	readonly repository: string;
	/** Of the request, without the credentials. */
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface StandInOptions {
	/** 0 takes a free one. */
	readonly port?: number;
	/** Repositories that exist (owner/name); none given, all do. */
	readonly repositories?: readonly string[];
	/** Tokens that are valid; none given, all are. */
	readonly tokens?: readonly string[];
	/** An app, whose installation tokens are valid, too. */
	readonly app?: StandInApp;
	readonly limits?: Limits;
	/** Epoch milliseconds. */
	readonly now?: () => number;
}

export interface GitHubStandIn extends Server {
	readonly received: readonly Received[];
	/** Every call of the API, taken or not, oldest first. */
	readonly calls: readonly {
		readonly path: string;
		readonly token: string | undefined;
		readonly status: number | null;
	}[];
	readonly script: FaultScript;
	/** The tokens that are valid from now on; without any, none is. */
	setTokens(tokens: readonly string[]): void;
	/** Ends every installation token that was issued. */
	revokeInstallationTokens(): void;
	/** How many connections were opened. */
	connections(): number;
}

/**
 * Stands in for GitHub's REST API as far as a dispatch needs it: documented answers, limits and headers, over real
 * HTTP. `GET /_received` lists what it took (DELETE forgets it), `POST /_script` scripts faults (see Fault).
 */
export async function startGitHubStandIn(options: StandInOptions = {}): Promise<GitHubStandIn> {
	const { now = Date.now, limits = DOCUMENTED_LIMITS } = options;
	const repositories = new Set(options.repositories?.map((name) => name.toLowerCase()));
	let tokens = options.tokens && new Set(options.tokens);
	const app = options.app && createAppRules(options.app, now);
	const isValid = (token: string) => tokens === undefined || tokens.has(token) || app?.isValid(token) === true;
	const count = createRateLimits(limits, now);
	const script = new FaultScript();
	const received: Received[] = [];
	const calls: GitHubStandIn["calls"][number][] = [];
	const sockets = new WeakSet<object>();
	let connections = 0;
	let requests = 0;

	const server = await serve(options.port ?? 0, (request, response) => {
		if (!sockets.has(request.socket)) {
			sockets.add(request.socket);
			connections += 1;
		}
		answer(request, response).catch((error: unknown) => response.destroy(error as Error));
	});

	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const body = await readAll(request);
		const { method = "", url = "" } = request;
		const path = url.split("?")[0] ?? "";
		if (path.startsWith("/_")) return send(response, control(method, path, body));
		const fault = script.next();
		const log = (status: number | null) => calls.push({ path, token: tokenOf(request.headers), status });
		if (fault?.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
		if (fault?.hang === true) return void log(null);
		if (fault?.cut === "before") return cut(request, log);
		const given = scripted(fault) ?? dispatch(method, path, request.headers, body);
		if (fault?.cut === "after") return cut(request, log);
		log(given.status);
		requests += 1;
		const requestId = `57AD:${(0x1a2b3c + requests).toString(16).toUpperCase()}`;
		send(response, { ...given, headers: { "x-github-request-id": requestId, ...given.headers, ...fault?.headers } });
	}

	function dispatch(method: string, path: string, headers: IncomingHttpHeaders, raw: Buffer): Answer {
		const forApp = app?.answer(method, path, tokenOf(headers));
		if (forApp !== undefined) return forApp;
		const refusal = checkCaller(headers, isValid);
		if (refusal !== undefined) return refusal;
		const allowance = count(tokenOf(headers) ?? "");
		const refused = refuseByLimit(allowance);
		if (refused !== undefined) return refused;
		const [, owner, repo] = /^\/(?:api\/v3\/)?repos\/([^/]+)\/([^/]+)\/dispatches$/.exec(path) ?? [];
		const repository = `${owner}/${repo}`;
		const exists = owner !== undefined && (repositories.size === 0 || repositories.has(repository.toLowerCase()));
		if (method !== "POST" || !exists) return { ...githubError(404, "Not Found"), headers: allowance.headers };
		const checked = checkDispatch(raw);
		if (isAnswer(checked)) return { ...checked, headers: allowance.headers };
		const { authorization: _secret, ...rest } = headers;
		received.push({ at: new Date(now()).toISOString(), repository, ...checked, headers: rest });
		return { status: 204, headers: allowance.headers };
	}

	function control(method: string, path: string, body: Buffer): Answer {
		if (path === "/_received" && method === "GET") return { status: 200, body: received };
		if (path === "/_received" && method === "DELETE")
			return { status: 200, body: { forgotten: received.splice(0).length } };
		if (path !== "/_script" || method !== "POST") {
			return { status: 404, body: { error: "there are GET and DELETE /_received, and POST /_script" } };
		}
		try {
			return { status: 200, body: { faults: script.set(JSON.parse(body.toString("utf8"))) } };
		} catch (error) {
			return { status: 400, body: { error: (error as Error).message } };
		}
	}

	return {
		...server,
		received,
		calls,
		script,
		setTokens: (valid) => {
			tokens = new Set(valid);
		},
		revokeInstallationTokens: () => app?.revoke(),
		connections: () => connections,
	};
}

function scripted(fault: Fault | undefined): Answer | undefined {
	if (fault?.status === undefined) return undefined;
	return "body" in fault ? { status: fault.status, body: fault.body } : githubError(fault.status, "A scripted fault");
}

function refuseByLimit({ exceeded, headers, retryAfterSeconds }: Allowance): Answer | undefined {
	if (exceeded === undefined) return undefined;
	if (exceeded === "primary") return { ...githubError(403, "API rate limit exceeded for this token."), headers };
	const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
	return { ...githubError(403, message), headers: { ...headers, "retry-after": String(retryAfterSeconds) } };
}

function cut(request: IncomingMessage, log: (status: null) => void): void {
	log(null);
	request.socket.destroy();
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
	if (status === 204 || body === undefined) {
		response.writeHead(status, headers).end();
		return;
	}
	response
		.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers })
		.end(JSON.stringify(body, null, "\t"));
}
