import type { Accepted, Counts, Discarded, Health, Local, Receipts, Replayed, Sample, State } from "./answers.ts";

/** Which receipts are asked for; what is left out narrows nothing. */
export interface Query {
	readonly limit: number;
	readonly state?: State | "";
	readonly find?: string;
	/** Bounds of the events' times, epoch milliseconds. */
	readonly since?: number;
	readonly until?: number;
	/** Asks as well what dead letters would send. */
	readonly requests?: boolean;
	/** Where an earlier answer to the same question said that it goes on. */
	readonly continue?: string;
}

/** The bounds by which a receipt is found with little work: around its event's time, where that can be read. */
export function around(time: string): Pick<Query, "since" | "until"> {
	const at = Date.parse(time);
	return Number.isNaN(at) ? {} : { since: at - 1_000, until: at + 1_000 };
}

/** Which dead letters: one, or all; `continue` is where an answer to the same said that the next request goes on. */
export type Which = ({ readonly key: string } | { readonly all: true }) & { readonly continue?: string | undefined };

/** What the page asks of its own host; every method rejects with ApiError. */
export interface Api {
	receipts(query: Query): Promise<Receipts>;
	/** @param since, until epoch milliseconds */
	counts(since: number, until: number): Promise<Counts>;
	health(): Promise<Health>;
	replay(which: Which): Promise<Replayed>;
	discard(which: Which): Promise<Discarded>;
	/** These are the local host's, and nowhere else. */
	local(): Promise<Local>;
	samples(): Promise<readonly Sample[]>;
	send(events: readonly unknown[]): Promise<Accepted>;
	/** Replaces the stand-in's script. */
	setFaults(faults: readonly unknown[]): Promise<unknown>;
	/** What the stand-in has taken for a receipt. */
	dispatchesOf(key: string): Promise<readonly unknown[]>;
}

export class ApiError extends Error {
	/** Undefined where no answer came. */
	readonly status: number | undefined;

	constructor(message: string, status?: number) {
		super(message);
		this.status = status;
	}
}

/** The browser's `fetch`, as far as it is used. */
export type Fetch = (
	path: string,
	init: {
		readonly method: string;
		readonly headers: Record<string, string>;
		readonly body?: string;
		readonly cache: "no-store";
		readonly redirect: "error";
		readonly signal: AbortSignal;
	},
) => Promise<Response>;

/** How long an answer is waited for, milliseconds. */
export interface Patience {
	readonly questionMs: number;
	readonly changeMs: number;
}

/**
 * The bridge looks for receipts for 20 s at most, and a cold start takes some more. A change may take as long as Azure lets
 * it: 230 s.
 */
const PATIENCE: Patience = { questionMs: 60_000, changeMs: 240_000 };

interface Asking {
	readonly key?: KeyName;
	readonly body?: unknown;
	/** Whether an answer is one in full, although its status is an error's. */
	readonly isFull?: (answer: Readonly<Record<string, unknown>>) => boolean;
}

export function createApi(keys: KeyRing, fetch: Fetch, { questionMs, changeMs } = PATIENCE): Api {
	async function ask<T>(path: string, { key, body, isFull = () => false }: Asking = {}): Promise<T> {
		const secret = key && keys.get(key);
		const isChange = body !== undefined;
		const limitMs = isChange ? changeMs : questionMs;
		const [response, text] = await fetch(path, {
			method: isChange ? "POST" : "GET",
			headers: {
				...(secret === undefined ? {} : { "x-functions-key": secret }),
				...(isChange ? { "content-type": "application/json" } : {}),
			},
			...(isChange ? { body: JSON.stringify(body) } : {}),
			cache: "no-store",
			// A key must not follow a redirect to wherever it leads.
			redirect: "error",
			// It ends an answer, too, whose body does not end.
			signal: AbortSignal.timeout(limitMs),
		})
			.then(async (one) => [one, await one.text()] as const)
			.catch((error: Error) => {
				const isLate = error.name === "TimeoutError";
				throw new ApiError(
					isLate ? `the bridge did not answer within ${limitMs / 1_000} s` : "the bridge does not answer",
				);
			});
		const answer = parse(text);
		if (answer !== undefined && (response.ok || isFull(answer))) return answer as T;
		throw new ApiError(String(answer?.["error"] ?? `the bridge answered ${response.status}`), response.status);
	}

	return {
		receipts: (query) => ask(`/api/receipts?${parametersOf(query)}`, { key: "receipts" }),
		counts: (since, until) =>
			ask(`/api/receipts/counts?${new URLSearchParams({ since: iso(since), until: iso(until) })}`, { key: "counts" }),
		health: () => ask("/api/health", { isFull: ({ status }) => typeof status === "string" }),
		replay: (which) => ask("/api/receipts/replay", { key: "replay", body: which }),
		discard: (which) => ask("/api/receipts/discard", { key: "discard", body: which }),
		local: () => ask("/_local"),
		samples: () => ask("/_local/samples"),
		send: (events) => ask("/api/events", { body: events, isFull: ({ events: ends }) => Array.isArray(ends) }),
		setFaults: (faults) => ask("/_local/faults", { body: faults }),
		dispatchesOf: (key) => ask(`/_local/dispatches?${new URLSearchParams({ key })}`),
	};
}

function parametersOf(query: Query): URLSearchParams {
	const { limit, state = "", find = "", since, until, requests, continue: next } = query;
	const parameters = new URLSearchParams({ limit: String(limit) });
	if (state !== "") parameters.set("state", state);
	if (find !== "") parameters.set("find", find);
	if (since !== undefined) parameters.set("since", iso(since));
	if (until !== undefined) parameters.set("until", iso(until));
	if (requests === true) parameters.set("requests", "true");
	if (next !== undefined) parameters.set("continue", next);
	return parameters;
}

function iso(epochMs: number): string {
	return new Date(epochMs).toISOString();
}

function parse(text: string): Record<string, unknown> | undefined {
	try {
		const answer: unknown = JSON.parse(text);
		return typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}

/** Whose function key: each keyed function has its own, and neither is the master key. */
export type KeyName = (typeof KEY_NAMES)[number];
export const KEY_NAMES = ["receipts", "counts", "replay", "discard"] as const;

/** The function keys that were typed in. */
export interface KeyRing {
	get(name: KeyName): string | undefined;
	/** An empty text removes it. */
	set(name: KeyName, key: string): void;
	forget(): void;
}

/** What is used of a browser's `Storage`. */
export interface TabStorage {
	getItem(name: string): string | null;
	setItem(name: string, value: string): void;
	removeItem(name: string): void;
}

const place = (name: KeyName) => `grid-dispatch key ${name}`;

/**
 * Keeps keys in the tab: a reload, which a page that stays open for hours needs now and then, does not ask for them
 * again; another tab, and this one once it was closed, does. They go out in a header, and nowhere else.
 * @param tab `sessionStorage`
 */
export function createKeyRing(tab: TabStorage): KeyRing {
	return {
		get: (name) => tab.getItem(place(name)) ?? undefined,
		set(name, key) {
			if (key === "") tab.removeItem(place(name));
			else tab.setItem(place(name), key);
		},
		forget() {
			for (const name of KEY_NAMES) tab.removeItem(place(name));
		},
	};
}
