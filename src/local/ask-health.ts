import { isObject } from "../event/json.ts";

/** What `GET /api/health` says that a person has to know at the start. */
export interface StartingHealth {
	/** Empty where health does not answer. */
	readonly version: string;
	readonly problems: readonly { readonly setting: string; readonly problem: string }[];
	readonly warnings: readonly string[];
}

/** Storage that does not answer is waited for some seconds a call. */
const TIMEOUT_MS = 30_000;

/**
 * Asks the bridge how it is. Where it does not answer as it should, whatever the reason, that is a problem with its
 * repair, and the bridge goes on running: its log says more, and its storage can be looked into.
 */
export async function askHealth(url: string, fetch = globalThis.fetch): Promise<StartingHealth> {
	try {
		const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
		const health: unknown = await response.json().catch(() => undefined);
		if (isObject(health) && Array.isArray(health["problems"]) && Array.isArray(health["warnings"])) {
			return { ...health, version: String(health["version"] ?? "") } as StartingHealth;
		}
		return failed(`answered ${response.status}`);
	} catch (error) {
		return failed(`could not be asked: ${(error as Error).message}`);
	}
}

function failed(what: string): StartingHealth {
	const repair =
		"the log says why; if the storage holds rows that cannot be read, use another one, or remove Azurite's data to begin anew";
	return { version: "", problems: [{ setting: "GET /api/health", problem: `${what}: ${repair}` }], warnings: [] };
}
