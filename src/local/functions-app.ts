import { randomUUID } from "node:crypto";
import { createRequire, Module } from "node:module";

/** What an app registers, as the Functions worker learns it. */
export interface RegisteredFunction {
	readonly name: string;
	readonly bindings: Readonly<Record<string, Binding>>;
	readonly callback: (...inputs: unknown[]) => unknown;
}

interface Binding {
	readonly type: string;
	readonly direction: string;
	readonly authLevel?: string;
	readonly methods?: readonly string[];
	readonly route?: string;
	readonly queueName?: string;
	/** `binary`: the function gets a message's bytes. */
	readonly dataType?: string;
	readonly schedule?: string;
	readonly runOnStartup?: boolean;
	readonly useMonitor?: boolean;
}

/** The side of `@azure/functions` that the worker talks to. */
export interface ProgrammingModel {
	getInvocationModel(context: InvocationRequest): InvocationModel;
}

export interface InvocationModel {
	getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
	invokeFunction(context: unknown, inputs: unknown[], callback: RegisteredFunction["callback"]): Promise<unknown>;
	getResponse(context: unknown, result: unknown): Promise<{ readonly returnValue?: unknown }>;
}

export interface InvocationRequest {
	readonly invocationId: string;
	readonly metadata: { readonly name: string; readonly bindings: RegisteredFunction["bindings"] };
	readonly request: {
		readonly inputData: readonly { readonly name: string; readonly data: unknown }[];
		readonly triggerMetadata: Readonly<Record<string, unknown>>;
		readonly traceContext?: unknown;
	};
	readonly log: (level: string, category: string, message: string) => void;
}

export interface LoadedApp {
	readonly functions: readonly RegisteredFunction[];
	readonly model: ProgrammingModel;
}

/**
 * Loads an app's entry as the Functions worker does: with `require`, handing out `@azure/functions-core`, which exists
 * only inside the worker. Source: azure-functions-nodejs-worker, `setupCoreModule.ts`.
 * @throws Error when the entry registers nothing, which the real worker would not say a word about
 */
export function loadFunctions(entry: string): LoadedApp {
	const functions: RegisteredFunction[] = [];
	let model: ProgrammingModel | undefined;
	const core = {
		version: "1.0.0",
		hostVersion: "4.0.0",
		workerVersion: "3.0.0",
		setProgrammingModel: (given: ProgrammingModel) => {
			model = given;
		},
		getProgrammingModel: () => model,
		registerFunction: ({ name, bindings }: RegisteredFunction, callback: RegisteredFunction["callback"]) => {
			functions.push({ name, bindings, callback });
			return { dispose: () => {} };
		},
		// Hooks are not run: they shorten a cold start in Azure, and make queues, for which the triggers here wait.
		registerHook: () => ({ dispose: () => {} }),
		log: () => {},
	};
	const require = createRequire(entry);
	const original = Module.prototype.require;
	Module.prototype.require = function (this: Module, id: string): unknown {
		return id === "@azure/functions-core" ? core : original.call(this, id);
	} as NodeJS.Require;
	try {
		delete require.cache[require.resolve(entry)];
		require(entry);
	} finally {
		Module.prototype.require = original;
	}
	if (model === undefined || functions.length === 0) throw new Error(`${entry} registers no function`);
	return { functions, model };
}

/** A function's binding of that type, if it has one. */
export function triggerOf({ bindings }: RegisteredFunction, type: string): Binding | undefined {
	return Object.values(bindings).find((binding) => binding.type === type);
}

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

/** Runs a function whose answer is not sent on; logs its failure, as the real host does, and rejects with it. */
export function runLogged(app: LoadedApp, called: RegisteredFunction, onLog: OnLog) {
	return async (input: unknown, triggerMetadata?: Readonly<Record<string, unknown>>): Promise<void> => {
		await invoke(app, called, input, onLog, triggerMetadata).catch((error: unknown) => {
			onLog("error", described(error), called.name);
			throw error;
		});
	};
}

export function described(error: unknown): string {
	return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
