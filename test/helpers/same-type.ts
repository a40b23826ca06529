/** Whether two types are the same one, `readonly` and `?` included. */
type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;

/** The members that a type always has. */
type RequiredKey<T> = { [Key in keyof T]-?: object extends Pick<T, Key> ? never : Key }[keyof T];

/** Compiles only where the two types are the same one. It is `tsc` that tests; nothing happens when it runs. */
export function sameType<One, Other>(
	..._: Same<One, Other> extends true ? [] : [differing: { one: One; other: Other }]
): void {}

/**
 * The members that a type always has, as a JSON Schema lists them. Compiles only where each is named.
 * @param keys each of them once
 */
export function requiredOf<T>(keys: Readonly<Record<RequiredKey<T> & string, true>>): readonly string[] {
	return Object.keys(keys).sort();
}
