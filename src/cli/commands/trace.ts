import { Command } from "commander";
import { type BridgeFlags, bridgeOf, withBridgeOptions } from "../bridge-options.ts";
import { CliError } from "../cli-error.ts";
import { examples } from "../examples.ts";
import type { Io } from "../io.ts";
import { printJson } from "../print-json.ts";
import { findReceipts } from "../trace/find-receipts.ts";
import { foldWindows } from "../trace/fold-windows.ts";
import { printTrace } from "../trace/print-trace.ts";
import { traceOf } from "../trace/trace-of.ts";

/** `grid-dispatch trace`: the trace of one event, to the workflow run that it started. */
export function traceCommand(io: Io): Command {
	return withBridgeOptions(
		new Command("trace").description("show the trace of an event: received, decided, waited, attempted, answered, run"),
	)
		.argument("<what>", "an event's id, a run's id, a blob (subject, address, or container/path), or a key")
		.option("--json", "print the traces as JSON")
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch trace first-event",
				"npx grid-dispatch trace training/2026/03/transactions.csv",
				"npx grid-dispatch trace train_7 --url https://contoso-bridge.azurewebsites.net --json",
			),
		)
		.action(async (what: string, flags: BridgeFlags & { json?: boolean }) => {
			const bridge = bridgeOf(flags, io);
			const receipts = await findReceipts(bridge, what);
			if (receipts.length === 0) throw new CliError(unknown(bridge.url, what));
			const traces = (await foldWindows(bridge, receipts)).map(traceOf);
			if (!flags.json) for (const trace of traces) printTrace(io, trace);
			else printJson(io, { traces: traces.map(({ sent: _, ...shown }) => shown) });
		});
}

function unknown(url: string, what: string): string {
	return `${url} has no receipt for "${what}": it did not arrive, or no route took it. The answer to the event and the app's log say what each route missed; "npx grid-dispatch routes explain" tells for a recorded event`;
}
