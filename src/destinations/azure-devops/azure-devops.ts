import { isLoopback } from "../../config/settings.ts";
import { clipLine } from "../../log.ts";
import type { Answer, Destination, Run } from "../../model.ts";
import type { RouteTo } from "../../route/route.ts";
import type { Client, RunsAnswer, SeenRun, TokenCheck } from "../destination.ts";
import { PAGE_RUNS, readAnswer, readCreation, readEach, readName, readPage } from "../read-runs.ts";
import { type Answered, factsOf } from "../service-response.ts";
import { type Tried, type Try, tryWithin } from "../try-calls.ts";
import { type ApiRequest, type CallOptions, CLOUD_URL, createCall, parseJson } from "./call-azure-devops.ts";
import { pauseMs } from "./classify-response.ts";
import { isId, pathOf } from "./pipeline-run.ts";
import type { TokenSource } from "./tokens.ts";

interface AzureDevOpsOptions extends CallOptions {
	readonly tokens: TokenSource;
	/** For one delivery in all. */
	readonly timeoutMs: number;
}

/**
 * The client for runs of pipelines. To ask about a token is to look at the route's pipeline: that needs what following its
 * runs needs, and is answered for every kind of token.
 */
export function createAzureDevOps({ tokens, timeoutMs, ...options }: AzureDevOpsOptions): Client {
	const { url, now } = options;
	const call = createCall(options);

	/** Repeats once after a 401, with the token read anew. */
	async function withToken(secretName: string | undefined, request: ApiRequest, trying: Try) {
		const token = await tokens.get(secretName);
		const first = await call(request, token, trying);
		if (first.classification.kind !== "unauthorized") return first;
		const fresh = await tokens.refresh(token, secretName);
		return fresh.value === token.value ? first : call(request, fresh, trying);
	}

	const ask = ({ token }: RouteTo, request: ApiRequest): Promise<Tried<Answered>> =>
		tryWithin({ service: "Azure DevOps", timeoutMs, now }, (trying) => withToken(token, request, trying));

	const read = (to: Destination, below: string) =>
		ask(to, { path: pathOf(to, below), asked: { permission: "View builds", to } });
	const question = (to: Destination): Question => ({ to, url, now: now() });

	return {
		async send(to, body) {
			const asked = { permission: "Queue builds", to } as const;
			const tried = await ask(to, { path: pathOf(to, "/runs"), body, asked });
			const { classification, calls, ms } = tried;
			return { classification, ...factsOfAzure(tried, question(to)), calls, ms };
		},
		async listRuns(to, since, _, page) {
			return readList(await read(to, "/runs"), question(to), since, page);
		},
		async readRun(to, id) {
			return readOne(await read(to, `/runs/${encodeURIComponent(id)}`), question(to), id);
		},
		getToken: ({ token }) => tokens.get(token),
		async checkToken(to) {
			return judgeToken(await read(to as Destination, ""));
		},
	};
}

function factsOfAzure({ classification, response, json }: Answered, question: Question): Partial<Answer> {
	if (response === undefined) return {};
	const { headers } = response;
	const { now } = question;
	const facts = factsOf(response, headers["x-vss-e2eid"] ?? headers["activityid"], pauseMs(headers, now), now);
	const run = classification.kind === "taken" ? toRun(json, question) : undefined;
	return { ...facts, run };
}

/**
 * What the look at a pipeline says of the token. That it is refused is a fact of the token; a missing permission, a pipeline
 * that is gone, a limit and an outage are not.
 */
function judgeToken({ classification }: Answered): TokenCheck {
	if (classification.kind === "taken") return { state: "ok", expiresAt: null, reason: null };
	const state = classification.kind === "unauthorized" ? "refused" : "unknown";
	return { state, expiresAt: null, reason: classification.reason };
}

/** What reading an answer needs to know. */
interface Question {
	readonly to: Destination;
	/** Of Azure DevOps. */
	readonly url: string;
	/** Epoch milliseconds, by our clock. */
	readonly now: number;
}

/**
 * The list of a pipeline's runs, which has the newest first and takes no filter: up to ten thousand. Only its beginning is
 * read. Source: learn.microsoft.com, "Runs – List".
 */
