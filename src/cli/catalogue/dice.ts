/** Chance that can be repeated: the same seed throws the same dice. */
export interface Dice {
	/** A whole number below the limit. */
	below(limit: number): number;
	pick<const T extends readonly unknown[]>(from: T): T[number];
	/** So many hexadecimal digits. */
	hex(digits: number): string;
	/** A UUID of version 4. */
	uuid(): string;
}

/** @param seed the same number, the same dice */
export function createDice(seed: number): Dice {
	let state = seed >>> 0;

	/** mulberry32, a generator of 32 bits that is in the public domain: plenty for events to try things with. */
	function next(): number {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return (mixed ^ (mixed >>> 14)) >>> 0;
	}

	const below = (limit: number) => Math.floor((next() / 2 ** 32) * limit);
	const hex = (digits: number) => Array.from({ length: digits }, () => below(16).toString(16)).join("");
	return {
		below,
		hex,
		pick: (from) => from[below(from.length)],
		uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${(8 + below(4)).toString(16)}${hex(3)}-${hex(12)}`,
	};
}
