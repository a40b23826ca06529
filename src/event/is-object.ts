import { isNumberText } from "./json.ts";

/** A JSON object: not null, not an array, not a number. */
export function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !isNumberText(value);
}
