import { Command } from "commander";
import type { BridgeClient, ShownReceipt } from "../bridge-client.ts";
import { type BridgeFlags, bridgeOf, urlOf, withBridgeOptions } from "../bridge-options.ts";
import { CliError } from "../cli-error.ts";
import { collectReceipts } from "../collect-receipts.ts";
import { examples } from "../examples.ts";
import { type GitHubApi, githubApi } from "../github-api.ts";
import type { Io } from "../io.ts";
import { printJson } from "../print-json.ts";
import { findReceipts } from "../trace/find-receipts.ts";
import { type FoundRuns, findRuns } from "../trace/find-runs.ts";
import { printTrace } from "../trace/print-trace.ts";
import { traceOf } from "../trace/trace-of.ts";

/** `grid-dispatch trace`: the trace of one event, to the workflow run that it started. */
export function traceCommand(io: Io): Command {
	return withBridgeOptions(
		new Command("trace").description("show the trace of an event: received, decided, waited, attempted, answered, run"),
	)
		.argument("<what>", "an event's id, a run's id, a blob (subject, address, or container/path), or a key")
		.option("--github <url>", 'GitHub\'s API; "real" for GitHub itself from a local host')
		.option("--json", "print the traces as JSON")
		.addHelpText(
			"after",
			`${examples(
				"npx grid-dispatch trace first-event",
				"npx grid-dispatch trace training/2026/03/transactions.csv",
				"GITHUB_TOKEN=... npx grid-dispatch trace train_7 --url https://contoso-bridge.azurewebsites.net --json",
			)}\nThe token is read from GITHUB_TOKEN or GH_TOKEN, needs to read Actions only, and is never shown.\n`,
		)
		.action(async (what: string, flags: BridgeFlags & { github?: string; json?: boolean }) => {
			const github = githubApi(flags.github, urlOf(flags, io), io);
			const bridge = bridgeOf(flags, io);
			const receipts = await findReceipts(bridge, what);
			if (receipts.length === 0) throw new CliError(unknown(bridge.url, what));
			const traces = [];
			for (const receipt of receipts) {
				const window = await windowOf(bridge, receipt);
				const trace = traceOf(receipt, window);
				const found = await runsOf(receipt, window, github, io);
				if (!flags.json) printTrace(io, trace, found);
				traces.push({ ...trace, runs: found ?? null });
			}
			if (flags.json) printJson(io, { traces });
		});
}

function unknown(url: string, what: string): string {
	return `${url} has no receipt for "${what}": it did not arrive, or no route took it. The answer to the event and the app's log say what each route missed; "npx grid-dispatch routes explain" tells for a recorded event`;
}

async function windowOf(bridge: BridgeClient, { window }: ShownReceipt): Promise<ShownReceipt | undefined> {
	if (window === null) return undefined;
	const { receipts } = await collectReceipts(bridge, { find: window, limit: 500 });
	return receipts.find(({ key }) => key === window);
}

/** Undefined where nothing was dispatched, so that there can be no run. */
async function runsOf(
	receipt: ShownReceipt,
	window: ShownReceipt | undefined,
	github: GitHubApi,
	io: Io,
): Promise<FoundRuns | undefined> {
	const sent = window ?? receipt;
	const last = sent.attempts.at(-1);
	if (sent.state !== "dispatched" || sent.to === null || last === undefined) return undefined;
	const { id, subject } = receipt.event;
	const run = /(?:^|\/)runs?\/([^/]+)$/.exec(subject)?.[1];
	const names = [sent.key, id, subject, ...(run === undefined ? [] : [run])];
	const { repository, dispatchType } = sent.to;
	// Only a repository dispatch has both; the runs of others are not found by their type.
	if (typeof repository !== "string" || typeof dispatchType !== "string") return undefined;
	return findRuns({ repository, dispatchType, at: last.at, names }, github, io);
}
