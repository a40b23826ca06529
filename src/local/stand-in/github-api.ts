import type { Answer, Call } from "./calls.ts";
import { type AppRules, createAppRules, type StandInApp } from "./github-app.ts";
import { checkCaller, githubError, isKnown, notAccessible, notPermitted, tokenOf } from "./github-rules.ts";
import { createRateLimits, DOCUMENTED_LIMITS, type Limits, rateLimitAnswer, refuseByLimit } from "./rate-limits.ts";
import { expiryHeader, RepositoryApi } from "./repository-api.ts";
import type { Fault } from "./script.ts";
import type { Taken } from "./taken.ts";

export interface GitHubOptions {
	/** Repositories that exist (owner/name); none given, all do. */
	readonly repositories?: readonly string[];
	/** Tokens that are valid; none given, all are. */
	readonly tokens?: readonly string[];
	/** An app, whose installation tokens are valid, too. */
	readonly app?: StandInApp;
	readonly limits?: Limits;
	/** When the tokens expire (not those of the app), which GitHub tells with each answer; a text in ISO 8601. */
	readonly tokenExpiresAt?: string | Date;
}

/** GitHub's REST API, as far as dispatches and their runs need it: documented answers, limits and headers. */
export class GitHubApi {
	/** What is shown of repositories. */
	readonly repository: RepositoryApi;
	readonly app: AppRules | undefined;
	/** The tokens that are valid; undefined: all are. */
	tokens: ReadonlySet<string> | undefined;
	/** The header that tells when tokens expire. */
	expiry: Readonly<Record<string, string>>;
	private readonly existing: ReadonlySet<string>;
	private readonly count: ReturnType<typeof createRateLimits>;

	/** @param now epoch milliseconds */
	constructor(options: GitHubOptions, taken: Taken, now: () => number) {
		const { repositories = [], tokens, app, limits = DOCUMENTED_LIMITS } = options;
		this.repository = new RepositoryApi(taken);
		this.app = app && createAppRules(app, now);
		this.tokens = tokens && new Set(tokens);
		this.expiry = expiryHeader(options.tokenExpiresAt);
		this.existing = new Set(repositories.map((name) => name.toLowerCase()));
		this.count = createRateLimits(limits);
	}

	/** The proper answer to a call, which does what the call asks for. */
	answer(call: Call, fault: Fault | undefined): Answer {
		const { at, method, path, headers } = call;
		const token = tokenOf(headers) ?? "";
		const forApp = this.app?.answer(method, path, token, call.url);
		if (forApp !== undefined) return forApp;
		const isValid = (one: string) => this.tokens === undefined || this.tokens.has(one) || this.isOfApp(one);
		const refusal = checkCaller(headers, isValid) ?? this.app?.refuseSuspended(token);
		if (refusal !== undefined) return refusal;
		const isLimitAsked = method === "GET" && /^\/(?:api\/v3\/)?rate_limit$/.test(path);
		// A read changes nothing, so it may be answered before it is counted: a 304 is not counted.
		const read = method === "GET" && !isLimitAsked ? this.answerRepository(call, fault) : undefined;
		const isNotModified = read !== undefined && isKnown(read, headers["if-none-match"]);
		const kind = isLimitAsked || isNotModified ? "look" : method === "GET" ? "read" : "write";
		const allowance = this.count(token, at, kind);
		const told = { ...allowance.headers, ...this.toldOf(call, token) };
		const refused = refuseByLimit({ ...allowance, headers: told });
		if (refused !== undefined) return refused;
		if (isLimitAsked) return { ...rateLimitAnswer(allowance), headers: told };
		const answer = read ?? this.answerRepository(call, fault);
		const all = { ...told, ...answer.headers };
		return isNotModified ? { status: 304, headers: all } : { ...answer, headers: all };
	}

	/** An error of that status, in GitHub's form. */
	error(status: number): Answer {
		return githubError(status, "A scripted fault");
	}

	/** What a step of the script refuses, in GitHub's words. */
	refuse(what: NonNullable<Fault["refuse"]>): Answer {
		if (what === "runs") return notAccessible("actions", "read");
		return what === "actions" ? githubError(404, "Not Found") : githubError(422, notPermitted(what));
	}

	private isOfApp(token: string): boolean {
		return this.app?.isValid(token) === true;
	}

	private exists(repository: string | undefined): repository is string {
		return repository !== undefined && (this.existing.size === 0 || this.existing.has(repository.toLowerCase()));
	}

	private toldOf({ repository }: Call, token: string): Readonly<Record<string, string>> {
		if (this.isOfApp(token)) return {};
		return { ...this.expiry, ...(this.exists(repository) ? this.repository.headers(repository) : {}) };
	}

	private answerRepository(call: Call, fault: Fault | undefined): Answer {
		const { repository, below = "" } = call;
		if (!this.exists(repository)) return githubError(404, "Not Found");
		return this.repository.answer({ ...call, repository, below }, fault?.run);
	}
}
