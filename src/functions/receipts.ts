import type { HttpFunctionOptions, HttpResponseInit } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { readInstant } from "../event/instant.ts";
import type { CountQuery } from "../ledger/count-receipts.ts";
import type { ReceiptState } from "../ledger/receipt.ts";
import { isWrongContinue, type ReceiptQuery } from "../ledger/receipt-query.ts";
import type { ShownReceipt } from "../operate/show-receipts.ts";

const USUAL_LIMIT = 50;
const MOST = 500;
/** Each request is read on its own. */
const MOST_REQUESTS = 20;

const STATES: Readonly<Record<ReceiptState, true>> = {
	accepted: true,
	paused: true,
	parked: true,
	coalescing: true,
	dispatched: true,
	coalesced: true,
	dead: true,
	rejected: true,
	discarded: true,
	ignored: true,
};
const PARAMETERS = ["limit", "state", "find", "since", "until", "changedSince", "requests", "continue"] as const;

/**
 * What became of events, the newest first: `GET /api/receipts?limit=&state=&find=&since=&until=&changedSince=&requests=&continue=`
 * → `{ "receipts", "complete", "continue"?, "problems"? }`. A list that was cut says how it goes on; what could not be read
 * is named, and the rest is answered.
 */
export function receipts(theBridge: TheBridge): HttpFunctionOptions {
	return {
		route: "receipts",
		methods: ["GET"],
		authLevel: "function",
		handler: (request) =>
			answer(readQuery(request.query), async (query) => {
				const found = await (await theBridge()).receipts(query);
				return { ...found, receipts: found.receipts.map(toJson) };
			}),
	};
}

const HOUR_MS = 3_600_000;
const MOST_HOURS = 7 * 24;

/**
 * How many receipts of each state there are, minute by minute: `GET /api/receipts/counts?since=&until=` →
 * `{ "since", "until", "minutes": [{ "at", "received", "states" }], "complete", "problems"? }`.
 * @param now epoch milliseconds
 */
export function counts(theBridge: TheBridge, now: () => number): HttpFunctionOptions {
	return {
		route: "receipts/counts",
		methods: ["GET"],
		authLevel: "function",
		handler: (request) =>
			answer(readCountQuery(request.query, now()), async (query) => (await theBridge()).counts(query)),
	};
}

const COUNT_PARAMETERS = ["since", "until"] as const;

function readCountQuery(parameters: URLSearchParams, now: number): CountQuery | string {
	const wrong = wrongParameter(parameters, COUNT_PARAMETERS);
	if (wrong !== undefined) return wrong;
	const times = readTimes(readGiven(parameters, COUNT_PARAMETERS));
	if (typeof times === "string") return times;
	const { until = Math.max(now, times.since ?? now) } = times;
	const { since = until - HOUR_MS } = times;
	const isTooLong = until - since > MOST_HOURS * HOUR_MS;
	return isTooLong ? `since: one query covers ${MOST_HOURS / 24} days at most; give a later since` : { since, until };
}

/** All that `state` can be. */
export const RECEIPT_STATES = Object.keys(STATES) as readonly ReceiptState[];

function readQuery(parameters: URLSearchParams): ReceiptQuery | string {
	const wrong = wrongParameter(parameters, PARAMETERS);
	if (wrong !== undefined) return wrong;
	const { limit, state, since, until, changedSince, requests, ...texts } = readGiven(parameters, PARAMETERS);
	const count = limit === undefined ? USUAL_LIMIT : Number(limit);
	if (!Number.isInteger(count) || count < 1 || count > MOST)
		return `limit: "${limit}" is not a number from 1 to ${MOST}`;
	if (state !== undefined && !Object.hasOwn(STATES, state)) {
		return `state: "${state}" is not one of ${RECEIPT_STATES.join(", ")}`;
	}
	if (requests !== undefined && requests !== "true") return `requests: "${requests}" is not true`;
	if (requests === "true" && count > MOST_REQUESTS) return `requests: ask with a limit of ${MOST_REQUESTS} at most`;
	const times = readTimes({ since, until, changedSince });
	if (typeof times === "string") return times;
	return {
		...texts,
		limit: count,
		states: state === undefined ? undefined : [state as ReceiptState],
		...times,
		requests: requests === undefined ? undefined : true,
	};
}

