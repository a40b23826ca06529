import { isObject } from "../event/json.ts";
import type { ReceiptJson } from "../functions/receipts.ts";
import type { ReceiptState } from "../ledger/list-receipts.ts";
import type { Following, Run } from "../model.ts";
import type { Health } from "../operate/check-health.ts";
import type { ReplayAnswer } from "../operate/replay.ts";
import { createAsk, errorIn, keyHeader } from "./ask.ts";
import { LOCAL_BRIDGE, readUrl, shownUrl } from "./bridge-url.ts";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";

/** A receipt as `GET /api/receipts` shows it. A bridge of an older version tells less of runs, and its `runs` is a page. */
export type ShownReceipt = Omit<ReceiptJson, keyof ToldRuns> & ToldRuns;

interface ToldRuns {
	readonly runs?: readonly Run[] | string | null | undefined;
	readonly following?: Following | null | undefined;
	readonly followingReason?: string | null | undefined;
	readonly page?: string | null | undefined;
}

export interface ShownReceipts {
	readonly receipts: readonly ShownReceipt[];
	/** False where there was more to look at than one request looks at. */
	readonly complete: boolean;
	/** What to ask with to go on; a bridge of an older version does not tell. */
	readonly continue?: string;
	/** What could not be read, while the rest was. */
	readonly problems?: readonly string[];
}

export interface ReceiptsAsked {
	readonly limit?: number;
	readonly state?: ReceiptState;
	readonly find?: string;
	/** That of an earlier answer, to go on behind it. */
	readonly continue?: string;
}

/** The body of a replay. Source: docs/receipts.md. */
export type ReplayAsked = { readonly continue?: string } & (
	| { readonly key: string }
	| { readonly find: string; readonly state?: string }
	| { readonly all: true; readonly state?: string }
	| { readonly container: string; readonly prefix?: string }
);

export interface BridgeClientOptions {
	readonly url: string;
	/** A function key. */
	readonly key: string | undefined;
	readonly io: Pick<Io, "fetch" | "now">;
}

/** Asks a bridge, deployed or local. Whatever goes wrong is a CliError that names the repair. */
export interface BridgeClient {
	/** Of the bridge, as it may be printed. */
	readonly url: string;
	health(): Promise<Health>;
	receipts(asked?: ReceiptsAsked): Promise<ShownReceipts>;
	/** An answer that does not hold all says with `continue` how to go on. */
	replay(asked: ReplayAsked): Promise<ReplayAnswer & { readonly continue?: string }>;
}

/** A replay takes up to 20 s, and a cold start some. */
const TIMEOUT_MS = 60_000;

export function createBridgeClient({ url, key, io }: BridgeClientOptions): BridgeClient {
	const ask = createAsk(io, TIMEOUT_MS);
	const base = readUrl(url, "--url");
	const shown = shownUrl(new URL(base.pathname.replace(/\/+$/, ""), base));

	async function read<T>(name: string, expected: readonly number[], path: string, init: RequestInit = {}): Promise<T> {
		const asked = await ask(`${shown}/api${path}`, { ...init, headers: keyHeader(key) });
		const { status, json, reason } = asked;
		if (status === 0) {
			const repair = url === LOCAL_BRIDGE ? 'start it with "npm start"' : "check the address, and that the app runs";
			throw new CliError(`nothing answers at ${shown} (${reason}): ${repair}`);
		}
		if (expected.includes(status) && isObject(json)) return json as T;
		throw new CliError(`${shown} answered ${status} for ${name}: ${errorIn(asked) || repairOf(status, name, key)}`);
	}

	return {
		url: shown,
		health: async () => read("health", [200, 503], "/health"),
		receipts: async ({ limit, state, find, continue: from } = {}) => {
			const query = new URLSearchParams();
			if (limit !== undefined) query.set("limit", String(limit));
			if (state !== undefined) query.set("state", state);
			if (find !== undefined) query.set("find", find);
			if (from !== undefined) query.set("continue", from);
			return read("receipts", [200], `/receipts?${query}`);
		},
		replay: async (asked) => read("replay", [200], "/receipts/replay", { method: "POST", body: JSON.stringify(asked) }),
	};
}

function repairOf(status: number, name: string, key: string | undefined): string {
	switch (status) {
		case 401:
		case 403:
			return key === undefined
				? `it asks for a key: give the function key of "${name}", or the app's host key, in GRID_DISPATCH_KEY or with --key`
				: `the key is not one of "${name}": its function key or the app's host key is needed (az functionapp keys list)`;
		case 404:
			return "is this the address of a grid-dispatch app, without a path?";
		default:
			return status >= 300 && status < 400
				? "it leads elsewhere: give that address with --url"
				: "no answer of grid-dispatch; look at the app's log";
	}
}
