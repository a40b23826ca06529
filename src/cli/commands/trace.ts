import { Command } from "commander";
import { plain } from "../../log.ts";
import {
	type BridgeClient,
	collectReceipts,
	NOT_ALL_READ,
	noteProblems,
	type ShownReceipts,
} from "../bridge-client.ts";
import { decodedPath } from "../bridge-url.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { type BridgeFlags, bridgeOf, examples, readNumber, withBridgeOptions } from "../options.ts";
import { printJson } from "../print.ts";
import { foldWindows, printTrace, traceOf } from "../trace/trace-of.ts";

/** `grid-dispatch trace`: the trace of one event, to the workflow run that it started. */
export function traceCommand(io: Io): Command {
	return withBridgeOptions(
		new Command("trace").description("show what happened to an event, step by step, up to the run that it started"),
	)
		.argument(
			"<what>",
			"the id of an event or of a run, a blob (subject, address, or container/path), or a receipt's key",
		)
		.option("--limit <n>", "the most receipts to show", readNumber(1, 500), USUAL_LIMIT)
		.option("--json", "print the traces as JSON")
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch trace first-event",
				"npx grid-dispatch trace training/2026/03/transactions.csv",
				"npx grid-dispatch trace train_7 --url https://contoso-bridge.azurewebsites.net --json",
			),
		)
		.action(async (what: string, flags: BridgeFlags & { limit: number; json?: boolean }) => {
			const bridge = bridgeOf(flags, io);
			const { receipts, complete, problems } = await findReceipts(bridge, what, flags.limit);
			noteProblems(io, problems);
			if (receipts.length === 0) throw new CliError(unknown(bridge, what, complete));
			const traces = (await foldWindows(bridge, receipts)).map(traceOf);
			if (!flags.json) for (const trace of traces) printTrace(io, trace, bridge.command);
			else printJson(io, { traces: traces.map(({ sent: _, ...shown }) => shown), complete });
			if (complete || problems?.length) return;
			const note = `only the newest ${receipts.length} receipts with "${what}" are shown, and there are more: add --limit N, or give the event's complete id`;
			io.stderr.write(`${plain(note)}\n`);
		});
}

function unknown(bridge: BridgeClient, what: string, complete: boolean): string {
	if (!complete) return `no receipt for "${what}" was found at ${bridge.url}, but ${NOT_ALL_READ}`;
	const explain = `or run "npx grid-dispatch routes explain FILE" with the event`;
	return `no receipt for "${what}" at ${bridge.url}. Either the event never arrived, or no route matched it and its receipt is gone: the bridge keeps only the newest 1,000 ignored events (${bridge.command("tail --ignored")}). Search the app's log for the event's id, ${explain}`;
}

/** An event of some routes has a few receipts; more is a text that is found in many. */
export const USUAL_LIMIT = 20;

/**
 * The receipts that a text means, the newest event first: an event's id, a run, a key, or a blob, by its subject, its
 * address, or its path with the container in front.
 */
export async function findReceipts(
	bridge: Pick<BridgeClient, "receipts">,
	text: string,
	limit = USUAL_LIMIT,
): Promise<ShownReceipts> {
	const problems: string[] = [];
	let complete = true;
	for (const find of spellingsOf(text)) {
		const found = await collectReceipts(bridge, { find, limit });
		problems.push(...(found.problems ?? []));
		if (found.receipts.length > 0) return { ...found, problems };
		complete &&= found.complete;
	}
	return { receipts: [], complete, problems };
}

/** As it was given, and as subjects write it. */
function spellingsOf(text: string): readonly string[] {
	const path = URL.canParse(text) && /^https?:/i.test(text) ? decodedPath(new URL(text).pathname) : text;
	const [, container, blob] = /^\/?([^/]+)\/(.+)$/.exec(path) ?? [];
	const asSubject = container === undefined ? [] : [`containers/${container}/blobs/${blob}`];
	return [...new Set([text, ...asSubject])];
}
