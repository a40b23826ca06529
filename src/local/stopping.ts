import { setTimeout } from "node:timers/promises";

/** What runs a function by itself. */
export interface Trigger {
	/** Starts nothing any more, and waits for what runs, but not for ever. */
	stop(): Promise<void>;
}

/** What has been started, to be stopped. */
export interface StopInOrder {
	/** The newest first: what was started later may need what was there before. */
	add(stop: () => Promise<void>): void;
	/** Stops everything, once. */
	stop(): Promise<void>;
}

export function stopInOrder(): StopInOrder {
	const stops: (() => Promise<void>)[] = [];
	let stopped: Promise<void> | undefined;

	async function stopAll(): Promise<void> {
		for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
	}

	return {
		add: (stop) => void stops.push(stop),
		stop: () => {
			stopped ??= stopAll();
			return stopped;
		},
	};
}

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
