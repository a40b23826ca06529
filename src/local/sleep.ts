import { setTimeout } from "node:timers/promises";

/** Waits; answers at once, with false, when the signal comes first. */
export function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
	return setTimeout(ms, true, { signal }).catch(() => false);
}

/** Waits until the work is done, well or badly, but no longer than that. */
export async function settledWithin(ms: number, work: Promise<unknown>): Promise<void> {
	const settled = new AbortController();
	const end = () => settled.abort();
	work.then(end, end);
	await sleep(ms, settled.signal);
}
