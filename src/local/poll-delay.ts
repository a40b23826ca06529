const MIN_MS = 100;
const SPREAD = 0.2;

/**
 * How long the queue listener waits before it looks again: 100 ms after work, then about twice as long each time, spread
 * at random so that instances do not look in step.
 * Source: Azure.WebJobs.Extensions.Storage, `RandomizedExponentialBackoffStrategy`.
 * @param random from 0 up to 1
 * @returns asks for the next delay, told whether there was work since the last
 */
export function createPollDelay(maxMs: number, random: () => number): (hadWork: boolean) => number {
	let exponent = 0;
	let delay = 0;

	return (hadWork) => {
		if (hadWork) {
			exponent = 1;
			delay = Math.min(MIN_MS, maxMs);
		} else if (delay < maxMs) {
			const spread = 1 - SPREAD + 2 * SPREAD * random();
			const more = exponent === 0 ? 0 : spread * 2 ** (exponent - 1) * MIN_MS;
			delay = Math.min(MIN_MS + more, maxMs);
			exponent += 1;
		}
		return delay;
	};
}
