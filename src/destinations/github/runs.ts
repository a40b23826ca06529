import { isLoopback } from "../../config/settings.ts";
import { isNumberText } from "../../event/json.ts";
import { clipLine } from "../../log.ts";
import type { Destination } from "../../model.ts";
import type { RunsAnswer, SeenRun } from "../destination.ts";
import { PAGE_RUNS, readAnswer, readCreation, readEach, readName, readPage } from "../read-runs.ts";
import { type Answered, serverTimeOf } from "../service-response.ts";
import type { ApiRequest } from "./call-github.ts";
import { isWorkflow } from "./workflow-dispatch.ts";

/** A request without its token. */
export type RunsRequest = Omit<ApiRequest, "token" | "method">;

const LATEST_TIME = Date.parse("9999-12-31T23:59:59Z");

/**
 * "List workflow runs for a repository", or for a workflow: those that a dispatch has started.
 * @param since epoch milliseconds; GitHub counts whole seconds
 */
export function listRequest(to: Destination, since: number, etag?: string, page = 1): RunsRequest {
	const from = Math.min(Math.max(wholeSecond(since), 0), LATEST_TIME);
	const created = `>=${new Date(from).toISOString().slice(0, 19)}Z`;
	const query = new URLSearchParams({ event: eventOf(to), created, per_page: String(PAGE_RUNS) });
	if (page > 1) query.set("page", String(page));
	const known = readEtag(etag);
	if (!isWorkflow(to)) return { ...request(to, `/runs?${query}`, "such repository"), etag: known };
	const workflow = String(to.workflow).toWellFormed();
	const what = `such repository, no workflow ${clipLine(workflow, FILE_CHARACTERS)} in it`;
	return { ...request(to, `/workflows/${encodeURIComponent(workflow)}/runs?${query}`, what), etag: known };
}

/** "Get a workflow run". @param id in digits */
export function runRequest(to: Destination, id: string): RunsRequest {
	return request(to, `/runs/${id}`, "such run");
}

function request(to: Destination, below: string, what: string): RunsRequest {
	const path = `/repos/${String(to["repository"])}/actions${below}`;
	return { path, reads: true, asked: { permission: "Actions: read", what } };
}

/** What reading an answer needs to know. */
interface Question {
	readonly to: Destination;
	/** GitHub's API. */
	readonly apiUrl: string;
	/** Epoch milliseconds, by our clock. */
	readonly now: number;
}

/** A list ends here, and its count may, too. Source: docs.github.com, "List workflow runs for a repository". */
const MOST_LISTED = 1_000;

/** GitHub's answer to a list of runs. What is no run, or none of this destination's, is left out alone. */
export function readList(
	answered: Answered,
	question: Question,
	{
		since,
		page = 1,
		etag,
	}: { readonly since: number; readonly page?: number | undefined; readonly etag?: string | undefined },
): RunsAnswer {
	const { response, json } = answered;
	const answer = readAnswer(answered, { whose: "GitHub's", now: question.now, missing: "refused" }, (serverTime) => {
		const { workflow_runs: listed, total_count: total } = (json ?? {}) as Record<string, unknown>;
		if (!Array.isArray(listed)) return undefined;
		const values = listed.slice(0, PAGE_RUNS);
		const { runs, unreadable } = readEach(values.filter(isOf(question.to)), (value) =>
			toSeenRun(value, question.apiUrl, serverTime),
		);
		const isEnd = isCount(total) && total < MOST_LISTED && total <= (page - 1) * PAGE_RUNS + values.length;
		return {
			runs: runs.filter(({ createdAt }) => createdAt >= wholeSecond(since)),
			complete: isEnd && unreadable === 0,
			unreadable: isCount(total) ? unreadable : Math.max(unreadable, 1),
		};
	});
	if (response?.status === 304 && readEtag(etag) !== undefined) {
		return { kind: "unchanged", serverTime: serverTimeOf(response.headers, question.now) ?? question.now };
	}
	return answer.kind === "runs" ? { ...answer, etag: readEtag(response?.headers["etag"]) } : answer;
}

function isOf(to: Destination): (value: unknown) => boolean {
	return (value) => {
		const { event } = (value ?? {}) as Record<string, unknown>;
		return typeof event !== "string" || event === eventOf(to);
	};
}

/** GitHub's answer to a look at one run. */
export function readOne(answered: Answered, { apiUrl, now }: Question, id: string): RunsAnswer {
	return readAnswer(answered, { whose: "GitHub's", now, missing: "gone" }, (serverTime) => {
		const run = toSeenRun(answered.json, apiUrl, serverTime);
		return run?.id === id ? { runs: [run], complete: true, unreadable: 0 } : undefined;
	});
}

const WORD_CHARACTERS = 40;
const FILE_CHARACTERS = 200;
const TITLE_CHARACTERS = 500;
const MOST_ATTEMPTS = 1_000_000;

/**
 * A run as GitHub describes it.
 * @param serverTime epoch milliseconds by GitHub's clock
 * @returns undefined where it is none: a member is missing, or cannot be
 */
function toSeenRun(value: unknown, apiUrl: string, serverTime: number): SeenRun | undefined {
	const run = (value ?? {}) as Readonly<Record<string, unknown>>;
	const { status, conclusion, run_attempt: attempt, display_title: title } = run;
	const id = readRunId(run["id"]);
	const createdAt = readCreation(run["created_at"], serverTime);
	if (id === undefined || createdAt === undefined) return undefined;
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

/** GitHub's ids grow beyond what a double holds exactly. */
export function readRunId(value: unknown): string | undefined {
	const isNumber = typeof value === "number" || isNumberText(value);
	return isNumber && isRunId(String(value)) ? String(value) : undefined;
}

export function isRunId(text: string): boolean {
	return /^[1-9]\d{0,19}$/.test(text);
}

/** The page of a run; null where it is not GitHub's. */
export function readRunUrl(value: unknown, apiUrl: string): string | null {
	return readPage(value, webOf(apiUrl), new URL(apiUrl));
}

/**
 * Where a person finds what an API tells of: api.github.com, https://HOST/api/v3 of Enterprise Server,
 * https://api.SUBDOMAIN.ghe.com.
 */
export function webOf(apiUrl: string): string {
	const api = new URL(apiUrl);
	if (isLoopback(api)) return "https://github.com";
	return `https://${api.host.replace(/^api\.(?=github\.com$|[^.]+\.ghe\.com$)/, "")}`;
}

function readWorkflow({ name, path }: Readonly<Record<string, unknown>>): string | null {
	// As `.github/workflows/train.yml@main`.
	const file = typeof path === "string" ? path.split("@")[0]?.split("/").at(-1) : undefined;
	return readName(name) ?? readName(file);
}

/** `queued`, `in_progress`, `success`: GitHub has added words, and will. */
function isWord(value: unknown): value is string {
	return typeof value === "string" && value.length <= WORD_CHARACTERS && /^[a-z][a-z_]*$/.test(value);
}

function isCount(value: unknown): value is number {
	return Number.isSafeInteger(value) && Number(value) >= 0;
}

function readEtag(text = ""): string | undefined {
	return /^(?:W\/)?"[\x21\x23-\x7e]{0,200}"$/.test(text) ? text : undefined;
}

function wholeSecond(ms: number): number {
	return Number.isFinite(ms) ? Math.floor(ms / 1_000) * 1_000 : 0;
}

function eventOf(to: Destination): string {
	return isWorkflow(to) ? "workflow_dispatch" : "repository_dispatch";
}
