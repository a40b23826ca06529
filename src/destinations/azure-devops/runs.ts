import { isLoopback } from "../../config/settings.ts";
import { clipLine } from "../../log.ts";
import type { Destination, Run } from "../../model.ts";
import type { RunsAnswer, SeenRun } from "../destination.ts";
import { serverTimeOf } from "../header-time.ts";
import { noRunsNow } from "../try-calls.ts";
import { type Answered, parseJson } from "./call-azure-devops.ts";

/** What reading an answer needs to know. */
export interface Question {
	readonly to: Destination;
	/** Of Azure DevOps. */
	readonly url: string;
	/** Epoch milliseconds, by our clock. */
	readonly now: number;
}

const MOST_RUNS = 100;

/**
 * The list of a pipeline's runs, which has the newest first and takes no filter: up to ten thousand. Only its beginning is
 * read. Source: learn.microsoft.com, "Runs – List".
 */
export function readList(answered: Answered, question: Question, since: number, page = 1): RunsAnswer {
	return readAnswer(answered, question, (text, serverTime) => {
		const { values, isWhole } = readValues(text);
		if (values === undefined) return undefined;
		const seen = values
			.slice((page - 1) * MOST_RUNS, page * MOST_RUNS)
			.map((value) => toSeenRun(value, question, serverTime));
		const all = seen.filter((run) => run !== undefined);
		const isSound = all.length === seen.length;
		const reachesBack = isWhole && values.length <= page * MOST_RUNS;
		const runs = all.filter(({ createdAt }) => createdAt >= since);
		// One that cannot be read may be the one that is looked for.
		return { runs, complete: isSound && (reachesBack || runs.length < all.length) };
	});
}

/** "Runs – Get". */
export function readOne(answered: Answered, question: Question, id: string): RunsAnswer {
	const { classification, response } = answered;
	if (response?.status === 404 && response.body === "json" && "reason" in classification)
		return { kind: "gone", reason: classification.reason };
	return readAnswer(answered, question, (text, serverTime) => {
		const run = toSeenRun(parseJson(text), question, serverTime);
		return run?.id === id ? { runs: [run], complete: true } : undefined;
	});
}

type Read = (
	text: string,
	serverTime: number,
) => { readonly runs: readonly SeenRun[]; readonly complete: boolean } | undefined;

function readAnswer({ classification, response, text = "" }: Answered, { now }: Question, read: Read): RunsAnswer {
	const serverTime = serverTimeOf(response?.headers ?? {}, now) ?? now;
	if (classification.kind === "taken") {
		const seen = read(text, serverTime);
		if (seen !== undefined) return { kind: "runs", ...seen, serverTime };
		return { kind: "unavailable", reason: "Azure DevOps' answer does not contain the requested runs" };
	}
	const isRefused = classification.kind === "unauthorized" || classification.kind === "unavailable";
	if (isRefused || classification.kind === "permanent") {
		const { reason } = classification;
		if (response?.body === "json" && response.status === 404) return { kind: "gone", reason };
		if (response?.body === "json" && response.status === 403) return { kind: "refused", reason };
	}
	return noRunsNow(classification, now);
}

/** The members of a list. Of one that was cut off, those that are there as a whole. */
function readValues(text: string): { readonly values: readonly unknown[] | undefined; readonly isWhole: boolean } {
	const list = parseJson(text) as { readonly value?: unknown } | null | undefined;
	if (list !== undefined) return { values: Array.isArray(list?.value) ? list.value : undefined, isWhole: true };
	const start = /^\s*\{\s*(?:"count"\s*:\s*\d+\s*,\s*)?"value"\s*:\s*\[/.exec(text)?.[0].length;
	return { values: start === undefined ? undefined : wholeObjects(text, start), isWhole: false };
}

/** The objects of an array that begins there, up to where the text ends. */
function wholeObjects(text: string, start: number): readonly unknown[] {
	const found: unknown[] = [];
	let [depth, from, inText] = [0, start, false];
	for (let at = start; at < text.length && depth >= 0; at++) {
		const character = text[at];
		if (inText && character === "\\") at += 1;
		else if (character === '"') inText = !inText;
		else if (!inText && (character === "{" || character === "[")) {
			if (depth === 0) from = at;
			depth += 1;
		} else if (!inText && (character === "}" || character === "]")) {
			depth -= 1;
			if (depth === 0) found.push(parseJson(text.slice(from, at + 1)));
		}
	}
	return found;
}

const WORD_CHARACTERS = 40;
const NAME_CHARACTERS = 200;
const LARGEST_ID = 2 ** 31 - 1;
/** A run that was created so long after the answer was not. */
const MOST_AHEAD_MS = 3_600_000;
const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * A run as Azure Pipelines describes it.
 * @returns undefined where it is none, or is another pipeline's
 */
function toSeenRun(value: unknown, question: Question, serverTime: number): SeenRun | undefined {
	const run = toRun(value, question);
	const { name, createdDate } = (value ?? {}) as Readonly<Record<string, unknown>>;
	const isTime = typeof createdDate === "string" && ISO_8601.test(createdDate);
	const createdAt = isTime ? Date.parse(createdDate) : Number.NaN;
	if (run === undefined || !(createdAt > 0 && createdAt <= serverTime + MOST_AHEAD_MS)) return undefined;
	const { certain: _, ...seen } = run;
	return { ...seen, title: typeof name === "string" ? clipLine(name, NAME_CHARACTERS) : "", createdAt };
}

/** The run that an answer names: certainly the one that was asked for. */
export function toRun(value: unknown, { to, url }: Question): Run | undefined {
	if (typeof value !== "object" || value === null) return undefined;
	const { id, state, result, pipeline, _links } = value as Readonly<Record<string, unknown>>;
	const of = (pipeline ?? {}) as { readonly id?: unknown; readonly name?: unknown };
	const isId = Number.isInteger(id) && Number(id) >= 1 && Number(id) <= LARGEST_ID;
	if (!isId || (of.id !== undefined && of.id !== to["pipeline"])) return undefined;
	const status = wordOf(state);
	if (status === undefined) return undefined;
	const isNamed = typeof of.name === "string" && of.name.trim() !== "";
	return {
		id: String(id),
		url: readPage((_links as { readonly web?: { readonly href?: unknown } } | null | undefined)?.web?.href, url),
		workflow: isNamed ? clipLine(String(of.name), NAME_CHARACTERS) : null,
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
	if (typeof word !== "string" || word.length > WORD_CHARACTERS || !/^[a-z][A-Za-z]*$/.test(word)) return undefined;
	return Object.hasOwn(SHARED_WORDS, word)
		? SHARED_WORDS[word]
		: word.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`);
}

const MOST_URL_CHARACTERS = 500;

/**
 * The page of a run, if it is on the site that was called: a person follows this link. A stand-in on this machine may tell
 * of Azure DevOps' pages.
 */
function readPage(value: unknown, url: string): string | null {
	if (typeof value !== "string" || value.length > MOST_URL_CHARACTERS || !URL.canParse(value)) return null;
	const [page, service] = [new URL(value), new URL(url)];
	const origins = isLoopback(service) ? ["https://dev.azure.com", service.origin] : [service.origin];
	return origins.includes(page.origin) && page.username === "" && page.password === "" ? page.href : null;
}
