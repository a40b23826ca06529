import { isObject } from "./is-object.ts";
import { readJson } from "./json.ts";

const MACHINE_LEARNING = "microsoft.machinelearningservices.";

/**
 * Event data as workflows expect it. A string that holds a JSON object or array is parsed (some publishers encode
 * twice), and the top-level keys of Azure ML data, which arrive in Pascal or in camel case, become camelCase. Maps
 * below (tags, properties) belong to the user and stay as they are.
 */
export function normaliseData(type: string, data: unknown): unknown {
	const parsed = typeof data === "string" ? parseStructure(data) : data;
	return type.toLowerCase().startsWith(MACHINE_LEARNING) && isObject(parsed) ? camelCaseKeys(parsed) : parsed;
}

function parseStructure(text: string): unknown {
	if (!/^\s*[[{]/.test(text)) return text;
	try {
		return readJson(text);
	} catch {
		return text;
	}
}

/** Where both spellings are there, the camel-case one is kept. `fromEntries` keeps a key `__proto__` a plain key. */
function camelCaseKeys(data: Record<string, unknown>): Record<string, unknown> {
	const entries = Object.entries(data).map(([key, value]) => [camelCase(key), value] as const);
	const alreadyCamel = Object.entries(data).filter(([key]) => camelCase(key) === key);
	return Object.fromEntries([...entries, ...alreadyCamel]);
}

function camelCase(key: string): string {
	return key.charAt(0).toLowerCase() + key.slice(1);
}
