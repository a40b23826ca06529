import type { Bridge } from "./bridge.ts";
import { idOf } from "./event/read-event.ts";
import { report } from "./report.ts";
import type { Problem } from "./settings.ts";

/**
 * A bridge whose configuration is broken: it says so, and leaves every event with Event Grid, which tries again. What
 * waits in the ledger's queue comes back, and waits on.
 */
export function createBrokenBridge(problems: readonly Problem[]): Bridge {
	const reason = `the configuration is broken (${problems.map(({ setting }) => setting).join(", ")}); GET /api/health says how to repair it`;
	const refuse = async () => {
		throw new Error(reason);
	};
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
		putBack: refuse,
		bury: refuse,
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
