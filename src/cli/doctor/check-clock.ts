import { type Check, checksOf } from "./check.ts";

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
