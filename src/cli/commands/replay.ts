import { Command } from "commander";
import type { Continued, ReplayAsked } from "../bridge-client.ts";
import { confirm, endAll, inWords, type WhichFlags, whichOnes, withWhich } from "../chosen-dead-letters.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { type BridgeFlags, bridgeOf, examples, withBridgeOptions } from "../options.ts";

interface ReplayFlags extends BridgeFlags, WhichFlags {
	readonly container?: string;
	readonly prefix?: string;
	readonly json?: boolean;
}

/** `grid-dispatch replay`: feeds dead letters back after a repair. */
export function replayCommand(io: Io): Command {
	return withBridgeOptions(
		withWhich(new Command("replay").description("deliver dead letters again, after you have repaired their cause")),
	)
		.option(
			"--container <name>",
			"replay Event Grid's own dead letters, from this container of the app's storage account",
		)
		.option("--prefix <text>", "only blobs of the container whose names begin with this text")
		.option("--yes", "do not ask for confirmation; --all needs this without a terminal")
		.option("--json", "print the result of each as JSON")
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
			if (flags.all && "all" in asked) {
				await confirm(async () => `Replay ${await inWords(asked, bridge)}`, "replay --all", io, flags);
			}
			const ending = {
				verb: "replay",
				done: "replayed",
				good: "accepted",
				refused: "stay dead letters",
				ask: (from: Continued) => bridge.replay({ ...asked, ...from }),
			} as const;
			await endAll(ending, { ...flags, key }, bridge, io);
		});
}

function whatIsMeant(key: string | undefined, flags: ReplayFlags): ReplayAsked {
	const { container, prefix, ...which } = flags;
	if (prefix !== undefined && container === undefined) throw new CliError("--prefix works only with --container", 2);
	if (container === undefined) return whichOnes(key, which, ", or --container");
	const { find, all, state } = which;
	if ([key, find, all].some((one) => one !== undefined)) {
		throw new CliError("choose one of KEY, --find, --all and --container", 2);
	}
	if (state !== undefined) throw new CliError("--state works only with --find or --all", 2);
	return { container, prefix };
}
