import { createRequire, Module } from "node:module";

/** What an app registers, as the Functions worker learns it. */
export interface RegisteredFunction {
	readonly name: string;
	readonly bindings: Readonly<Record<string, Binding>>;
	readonly callback: (...inputs: unknown[]) => unknown;
}

export interface Binding {
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
		// Hooks are not run: what they do for a cold start in Azure, nobody waits for here.
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
