import type { Bridge } from "./bridge.ts";
import { idOf } from "./event/read-event.ts";
import { report } from "./report.ts";
import type { Problem } from "./settings.ts";

/** A bridge whose configuration is broken: it says so, and leaves every event with Event Grid, which tries again. */
export function createBrokenBridge(problems: readonly Problem[]): Bridge {
	const reason = `the configuration is broken (${problems.map(({ setting }) => setting).join(", ")}); GET /api/health says how to repair it`;
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
	};
}
