import { isLoopback, USUAL_PORT } from "../config/settings.ts";
import { isObject } from "../event/json.ts";
import type { ReceiptState } from "../ledger/receipt.ts";
import { plain } from "../log.ts";
import type { Health } from "../operate/check-health.ts";
import type { ReplayAnswer } from "../operate/replay.ts";
import { type Asked, createAsk, errorIn, keyHeader } from "./ask.ts";
import { baseOf, readUrl } from "./bridge-url.ts";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";
import { readReceipt, type ShownReceipt } from "./shown-receipt.ts";

export type { ShownReceipt } from "./shown-receipt.ts";

export interface ShownReceipts {
	readonly receipts: readonly ShownReceipt[];
	/** False where there was more to look at than one request looks at. */
	readonly complete: boolean;
	/** What to ask with to go on; a bridge of an older version does not tell. */
	readonly continue?: string;
	/** What could not be read, while the rest was. */
	readonly problems?: readonly string[];
}

/** What became of each dead letter that was to be discarded. */
export interface DiscardAnswer {
	readonly discarded: readonly Discarded[];
	readonly more: boolean;
	readonly continue?: string;
	readonly problems?: readonly string[];
}

export interface Discarded {
	readonly key: string;
	readonly outcome: "discarded" | "refused";
	readonly reason: string | null;
}

export interface ReceiptsAsked {
	readonly limit?: number;
	readonly state?: ReceiptState | undefined;
	readonly find?: string | undefined;
	/** ISO 8601: only what was written since then. A bridge of an older version does not look at it. */
	readonly changedSince?: string;
	/** That of an earlier answer, to go on behind it. */
	readonly continue?: string | undefined;
}

/** Which dead letters of the ledger. Source: docs/receipts.md. */
export type DeadLettersAsked =
	| { readonly key: string }
	| { readonly find: string; readonly state?: string | undefined }
	| { readonly all: true; readonly state?: string | undefined };

/** The same, or Event Grid's own dead letters in a container. */
export type ReplayAsked = DeadLettersAsked | { readonly container: string; readonly prefix?: string | undefined };

interface BridgeClientOptions {
	readonly url: string;
	/** The flag or the variable that holds the address; undefined for the default address. */
	readonly urlFrom?: string | undefined;
	/** A function key. */
	readonly key: string | undefined;
	readonly keyFrom?: string | undefined;
	/** Writes a command that asks the same bridge. */
	readonly command?: (words: string) => string;
	readonly io: Pick<Io, "fetch" | "now">;
}

/** Asks a bridge, deployed or local. Whatever goes wrong is a CliError that names the repair. */
export interface BridgeClient {
	/** Of the bridge, as it may be printed. */
	readonly url: string;
	/** A command to copy that asks the same bridge: `npx grid-dispatch`, the words, and --url where it is needed. */
	command(words: string): string;
	/** The bridge's own clock, as far as its last answer told it; epoch milliseconds. */
	now(): number;
	health(): Promise<Health>;
	receipts(asked?: ReceiptsAsked): Promise<ShownReceipts>;
	/** An answer that does not hold all of them says in `continue` how to go on. */
	replay(asked: ReplayAsked & Continued): Promise<ReplayAnswer & Continued>;
	/** The same for dead letters that are not wanted any more. */
	discard(asked: DeadLettersAsked & Continued): Promise<DiscardAnswer>;
}

/** Receipts as they were answered. */
interface Answered extends Omit<ShownReceipts, "receipts"> {
	readonly receipts: readonly Readonly<Record<string, unknown>>[];
}

/** How to go on behind an answer that does not hold all. */
export interface Continued {
	readonly continue?: string | undefined;
}

/** What an answer must have, so that it is one of grid-dispatch: another server may answer with any JSON. */
const FORMS: Readonly<Record<string, (json: Readonly<Record<string, unknown>>) => boolean>> = {
	health: ({ status }) => typeof status === "string",
	receipts: ({ receipts }) => Array.isArray(receipts) && receipts.every(isReceipt),
	replay: ({ replayed }) => Array.isArray(replayed) && replayed.every(isObject),
	discard: ({ discarded }) => Array.isArray(discarded) && discarded.every(isObject),
};

function isReceipt(receipt: unknown): boolean {
	if (!isObject(receipt)) return false;
	const { key, state, event, attempts } = receipt;
	return typeof key === "string" && typeof state === "string" && isObject(event) && Array.isArray(attempts);
}

/** A replay takes up to 20 s, and a cold start some. */
const TIMEOUT_MS = 60_000;

