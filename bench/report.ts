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

const HEADINGS = ["row", "measure", "ours", "baseline", "ours ÷ baseline", "lowest – highest", "pairs", "goal"];
/** Rows and measures are words; all that follows is numbers, and stands to the right. */
const WORDS = 2;

/** A report as a person reads it. */
export function toTable({ version, node, cpus, quick, rows }: Report): string {
	const lines = [HEADINGS, ...rows.flatMap(linesOf)];
	const widths = HEADINGS.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
	const layOut = (cells: readonly string[]) =>
		cells
			.map((cell, column) => (column < WORDS ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
			.join("  ")
			.trimEnd();
	const note = quick ? "\nquick: too few repetitions to say anything about speed" : "";
	return `grid-dispatch ${version}, Node ${node}, CPUs: ${cpus}${note}\n\n${lines.map(layOut).join("\n")}\n`;
}

function linesOf(row: ReportedRow): string[][] {
	return row.figures.map(({ measure, ours, baseline, ratio, lowest, highest }, index) => {
		const numbers = [number(ours), number(baseline), number(ratio), `${number(lowest)} – ${number(highest)}`];
		return index === 0
			? [row.name, measure, ...numbers, String(row.pairs), goalOf(row, ratio)]
			: ["", measure, ...numbers, "", ""];
	});
}

function goalOf({ goal, better }: ReportedRow, ratio: number): string {
	if (goal === undefined) return "";
	const met = better === "lower" ? ratio <= goal : ratio >= goal;
	return `${better === "lower" ? "≤" : "≥"} ${goal} ${met ? "met" : "missed"}`;
}

/** Three digits are more than any of this can be repeated to. */
function number(value: number): string {
	return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
