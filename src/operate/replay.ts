import { readJson } from "../event/json.ts";
import { forgetRejected, readRejected, replayDead } from "../ledger/dead-letters.ts";
import { readLaneState } from "../ledger/lane-state.ts";
import type { Receipt } from "../ledger/receipt.ts";
import { type FoundReceipt, readContinue, writeContinue } from "../ledger/receipt-query.ts";
import { writeWakeUp } from "../ledger/wake-up.ts";
import type { Log } from "../log.ts";
import type { EventResult } from "../model.ts";
import { isStorageError, type PutMessage, type Storage } from "../storage/storage.ts";
import {
	AT_ONCE,
	type Ended,
	MAX_MS,
	type Progress,
	type ReceiptsRequest,
	reportEnded,
	type WalkOptions,
	walkReceipts,
} from "./dead-letters.ts";

/** Which of Event Grid's own dead letters: those of a container, or with names that begin so. */
interface BlobsRequest {
	readonly container: string;
	readonly prefix?: string;
	readonly continue?: string;
}

export type ReplayRequest = ReceiptsRequest | BlobsRequest;

/** What became of one dead letter. `accepted`: it is in its lane again. */
export type Replayed = Ended<"accepted">;

export interface ReplayAnswer extends Progress {
	readonly replayed: readonly Replayed[];
}

/**
 * Accepts elements as if they had just arrived.
 * @param before what their receipt says, where there is one
 */
export type AcceptAgain = (
	elements: readonly unknown[],
	before?: Pick<Receipt, "acceptedAt" | "arrived">,
) => Promise<readonly EventResult[]>;

interface ReplayOptions extends WalkOptions {
	readonly storage: Storage;
	readonly accept: AcceptAgain;
	/** Makes sure that a lane is looked at, at once. */
	readonly wakeLane: (lane: string) => Promise<void>;
	/** Never the same twice. */
	readonly newId: () => string;
}

/**
 * Feeds dead letters back, in bounded work: the answer says how it goes on. What broke off can be repeated. Rejects with
 * WrongContinue, and with the error of storage where nothing can be listed.
 */
export async function replay(request: ReplayRequest, log: Log, options: ReplayOptions): Promise<ReplayAnswer> {
	const answer = "container" in request ? await replayBlobs(request, options) : await replayReceipts(request, options);
	reportEnded(log, "replayed", answer.replayed);
	return answer;
}

type End = Omit<Replayed, "key">;
const accepted = (reason: string | null = null): End => ({ outcome: "accepted", reason });
const refused = (reason: string): End => ({ outcome: "refused", reason });

/** Feeds dead letters of the ledger back, and wakes their lanes. */
async function replayReceipts(request: ReceiptsRequest, options: ReplayOptions): Promise<ReplayAnswer> {
	const wakeUps = new Map<string, PutMessage>();
	try {
		const end = (receipt: FoundReceipt) => replayReceipt(receipt, wakeUps, options);
		const { ended: replayed, ...progress } = await walkReceipts<"accepted">(request, end, options);
		return { replayed, ...progress };
	} finally {
		await wakeAll(wakeUps, options);
	}
}

async function replayReceipt(
	receipt: FoundReceipt,
	wakeUps: Map<string, PutMessage>,
	options: ReplayOptions,
): Promise<End> {
	const { lane, state } = receipt;
	try {
		if (state === "rejected") return await acceptAgain(receipt, options);
		const isOpen = state === "accepted" || state === "paused" || state === "parked";
		if (state === "discarded") return refused(DISCARDED);
		if (state !== "dead" && !isOpen) return refused(`it is ${state}, so it is not a dead letter`);
		await wakeAhead(lane, wakeUps, options);
		// One that is in its lane already may lack the wake-up, if a replay broke off.
		return isOpen ? accepted() : await moveDead(receipt, options);
	} catch (error) {
		return refused(`the bridge does not know whether it was replayed (${(error as Error).message}); replay it again`);
	}
}

async function moveDead({ lane, rowKey }: FoundReceipt, { storage, now, newId }: ReplayOptions): Promise<End> {
	const by = newId();
	for (let tries = 0; ; tries++) {
		const end = await replayDead(storage, lane, rowKey, { now: now(), by });
		if (end.kind === "moved") return accepted();
		const state = end.receipt?.state;
		if (state === undefined) return refused("its receipt no longer exists: its retention time is over");
		if (state === "discarded") return refused(DISCARDED);
		if (state === "accepted") return accepted("another replay has just replayed it");
		if (state !== "dead") return accepted(`another replay has just replayed it, and it is ${state}`);
		// Fed back by another replay and refused again meanwhile; or there is nothing left to be sent.
		if (tries > 0) return refused("the request is missing in storage");
	}
}

const DISCARDED = "it was discarded, and its request is removed";

