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
		const finding = `the bridge does not report which table it uses; the checks below use ${given.name}`;
		return { checks: [cannotTell(finding, "compare this table with the bridge's BRIDGE_ROUTES")], routes: given };
	}
	const differ = `the bridge does not use ${given.name} (digest ${digestOf(given)}), but another table (digest ${digest})`;
	if (given.isNamed) {
		const which = inUse === undefined ? "" : `; the bridge's table is ${inUse.name}`;
		const finding = `${differ}; the checks below use ${given.name}, so they do not describe this bridge${which}`;
		return { checks: [warning(finding, "give the bridge's own table, or deploy this one")], routes: given };
	}
	const finding = `${differ}, so the command cannot check the routes`;
	return { checks: [error(finding, "give the bridge's own table with --routes")], routes: undefined };
}

function digestOf({ routes }: GivenRoutes): string | undefined {
	return routes.length === 0 ? undefined : digestOfRoutes(routes);
}
