import { availableParallelism } from "node:os";
import { version } from "../package.json";
import { type Figure, type Pair, summarise } from "./measure.ts";
import type { Row } from "./row.ts";

/** A run, as `--json` writes it. */
export interface Report {
	/** Of grid-dispatch. */
	readonly version: string;
	readonly node: string;
	readonly cpus: number;
	readonly quick: boolean;
	readonly rows: readonly ReportedRow[];
}

export interface ReportedRow extends Omit<Row, "measure"> {
	/** How many pairs of measurements the figures come from. */
	readonly pairs: number;
	/** The first is what the row is about, and what its goal is for. */
	readonly figures: readonly Figure[];
}

export function toReport(quick: boolean, rows: readonly ReportedRow[]): Report {
	return { version, node: process.version, cpus: availableParallelism(), quick, rows };
}

export function toReportedRow({ measure: _, ...row }: Row, pairs: readonly Pair[]): ReportedRow {
	return { ...row, pairs: pairs.length, figures: summarise(pairs) };
}
