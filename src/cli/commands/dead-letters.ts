import { Command } from "commander";
import { plain } from "../../log.ts";
import type { BridgeClient, ShownReceipt } from "../bridge-client.ts";
import { type BridgeFlags, bridgeOf, withBridgeOptions } from "../bridge-options.ts";
import { CliError } from "../cli-error.ts";
import { collectReceipts } from "../collect-receipts.ts";
import { colour } from "../colour.ts";
import { describeDestination, describeReceipt } from "../describe-receipt.ts";
import { examples } from "../examples.ts";
import type { Io } from "../io.ts";
import { printJson } from "../print-json.ts";
import { readNumber } from "../read-number.ts";

/** A key may be mentioned by others: all that went out with a window name its key. */
const AT_ONCE = 500;
const DEAD = ["dead", "rejected"] as const;

/** `grid-dispatch dead-letters`: what will not be delivered without a repair. */
export function deadLettersCommand(io: Io): Command {
	return new Command("dead-letters")
		.description("list what was given up, refused for good or rejected, with the reasons")
		.addCommand(listCommand(io), { isDefault: true })
		.addCommand(showCommand(io))
		.addHelpText(
			"after",
			examples("npx grid-dispatch dead-letters", "npx grid-dispatch dead-letters list --limit 500 --json"),
		);
}

function listCommand(io: Io): Command {
	return withBridgeOptions(
		new Command("list").description("list them, the newest event first (what is done by default)"),
	)
		.option("--limit <n>", "how many of each kind at most", readNumber(1, 500), 50)
		.option("--json", "print the receipts as JSON")
		.addHelpText("after", examples("npx grid-dispatch dead-letters list", "npx grid-dispatch dead-letters list --json"))
		.action(async (flags: BridgeFlags & { limit: number; json?: boolean }) => {
			const { limit } = flags;
			const bridge = bridgeOf(flags, io);
			const found = await Promise.all(DEAD.map((state) => collectReceipts(bridge, { state, limit })));
			const receipts = found.flatMap((one) => one.receipts);
			const problems = [...new Set(found.flatMap((one) => one.problems ?? []))];
			for (const problem of problems) io.stderr.write(`note: ${plain(problem)}\n`);
			if (flags.json) return printJson(io, { receipts, complete: found.every(({ complete }) => complete) });
			if (receipts.length === 0) return void io.stdout.write("there are no dead letters\n");
			const paint = colour(io.stdout, io.env);
			for (const receipt of receipts)
				io.stdout.write(`${paint("grey", plain(receipt.key))}  ${describeReceipt(receipt, paint)}\n`);
			io.stdout.write("\nfeed them back after a repair: npx grid-dispatch replay KEY, or --all\n");
		});
}

function showCommand(io: Io): Command {
	return withBridgeOptions(new Command("show").description("everything that is known of one"))
		.argument("<key>", "the key of its receipt")
		.option("--json", "print its receipt as JSON")
		.addHelpText("after", examples("npx grid-dispatch dead-letters show 599cb32fcc8017b54fa6dc8d01c6a673"))
		.action(async (key: string, flags: BridgeFlags & { json?: boolean }) => {
			const receipt = await deadLetter(bridgeOf(flags, io), key);
			if (flags.json) return printJson(io, receipt);
			for (const [name, value] of factsOf(receipt)) io.stdout.write(`${name.padEnd(10)} ${plain(value)}\n`);
		});
}

async function deadLetter(bridge: BridgeClient, key: string): Promise<ShownReceipt> {
	const { receipts } = await collectReceipts(bridge, { find: key, limit: AT_ONCE });
	const receipt = receipts.find((one) => one.key === key);
	if (receipt === undefined)
		throw new CliError(`${bridge.url} has no receipt with the key ${key}; list them: npx grid-dispatch dead-letters`);
	if (receipt.state === "dead" || receipt.state === "rejected") return receipt;
	throw new CliError(`${key} is no dead letter: it is ${receipt.state}; see it with: npx grid-dispatch trace ${key}`);
}

function factsOf({ key, state, event, route, to, acceptedAt, finishedAt, attempts, reason }: ShownReceipt) {
	const tried = attempts.map(({ at, status, reason: why }) => `${at} ${status ?? "no answer"}${why ? `, ${why}` : ""}`);
	return [
		["key", key],
		["state", state],
		["reason", reason ?? "none was written down"],
		["event", event.id],
		["type", event.type],
		["source", event.source],
		["subject", event.subject],
		["time", event.time],
		["route", route ?? "none"],
		["to", to === null ? "nowhere" : describeDestination(to)],
		["accepted", acceptedAt],
		["finished", finishedAt ?? "not yet"],
		...tried.map((one) => ["attempt", one] as const),
	] as const;
}
