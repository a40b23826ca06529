import { isLoopback } from "../../config/settings.ts";
import { clipLine } from "../../log.ts";
import type { Destination } from "../../model.ts";
import type { RunsAnswer, SeenRun } from "../destination.ts";
import { serverTimeOf } from "../header-time.ts";
import { noRunsNow } from "../try-calls.ts";
import type { Answered, ApiRequest } from "./call-github.ts";
import { isWorkflow } from "./workflow-dispatch.ts";

/** A request without its token. */
export type RunsRequest = Omit<ApiRequest, "token" | "method">;

/** The newest hundred are what one call can answer. Source: docs.github.com, "Using pagination in the REST API". */
const MOST_RUNS = 100;
const LATEST_TIME = Date.parse("9999-12-31T23:59:59Z");

/**
 * "List workflow runs for a repository", or for a workflow: those that a dispatch has started.
 * @param since epoch milliseconds; GitHub counts whole seconds
 */
export function listRequest(to: Destination, since: number, etag?: string, page = 1): RunsRequest {
	const from = Math.min(Math.max(wholeSecond(since), 0), LATEST_TIME);
	const created = `>=${new Date(from).toISOString().slice(0, 19)}Z`;
	const query = new URLSearchParams({ event: eventOf(to), created, per_page: String(MOST_RUNS) });
	if (page > 1) query.set("page", String(page));
	const workflow =
		to["workflow"] === undefined ? "" : `/workflows/${encodeURIComponent(String(to["workflow"]).toWellFormed())}`;
	return request(to, `${workflow}/runs?${query}`, "such repository", etag);
}

/** "Get a workflow run". @param id in digits */
export function runRequest(to: Destination, id: string, etag?: string): RunsRequest {
	return request(to, `/runs/${id}`, "such run", etag);
}

function request(to: Destination, below: string, what: string, etag: string | undefined): RunsRequest {
	const path = `/repos/${String(to["repository"])}/actions${below}`;
	const known = readEtag(etag);
	const asked = { permission: "Actions: read", what };
	return { path, reads: true, asked, ...(known === undefined ? {} : { etag: known }) };
}

/** What reading an answer needs to know. */
export interface Question {
	readonly to: Destination;
	/** GitHub's API. */
	readonly apiUrl: string;
	/** Epoch milliseconds, by our clock. */
	readonly now: number;
}

/** GitHub's answer to a list of runs. What is no run, or none of this destination's, is left out alone. */
export function readList(answered: Answered, question: Question, since: number, page = 1): RunsAnswer {
	return readAnswer(answered, question, (data, serverTime) => {
		const { workflow_runs: listed, total_count: total } = (data ?? {}) as Record<string, unknown>;
		if (!Array.isArray(listed)) return undefined;
		const runs = new Map<string, SeenRun>();
		let isSound = true;
		for (const value of listed.slice(0, MOST_RUNS)) {
			const { event } = (value ?? {}) as Record<string, unknown>;
			if (typeof event === "string" && event !== eventOf(question.to)) continue;
			const run = toSeenRun(value, question.apiUrl, serverTime);
			if (run === undefined) isSound = false;
			else if (run.createdAt >= wholeSecond(since) && !runs.has(run.id)) runs.set(run.id, run);
		}
		// One that cannot be read may be the one that is looked for.
		const complete = isSound && isCount(total) && total <= (page - 1) * MOST_RUNS + Math.min(listed.length, MOST_RUNS);
		return { runs: [...runs.values()], complete };
	});
}

/** GitHub's answer to a look at one run. */
export function readOne(answered: Answered, question: Question, id: string): RunsAnswer {
	const { response } = answered;
	if (response?.status === 404 && response.body === "json") return gone(answered);
	return readAnswer(answered, question, (data, serverTime) => {
		const run = toSeenRun(data, question.apiUrl, serverTime);
		return run?.id === id ? { runs: [run], complete: true } : undefined;
	});
}

type Read = (
	data: unknown,
	serverTime: number,
) => { readonly runs: readonly SeenRun[]; readonly complete: boolean } | undefined;

function readAnswer(answered: Answered, { now }: Question, read: Read): RunsAnswer {
	const { classification, response, data } = answered;
	const serverTime = serverTimeOf(response?.headers ?? {}, now) ?? now;
	if (response?.status === 304) return { kind: "unchanged", serverTime };
	if (classification.kind === "taken") {
		const seen = read(data, serverTime);
		const etag = readEtag(response?.headers["etag"]);
		if (seen !== undefined) return { kind: "runs", ...seen, serverTime, ...(etag === undefined ? {} : { etag }) };
		return { kind: "unavailable", reason: "GitHub's answer does not contain the requested runs" };
	}
	if (classification.kind === "unavailable" && response?.body === "json" && classification.wide !== true) {
		if (response.status === 403 || response.status === 404) return { kind: "refused", reason: classification.reason };
		if (response.status === 410) return gone(answered);
	}
	return noRunsNow(classification, now);
}

