import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Pair } from "./measure.ts";
import type { Workbench } from "./workbench.ts";

/** One line of the table: something of ours, compared with a baseline that is measured in turn with it. */
export interface Row {
	/** What `--only` takes; in kebab-case. */
	readonly name: string;
	/** What is measured of ours. */
	readonly what: string;
	/** What it is compared with. */
	readonly baseline: string;
	/** Which direction of the ratio, ours ÷ baseline, is the good one. */
	readonly better: "lower" | "higher";
	/** How far the ratio of the first measure may go; none where the row only informs. */
	readonly goal?: number;
	measure(bench: Workbench): Promise<readonly Pair[]>;
}

/** Every row, in the order of their names: each file of `bench/rows` exports some. */
export async function readRows(): Promise<readonly Row[]> {
	const files = readdirSync(join(import.meta.dirname, "rows"));
	const read = async (file: string) => ((await import(`./rows/${file}`)) as { rows: readonly Row[] }).rows;
	const rows = (await Promise.all(files.map(read))).flat();
	return rows.sort((one, other) => (one.name < other.name ? -1 : 1));
}
