import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "./row.ts";

/** Every row: one file of `bench/rows` each, in the order of their names. */
export function readRows(): Promise<readonly Row[]> {
	const files = readdirSync(join(import.meta.dirname, "rows")).sort();
	return Promise.all(files.map(async (file) => ((await import(`./rows/${file}`)) as { row: Row }).row));
}
