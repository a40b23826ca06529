import { type Log, report } from "../log.ts";
import { type BlobsRequest, replayBlobs } from "./replay-blobs.ts";
import { type ReceiptsRequest, replayReceipts } from "./replay-receipts.ts";
import type { ReplayAnswer, ReplayOptions } from "./replay-types.ts";

export type { ReplayAnswer, Replayed } from "./replay-types.ts";

/** What to feed back: one dead letter, those that a text is found in, all; or Event Grid's own dead letters. */
export type ReplayRequest = ReceiptsRequest | BlobsRequest;

/**
 * Feeds dead letters back, in bounded work: the answer says how it goes on. What broke off can be repeated. Rejects with
 * WrongContinue, and with the error of storage where nothing can be listed.
 */
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
