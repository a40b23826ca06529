import type { InvocationContext } from "@azure/functions";
import type { Log } from "../log.ts";

/** An invocation's log, where the platform files the lines under that invocation. */
export function toLog(context: Pick<InvocationContext, "info" | "warn" | "error">): Log {
	return (level, line) => context[level](line);
}
