import { type Check, checksOf } from "./check.ts";

/** GitHub refuses an app's token whose clock goes wrong by more than a minute. */
const MOST_MS = 60_000;

/** Compares the clocks: how far that of the bridge and that of GitHub go ahead of this machine's, in milliseconds. */
export function checkClock(bridge: number | undefined, github: number | undefined): Check {
	const { ok, warning, cannotTell } = checksOf("clock");
	if (bridge === undefined && github === undefined)
		return cannotTell("neither the bridge nor GitHub told the time", "repair the links above first");
	const off = (ms: number | undefined) => ms !== undefined && Math.abs(ms) > MOST_MS;
	if (!off(bridge) && !off(github)) return ok("all clocks agree to a minute");
	const told = [
		...(bridge === undefined ? [] : [`the bridge's clock goes ${described(bridge)}`]),
		...(github === undefined ? [] : [`GitHub's ${described(github)}`]),
	];
	const repair = "let the clock of this machine be set from the network (NTP), or that of the machine that differs";
	return warning(`compared with this machine, ${told.join(", and ")}`, repair);
}

function described(aheadMs: number): string {
	const seconds = Math.round(Math.abs(aheadMs) / 1000);
	if (seconds <= MOST_MS / 1000) return "right";
	return `${seconds} seconds ${aheadMs > 0 ? "ahead" : "behind"}`;
}