/** What is wrong with the names of a question's parameters: else a slip would ask for everything. */
function wrongParameter(parameters: URLSearchParams, names: readonly string[]): string | undefined {
	const unknown = unknownParameter(parameters, names);
	if (unknown !== undefined) return `${unknown}; use ${names.join(", ")}`;
	const twice = names.find((name) => parameters.getAll(name).length > 1);
	return twice === undefined ? undefined : `the parameter "${twice}" is given twice; give it once`;
}

/**
 * Those of what stands before the bridge, in whatever case: the host reads the function key from `code`, and its first
 * version the key's name from `clientId`; API Management reads `subscription-key`, and passes it on. Source:
 * azure-functions-host, `AuthenticationLevelHandler`; learn.microsoft.com, "Azure Functions HTTP trigger" and
 * "Subscriptions in Azure API Management".
 */
const OF_OTHERS = ["code", "clientid", "subscription-key"];
const MAX_QUOTED = 100;

/** Says of a parameter that is none of these names that it does not exist. */
export function unknownParameter(parameters: URLSearchParams, names: readonly string[]): string | undefined {
	const unknown = [...parameters.keys()].find((one) => !names.includes(one) && !OF_OTHERS.includes(one.toLowerCase()));
	return unknown === undefined ? undefined : `the parameter "${unknown.slice(0, MAX_QUOTED)}" does not exist`;
}

/** The parameters that a question has, by their names. */
function readGiven<Name extends string>(parameters: URLSearchParams, names: readonly Name[]) {
	const given: { [name in Name]?: string } = {};
	for (const name of names) {
		const text = parameters.get(name)?.trim();
		if (text) given[name] = text;
	}
	return given;
}

/** Times by their names; left out where they are not given. Answers what is wrong with one, as a text. */
function readTimes<Name extends string>(given: { readonly [name in Name]?: string | undefined }) {
	const times: { [name in Name]?: number } = {};
	for (const [name, text] of Object.entries(given) as [Name, string | undefined][]) {
		if (text === undefined) continue;
		const at = readTime(text);
		if (at === undefined) return `${name}: "${text}" ${NO_TIME}`;
		times[name] = at;
	}
	const { since = Number.NEGATIVE_INFINITY, until = since } = times as { since?: number; until?: number };
	if (since > until) return "since is later than until, so no event can match; exchange the two";
	return times;
}

/** RFC 3339, section 5.6. A `+` that was not escaped arrives as a space. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+\- ]\d\d:\d\d)$/i;

/** As events' times are read, so that a bound means for them what it says. */
function readTime(text: string): number | undefined {
	return TIME.test(text) ? readInstant(text.replace(" ", "+"))?.epochMs : undefined;
}

const NO_TIME = "is not a time such as 2026-03-14T08:15:00Z (RFC 3339)";

/** What is answered of a receipt, and of its event. */
const SHOWN = [
	"key",
	"state",
	"event",
	"route",
	"to",
	"acceptedAt",
	"finishedAt",
	"replayedAt",
	"changedAt",
	"attempts",
	"reason",
	"replay",
	"arrived",
	"group",
	"window",
	"windowState",
	"runs",
	"following",
	"followingReason",
	"page",
	"sends",
] as const;
const EVENT_SHOWN = ["id", "type", "source", "subject", "time"] as const;

/** A receipt as it is answered. */
export type ReceiptJson = ReturnType<typeof toJson>;

function toJson(receipt: ShownReceipt) {
	return { ...pick(receipt, SHOWN), event: pick(receipt.event, EVENT_SHOWN) };
}

function pick<T, Name extends keyof T>(from: T, names: readonly Name[]): Pick<T, Name> {
	return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, Name>;
}

/** The answer to a question, which is a text where something is wrong with it. What could not be read is told if there is any. */
async function answer<Query extends object>(
	query: Query | string,
	find: (query: Query) => Promise<{ readonly problems: readonly string[] }>,
): Promise<HttpResponseInit> {
	const headers = { "Cache-Control": "no-store" };
	if (typeof query === "string") return { status: 400, jsonBody: { error: query }, headers };
	try {
		const { problems, ...found } = await find(query);
		return { status: 200, jsonBody: { ...found, problems: problems.length === 0 ? undefined : problems }, headers };
	} catch (error) {
		return { status: isWrongContinue(error) ? 400 : 503, jsonBody: { error: (error as Error).message }, headers };
	}
}
