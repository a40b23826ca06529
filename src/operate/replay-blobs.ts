import { readJson } from "../event/json.ts";
import { readContinue, writeContinue } from "../ledger/receipt-query.ts";
import { AT_ONCE, isRefused, MAX_MS, type ReplayAnswer, type Replayed, type ReplayOptions } from "./replay-types.ts";

/** Which of Event Grid's own dead letters: those of a container, or with names that begin so. */
export interface BlobsRequest {
	readonly container: string;
	readonly prefix?: string;
	readonly continue?: string;
}

/** Behind which name it goes on, on which page. */
interface Place {
	readonly after?: string;
	readonly past?: string;
}

/**
 * Feeds Event Grid's dead letters back: blobs that hold an array of events. A blob is removed when all of its events are
 * accepted; the others stay, and keep no later one from being looked at.
 * Source: learn.microsoft.com, "Event Grid message delivery and retry", dead-letter events.
 */
export async function replayBlobs(request: BlobsRequest, options: ReplayOptions): Promise<ReplayAnswer> {
	const { container, prefix = "" } = request;
	const { storage, now } = options;
	const question = JSON.stringify([container, prefix]);
	const endsAt = now() + MAX_MS;
	const replayed: Replayed[] = [];
	let { after, past } = (request.continue === undefined ? {} : readContinue(request.continue, question)) as Place;
	for (;;) {
		const { names, next } = await storage.names(prefix, after, container);
		for (const name of names.filter((one) => past === undefined || comesAfter(one, past))) {
			// One at least, so that each request comes further.
			const isOver = replayed.length >= AT_ONCE || (replayed.length > 0 && now() > endsAt);
			if (isOver) return cut({ ...(after === undefined ? {} : { after }), ...(past === undefined ? {} : { past }) });
			const reason = await replayBlob(name, request, options);
			replayed.push({ key: name, outcome: reason === null ? "accepted" : "kept", reason });
			past = name;
		}
		if (next === undefined) return { replayed, more: false };
		[after, past] = [next, undefined];
		if (now() > endsAt) return cut({ after });
	}

	function cut(place: Place): ReplayAnswer {
		return { replayed, more: true, continue: writeContinue(place, question) };
	}
}

/** Why a blob stays; null where it does not. */
async function replayBlob(
	name: string,
	{ container }: BlobsRequest,
	{ storage, accept }: ReplayOptions,
): Promise<string | null> {
	try {
		const content = await storage.read(name, container);
		if (content === undefined) return "it is gone: another replay has taken it, or it was removed";
		const elements = parse(content);
		if (elements === undefined) return "it holds no events";
		const left = (await accept(elements)).find(isRefused);
		if (left !== undefined) return left.reason ?? left.outcome;
		await storage.remove(name, container);
		return null;
	} catch (error) {
		return `it could not be read or removed (${(error as Error).message}); replay it again`;
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
