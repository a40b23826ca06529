import { isObject } from "../../event/json.ts";

/** What each member of an object may be: a test, and the words that follow its name where the test fails. */
export type Members<T> = Readonly<
	Record<keyof T & string, readonly [test: (value: unknown) => boolean, words: string]>
>;

/**
 * Reads one object or an array of them, as JSON gives them.
 * @param place what errors call the list, such as `script`
 * @throws TypeError naming what is wrong
 */
export function readList<T extends object>(given: unknown, place: string, members: Members<T>): readonly T[] {
	return (Array.isArray(given) ? given : [given]).map((one, index) => readObject(one, `${place}[${index}]`, members));
}

/** @throws TypeError naming what is wrong */
export function readObject<T extends object>(given: unknown, place: string, members: Members<T>): T {
	if (!isObject(given)) throw new TypeError(`${place} must be an object`);
	const known: Readonly<Record<string, Members<T>[keyof T & string]>> = members;
	for (const [key, value] of Object.entries(given)) {
		const member = Object.hasOwn(known, key) ? known[key] : undefined;
		if (member === undefined) {
			throw new TypeError(
				`${place}: the key "${key}" does not exist; the possible keys are ${Object.keys(members).join(", ")}`,
			);
		}
		const [test, words] = member;
		if (value !== undefined && !test(value)) throw new TypeError(`${place}.${key} ${words}`);
	}
	return given as T;
}

export const ANY = [() => true, ""] as const;
export const BOOLEAN = [(value: unknown) => typeof value === "boolean", "must be a boolean"] as const;
export const FLAG_TRUE = [(value: unknown) => value === true, "must be true, or left out"] as const;
export const STRING = [(value: unknown) => typeof value === "string", "must be a string"] as const;
export const OBJECT = [isObject, "must be an object"] as const;
export const STRINGS = [
	(value: unknown) => Array.isArray(value) && value.every((one) => typeof one === "string"),
	"must be a list of strings",
] as const;

export function oneOf(...values: readonly string[]) {
	const words = `must be ${values.map((value) => JSON.stringify(value)).join(" or ")}`;
	return [(value: unknown) => typeof value === "string" && values.includes(value), words] as const;
}

/** Whole, within bounds that are included. */
export function whole(from: number, to = Number.MAX_SAFE_INTEGER) {
	const test = (value: unknown) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to;
	return [test, to === Number.MAX_SAFE_INTEGER ? `must be ${from} or more` : `must be from ${from} to ${to}`] as const;
}
