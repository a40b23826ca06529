import { invoke, type OnLog } from "./invoke.ts";
import type { LoadedApp, RegisteredFunction } from "./load-functions.ts";

/** Runs a function that nobody waits for an answer of; logs its failure, as the real host does, and rejects with it. */
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
