import type { Storage } from "../src/storage/storage.ts";
import { wrapStorage } from "../support/wrap-storage.ts";

/** A ledger's storage, and how many calls of the service it has made. */
export interface CountedStorage {
	readonly storage: Storage;
	calls(): number;
}

export function countCalls(storage: Storage): CountedStorage {
	let calls = 0;
	const counted = wrapStorage(storage, (_, make) => {
		calls += 1;
		return make();
	});
	return { storage: counted, calls: () => calls };
}
