import type { IncomingMessage, ServerResponse } from "node:http";
import { readAll, type Server, serve } from "./serve.ts";
import { azureTokenOf, signIn } from "./stand-in/azure-rules.ts";
import { type Answer, type ApiCall, type Call, factsOf, noteCall, readCall } from "./stand-in/calls.ts";
import { Control } from "./stand-in/control.ts";
import { GitHubApi, type GitHubOptions } from "./stand-in/github-api.ts";
import { tokenOf } from "./stand-in/github-rules.ts";
import { PipelinesApi } from "./stand-in/pipelines-api.ts";
import type { Received } from "./stand-in/received.ts";
import { expiryHeader } from "./stand-in/repository-api.ts";
import type { Run, RunPlan } from "./stand-in/runs.ts";
import { type Fault, FaultScript } from "./stand-in/script.ts";
import { Taken } from "./stand-in/taken.ts";

export interface StandInOptions extends GitHubOptions {
	/** 0 takes a free one. */
	readonly port?: number;
	/** Azure DevOps' tokens that are valid; none given, all are. */
	readonly azureTokens?: readonly string[];
	/** What becomes of runs that the script says nothing about; left out, each succeeds at once. */
	readonly runs?: RunPlan;
	/** How long every call of the API takes at least; what it does is done when it arrives. */
	readonly latencyMs?: number;
	/** Epoch milliseconds, never back. `advance` and `POST /_clock` add to it. */
	readonly now?: () => number;
}

export interface GitHubStandIn extends Server {
	readonly received: readonly Received[];
	/** Every call of the API, taken or not, in the order of arrival. */
	readonly calls: readonly ApiCall[];
	readonly script: FaultScript;
	/** Every run that was started, also those that cannot be seen yet, or never. */
	runs(): readonly Run[];
	/** Of its clock, epoch milliseconds. */
	now(): number;
	/** Moves its clock forward. */
	advance(ms: number): void;
	/** The tokens that are valid from now on; without any, none is. */
	setTokens(tokens: readonly string[]): void;
	/** The same for Azure DevOps. */
	setAzureTokens(tokens: readonly string[]): void;
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
 * Stands in for GitHub's REST API as far as dispatches and their runs need it, and for Azure Pipelines beside it:
 * documented answers, limits and headers, over real HTTP. What is asked of the stand-in itself begins with `/_` (see
 * `Control`).
 */
export async function startGitHubStandIn(options: StandInOptions = {}): Promise<GitHubStandIn> {
	const standIn = new StandIn(options);
	const server = await serve(options.port ?? 0, (request, response) => standIn.serve(request, response));
	standIn.url = server.url;
	const { taken, calls, script, github, pipelines, control } = standIn;
	return {
		...server,
		received: taken.received,
		calls,
		script,
		runs: () => taken.runs.all(),
		now: () => control.now(),
		advance: (ms) => control.advance(ms),
		setTokens: (valid) => {
			github.tokens = new Set(valid);
		},
		setAzureTokens: (valid) => {
			pipelines.tokens = new Set(valid);
		},
		setTokenExpiry: (expiresAt) => {
			github.expiry = expiryHeader(expiresAt);
		},
		revokeInstallationTokens: () => github.app?.revoke(),
		suspendInstallations: (owners) => github.app?.suspend(owners),
		connections: () => standIn.connections,
	};
}

class StandIn {
	url = "";
	connections = 0;
	readonly script = new FaultScript();
	readonly calls: ApiCall[] = [];
	readonly taken: Taken;
	readonly github: GitHubApi;
	readonly pipelines: PipelinesApi;
	readonly control: Control;
	private readonly latencyMs: number;
	private readonly sockets = new WeakSet<object>();
	private answers = 0;

