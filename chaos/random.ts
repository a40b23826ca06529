/** Numbers that only look random: one seed gives the same ones on every machine. */
export interface Random {
	/** From 0 up to 1. */
	fraction(): number;
	/** A whole number, both ends included. */
	between(from: number, to: number): number;
	chance(probability: number): boolean;
	pick<T>(choices: readonly [T, ...T[]]): T;
	/** Numbers for one purpose alone, so that a change of one part of a storm leaves the others as they were. */
	of(purpose: string): Random;
}

/** Mulberry32, public domain, by Tommy Ettinger. */
export function createRandom(seed: number): Random {
	let state = seed >>> 0;

	function fraction(): number {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	const between = (from: number, to: number) => from + Math.floor(fraction() * (to - from + 1));
	return {
		fraction,
		between,
		chance: (probability) => fraction() < probability,
		pick: (choices) => choices[between(0, choices.length - 1)] ?? choices[0],
		of: (purpose) => createRandom(hash(`${seed} ${purpose}`)),
	};
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
	let value = 0x811c9dc5;
	for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
	return value >>> 0;
}
