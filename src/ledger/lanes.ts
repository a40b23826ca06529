import { LEASES } from "./hold.ts";
import type { Storage } from "./storage.ts";

/** Every lane that was ever drained: each has a blob to be leased. */
export async function listLanes(storage: Storage): Promise<readonly string[]> {
	const { names } = await storage.names(LEASES);
	return names.map((name) => name.slice(LEASES.length));
}
