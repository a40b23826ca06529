import type { Bridge } from "../bridge.ts";
import { plain } from "../log.ts";

/** A line for the worker's console, one line and no more. */
export interface ConsoleLine {
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
	const first = `error: grid-dispatch can dispatch nothing, since the configuration is broken: ${broken}`;
	const errors = problems.map(({ setting, problem }) => `error: grid-dispatch: ${setting} ${problem}`);
	return [
		...(problems.length > 0 ? [first, ...errors] : []).map((text) => ({ level: "error" as const, text: plain(text) })),
		...warnings.map((text) => ({ level: "warn" as const, text: plain(`warning: grid-dispatch: ${text}`) })),
	];
}
