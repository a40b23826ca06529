import type { Storage } from "../src/storage/storage.ts";

/** A call of storage, by its method and what it was given. */
export interface StorageCall {
	readonly method: keyof Storage;
	readonly args: readonly unknown[];
}

/**
 * Storage with something around every call.
 * @param around makes the call, or does not, and answers for it
 */
export function wrapStorage(
	storage: Storage,
	around: (call: StorageCall, make: () => Promise<unknown>) => Promise<unknown>,
): Storage {
	return new Proxy(storage, {
		get(target, method: keyof Storage) {
			const real = target[method] as (...args: unknown[]) => Promise<unknown>;
			if (typeof real !== "function") return real;
			return (...args: unknown[]) => around({ method, args }, () => real.apply(target, args));
		},
	});
}