function gone({ classification }: Answered): RunsAnswer {
	return { kind: "gone", reason: "reason" in classification ? classification.reason : "" };
}

const WORD_CHARACTERS = 40;
const NAME_CHARACTERS = 200;
const TITLE_CHARACTERS = 500;
const MOST_ATTEMPTS = 1_000_000;
/** A run that GitHub created later than this after its own time was not. */
const MOST_AHEAD_MS = 3_600_000;

/**
 * A run as GitHub describes it.
 * @param serverTime epoch milliseconds by GitHub's clock
 * @returns undefined where it is none: a member is missing, or cannot be
 */
export function toSeenRun(value: unknown, apiUrl: string, serverTime: number): SeenRun | undefined {
	if (typeof value !== "object" || value === null) return undefined;
	const run = value as Readonly<Record<string, unknown>>;
	const { status, conclusion, run_attempt: attempt, display_title: title } = run;
	const id = readRunId(run["id"]);
	const createdAt = readTime(run["created_at"]);
	if (id === undefined || createdAt === undefined || createdAt > serverTime + MOST_AHEAD_MS) return undefined;
	if (!isWord(status) || typeof title !== "string" || !isCount(attempt)) return undefined;
	if (attempt < 1 || attempt > MOST_ATTEMPTS) return undefined;
	if (conclusion !== null && !isWord(conclusion)) return undefined;
	return {
		id,
		url: readRunUrl(run["html_url"], apiUrl),
		workflow: readWorkflow(run),
		status,
		conclusion: status === "completed" ? conclusion : null,
		attempt,
		title: clipLine(title, TITLE_CHARACTERS),
		createdAt,
	};
}

/** GitHub's ids grow beyond what a double holds exactly; what reads its JSON gives such a number as a bigint. */
export function readRunId(value: unknown): string | undefined {
	const isNumber = typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
	return isNumber && isRunId(String(value)) ? String(value) : undefined;
}

export function isRunId(text: string): boolean {
	return /^[1-9]\d{0,19}$/.test(text);
}

const MOST_URL_CHARACTERS = 500;

/**
 * The page of a run, if it is one of the web site that belongs to the API. A person follows this link.
 * @returns null for any other address
 */
export function readRunUrl(value: unknown, apiUrl: string): string | null {
	if (typeof value !== "string" || value.length > MOST_URL_CHARACTERS || !URL.canParse(value)) return null;
	const { origin, username, password, href } = new URL(value);
	return webOrigins(apiUrl).includes(origin) && username === "" && password === "" ? href : null;
}

/**
 * Where a person finds what an API tells of: api.github.com, https://HOST/api/v3 of Enterprise Server,
 * https://api.SUBDOMAIN.ghe.com. A stand-in on this machine tells of GitHub's pages, or has its own.
 */
export function webOrigins(apiUrl: string): readonly string[] {
	const api = new URL(apiUrl);
	if (isLoopback(api)) return ["https://github.com", api.origin];
	return [`https://${api.host.replace(/^api\.(?=github\.com$|[^.]+\.ghe\.com$)/, "")}`];
}

function readWorkflow({ name, path }: Readonly<Record<string, unknown>>): string | null {
	if (typeof name === "string" && name.trim() !== "") return clipLine(name, NAME_CHARACTERS);
	// As `.github/workflows/train.yml@main`.
	const file = typeof path === "string" ? /([^/@]+)(?:@.*)?$/.exec(path.slice(0, NAME_CHARACTERS))?.[1] : undefined;
	return file === undefined ? null : clipLine(file, NAME_CHARACTERS);
}

/** `queued`, `in_progress`, `success`: GitHub has added words, and will. */
function isWord(value: unknown): value is string {
	return typeof value === "string" && value.length <= WORD_CHARACTERS && /^[a-z][a-z_]*$/.test(value);
}

function isCount(value: unknown): value is number {
	return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

function readTime(value: unknown): number | undefined {
	const time = typeof value === "string" && ISO_8601.test(value) ? Date.parse(value) : Number.NaN;
	return time > 0 ? time : undefined;
}

function readEtag(value: unknown): string | undefined {
	return typeof value === "string" && /^(?:W\/)?"[\x21\x23-\x7e]{0,200}"$/.test(value) ? value : undefined;
}

function wholeSecond(ms: number): number {
	return Number.isFinite(ms) ? Math.floor(ms / 1_000) * 1_000 : 0;
}

function eventOf(to: Destination): string {
	return isWorkflow(to) ? "workflow_dispatch" : "repository_dispatch";
}
