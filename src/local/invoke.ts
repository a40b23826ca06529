import { randomUUID } from "node:crypto";
import type { LoadedApp, RegisteredFunction } from "./load-functions.ts";

/** Receives what a function logs. */
export type OnLog = (level: string, message: string, functionName: string) => void;

/**
 * Runs one invocation through the library's own conversions, as the worker does.
 * @param input the trigger's data in the host's wire form, such as `{ http }` or `{ json }`
 * @param triggerMetadata in the host's wire form, too
 * @returns what the function returns, in the host's wire form
 */
export async function invoke(
	app: LoadedApp,
	called: RegisteredFunction,
	input: unknown,
	onLog: OnLog,
	triggerMetadata: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
	const { name, bindings, callback } = called;
	const trigger = Object.entries(bindings).find(([, { direction }]) => direction === "in")?.[0] ?? "";
	const invocation = app.model.getInvocationModel({
		invocationId: randomUUID(),
		metadata: { name, bindings },
		request: { inputData: [{ name: trigger, data: input }], triggerMetadata },
		log: (level, _category, message) => onLog(level, message, name),
	});
	const { context, inputs } = await invocation.getArguments();
	const result = await invocation.invokeFunction(context, inputs, callback);
	return (await invocation.getResponse(context, result)).returnValue;
}