export function createBridgeClient(options: BridgeClientOptions): BridgeClient {
	const { url, key, io } = options;
	const ask = createAsk(io, TIMEOUT_MS);
	const base = readUrl(url, options.urlFrom ?? "--url");
	const shown = baseOf(base);
	let aheadMs = 0;

	async function read<T>(name: string, expected: readonly number[], path: string, init: RequestInit = {}): Promise<T> {
		const asked = await ask(`${shown}/api${path}`, { ...init, headers: keyHeader(key) });
		const { status, json, reason } = asked;
		aheadMs = asked.aheadMs ?? aheadMs;
		if (status === 0) throw new CliError(`nothing answers at ${shown} (${reason}): ${startRepair(base, options)}`);
		if (expected.includes(status) && isObject(json) && FORMS[name]?.(json) === true) return json as T;
		throw new CliError(`${shown} answered ${status} for ${name}: ${errorIn(asked) || repairOf(asked, name, options)}`);
	}

	const post = <T>(name: string, body: unknown) =>
		read<T>(name, [200], `/receipts/${name}`, { method: "POST", body: JSON.stringify(body) });
	return {
		url: shown,
		command: options.command ?? ((words) => `npx grid-dispatch ${words} --url ${shown}`),
		now: () => io.now() + aheadMs,
		health: async () => read("health", [200, 503], "/health"),
		receipts: async (asked = {}) => {
			const query = new URLSearchParams();
			for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, String(value));
			const answer = await read<Answered>("receipts", [200], `/receipts?${query}`);
			return { ...answer, receipts: answer.receipts.map(readReceipt) };
		},
		replay: (asked) => post("replay", asked),
		discard: (asked) => post("discard", asked),
	};
}

function startRepair(url: URL, { urlFrom }: BridgeClientOptions): string {
	const other = urlFrom === undefined ? "name another bridge with --url" : `correct the address in ${urlFrom}`;
	if (!isLoopback(url)) return `check the address in ${urlFrom ?? "--url"}, and that the app runs`;
	const port = Number(url.port || 80);
	return `start it with "npm start${port === USUAL_PORT ? "" : ` -- --port ${port}`}", or ${other}`;
}

function repairOf(
	{ status, text }: Asked,
	name: string,
	{ key, keyFrom = "--key", urlFrom }: BridgeClientOptions,
): string {
	const address = urlFrom === undefined ? "" : ` (${urlFrom})`;
	switch (status) {
		case 401:
		case 403:
			return key === undefined
				? `it needs a key: give the function key of "${name}", or the app's host key, in GRID_DISPATCH_KEY or with --key`
				: `it refuses the key in ${keyFrom}: give the function key of "${name}", or the app's host key (az functionapp keys list)`;
		case 404:
			return `this address${address} has no function "${name}": give the address of a grid-dispatch app, without a path, and check that its version has "${name}"`;
		default:
			if (status >= 300 && status < 400) return "it redirects to another address: give that address with --url";
			if (/^\s*</.test(text)) {
				return `the answer is a web page, not an answer of grid-dispatch: correct the address${address}, or check for a proxy on the way`;
			}
			return "the answer is not one of grid-dispatch: correct the address, or look at the app's log";
	}
}

/** One request looks at a part of a long history; so many are enough for any. */
const MOST_REQUESTS = 100;
/** One request answers so many. */
const MOST_AT_ONCE = 500;

/**
 * Receipts, the newest event first, until there are as many as were asked for or nothing is left to look at: an answer
 * that stopped early says where it goes on. What was found is answered although the rest cannot be read: `problems` names
 * that, and nothing goes on behind it.
 */
export async function collectReceipts(
	bridge: Pick<BridgeClient, "receipts">,
	asked: ReceiptsAsked & { readonly limit: number },
): Promise<ShownReceipts> {
	const receipts: ShownReceipt[] = [];
	const problems = new Set<string>();
	let from = asked.continue;
	for (let request = 1; ; request += 1) {
		const limit = Math.min(asked.limit - receipts.length, MOST_AT_ONCE);
		const answer = await bridge.receipts({ ...asked, limit, continue: from }).catch((error: unknown) => {
			if (request === 1 || !(error instanceof CliError)) throw error;
			return error;
		});
		if (answer instanceof CliError) return { receipts, complete: false, problems: [...problems, answer.message] };
		const { continue: after, ...rest } = answer;
		receipts.push(...answer.receipts);
		for (const problem of answer.problems ?? []) problems.add(problem);
		const found = { ...rest, receipts, problems: [...problems] };
		if (after === undefined || after === from) return found;
		from = after;
		if (receipts.length >= asked.limit || request >= MOST_REQUESTS) return { ...found, continue: after };
	}
}

/** Says what could not be read, so that a list is not taken for the whole. */
export function noteProblems({ stderr }: Pick<Io, "stderr">, problems: readonly string[] = []): void {
	for (const problem of new Set(problems)) stderr.write(`note: ${plain(problem)}\n`);
}

/** What an empty list is worth where not all was read. */
export const NOT_ALL_READ = "the bridge could not read all receipts; try again later";
