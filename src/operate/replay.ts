import { readJson } from "../json.ts";
import type { FoundReceipts, ReceiptQuery } from "../ledger/list-receipts.ts";
import { forgetRejected, readRejected } from "../ledger/rejected-letters.ts";
import { replayDead } from "../ledger/replay-dead.ts";
import type { Storage } from "../ledger/storage.ts";
import type { EventResult } from "../outcome.ts";
import { type Log, report } from "../report.ts";

/** What to feed back: one dead letter, those that a text is found in, all; or Event Grid's own dead letters. */
export type ReplayRequest =
	| { readonly key: string }
	| { readonly find?: string; readonly state?: "dead" | "rejected" }
	| { readonly container: string; readonly prefix?: string };

/** What became of one of them. */
export interface Replayed {
	/** A receipt's key, or a blob's name. */
	readonly key: string;
	/** `accepted`: it is in its lane again. `kept`: it stays a dead letter, for the reason. */
	readonly outcome: "accepted" | "kept";
	readonly reason: string | null;
}

export interface ReplayAnswer {
	readonly replayed: readonly Replayed[];
	/** Whether there is more than one request takes: ask again. */
	readonly more: boolean;
}

export interface ReplayOptions {
	readonly storage: Storage;
	readonly list: (query: ReceiptQuery) => Promise<FoundReceipts>;
	readonly accept: (elements: readonly unknown[]) => Promise<readonly EventResult[]>;
	/** Makes sure that somebody looks at a lane. */
	readonly wake: (lane: string) => Promise<void>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** One request takes so many, and so long. */
const AT_ONCE = 200;
const MAX_MS = 20_000;

/** Feeds dead letters back. What broke off can be repeated. */
export async function replay(request: ReplayRequest, log: Log, options: ReplayOptions): Promise<ReplayAnswer> {
	const answer = "container" in request ? await replayBlobs(request, options) : await replayReceipts(request, options);
	for (const { key, outcome, reason } of answer.replayed) {
		report(log, outcome === "accepted" ? "info" : "warn", {
			stage: "dead-letter",
			change: "replayed",
			key,
			outcome,
			reason,
		});
	}
	return answer;
}

async function replayReceipts(
	request: Exclude<ReplayRequest, { container: string }>,
	options: ReplayOptions,
): Promise<ReplayAnswer> {
	const { storage, list, wake, accept, now } = options;
	const endsAt = now() + MAX_MS;
	const lanes = new Set<string>();
	const replayed: Replayed[] = [];
	const { receipts, complete } = await wanted(request, list);
	for (const { lane, key, rowKey, state } of receipts) {
		if (now() > endsAt) break;
		if (state === "rejected") replayed.push(await again(key, rowKey));
		else {
			// One that is in its lane already may lack the wake-up, if a replay broke off.
			const moved = state === "dead" && (await replayDead(storage, lane, rowKey, now()));
			const open = moved || state === "accepted" || state === "paused" || state === "parked";
			if (open) lanes.add(lane);
			replayed.push({ key, outcome: open ? "accepted" : "kept", reason: open ? null : `it is ${state}` });
		}
	}
	for (const lane of lanes) await wake(lane);
	const isCutShort = !complete || replayed.length < receipts.length || receipts.length === AT_ONCE;
	// Those that are kept would be first the next time, too.
	return { replayed, more: isCutShort && replayed.some(({ outcome }) => outcome === "accepted") };

	async function again(key: string, receipt: string): Promise<Replayed> {
		const read = await readRejected(storage, receipt);
		if (read === undefined) return { key, outcome: "kept", reason: "the event itself is gone" };
		const refusal = (await accept([read.element])).find(isRefused);
		if (refusal !== undefined) return { key, outcome: "kept", reason: refusal.reason };
		await forgetRejected(storage, receipt, read);
		return { key, outcome: "accepted", reason: null };
	}
}

async function wanted(
	request: Exclude<ReplayRequest, { container: string }>,
	list: ReplayOptions["list"],
): Promise<FoundReceipts> {
	if ("key" in request) {
		const { receipts, complete } = await list({ limit: AT_ONCE, find: request.key });
		return { receipts: receipts.filter(({ key }) => key === request.key), complete };
	}
	const { find, state } = request;
	const text = find === undefined ? {} : { find };
	const states = state === undefined ? (["dead", "rejected"] as const) : [state];
	const found = await Promise.all(states.map((one) => list({ limit: AT_ONCE, state: one, ...text })));
	return {
		receipts: found.flatMap(({ receipts }) => receipts).slice(0, AT_ONCE),
		complete: found.every(({ complete }) => complete),
	};
}

/**
 * Event Grid's dead letters: blobs that hold an array of events. A blob is removed when all of its events are accepted.
 * Source: learn.microsoft.com, "Event Grid message delivery and retry", dead-letter events.
 */
async function replayBlobs(
	{ container, prefix = "" }: Extract<ReplayRequest, { container: string }>,
	{ storage, accept, now }: ReplayOptions,
): Promise<ReplayAnswer> {
	const endsAt = now() + MAX_MS;
	const { names, next } = await storage.names(prefix, undefined, container);
	const taken = names.slice(0, AT_ONCE);
	const replayed: Replayed[] = [];
	for (const name of taken) {
		if (now() > endsAt) break;
		const reason = await replayBlob(name);
		replayed.push({ key: name, outcome: reason === null ? "accepted" : "kept", reason });
	}
	return { replayed, more: next !== undefined || replayed.length < names.length };

	async function replayBlob(name: string): Promise<string | null> {
		const content = await storage.read(name, container);
		const elements = content === undefined ? undefined : parse(content);
		if (elements === undefined) return "it holds no events";
		const results = await accept(elements);
		const left = results.find(isRefused);
		if (left !== undefined) return left.reason;
		await storage.remove(name, container);
		return null;
	}
}

/** What no route takes is kept, too: it is fed back in order to start something. */
function isRefused({ outcome }: EventResult): boolean {
	return outcome === "rejected" || outcome === "unavailable" || outcome === "ignored";
}

function parse(content: Buffer): readonly unknown[] | undefined {
	try {
		const parsed = readJson(content.toString("utf8"));
		return Array.isArray(parsed) ? parsed : [parsed];
	} catch {
		return undefined;
	}
}
