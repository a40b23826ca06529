import { Command } from "commander";
import { plain } from "../../log.ts";
import type { Discarded } from "../bridge-client.ts";
import { type BridgeFlags, bridgeOf, withBridgeOptions } from "../bridge-options.ts";
import { CliError } from "../cli-error.ts";
import { colour } from "../colour.ts";
import { examples } from "../examples.ts";
import type { Io } from "../io.ts";
import { printJson } from "../print-json.ts";
import { confirm, inWords, untilDone, type WhichFlags, whichOnes, withWhich } from "./which.ts";

/** `grid-dispatch dead-letters discard`: ends dead letters that no run is to start for. */
export function discardCommand(io: Io): Command {
	return withBridgeOptions(
		withWhich(new Command("discard").description("discard dead letters that you do not need any more; no run starts")),
	)
		.option("--yes", "do not ask for confirmation; needed without a terminal")
		.option("--json", "print the result of each as JSON")
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch dead-letters discard 599cb32fcc8017b54fa6dc8d01c6a673",
				"npx grid-dispatch dead-letters discard --find contoso/fraud-model --state rejected",
				"npx grid-dispatch dead-letters discard --all --yes",
			),
		)
		.action(async (key: string | undefined, flags: BridgeFlags & WhichFlags & { json?: boolean }) => {
			const asked = whichOnes(key, flags);
			const bridge = bridgeOf(flags, io);
			await confirm(async () => `This cannot be undone. Discard ${await inWords(asked, bridge)}`, "discard", io, flags);
			const { ended: discarded, failure } = await untilDone(async (from) => {
				const answer = await bridge.discard({ ...asked, ...from });
				return { ...answer, ended: answer.discarded };
			});
			if (key !== undefined && discarded.length === 0) {
				throw new CliError(`${bridge.url} has no receipt with the key ${key}`);
			}
			if (flags.json) printJson(io, { discarded });
			else print(io, discarded);
			if (failure !== undefined) throw failure;
			const refused = discarded.filter(({ outcome }) => outcome !== "discarded");
			if (refused.length > 0) throw new CliError(`${refused.length} of ${discarded.length} were not discarded`);
		});
}

function print(io: Io, discarded: readonly Discarded[]): void {
	const paint = colour(io.stdout, io.env);
	for (const { key, outcome, reason } of discarded) {
		const end = paint(outcome === "discarded" ? "green" : "red", plain(outcome).padEnd(9));
		io.stdout.write(`${end}  ${plain(key)}${reason === null ? "" : `  ${plain(reason)}`}\n`);
	}
	const done = discarded.filter(({ outcome }) => outcome === "discarded").length;
	io.stdout.write(discarded.length === 0 ? "there is nothing to discard\n" : `${done} discarded\n`);
}
