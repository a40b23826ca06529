/** What the events of one catalogue have in common, so that they hang together. */
export interface World {
	readonly dice: Dice;
	/** ARM ids. */
	readonly workspace: string;
	readonly storageAccount: string;
	/** Of the storage account. */
	readonly account: string;
	/** When the event happens, epoch milliseconds. */
	readonly now: () => number;
	/** The id of a thing by its name: the same whenever it is asked for. */
	idOf(name: string): string;
	/** 1, 2, 3, … for each name. */
	count(name: string): number;
	/** Grows with each event of the storage account, as plain strings are compared. */
	sequencer(): string;
}

const GROUP = "/subscriptions/5f3c1d2e-8a47-4b6e-9c15-70d2a1b4e893/resourceGroups/contoso-ml/providers";

export function createWorld(seed: number, now: () => number): World {
	const dice = createDice(seed);
	const ids = new Map<string, string>();
	const counts = new Map<string, number>();
	let writes = 0x0b62f7;
	return {
		dice,
		workspace: `${GROUP}/Microsoft.MachineLearningServices/workspaces/contoso-workspace`,
		storageAccount: `${GROUP}/Microsoft.Storage/storageAccounts/contosodata`,
		account: "contosodata",
		now,
		idOf(name) {
			const id = ids.get(name) ?? dice.uuid();
			ids.set(name, id);
			return id;
		},
		count(name) {
			const count = (counts.get(name) ?? 0) + 1;
			counts.set(name, count);
			return count;
		},
		sequencer() {
			writes += 1 + dice.below(9);
			return `${"0".repeat(28)}E418${writes.toString(16).toUpperCase().padStart(16, "0")}`;
		},
	};
}

/** Chance that can be repeated: the same seed throws the same dice. */
interface Dice {
	/** A whole number below the limit. */
	below(limit: number): number;
	pick<const T extends readonly unknown[]>(from: T): T[number];
	/** So many hexadecimal digits. */
	hex(digits: number): string;
	/** A UUID of version 4. */
	uuid(): string;
}

/** @param seed the same number, the same dice */
function createDice(seed: number): Dice {
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
