/** `npm run bench`: what the bridge costs, as ratios against baselines of the same run. See `docs/bench.md`. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type ReportedRow, toReport, toReportedRow, toTable } from "./report.ts";
import { readRows } from "./row.ts";
import { openWorkbench } from "./workbench.ts";

const rows = await readRows();

const USAGE = `npm run bench -- [--only NAME]... [--quick] [--json [FILE]]

  --only NAME     this row alone; may be given several times
  --quick         few repetitions: shows that the rows work, not how fast anything is
  --json [FILE]   the report as JSON, to the file, or to standard output instead of the table
  --help          this text

Rows: ${rows.map(({ name }) => name).join(", ")}`;

/** A mistake on the command line. */
class UsageError extends Error {}

await main().catch((error: unknown) => {
	const { code, message, stack } = error as { code?: string; message: string; stack?: string };
	const mistaken = error instanceof UsageError || code?.startsWith("ERR_PARSE_ARGS") === true;
	process.stderr.write(`${mistaken ? `${message}\n\n${USAGE}` : (stack ?? message)}\n`);
	process.exitCode = 1;
});

async function main(): Promise<void> {
	const { values, positionals } = parseArgs({
		options: {
			only: { type: "string", multiple: true, default: [] },
			quick: { type: "boolean", default: false },
			json: { type: "boolean", default: false },
			help: { type: "boolean" },
		},
		allowPositionals: true,
	});
	if (values.help === true) return void process.stdout.write(`${USAGE}\n`);
	const [file, ...more] = positionals;
	if (more.length > 0 || (file !== undefined && !values.json)) throw new UsageError(`not understood: ${positionals}`);
	const unknown = values.only.find((name) => !rows.some((row) => row.name === name));
	if (unknown !== undefined) throw new UsageError(`there is no row "${unknown}"`);

	const report = toReport(values.quick, await measure(values.only, values.quick));
	const json = `${JSON.stringify(report, null, "\t")}\n`;
	if (file !== undefined) writeFileSync(file, json);
	process.stdout.write(values.json && file === undefined ? json : toTable(report));
}

/** One row after the other, or they would measure each other. What fails is told, and does not cost the others. */
async function measure(only: readonly string[], quick: boolean): Promise<readonly ReportedRow[]> {
	const bench = await openWorkbench(quick);
	process.once("exit", bench.remove);
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
	const measured: ReportedRow[] = [];
	for (const row of rows) {
		if (only.length > 0 && !only.includes(row.name)) continue;
		process.stderr.write(`${row.name} …\n`);
		try {
			measured.push(toReportedRow(row, await row.measure(bench)));
		} catch (error) {
			process.stderr.write(`${row.name} could not be measured: ${(error as Error).stack}\n`);
			process.exitCode = 1;
		}
	}
	return measured;
}
