import { isObject } from "../../event/json.ts";
import type { Health } from "../../operate/check-health.ts";
import type { Ask } from "../ask.ts";
import { type Check, checksOf, type Link } from "./check.ts";
import type { Target } from "./find-target.ts";

/** What the bridge says of itself, and its clock. */
interface BridgeSeen {
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
	const told = toldIn(json);
	if (told !== undefined) {
		const version = ok(`grid-dispatch ${told.version} answers at ${bridgeUrl}: ${told.status}`);
		const checks = [version, ...settingsOf(told), ...storageOf(told), ...lanesOf(told)];
		return { checks, reachable: true, aheadMs, digest: digestIn(told) };
	}
	const start = local
		? 'start it with "npm start"'
		: "check the address, that the app is running, and that its code is deployed";
	const what =
		status === 0
			? `nothing answers at ${bridgeUrl} (${reason})`
			: `another program than the bridge answers at ${bridgeUrl} (HTTP status ${status})`;
	return { checks: [error(what, start)], reachable: false, aheadMs };
}

/** What a bridge of any version says; undefined where another program answers, which may have a status, too. */
function toldIn(json: unknown): Told | undefined {
	if (!isObject(json)) return undefined;
	const { status, version, problems, warnings, tokens = [], lanes = [] } = json;
	const isBridge =
		[status, version].every(isText) &&
		isListOf(problems, isObject) &&
		isListOf(warnings, isText) &&
		[tokens, lanes].every((list) => isListOf(list, (one) => isObject(one) && isText(one["lane"])));
	return isBridge ? (json as Told) : undefined;
}

function isText(value: unknown): boolean {
	return typeof value === "string";
}

function isListOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
	return Array.isArray(value) && value.every(isOne);
}

/** A bridge of an older version does not tell, and neither does one whose settings are wrong. */
function digestIn({ routes }: Told): string | undefined {
	return typeof routes?.digest === "string" ? routes.digest : undefined;
}

function settingsOf({ problems = [], warnings = [] }: Told): Check[] {
	const { ok, error, warning } = checksOf("settings");
	const wrong = problems.map(({ setting, problem }) =>
		error(`${setting} ${problem}`, `correct ${setting}: see docs/settings.md`),
	);
	const odd = warnings.map((text) => warning(text, "see docs/settings.md"));
	return wrong.length + odd.length === 0 ? [ok("no problems and no warnings")] : [...wrong, ...odd];
}

function storageOf({ storage, problems = [] }: Told): Check[] {
	const { ok, error, cannotTell } = checksOf("storage");
	if (storage === undefined) return [];
	if (storage.reachable) return [ok("the bridge can reach its storage")];
	// With broken settings the bridge has not looked.
	if (problems.length > 0)
		return [cannotTell("the bridge does not check its storage while a setting is wrong", "correct the settings first")];
	const repair = "check AzureWebJobsStorage, the roles of the app's identity, and the network (docs/settings.md)";
	return [error(storage.reason ?? "the bridge cannot reach its storage", repair)];
}

/** The link that a lane belongs to, and its service. GitHub's lanes have names of their own, others that of their service. */
function ownerOf(lane: string): readonly [Link, string] {
	if (/^(default$|token-|app-)/.test(lane)) return ["GitHub", "GitHub"];
	return /^azure-devops(-|$)/.test(lane) ? ["pipelines", "Azure DevOps"] : ["bridge", "the service"];
}

/** The token that the bridge has, and what waits for it. */
function lanesOf({ tokens = [], lanes = [], deadLetters = 0 }: Told): Check[] {
	const missing = tokens
		// What GitHub refuses is told with its lane.
		.filter(({ present, lane }) => !present && !lanes.some((one) => one.lane === lane && one.state === "parked"))
		.map(({ lane, reason }) => {
			const repair = "check KEY_VAULT_URL, the name of the secret, and that the app's identity may read it";
			return checksOf("token", lane).error(reason ?? "the bridge has no token", repair);
		});
	const dead = checksOf("bridge").warning(
		deadLetters === 1 ? "there is one dead letter" : `there are ${deadLetters} dead letters`,
		'list them with the command "dead-letters", repair the cause, then replay or discard them',
	);
	return [...missing, ...lanes.flatMap(delayOf), ...(deadLetters > 0 ? [dead] : [])];
}

/** Why a lane sends nothing, or not everything. */
function delayOf({ lane, state, until, reason, parkedDestinations }: Health["lanes"][number]): Check[] {
	const [link, service] = ownerOf(lane);
	const { error, warning } = checksOf(link, lane);
	const why = reason ?? "the bridge reports no reason";
	if (state === "parked") {
		const repair = `repair the cause that ${service} names; the bridge then continues automatically`;
		return [error(`the bridge sends nothing: ${why}`, repair)];
	}
	if (state === "paused") {
		return [warning(`the bridge sends nothing until ${until}: ${why}`, "wait; the bridge continues automatically")];
	}
	if (parkedDestinations === 0) return reason === null ? [] : [warning(reason, "see docs/receipts.md, Health")];
	const repair =
		'list the parked deliveries with the command "tail --state parked": each line has its repository and the reason';
	const closed = parkedDestinations === 1 ? "a destination is" : `${parkedDestinations} destinations are`;
	return [warning(`${closed} parked`, repair)];
}

/** GitHub refuses an app's token whose clock goes wrong by more than a minute. */
const MOST_MS = 60_000;

/** Compares the clocks: how far that of the bridge and that of GitHub go ahead of this machine's, in milliseconds. */
export function checkClock(bridge: number | undefined, github: number | undefined): Check {
	const { ok, warning, cannotTell } = checksOf("clock");
	if (bridge === undefined && github === undefined)
		return cannotTell("neither the bridge nor GitHub answered with its time", "repair the errors above first");
	const off = (ms: number | undefined) => ms !== undefined && Math.abs(ms) > MOST_MS;
	if (!off(bridge) && !off(github)) return ok("the clocks differ by less than a minute");
	const told = [
		...(bridge === undefined ? [] : [`the bridge's clock is ${described(bridge)}`]),
		...(github === undefined ? [] : [`GitHub's clock is ${described(github)}`]),
	];
	const repair = "set the wrong clock from the network (NTP): this machine's, or the one that differs";
	return warning(`compared with this machine, ${told.join(", and ")}`, repair);
}

function described(aheadMs: number): string {
	const seconds = Math.round(Math.abs(aheadMs) / 1000);
	if (seconds <= MOST_MS / 1000) return "correct";
	return `${seconds} seconds ${aheadMs > 0 ? "ahead" : "behind"}`;
}