function readList(answered: Answered, question: Question, since: number, page = 1): RunsAnswer {
	return readAnswer(answered, askedOf(question), (serverTime) => {
		const isWhole = answered.json !== undefined;
		const { value } = (answered.json ?? endList(answered.text) ?? {}) as { readonly value?: unknown };
		if (!Array.isArray(value)) return undefined;
		const ofPage = value.slice((page - 1) * PAGE_RUNS, page * PAGE_RUNS);
		const { runs: all, unreadable } = readEach(ofPage, (one) => toSeenRun(one, question, serverTime));
		const runs = all.filter(({ createdAt }) => createdAt >= since);
		const reachesBack = (isWhole && value.length <= page * PAGE_RUNS) || runs.length < all.length;
		return { runs, complete: reachesBack && unreadable === 0, unreadable };
	});
}

/** "Runs – Get". */
function readOne(answered: Answered, question: Question, id: string): RunsAnswer {
	return readAnswer(answered, askedOf(question), (serverTime) => {
		const run = toSeenRun(answered.json, question, serverTime);
		return run?.id === id ? { runs: [run], complete: true, unreadable: 0 } : undefined;
	});
}

function askedOf({ now }: Question) {
	return { whose: "Azure DevOps'", now, missing: "gone" } as const;
}

/** More than a run has objects in it. */
const MOST_TRIES = 300;

/** Of a list that was cut off: the list that ends with its last whole member. */
function endList(text = ""): unknown {
	for (const end of endsOfObjects(text).slice(-MOST_TRIES).reverse()) {
		const list = parseJson(`${text.slice(0, end)}]}`);
		if (list !== undefined) return list;
	}
	return undefined;
}

/** Where objects end. A text may have any number of braces: an older server tells the parameters, which may be JSON. */
function endsOfObjects(json: string): readonly number[] {
	const ends: number[] = [];
	let inText = false;
	for (const { 0: token, index } of json.matchAll(/\\.|["}]/g)) {
		if (token === '"') inText = !inText;
		else if (token === "}" && !inText) ends.push(index + 1);
	}
	return ends;
}

const TITLE_CHARACTERS = 200;

/**
 * A run as Azure Pipelines describes it.
 * @returns undefined where it is none, or is another pipeline's
 */
function toSeenRun(value: unknown, question: Question, serverTime: number): SeenRun | undefined {
	const run = toRun(value, question);
	const { name, createdDate } = (value ?? {}) as Readonly<Record<string, unknown>>;
	const createdAt = readCreation(createdDate, serverTime);
	if (run === undefined || createdAt === undefined) return undefined;
	const { certain: _, ...seen } = run;
	return { ...seen, title: typeof name === "string" ? clipLine(name, TITLE_CHARACTERS) : "", createdAt };
}

/** The run that an answer names: certainly the one that was asked for. */
function toRun(value: unknown, { to, url }: Question): Run | undefined {
	const { id, state, result, pipeline, _links } = (value ?? {}) as Readonly<Record<string, unknown>>;
	const of = (pipeline ?? {}) as { readonly id?: unknown; readonly name?: unknown };
	if (!isId(id) || (of.id !== undefined && of.id !== to["pipeline"])) return undefined;
	const status = wordOf(state);
	if (status === undefined) return undefined;
	const service = new URL(url);
	const href = (_links as { readonly web?: { readonly href?: unknown } } | null | undefined)?.web?.href;
	return {
		id: String(id),
		url: readPage(href, isLoopback(service) ? CLOUD_URL : service.origin, service),
		workflow: readName(of.name),
		status,
		conclusion: status === "completed" ? (wordOf(result) ?? "unknown") : null,
		attempt: 1,
		certain: true,
	};
}

/** GitHub's words for the same. */
const SHARED_WORDS: Readonly<Record<string, string>> = {
	succeeded: "success",
	failed: "failure",
	canceled: "cancelled",
};

/** `inProgress` as `in_progress`. */
function wordOf(word: unknown): string | undefined {
	if (typeof word !== "string" || !/^[a-z][A-Za-z]{0,39}$/.test(word)) return undefined;
	return Object.hasOwn(SHARED_WORDS, word)
		? SHARED_WORDS[word]
		: word.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`);
}
