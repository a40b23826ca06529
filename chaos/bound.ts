import { setMaxListeners } from "node:events";

/** A signal that ends what it is given to after some time, or earlier. */
export interface Bound {
	readonly signal: AbortSignal;
	/** Forgets the time. */
	clear(): void;
}

/**
 * `AbortSignal.any` with a time-out in it would be shorter; in Node.js 20 it is collected as garbage before its time.
 * @param earlier ends it, too
 */
export function createBound(ms: number, earlier: AbortSignal): Bound {
	const controller = new AbortController();
	// Everything that a storm waits for listens to one signal.
	setMaxListeners(0, controller.signal);
	const end = () => controller.abort(earlier.reason);
	const timer = setTimeout(end, ms);
	earlier.addEventListener("abort", end, { once: true });
	if (earlier.aborted) end();
	return {
		signal: controller.signal,
		clear() {
			clearTimeout(timer);
			earlier.removeEventListener("abort", end);
		},
	};
}
