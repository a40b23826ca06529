import type { Accepted, Health, Local, Receipts, Replayed, Sample, State } from "./answers.ts";
import type { KeyName, KeyRing } from "./key-ring.ts";

/** What a list is narrowed to. */
export interface Filter {
	/** Empty: all. */
	readonly state: State | "";
	readonly find: string;
}

/** What the page asks of its own host; every method rejects with ApiError. */
export interface Api {
	receipts(filter: Filter, limit: number): Promise<Receipts>;
	health(): Promise<Health>;
	replay(
		which: ({ readonly key: string } | { readonly all: true }) & { readonly continue?: string },
	): Promise<Replayed>;
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
	},
) => Promise<Response>;

export function createApi(keys: KeyRing, fetch: Fetch): Api {
	async function ask<T>(path: string, { key, body }: { key?: KeyName; body?: unknown } = {}): Promise<T> {
		const secret = key && keys.get(key);
		const response = await fetch(path, {
			method: body === undefined ? "GET" : "POST",
			headers: {
				...(secret === undefined ? {} : { "x-functions-key": secret }),
				...(body === undefined ? {} : { "content-type": "application/json" }),
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
			cache: "no-store",
			// A key must not follow a redirect to wherever it leads.
			redirect: "error",
		}).catch(() => {
			throw new ApiError("the bridge does not answer");
		});
		const text = await response.text();
		const answer = parse(text);
		// Health and a refused batch answer in full with an error's status.
		if (answer !== undefined && (response.ok || !("error" in answer))) return answer as T;
		throw new ApiError(String(answer?.["error"] ?? `the bridge answered ${response.status}`), response.status);
	}

	return {
		receipts({ state, find }, limit) {
			const query = new URLSearchParams({ limit: String(limit) });
			if (state !== "") query.set("state", state);
			if (find !== "") query.set("find", find);
			return ask(`/api/receipts?${query}`, { key: "receipts" });
		},
		health: () => ask("/api/health"),
		replay: (which) => ask("/api/receipts/replay", { key: "replay", body: which }),
		local: () => ask("/_local"),
		samples: () => ask("/_local/samples"),
		send: (events) => ask("/api/events", { body: events }),
		setFaults: (faults) => ask("/_local/faults", { body: faults }),
		dispatchesOf: (key) => ask(`/_local/dispatches?${new URLSearchParams({ key })}`),
	};
}

function parse(text: string): Record<string, unknown> | undefined {
	try {
		const answer: unknown = JSON.parse(text);
		return typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}
