/** Lets so many in at once; the others wait for their turn. */
export type Turnstile = <T>(work: () => Promise<T>) => Promise<T>;

export function createTurnstile(places: number): Turnstile {
	const waiting: (() => void)[] = [];
	let free = places;

	return async (work) => {
		if (free > 0) free -= 1;
		// Whoever leaves hands the place over.
		else await new Promise<void>((resolve) => waiting.push(resolve));
		try {
			return await work();
		} finally {
			const next = waiting.shift();
			if (next === undefined) free += 1;
			else next();
		}
	};
}