async function acceptAgain({ rowKey, ...before }: FoundReceipt, { storage, accept }: ReplayOptions): Promise<End> {
	const read = await readRejected(storage, rowKey);
	if (read === undefined) return refused("the event is missing in storage");
	const end = endOf(await accept([read.element], before));
	if (end.outcome === "accepted") await forgetRejected(storage, rowKey, read);
	return end;
}

/** What came of a dead letter with these events: refused if one of them is. The reason tells of those that are not new. */
function endOf(results: readonly EventResult[]): End {
	const refusal = results.find(isRefused);
	if (refusal !== undefined) return refused(refusal.reason ?? refusal.outcome);
	const [first, ...others] = results.filter(({ outcome }) => outcome === "duplicate");
	if (first === undefined) return accepted();
	const known = `accepted before: ${first.reason}`;
	return accepted(results.length === 1 ? known : `${1 + others.length} of ${results.length} ${known}`);
}

/** What no route takes stays a dead letter, too: it is fed back in order to start something. */
function isRefused({ outcome }: EventResult): boolean {
	return outcome === "rejected" || outcome === "unavailable" || outcome === "ignored";
}

/** One request takes less than a minute: it surfaces after all that is written by it. */
const AHEAD_SECONDS = 120;

/** Before a delivery is written: a wake-up that surfaces after that is in the queue, even if this process ends now. */
async function wakeAhead(lane: string, wakeUps: Map<string, PutMessage>, options: ReplayOptions): Promise<void> {
	if (wakeUps.has(lane)) return;
	const { storage, now } = options;
	const { wake } = await readLaneState(storage, lane, now());
	wakeUps.set(lane, await storage.put(writeWakeUp({ lane, wake: wake.last }), AHEAD_SECONDS));
}

/** After all that was written: every lane is woken at once. */
async function wakeAll(wakeUps: ReadonlyMap<string, PutMessage>, { storage, wakeLane }: ReplayOptions): Promise<void> {
	const each = async ([lane, message]: readonly [string, PutMessage]) => {
		await wakeLane(lane);
		await storage.unput(message);
	};
	// Where that fails, the wake-up that was put ahead surfaces within two minutes, and does the same.
	await Promise.allSettled([...wakeUps].map(each));
}

/** Behind which name it goes on, on which page. */
interface Place {
	readonly after?: string | undefined;
	readonly past?: string | undefined;
}

/**
 * Feeds Event Grid's dead letters back: blobs that hold an array of events. A blob is removed when all of its events are
 * accepted; the others stay, and later ones are looked at all the same.
 * Source: learn.microsoft.com, "Event Grid message delivery and retry", dead-letter events.
 */
async function replayBlobs(request: BlobsRequest, options: ReplayOptions): Promise<ReplayAnswer> {
	const { container, prefix = "" } = request;
	const { storage, now } = options;
	const question = JSON.stringify([container, prefix]);
	const endsAt = now() + MAX_MS;
	const replayed: Replayed[] = [];
	const cut = (place: Place) => ({ replayed, more: true, continue: writeContinue(place, question) });
	let { after, past } = (request.continue === undefined ? {} : readContinue(request.continue, question)) as Place;
	for (;;) {
		const page = await storage.names(prefix, after, container).catch((error: unknown) => {
			// The answer has to say what is done already.
			if (replayed.length === 0) throw error;
			return undefined;
		});
		if (page === undefined) return cut({ after, past });
		const { names, next } = page;
		for (const name of names.filter((one) => past === undefined || comesAfter(one, past))) {
			// One at least, so that each request comes further.
			if (replayed.length >= AT_ONCE || (replayed.length > 0 && now() > endsAt)) return cut({ after, past });
			replayed.push({ key: name, ...(await replayBlob(name, container, options)) });
			past = name;
		}
		if (next === undefined) return { replayed, more: false };
		[after, past] = [next, undefined];
		if (now() > endsAt) return cut({ after });
	}
}

/** Far more than Event Grid writes. Another container may hold blobs that are larger than the memory. */
const MAX_BLOB_BYTES = 32 * 1024 * 1024;

async function replayBlob(name: string, container: string, { storage, accept }: ReplayOptions): Promise<End> {
	try {
		const content = await storage.read(name, container, MAX_BLOB_BYTES);
		if (content === undefined)
			return refused("the blob no longer exists: another replay processed it, or it was removed");
		const elements = parse(content);
		if (elements === undefined) return refused("the blob contains no events");
		const end = endOf(await accept(elements));
		if (end.outcome === "accepted") await storage.remove(name, container);
		return end;
	} catch (error) {
		if (isStorageError(error) && error.refusesContent) return refused(error.message);
		return refused(`the blob could not be read or removed (${(error as Error).message}); replay it again`);
	}
}

/** As the service sorts names. */
function comesAfter(name: string, other: string): boolean {
	return Buffer.compare(Buffer.from(name), Buffer.from(other)) > 0;
}

function parse(content: Buffer): readonly unknown[] | undefined {
	try {
		const parsed: unknown = readJson(content.toString("utf8"));
		return Array.isArray(parsed) ? parsed : [parsed];
	} catch {
		return undefined;
	}
}
