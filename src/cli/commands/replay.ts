import { Command } from "commander";
import { plain } from "../../log.ts";
import type { Replayed } from "../../operate/replay.ts";
import type { ReplayAsked } from "../bridge-client.ts";
import { CliError } from "../cli-error.ts";
import { confirm, inWords, untilDone, type WhichFlags, whichOnes, withWhich } from "../dead-letters/which.ts";
import type { Io } from "../io.ts";
import { type BridgeFlags, bridgeOf, examples, withBridgeOptions } from "../options.ts";
import { colour, printJson } from "../print.ts";

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
			const { ended: replayed, failure } = await untilDone(async (from) => {
				const answer = await bridge.replay({ ...asked, ...from });
				return { ...answer, ended: answer.replayed };
			});
			if (key !== undefined && replayed.length === 0)
				throw new CliError(`${bridge.url} has no receipt with the key ${key}`);
			if (flags.json) printJson(io, { replayed });
			else print(io, replayed);
			if (failure !== undefined) throw failure;
			const refused = replayed.filter(({ outcome }) => outcome !== "accepted");
			if (refused.length > 0) throw new CliError(`${refused.length} of ${replayed.length} stay dead letters`);
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
	return { container, ...(prefix === undefined ? {} : { prefix }) };
}

function print(io: Io, replayed: readonly Replayed[]): void {
	const paint = colour(io.stdout, io.env);
	for (const { key, outcome, reason } of replayed) {
		const end = paint(outcome === "accepted" ? "green" : "red", plain(outcome).padEnd(8));
		io.stdout.write(`${end}  ${plain(key)}${reason === null ? "" : `  ${plain(reason)}`}\n`);
	}
	const accepted = replayed.filter(({ outcome }) => outcome === "accepted").length;
	io.stdout.write(replayed.length === 0 ? "there is nothing to replay\n" : `${accepted} replayed\n`);
}
