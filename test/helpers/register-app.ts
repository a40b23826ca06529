import { jest } from "@jest/globals";

interface Registered {
	readonly bindings: Readonly<Record<string, { readonly queueName?: string }>>;
}

/** Registers the app's functions as the Functions worker does. */
export function registerApp(env: Readonly<Record<string, string>>) {
	const queues: string[] = [];
	const hooks: (() => void)[] = [];
	const core = {
		setProgrammingModel: () => {},
		registerFunction: ({ bindings }: Registered) => {
			for (const { queueName } of Object.values(bindings)) if (queueName !== undefined) queues.push(queueName);
		},
		registerHook: (_: string, hook: () => void) => void hooks.push(hook),
		log: () => {},
	};
	jest.replaceProperty(process, "env", { PATH: process.env["PATH"], ...env });
	jest.isolateModules(() => {
		jest.doMock("@azure/functions-core", () => core, { virtual: true });
		require("../../src/index.ts");
	});
	return {
		/** The queues that its triggers listen to. */
		queues: queues.sort() as readonly string[],
		/** As the worker does when all functions are registered. */
		start: () => {
			for (const hook of hooks) hook();
		},
	};
}
