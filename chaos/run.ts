/** `npm run chaos`: a storm of kills, outages and faults over three bridges, and its judges. See `docs/chaos.md`. */
import { randomInt } from "node:crypto";
import { planStorm } from "./plan.ts";
import { readArguments, USAGE, UsageError } from "./read-arguments.ts";
import { toText } from "./report.ts";
import { takeSnapshot } from "./snapshot.ts";
import { runStorm } from "./storm.ts";

await main().catch((error: unknown) => {
	const { code, message, stack } = error as { code?: string; message: string; stack?: string };
	const mistaken = error instanceof UsageError || code?.startsWith("ERR_PARSE_ARGS") === true;
	process.stderr.write(`${mistaken ? `${message}\n\n${USAGE}` : (stack ?? message)}\n`);
	process.exitCode = 1;
});

async function main(): Promise<void> {
	const {
		help,
		json,
		keep,
		seed = randomInt(1_000_000),
		size,
		coalesce,
		pace,
		boundMs,
	} = readArguments(process.argv.slice(2));
	if (help) return void process.stdout.write(`${USAGE}\n`);
	const say = (line: string) => void process.stderr.write(`${line}\n`);
	const stopping = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort(new Error(signal)));
	const snapshot = takeSnapshot();
	say(`seed ${seed}, in ${snapshot.folder}`);
	let isWell = false;
	try {
		const plan = planStorm(seed, size);
		const report = await runStorm({
			plan,
			pace,
			coalesce,
			boundMs,
			onProgress: say,
			snapshot,
			signal: stopping.signal,
		});
		process.stdout.write(json ? `${JSON.stringify(report, null, "\t")}\n` : toText(report));
		isWell = report.findings.length === 0;
	} finally {
		// The bridges' output and the ledger show why.
		if (isWell && !keep) snapshot.remove();
		else say(`what is left of it: ${snapshot.folder}`);
	}
	process.exitCode = isWell ? 0 : 1;
}