	constructor(options: StandInOptions) {
		this.latencyMs = options.latencyMs ?? 0;
		this.taken = new Taken(this.script, options.runs);
		const now = () => this.control.now();
		this.github = new GitHubApi(options, this.taken, now);
		this.pipelines = new PipelinesApi(this.taken, options.azureTokens);
		this.control = new Control(this, options.now ?? Date.now);
	}

	serve(request: IncomingMessage, response: ServerResponse): void {
		if (!this.sockets.has(request.socket)) {
			this.sockets.add(request.socket);
			this.connections += 1;
		}
		this.answer(request, response).catch((error: unknown) => response.destroy(error as Error));
	}

	private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const raw = await readAll(request);
		const { method = "", url: target = "", headers } = request;
		if (target.startsWith("/_signin")) return sendAnswer(response, { ...signIn(203, this.url), status: 200 });
		if (target.startsWith("/_")) return sendAnswer(response, this.control.answer(method, target, raw));
		const call = readCall({ at: this.control.now(), method, target, headers, raw, url: this.url });
		const fault = this.script.next(factsOf(call));
		const token = call.project === undefined ? tokenOf(headers) : azureTokenOf(headers)?.token;
		const noted = noteCall(call, token, fault);
		this.calls.push(noted);
		const given = this.answerTo(call, fault);
		if (fault?.hang === true) return;
		const waitMs = Math.max(this.latencyMs, fault?.delayMs ?? 0);
		if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
		if (given === undefined || fault?.cut !== undefined) return void request.socket.destroy();
		if (request.socket.destroyed) return;
		noted.status = given.status;
		sendAnswer(response, { ...given, headers: { ...this.usualHeaders(call), ...given.headers, ...fault?.headers } });
	}

	/** Does what the call asks for, unless a fault prevents it. Undefined: no answer is sent. */
	private answerTo(call: Call, fault: Fault | undefined): Answer | undefined {
		const api = call.project === undefined ? this.github : this.pipelines;
		const proper = isDoneDespite(fault) ? api.answer(call, fault) : undefined;
		if (fault?.refuse !== undefined) return api.refuse(fault.refuse);
		return scriptedAnswer(fault, (status) => api.error(status, call)) ?? proper;
	}

	private usualHeaders({ at, project }: Call): Readonly<Record<string, string>> {
		this.answers += 1;
		const date = new Date(at).toUTCString();
		const count = (0x1a2b3c + this.answers).toString(16);
		if (project === undefined) return { date, "x-github-request-id": `57AD:${count.toUpperCase()}` };
		return { date, activityid: `5f7bfb5c-0f1c-4d1e-9f0e-${count.padStart(12, "0")}` };
	}
}

/** Whether the service does what the request asks for, in spite of a scripted fault. */
function isDoneDespite(fault: Fault | undefined): boolean {
	if (fault?.taken === true) return true;
	return fault?.status === undefined && fault?.refuse === undefined && fault?.hang !== true && fault?.cut !== "before";
}

/**
 * The answer that a fault puts in place of the proper one; undefined where it leaves that.
 * @param inOwnForm the service's own error of that status
 */
function scriptedAnswer(fault: Fault | undefined, inOwnForm: (status: number) => Answer): Answer | undefined {
	if (fault?.status === undefined) return undefined;
	return "body" in fault ? { status: fault.status, body: fault.body } : inOwnForm(fault.status);
}

/** Sends an answer: as JSON, unless it is a text with a content type of its own, such as a page. */
function sendAnswer(response: ServerResponse, { status, headers = {}, body }: Answer): void {
	if (status === 204 || status === 304 || body === undefined) {
		response.writeHead(status, headers).end();
		return;
	}
	const types = Object.entries(headers).filter(([name]) => name.toLowerCase() === "content-type");
	const isText = typeof body === "string" && types.some(([, type]) => !/\bjson\b/i.test(type));
	response
		.writeHead(status, types.length > 0 ? headers : { "content-type": "application/json; charset=utf-8", ...headers })
		.end(isText ? body : JSON.stringify(body, null, "\t"));
}
