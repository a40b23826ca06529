import { isLoopback } from "../../config/settings.ts";
import { clipLine } from "../../log.ts";
import type { Destination, Run } from "../../model.ts";
import type { RunsAnswer, SeenRun } from "../destination.ts";
import { PAGE_RUNS, readAnswer, readCreation, readEach, readName, readPage } from "../read-runs.ts";
import { type Answered, parseJson } from "./call-azure-devops.ts";
import { SERVICES } from "./settings.ts";

/** What reading an answer needs to know. */
export interface Question {
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
export function readList(answered: Answered, question: Question, since: number, page = 1): RunsAnswer {
	return readAnswer(answered, askedOf(question), (serverTime) => {
		const { values, isWhole } = readValues(answered.text ?? "");
		if (values === undefined) return undefined;
		const ofPage = values.slice((page - 1) * PAGE_RUNS, page * PAGE_RUNS);
		const { runs: all, unreadable } = readEach(ofPage, (value) => toSeenRun(value, question, serverTime));
		const runs = all.filter(({ createdAt }) => createdAt >= since);
		const reachesBack = (isWhole && values.length <= page * PAGE_RUNS) || runs.length < all.length;
		return { runs, complete: reachesBack && unreadable === 0, unreadable };
	});
}

/** "Runs – Get". */
export function readOne(answered: Answered, question: Question, id: string): RunsAnswer {
	return readAnswer(answered, askedOf(question), (serverTime) => {
		const run = toSeenRun(parseJson(answered.text ?? ""), question, serverTime);
		return run?.id === id ? { runs: [run], complete: true, unreadable: 0 } : undefined;
	});
}

function askedOf({ now }: Question) {
	return { whose: "Azure DevOps'", now, missing: "gone" } as const;
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
const TITLE_CHARACTERS = 200;
const LARGEST_ID = 2 ** 31 - 1;

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
export function toRun(value: unknown, { to, url }: Question): Run | undefined {
	if (typeof value !== "object" || value === null) return undefined;
	const { id, state, result, pipeline, _links } = value as Readonly<Record<string, unknown>>;
	const of = (pipeline ?? {}) as { readonly id?: unknown; readonly name?: unknown };
	const isId = Number.isInteger(id) && Number(id) >= 1 && Number(id) <= LARGEST_ID;
	if (!isId || (of.id !== undefined && of.id !== to["pipeline"])) return undefined;
	const status = wordOf(state);
	if (status === undefined) return undefined;
	const service = new URL(url);
	const href = (_links as { readonly web?: { readonly href?: unknown } } | null | undefined)?.web?.href;
	return {
		id: String(id),
		url: readPage(href, isLoopback(service) ? SERVICES : service.origin, service),
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
	if (typeof word !== "string" || word.length > WORD_CHARACTERS || !/^[a-z][A-Za-z]*$/.test(word)) return undefined;
	return Object.hasOwn(SHARED_WORDS, word)
		? SHARED_WORDS[word]
		: word.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`);
}
