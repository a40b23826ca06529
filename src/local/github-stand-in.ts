import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { readAll, type Server, serve } from "./serve.ts";
import { isDoneDespite, placeOf, refuseByLimit, scriptedAnswer, sendAnswer } from "./stand-in/answer.ts";
import { createAppRules, type StandInApp } from "./stand-in/github-app.ts";
import { type Answer, checkCaller, checkDispatch, githubError, isAnswer, tokenOf } from "./stand-in/github-rules.ts";
import { createRateLimits, DOCUMENTED_LIMITS, type Limits, rateLimitAnswer } from "./stand-in/rate-limits.ts";
import { type ApiCall, noteCall, type Received } from "./stand-in/received.ts";
import { createRepositoryRoutes, expiryHeader } from "./stand-in/repository-api.ts";
import { FaultScript } from "./stand-in/script.ts";

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
	/** How long every call of the API takes at least; what it does is done when it arrives. */
	readonly latencyMs?: number;
	/** When the tokens expire (not those of the app), which GitHub tells with each answer; a text in ISO 8601. */
	readonly tokenExpiresAt?: string | Date;
	/** Epoch milliseconds. */
	readonly now?: () => number;
}

export interface GitHubStandIn extends Server {
	readonly received: readonly Received[];
	/** Every call of the API, taken or not, in the order of arrival. */
	readonly calls: readonly ApiCall[];
	readonly script: FaultScript;
	/** The tokens that are valid from now on; without any, none is. */
	setTokens(tokens: readonly string[]): void;
	/** Replaces `tokenExpiresAt`; without an argument the tokens do not expire. */
	setTokenExpiry(expiresAt?: string | Date): void;
	/** Ends every installation token that was issued. */
	revokeInstallationTokens(): void;
	/** Suspends the app for these owners, and for no others. */
	suspendInstallations(owners: readonly string[]): void;
	/** How many connections were opened. */
	connections(): number;
}

/**
 * Stands in for GitHub's REST API as far as a dispatch needs it: documented answers, limits and headers, over real
 * HTTP. `GET /_received` lists what it took (DELETE forgets it), `POST /_script` scripts faults (see Fault), and
 * `POST /_repository` says what a look at a repository shows (see StandInRepository).
 */
export async function startGitHubStandIn(options: StandInOptions = {}): Promise<GitHubStandIn> {
	const { now = Date.now, limits = DOCUMENTED_LIMITS, latencyMs = 0 } = options;
	const repositories = new Set(options.repositories?.map((name) => name.toLowerCase()));
	let tokens = options.tokens && new Set(options.tokens);
	const app = options.app && createAppRules(options.app, now);
	const isValid = (token: string) => tokens === undefined || tokens.has(token) || app?.isValid(token) === true;
	let expiry = expiryHeader(options.tokenExpiresAt);
	const count = createRateLimits(limits);
	const script = new FaultScript();
	const received: Received[] = [];
	const shown = createRepositoryRoutes(received);
	const calls: ApiCall[] = [];
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
		const { method = "", url = "", headers } = request;
		const path = url.split("?")[0] ?? "";
		if (path.startsWith("/_")) return sendAnswer(response, control(method, path, body));
		const at = now();
		const fault = script.next(placeOf(path).repository);
		const noted = noteCall(at, path, headers, body, fault);
		calls.push(noted);
		const proper = isDoneDespite(fault) ? dispatch(at, method, url, headers, body) : undefined;
		if (fault?.hang === true) return;
		const given = scriptedAnswer(fault) ?? proper;
		const waitMs = Math.max(latencyMs, fault?.delayMs ?? 0);
		if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
		if (given === undefined || fault?.cut !== undefined) return void request.socket.destroy();
		if (request.socket.destroyed) return;
		noted.status = given.status;
		requests += 1;
		const requestId = `57AD:${(0x1a2b3c + requests).toString(16).toUpperCase()}`;
		sendAnswer(response, {
			...given,
			headers: { "x-github-request-id": requestId, ...given.headers, ...fault?.headers },
		});
	}

	function dispatch(at: number, method: string, url: string, headers: IncomingHttpHeaders, raw: Buffer): Answer {
		const [path = "", search = ""] = url.split("?");
		const token = tokenOf(headers) ?? "";
		const forApp = app?.answer(method, path, tokenOf(headers), server.url);
		if (forApp !== undefined) return forApp;
		const refusal = checkCaller(headers, isValid);
		if (refusal !== undefined) return refusal;
		const suspended = app?.refuseSuspended(token);
		if (suspended !== undefined) return suspended;
		const { repository, below = "" } = placeOf(path);
		const exists = repository !== undefined && (repositories.size === 0 || repositories.has(repository.toLowerCase()));
		const isLimitAsked = method === "GET" && /^\/(?:api\/v3\/)?rate_limit$/.test(path);
		const allowance = count(token, at, isLimitAsked ? "look" : method === "GET" ? "read" : "write");
		const ofToken = { ...expiry, ...(exists ? shown.headers(repository) : {}) };
		const told = { ...allowance.headers, ...(app?.isValid(token) === true ? {} : ofToken) };
		const refused = refuseByLimit({ ...allowance, headers: told });
		if (refused !== undefined) return refused;
		if (isLimitAsked) return { ...rateLimitAnswer(allowance), headers: told };
		const call = { method, below, query: new URLSearchParams(search), url: server.url };
		const looked = exists ? shown.answer({ ...call, repository }) : undefined;
		if (looked !== undefined) return { ...looked, headers: { ...told, ...looked.headers } };
		if (method !== "POST" || below !== "/dispatches" || !exists)
			return { ...githubError(404, "Not Found"), headers: told };
		const checked = checkDispatch(raw);
		if (isAnswer(checked)) return { ...checked, headers: told };
		const { authorization: _secret, ...rest } = headers;
		received.push({ at: new Date(at).toISOString(), repository, ...checked, headers: rest });
		return { status: 204, headers: told };
	}

	function control(method: string, path: string, body: Buffer): Answer {
		if (path === "/_received" && method === "GET") return { status: 200, body: received };
		if (path === "/_received" && method === "DELETE")
			return { status: 200, body: { forgotten: received.splice(0).length } };
		if (!["/_script", "/_repository"].includes(path) || method !== "POST") {
			const error = "there are GET and DELETE /_received, POST /_script and POST /_repository";
			return { status: 404, body: { error } };
		}
		try {
			const given: unknown = JSON.parse(body.toString("utf8"));
			const done = path === "/_script" ? { faults: script.set(given) } : { repositories: shown.set(given) };
			return { status: 200, body: done };
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
		setTokenExpiry: (expiresAt) => {
			expiry = expiryHeader(expiresAt);
		},
		revokeInstallationTokens: () => app?.revoke(),
		suspendInstallations: (owners) => app?.suspend(owners),
		connections: () => connections,
	};
}
