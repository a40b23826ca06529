import { Command } from "commander";
import { plain } from "../../log.ts";
import type { Replayed } from "../../operate/replay.ts";
import type { BridgeClient, ReplayAsked } from "../bridge-client.ts";
import { type BridgeFlags, bridgeOf, withBridgeOptions } from "../bridge-options.ts";
import { CliError } from "../cli-error.ts";
import { colour } from "../colour.ts";
import { examples } from "../examples.ts";
import type { Io } from "../io.ts";
import { printJson } from "../print-json.ts";
import { stateOption } from "../receipt-states.ts";

interface ReplayFlags extends BridgeFlags {
	readonly find?: string;
	readonly all?: boolean;
	readonly container?: string;
	readonly prefix?: string;
	readonly state?: string;
	readonly yes?: boolean;
	readonly json?: boolean;
}

/** `grid-dispatch replay`: feeds dead letters back after a repair. */
export function replayCommand(io: Io): Command {
	return withBridgeOptions(new Command("replay").description("feed dead letters back, after a repair"))
		.argument("[key]", "the one with this key")
		.option("--find <text>", "those that the text is found in: an event's id, a run, a subject, a repository")
		.option("--all", "all of them; asks first on a terminal")
		.addOption(stateOption(["dead", "rejected"]))
		.option("--container <name>", "Event Grid's own, in this container of the app's storage account")
		.option("--prefix <text>", "only its blobs whose names begin so")
		.option("--yes", "do not ask")
		.option("--json", "print what became of each as JSON")
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch replay 599cb32fcc8017b54fa6dc8d01c6a673",
				"npx grid-dispatch replay --find contoso/fraud-model --state dead",
				"npx grid-dispatch replay --all --yes --json",
				"npx grid-dispatch replay --container event-grid-dead-letters",
			),
		)
		.action(async (key: string | undefined, flags: ReplayFlags) => {
			const asked = whatIsMeant(key, flags);
			const bridge = bridgeOf(flags, io);
			if (flags.all && !flags.yes && io.ask !== undefined) {
				const { deadLetters } = await bridge.health();
				if (!(await io.ask(`Feed back all dead letters of ${bridge.url} (${deadLetters} now)?`))) {
					throw new CliError("nothing was fed back");
				}
			}
			const replayed = await untilDone(bridge, asked);
			if (key !== undefined && replayed.length === 0)
				throw new CliError(`${bridge.url} has no receipt with the key ${key}`);
			if (flags.json) printJson(io, { replayed });
			else print(io, replayed);
			const refused = replayed.filter(({ outcome }) => outcome !== "accepted");
			if (refused.length > 0) throw new CliError(`${refused.length} of ${replayed.length} stay dead letters`);
		});
}

function whatIsMeant(key: string | undefined, flags: ReplayFlags): ReplayAsked {
	const { find, all, container, prefix, state } = flags;
	const which = [key, find, all, container].filter((one) => one !== undefined);
	if (which.length !== 1) throw new CliError("say which: a KEY, --find, --all or --container", 2);
	if (prefix !== undefined && container === undefined) throw new CliError("--prefix goes with --container", 2);
	if (state !== undefined && find === undefined && all === undefined) {
		throw new CliError("--state goes with --find or --all", 2);
	}
	const ofState = state === undefined ? {} : { state };
	if (key !== undefined) return { key };
	if (find !== undefined) return { find, ...ofState };
	if (container !== undefined) return { container, ...(prefix === undefined ? {} : { prefix }) };
	return { all: true, ...ofState };
}

/**
 * One request takes so many, and says how to go on behind them. A bridge of an older version does not: there what is
 * refused comes again with the next request, and ends it.
 */
async function untilDone(bridge: BridgeClient, asked: ReplayAsked): Promise<readonly Replayed[]> {
	const ends = new Map<string, Replayed>();
	let from: string | undefined;
	for (;;) {
		const answer = await bridge.replay({ ...asked, ...(from === undefined ? {} : { continue: from }) });
		const before = ends.size;
		for (const one of answer.replayed) ends.set(one.key, one);
		const goesOn = answer.continue === undefined ? ends.size > before : answer.continue !== from;
		if (!answer.more || !goesOn) return [...ends.values()];
		from = answer.continue;
	}
}

function print(io: Io, replayed: readonly Replayed[]): void {
	const paint = colour(io.stdout, io.env);
	for (const { key, outcome, reason } of replayed) {
		const end = paint(outcome === "accepted" ? "green" : "red", plain(outcome).padEnd(8));
		io.stdout.write(`${end}  ${plain(key)}${reason === null ? "" : `  ${plain(reason)}`}\n`);
	}
	const accepted = replayed.filter(({ outcome }) => outcome === "accepted").length;
	io.stdout.write(replayed.length === 0 ? "nothing is to be fed back\n" : `${accepted} fed back\n`);
}
