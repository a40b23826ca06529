const EVERY_MS = 25;
/** For what will never be there; what is at random, on a busy machine, needs its time. */
const BOUND_MS = 60_000;

/**
 * Looks again and again until there is something to see.
 * @param what names it for the error
 * @param look answers undefined (or rejects) while it is not there yet
 * @param boundMs for what has to take longer than most
 */
export async function eventually<T>(
	what: string,
	look: () => T | undefined | Promise<T | undefined>,
	boundMs = BOUND_MS,
): Promise<T> {
	const end = Date.now() + boundMs;
	for (;;) {
		const { seen, error } = await attempt(look);
		if (seen !== undefined) return seen;
		if (Date.now() > end) throw new Error(`not seen within ${boundMs} ms: ${what}`, { cause: error });
		await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
	}
}

async function attempt<T>(look: () => T | undefined | Promise<T | undefined>): Promise<{ seen?: T; error?: unknown }> {
	try {
		const seen = await look();
		return seen === undefined ? {} : { seen };
	} catch (error) {
		return { error };
	}
}
