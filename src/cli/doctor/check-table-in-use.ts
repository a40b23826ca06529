import { digestOfRoutes } from "../../route/route.ts";
import { type Check, checksOf } from "./check.ts";
import type { BridgeSeen } from "./check-bridge.ts";
import type { GivenRoutes } from "./find-routes.ts";
import type { Target } from "./find-target.ts";

export interface TableInUse {
	readonly checks: readonly Check[];
	/** The table that what follows is judged by; undefined where there is none. */
	readonly routes: GivenRoutes | undefined;
}

/**
 * The table that the bridge uses, as far as it can be found by its digest: the one that was given, or another one that
 * lies here. A table that the bridge does not use is judged only where it was named, and that is said first.
 */
export function checkTableInUse(
	{ routes: given, otherRoutes = [] }: Pick<Target, "routes" | "otherRoutes">,
	{ reachable, digest }: BridgeSeen,
): TableInUse {
	const { ok, error, warning, cannotTell } = checksOf("routes");
	if (!reachable) return { checks: [], routes: given };
	const inUse = [given, ...otherRoutes].find((one) => one !== undefined && digestOf(one) === digest);
	if (digest !== undefined && inUse !== undefined && (inUse === given || given?.isNamed !== true)) {
		const instead = given === undefined || inUse === given ? "" : `, not ${given.name}`;
		return { checks: [ok(`the bridge uses this table: ${inUse.name} (digest ${digest})${instead}`)], routes: inUse };
	}
	// A table that the bridge would refuse is in use nowhere, and its problems are told.
	if (given === undefined || given.routes.length === 0) return { checks: [], routes: given };
	if (digest === undefined) {
		const finding = `whether the bridge uses this table, since it does not say; what follows is judged by ${given.name}`;
		return { checks: [cannotTell(finding, "compare it with the bridge's own BRIDGE_ROUTES")], routes: given };
	}
	const differ = `the bridge uses another table (digest ${digest}) than ${given.name} (digest ${digestOf(given)})`;
	if (given.isNamed) {
		const which = inUse === undefined ? "" : `; the bridge uses this one: ${inUse.name}`;
		const finding = `${differ}; what follows is judged by ${given.name}, and says nothing about what the bridge does${which}`;
		return { checks: [warning(finding, "give the bridge's own table, or deploy this one")], routes: given };
	}
	const finding = `${differ}, and nothing is judged by that`;
	return { checks: [error(finding, "give the bridge's own table with --routes")], routes: undefined };
}

function digestOf({ routes }: GivenRoutes): string | undefined {
	return routes.length === 0 ? undefined : digestOfRoutes(routes);
}
