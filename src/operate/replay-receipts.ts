import { forgetRejected, readRejected, replayDead } from "../ledger/dead-letters.ts";
import type { FoundReceipts } from "../ledger/list-receipts.ts";
import type { FoundReceipt } from "../ledger/receipt.ts";
import type { ReceiptQuery } from "../ledger/receipt-query.ts";
import { AT_ONCE, isRefused, MAX_MS, type ReplayAnswer, type Replayed, type ReplayOptions } from "./replay-types.ts";
import { createReplayWake } from "./replay-wake.ts";

/** Which dead letters: one, those that a text is found in, or all. */
export type ReceiptsRequest =
	| { readonly key: string; readonly continue?: string }
	| { readonly find?: string; readonly state?: "dead" | "rejected"; readonly continue?: string };

/** Feeds dead letters of the ledger back, each on its own: what becomes of one is nothing to the others. */
export async function replayReceipts(request: ReceiptsRequest, options: ReplayOptions): Promise<ReplayAnswer> {
	const { now, list } = options;
	const endsAt = now() + MAX_MS;
	const waking = createReplayWake(options);
	const replayed: Replayed[] = [];
	const problems = new Set<string>();
	let next = request.continue;
	try {
		do {
			const left = { limit: AT_ONCE - replayed.length, ...(next === undefined ? {} : { continue: next }) };
			const found: FoundReceipts | undefined = await list({ ...queryOf(request), ...left }, endsAt).catch((error) => {
				// What was fed back already must be told.
				if (replayed.length === 0) throw error;
				return undefined;
			});
			if (found === undefined) break;
			for (const problem of found.problems) problems.add(problem);
			let done = 0;
			for (const receipt of found.receipts) {
				// One at least, so that each request comes further.
				if (done > 0 && now() > endsAt) break;
				replayed.push(await replayOne(receipt, options, waking.ahead));
				done += 1;
			}
			next = found.continueAfter(done);
		} while (next !== undefined && replayed.length < AT_ONCE && now() <= endsAt);
	} finally {
		await waking.all();
	}
	return {
		replayed,
		more: next !== undefined,
		...(next === undefined ? {} : { continue: next }),
		...(problems.size === 0 ? {} : { problems: [...problems] }),
	};
}

function queryOf(request: ReceiptsRequest): Omit<ReceiptQuery, "limit"> {
	if ("key" in request) return { key: request.key };
	const { find, state } = request;
	return { states: state === undefined ? ["dead", "rejected"] : [state], ...(find === undefined ? {} : { find }) };
}

type Ended = Omit<Replayed, "key">;
const accepted = (reason: string | null = null): Ended => ({ outcome: "accepted", reason });
const kept = (reason: string): Ended => ({ outcome: "kept", reason });

async function replayOne(
	receipt: FoundReceipt,
	options: ReplayOptions,
	wakeAhead: (lane: string) => Promise<void>,
): Promise<Replayed> {
	const { key, lane, rowKey, state } = receipt;
	try {
		if (state === "rejected") return { key, ...(await acceptAgain(rowKey, options)) };
		const isOpen = state === "accepted" || state === "paused" || state === "parked";
		if (state !== "dead" && !isOpen) return { key, ...kept(`it is ${state}`) };
		await wakeAhead(lane);
		// One that is in its lane already may lack the wake-up, if a replay broke off.
		return { key, ...(isOpen ? accepted() : await moveDead(receipt, options)) };
	} catch (error) {
		const reason = `whether it was fed back is not known (${(error as Error).message}); replay it again`;
		return { key, ...kept(reason) };
	}
}

async function moveDead({ lane, rowKey }: FoundReceipt, { storage, now, newId }: ReplayOptions): Promise<Ended> {
	const by = newId();
	for (let tries = 0; ; tries++) {
		const end = await replayDead(storage, lane, rowKey, { now: now(), by });
		if (end.kind === "moved") return accepted();
		const state = end.receipt?.state;
		if (state === undefined) return kept("its receipt is gone: it is past its time");
		if (state === "accepted") return accepted("another replay has fed it back just now");
		if (state !== "dead") return accepted(`another replay has fed it back just now, and it is ${state}`);
		// Fed back by another replay and refused again meanwhile; or there is nothing left to be sent.
		if (tries > 0) return kept("what was to be sent is gone from storage");
	}
}

async function acceptAgain(receipt: string, { storage, accept }: ReplayOptions): Promise<Ended> {
	const read = await readRejected(storage, receipt);
	if (read === undefined) return kept("the event itself is gone from storage");
	const refusal = (await accept([read.element])).find(isRefused);
	if (refusal !== undefined) return kept(refusal.reason ?? refusal.outcome);
	await forgetRejected(storage, receipt, read);
	return accepted();
}
