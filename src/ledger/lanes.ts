import type { Storage } from "../storage/storage.ts";
import { LEASES } from "./lane-lease.ts";
import { IGNORED_LANE, NO_LANE } from "./row-keys.ts";

/** A page holds 5,000 names at most; there are as many lanes as tokens. */
const MOST_PAGES = 20;

/** Every lane that was ever drained: each has a blob to be leased. */
export async function listLanes(storage: Pick<Storage, "names">): Promise<readonly string[]> {
	const lanes: string[] = [];
	let after: string | undefined;
	for (let pages = 0; pages < MOST_PAGES; pages++) {
		const { names, next } = await storage.names(LEASES, after);
		lanes.push(...names.map((name) => name.slice(LEASES.length)).filter((lane) => lane !== ""));
		after = next;
		if (after === undefined) break;
	}
	return lanes;
}

/** Every partition that holds receipts: the lanes, and what has no lane. */
export async function listPartitions(storage: Pick<Storage, "names">): Promise<readonly string[]> {
	return [...new Set([...(await listLanes(storage)), NO_LANE, IGNORED_LANE])];
}
