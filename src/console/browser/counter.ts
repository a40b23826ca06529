import type { Counts } from "./answers.ts";
import { type Api, ApiError } from "./api.ts";
import { boundsOf, type Range } from "./filter.ts";

const HOUR_MS = 3_600_000;

/**
 * Lets the bridge count, beside everything else: counting may take it 15 s, and the list must not wait for that.
 * @param now epoch milliseconds
 */
export function createCounter(api: Api, now: () => number) {
	let counts: Counts | undefined;
	let range: Range | undefined;
	let isCounting = false;
	/** This bridge does not offer counts, or their key is missing. */
	let isClosed = false;
	/** Counts new beginnings: an answer to the key before says nothing of this one. */
	let beginnings = 0;

	async function count(wanted: Range): Promise<void> {
		const mine = beginnings;
		const { since, until = now() } = boundsOf(wanted, now());
		isCounting = true;
		try {
			const counted = await api.counts(since ?? until - HOUR_MS, until);
			if (range === wanted) counts = counted;
		} catch (error) {
			const status = error instanceof ApiError ? error.status : undefined;
			if (mine === beginnings && (status === 404 || status === 401 || status === 403)) isClosed = true;
		} finally {
			isCounting = false;
		}
	}

	return {
		/** What was counted last for that time. Undefined until then, and where the bridge does not count. */
		of(wanted: Range): Counts | undefined {
			if (wanted !== range) counts = undefined;
			range = wanted;
			return counts;
		},
		/** Begins to count that time, unless it is still counting. */
		start(wanted: Range): void {
			range = wanted;
			if (!isCounting && !isClosed) void count(wanted);
		},
		clear(): void {
			beginnings += 1;
			counts = undefined;
			isClosed = false;
		},
	};
}
