import type { Io } from "./io.ts";

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

export type Ask = (url: string | URL, init?: RequestInit) => Promise<Asked>;

/**
 * Asks over HTTP and never rejects. No redirect is followed unless `init` says so, since a key in a header would go along
 * to wherever it leads.
 */
export function createAsk({ fetch, now }: Pick<Io, "fetch" | "now">, timeoutMs = 15_000): Ask {
	return async (url, init = {}) => {
		const start = now();
		try {
			const response = await fetch(url, { redirect: "manual", ...init, signal: AbortSignal.timeout(timeoutMs) });
			const date = Date.parse(response.headers.get("date") ?? "");
			// The header has whole seconds, and was written somewhere between asking and being answered.
			const aheadMs = Number.isNaN(date) ? undefined : date + 500 - (start + now()) / 2;
			const text = await response.text();
			return { status: response.status, headers: response.headers, text, json: readJson(text), reason: "", aheadMs };
		} catch (error) {
			const [headers, reason] = [new Headers(), reasonOf(error)];
			return { status: 0, headers, text: "", json: undefined, reason, aheadMs: undefined };
		}
	};
}

/** What an answer in JSON says of its error; empty where it says nothing. */
export function errorIn({ json }: Pick<Asked, "json">): string {
	const { error } = (json ?? {}) as { error?: unknown };
	return typeof error === "string" ? error : "";
}

/**
 * The headers of a function key, as Azure Functions takes it, and of a bearer token, for a webhook that Microsoft Entra
 * protects; none for what is not given.
 */
export function keyHeader(key: string | undefined, token?: string): Readonly<Record<string, string>> {
	return {
		...(key === undefined ? {} : { "x-functions-key": key }),
		...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
	};
}

/** Whether the bridge itself refuses the sender, and not the platform for its key: Microsoft Entra protects the webhook. */
export function wantsToken({ status, headers }: Pick<Asked, "status" | "headers">): boolean {
	return status === 401 && /^bearer\b/i.test(headers.get("www-authenticate") ?? "");
}

/** How to send to a webhook that Microsoft Entra protects. */
export const GIVE_TOKEN =
	"Microsoft Entra protects this webhook: set GRID_DISPATCH_TOKEN to a token for the webhook (docs/cli.md)";

function readJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** Why a request came to nothing: fetch says no more than "fetch failed"; what happened stands in the last of its causes. */
export function reasonOf(error: unknown): string {
	// Not by `instanceof`: an error may be of another realm.
	if (typeof error !== "object" || error === null) return String(error);
	const { cause, message, code, name } = error as Partial<NodeJS.ErrnoException>;
	if (typeof cause === "object" && cause !== null) return reasonOf(cause);
	return message || code || name || "no reason was given";
}
