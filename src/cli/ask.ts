import { reasonOf } from "./reason-of.ts";

/** An HTTP answer, read to its end; or why there was none. */
export interface Asked {
	/** 0 where nothing answered. */
	readonly status: number;
	readonly headers: Headers;
	readonly text: string;
	/** The body as JSON; undefined where it is none. */
	readonly json: unknown;
	/** Why nothing answered; empty where something did. */
	readonly reason: string;
	/** How far the clock there goes ahead of ours, in milliseconds; undefined where it did not say. */
	readonly aheadMs: number | undefined;
}

export type Ask = (url: string, init?: RequestInit) => Promise<Asked>;

const TIMEOUT_MS = 15_000;

/** Asks over HTTP and never rejects. @param now epoch milliseconds */
export function createAsk(fetch: typeof globalThis.fetch, now: () => number): Ask {
	return async (url, init = {}) => {
		const start = now();
		try {
			const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
			const date = Date.parse(response.headers.get("date") ?? "");
			// The header has whole seconds, and was written somewhere between asking and being answered.
			const aheadMs = Number.isNaN(date) ? undefined : date + 500 - (start + now()) / 2;
			const text = await response.text();
			return { status: response.status, headers: response.headers, text, json: parsed(text), reason: "", aheadMs };
		} catch (error) {
			const [headers, reason] = [new Headers(), reasonOf(error)];
			return { status: 0, headers, text: "", json: undefined, reason, aheadMs: undefined };
		}
	};
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
