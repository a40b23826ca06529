import type { Bridge } from "./bridge.ts";
import type { Problem } from "./config/settings.ts";
import { idOf } from "./event/read-event.ts";
import { report } from "./log.ts";
import type { Poisoned } from "./operate/poisoned.ts";

/**
 * A bridge whose configuration is broken: it says so, and leaves every event with Event Grid, which tries again. What
 * waits in a queue comes back. What the platform has given up there is put back into its queue, where nothing expires,
 * so that it is delivered after the repair, whenever that is.
 * @param openPoisoned opens what moves poisoned messages; undefined where the settings of storage are broken, too
 */
export function createBrokenBridge(problems: readonly Problem[], openPoisoned?: () => Promise<Poisoned>): Bridge {
	const reason = `the configuration is broken (${problems.map(({ setting }) => setting).join(", ")}); GET /api/health says how to repair it`;
	const refuse = async () => {
		throw new Error(reason);
	};
	const poisoned = openPoisoned ?? refuse;
	return {
		problems,
		warnings: [],
		async accept(elements, { log }) {
			return elements.map((element) => {
				const id = idOf(element);
				report(log, "error", { stage: "accept", outcome: "unavailable", id, reason });
				return { id, outcome: "unavailable", route: null, key: null, reason };
			});
		},
		wake: refuse,
		putBack: async (message, log, queue) => (await poisoned()).putBack(message, log, queue),
		deadLetter: async (elements, why, log) => (await poisoned()).deadLetter(elements, why, log),
		receipts: refuse,
		replay: refuse,
		upkeep: refuse,
		async health() {
			return {
				status: "unhealthy",
				problems,
				warnings: [],
				storage: { reachable: false, reason },
				tokens: [],
				lanes: [],
				waiting: 0,
				oldest: null,
				windows: 0,
				gathering: [],
				pace: [],
				deadLetters: 0,
				ignored: 0,
			};
		},
	};
}
