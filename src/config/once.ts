/**
 * Makes something when it is first asked for, and returns the same thing from then on: an SDK that is loaded, storage that
 * is opened. A failure is not kept, because a process may live for weeks, and the cause may pass. The next call tries again.
 */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
	let made: Promise<T> | undefined;
	return () => {
		made ??= make().catch((error: unknown) => {
			made = undefined;
			throw error;
		});
		return made;
	};
}
