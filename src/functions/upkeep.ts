import type { TimerFunctionOptions } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { toLog } from "./to-log.ts";

/** Once a day, at an hour when little else happens; UTC, seconds first. */
const DAILY = "0 17 3 * * *";

export function upkeep(theBridge: TheBridge): TimerFunctionOptions {
	return {
		schedule: DAILY,
		async handler(_timer, context) {
			await (await theBridge()).upkeep(toLog(context));
		},
	};
}
