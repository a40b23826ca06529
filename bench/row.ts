import type { Pair } from "./measure.ts";
import type { Workbench } from "./workbench.ts";

/** One line of the table: something of ours, held against a baseline that is measured in turn with it. */
export interface Row {
	/** What `--only` takes; in kebab-case, and the name of its file. */
	readonly name: string;
	/** What is measured of ours. */
	readonly what: string;
	/** What it is held against. */
	readonly baseline: string;
	/** Which direction of the ratio, ours ÷ baseline, is the good one. */
	readonly better: "lower" | "higher";
	/** How far the ratio of the first measure may go; none where the row only informs. */
	readonly goal?: number;
	measure(bench: Workbench): Promise<readonly Pair[]>;
}
