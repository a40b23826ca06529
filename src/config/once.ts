/**
 * Makes something when it is first asked for, and hands it out from then on: an SDK that is loaded, storage that is opened.
 * A failure is not kept: a process may live for weeks, and what has failed once, such as the reading of a file, may pass.
 * So the next one that asks tries again.
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
