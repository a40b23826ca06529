import { createDice, type Dice } from "./dice.ts";

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
