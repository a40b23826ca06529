import type { HttpFunctionOptions } from "@azure/functions";
import type { Bridge, TheBridge } from "../bridge.ts";
import { plain } from "../log.ts";

/** One answer serves for so long, so that polling costs nothing, even that of a stranger. */
const ANSWER_MS = 10_000;
/** And so long once this process has changed something: what is shown beside it must not contradict it. */
const CHANGED_MS = 1_000;

/**
 * Open to monitors, so it holds no secret and no event: whether the bridge can work, and if not, what to repair.
 * @param now milliseconds
 */
export function health(theBridge: TheBridge, version: string, now: () => number): HttpFunctionOptions {
	let last: { readonly at: number; readonly changes: number; readonly answer: ReturnType<typeof look> } | undefined;

	async function look(bridge: Bridge) {
		const { status, ...facts } = await bridge.health();
		return { status: status === "unhealthy" ? 503 : 200, jsonBody: { status, version, ...facts } };
	}

	return {
		route: "health",
		methods: ["GET"],
		authLevel: "anonymous",
		async handler() {
			const bridge = await theBridge();
			const changes = bridge.changes();
			const keptMs = last?.changes === changes ? ANSWER_MS : CHANGED_MS;
			if (last === undefined || now() - last.at >= keptMs) last = { at: now(), changes, answer: look(bridge) };
			return { ...(await last.answer), headers: { "Cache-Control": "no-store" } };
		},
	};
}

/**
 * The console page: open, since it is empty of data. It asks `receipts` and `replay`, with their function keys, and
 * `health`. Read when it is first asked for, so that a cold start does not carry it.
 */
export function console(): HttpFunctionOptions {
	return {
		route: "console",
		methods: ["GET"],
		authLevel: "anonymous",
		async handler() {
			const { consolePage } = await import("../console/console-page.ts");
			return { status: 200, ...consolePage };
		},
	};
}

/** A line for the worker's console, one line and no more. */
interface ConsoleLine {
	readonly level: "error" | "warn";
	readonly text: string;
}

/**
 * What is wrong with the configuration, as lines for the console: no invocation is there to take them. The host derives
 * the level from the text that a worker prints: a line with "warn" in it is a warning, one with "error" in it an error,
 * and all else is information. So the words stand in front. The first line holds no text of the settings, in which a
 * "warn" could make it less than an error.
 * Source: azure-functions-host, `WorkerProcess`, `ParseErrorMessageAndLog`.
 */
export function announce({ problems, warnings }: Pick<Bridge, "problems" | "warnings">): readonly ConsoleLine[] {
	const broken = [...new Set(problems.map(({ setting }) => setting))].join(", ");
	const first = `error: grid-dispatch cannot dispatch anything, because the configuration is broken: ${broken}`;
	const errors = problems.map(({ setting, problem }) => `error: grid-dispatch: ${setting} ${problem}`);
	return [
		...(problems.length > 0 ? [first, ...errors] : []).map((text) => ({ level: "error" as const, text: plain(text) })),
		...warnings.map((text) => ({ level: "warn" as const, text: plain(`warning: grid-dispatch: ${text}`) })),
	];
}
