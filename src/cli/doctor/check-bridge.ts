import type { Health } from "../../operate/check-health.ts";
import type { Ask } from "../ask.ts";
import { type Check, checksOf } from "./check.ts";
import type { Target } from "./find-target.ts";

/** What the bridge says of itself, and its clock. */
export interface BridgeSeen {
	readonly checks: readonly Check[];
	readonly reachable: boolean;
	readonly aheadMs: number | undefined;
	/** That of the routes table that it uses (see `digestOfRoutes`); undefined where it does not say. */
	readonly digest?: string | undefined;
}

type Told = Partial<Health> & { readonly version?: string };

export async function checkBridge({ bridgeUrl, local }: Target, ask: Ask): Promise<BridgeSeen> {
	const { error, ok } = checksOf("bridge");
	const { status, json, reason, aheadMs } = await ask(`${bridgeUrl}/api/health`);
	const told = json as Told | null | undefined;
	if (typeof told === "object" && told !== null && typeof told.status === "string") {
		const version = ok(`grid-dispatch ${told.version ?? ""} answers at ${bridgeUrl}: ${told.status}`);
		const checks = [version, ...settingsOf(told), ...storageOf(told), ...lanesOf(told)];
		return { checks, reachable: true, aheadMs, digest: digestIn(told) };
	}
	const start = local
		? 'start it with "npm start"'
		: "check its address, and that the app runs and its code is deployed";
	const what =
		status === 0 ? `nothing answers at ${bridgeUrl} (${reason})` : `something else answers at ${bridgeUrl}: ${status}`;
	return { checks: [error(what, start)], reachable: false, aheadMs };
}

/** A bridge of an older version does not tell, and neither does one whose settings are wrong. */
function digestIn({ routes }: Told): string | undefined {
	return typeof routes?.digest === "string" ? routes.digest : undefined;
}

function settingsOf({ problems = [], warnings = [] }: Told): Check[] {
	const { ok, error, warning } = checksOf("settings");
	const wrong = problems.map(({ setting, problem }) =>
		error(`${setting} ${problem}`, `correct ${setting}; docs/settings.md`),
	);
	const odd = warnings.map((text) => warning(text, "see docs/settings.md"));
	return wrong.length + odd.length === 0 ? [ok("no problems and no warnings")] : [...wrong, ...odd];
}

function storageOf({ storage, problems = [] }: Told): Check[] {
	const { ok, error, cannotTell } = checksOf("storage");
	if (storage === undefined) return [];
	if (storage.reachable) return [ok("reachable")];
	// With broken settings the bridge has not looked.
	if (problems.length > 0) return [cannotTell("not looked at while a setting is wrong", "correct the settings first")];
	const repair = "check AzureWebJobsStorage, the roles of the app's identity, and the network (docs/settings.md)";
	return [error(storage.reason ?? "not reachable", repair)];
}

/** The token that the bridge has, and what waits for it. */
function lanesOf({ tokens = [], lanes = [], deadLetters = 0 }: Told): Check[] {
	const missing = tokens
		// What GitHub refuses is told with its lane.
		.filter(({ present, lane }) => !present && !lanes.some((one) => one.lane === lane && one.state === "parked"))
		.map(({ lane, reason }) => {
			const repair = "check KEY_VAULT_URL, the name of the secret, and that the app's identity may read it";
			return checksOf("token", lane).error(reason ?? "the bridge has none", repair);
		});
	const delayed = lanes.flatMap(({ lane, state, until, reason, parkedDestinations }) => {
		// Lanes of Azure Pipelines begin with the service's name.
		const service = lane.startsWith("azure-devops") ? "Azure DevOps" : "GitHub";
		const { error, warning } = checksOf(service === "GitHub" ? "GitHub" : "pipelines", lane);
		const why = reason ?? "no reason is given";
		if (state === "parked")
			return [error(`nothing is sent: ${why}`, `repair what ${service} says; the bridge tries again by itself`)];
		if (state === "paused")
			return [warning(`nothing is sent until ${until}: ${why}`, "wait; the bridge goes on by itself")];
		if (parkedDestinations === 0) return reason === null ? [] : [warning(reason, "see docs/receipts.md, Health")];
		const repair = "look at the receipts with state=parked: each names its repository and the reason";
		const closed = parkedDestinations === 1 ? "a destination is" : `${parkedDestinations} destinations are`;
		return [warning(`${closed} parked`, repair)];
	});
	const dead = checksOf("bridge").warning(
		deadLetters === 1 ? "one dead letter" : `${deadLetters} dead letters`,
		"list them with dead-letters, repair the cause, and replay or discard them",
	);
	return [...missing, ...delayed, ...(deadLetters > 0 ? [dead] : [])];
}
