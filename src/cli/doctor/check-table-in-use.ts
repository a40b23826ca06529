import { digestOfRoutes } from "../../route/route.ts";
import { type Check, checksOf } from "./check.ts";
import type { BridgeSeen } from "./check-bridge.ts";
import type { GivenRoutes } from "./find-target.ts";

export interface TableInUse {
	readonly checks: readonly Check[];
	/** Whether what follows is judged by the table. */
	readonly isJudged: boolean;
}

/**
 * Whether the bridge uses the table that is looked at. Another table is judged only where it was asked for by name, and
 * that is said first.
 */
export function checkTableInUse(given: GivenRoutes | undefined, { reachable, digest }: BridgeSeen): TableInUse {
	const { error, warning, cannotTell } = checksOf("routes");
	// A table that the bridge would refuse is in use nowhere, and its problems are told.
	if (!reachable || given === undefined || given.routes.length === 0) return { checks: [], isJudged: true };
	if (digest === undefined) {
		const finding = `whether the bridge uses this table, since it does not say; what follows is judged by ${given.name}`;
		return { checks: [cannotTell(finding, "compare it with the bridge's own BRIDGE_ROUTES")], isJudged: true };
	}
	const own = digestOfRoutes(given.routes);
	if (own === digest) return { checks: [], isJudged: true };
	const differ = `the bridge uses another table (digest ${digest}) than ${given.name} (digest ${own})`;
	if (given.isNamed) {
		const finding = `${differ}; what follows is judged by ${given.name}, and says nothing about what the bridge does`;
		return { checks: [warning(finding, "give the bridge's own table, or deploy this one")], isJudged: true };
	}
	const finding = `${differ}, and nothing is judged by that`;
	return { checks: [error(finding, "give the bridge's own table with --routes")], isJudged: false };
}
