import { Command } from "commander";
import { plain } from "../../log.ts";
import {
	type BridgeClient,
	type Continued,
	collectReceipts,
	NOT_ALL_READ,
	noteProblems,
	type ShownReceipt,
} from "../bridge-client.ts";
import { confirm, endAll, inWords, type WhichFlags, whichOnes, withWhich } from "../chosen-dead-letters.ts";
import { CliError } from "../cli-error.ts";
import { adviceFor, describeDestination, describeReceipt } from "../describe-receipt.ts";
import type { Io } from "../io.ts";
import { type BridgeFlags, bridgeOf, examples, readNumber, withBridgeOptions } from "../options.ts";
import { colour, printJson } from "../print.ts";

/** A key may be mentioned by others: all that went out with a window name its key. */
const AT_ONCE = 500;
const DEAD = ["dead", "rejected"] as const;

/** `grid-dispatch dead-letters`: what will not be delivered without a repair. */
export function deadLettersCommand(io: Io): Command {
	return new Command("dead-letters")
		.description("list, show and discard events that the bridge cannot deliver without a repair")
		.addCommand(listCommand(io), { isDefault: true })
		.addCommand(showCommand(io))
		.addCommand(discardCommand(io))
		.addHelpText(
			"after",
			examples("npx grid-dispatch dead-letters", "npx grid-dispatch dead-letters list --limit 500 --json"),
		);
}

function listCommand(io: Io): Command {
	return withBridgeOptions(
		new Command("list").description("list all dead letters, the newest event first (the default)"),
	)
		.option("--limit <n>", "the most dead letters of each state to show", readNumber(1, 500), 50)
		.option("--json", "print the receipts as JSON")
		.addHelpText("after", examples("npx grid-dispatch dead-letters list", "npx grid-dispatch dead-letters list --json"))
		.action(async (flags: BridgeFlags & { limit: number; json?: boolean }) => {
			const { limit } = flags;
			const bridge = bridgeOf(flags, io);
			const found = await Promise.all(DEAD.map((state) => collectReceipts(bridge, { state, limit })));
			const receipts = found.flatMap((one) => one.receipts);
			const complete = found.every((one) => one.complete);
			const none = complete ? "there are no dead letters" : `no dead letter was found, but ${NOT_ALL_READ}`;
			noteProblems(
				io,
				found.flatMap(({ problems = [] }) => problems),
			);
			if (flags.json) return printJson(io, { receipts, complete });
			if (receipts.length === 0) return void io.stdout.write(`${none}\n`);
			const paint = colour(io.stdout, io.env);
			for (const receipt of receipts) {
				const again = receipt.replay?.wouldRepeat ? `  ${paint("yellow", "a replay now would end the same way")}` : "";
				io.stdout.write(`${paint("grey", plain(receipt.key))}  ${describeReceipt(receipt, paint)}${again}\n`);
			}
			// A larger limit shows more only where all could be read.
			const cut = found.flatMap(({ complete: isAll, problems = [] }, index) =>
				isAll || problems.length > 0 ? [] : [`"${DEAD[index]}"`],
			);
			if (cut.length > 0) {
				io.stdout.write(
					`\nonly the ${limit} newest in the state ${cut.join(" and ")} are shown, and there are more: add --limit N (up to 500)\n`,
				);
			}
			io.stdout.write(`\n${hints(receipts, bridge.command).join("\n")}\n`);
		});
}

/** A replay is advised only where it can end in another way. */
function hints(receipts: readonly ShownReceipt[], command: BridgeClient["command"]): readonly string[] {
	const useful = receipts.filter(({ replay }) => replay?.wouldRepeat !== true).length;
	return [
		`see all facts of one dead letter: ${command("dead-letters show KEY")}`,
		...(useful === 0 ? [] : [`after a repair: ${command("replay KEY")}`]),
		`if you do not need it any more: ${command("dead-letters discard KEY")}`,
	];
}

function showCommand(io: Io): Command {
	return withBridgeOptions(new Command("show").description("show all facts of one dead letter"))
		.argument("<key>", "the key of its receipt")
		.option("--json", "print the receipt as JSON")
		.addHelpText("after", examples("npx grid-dispatch dead-letters show 599cb32fcc8017b54fa6dc8d01c6a673"))
		.action(async (key: string, flags: BridgeFlags & { json?: boolean }) => {
			const bridge = bridgeOf(flags, io);
			const receipt = await deadLetter(bridge, key, io);
			if (flags.json) return printJson(io, receipt);
			for (const [name, value] of factsOf(receipt)) io.stdout.write(`${name.padEnd(10)} ${plain(value)}\n`);
			for (const advice of adviceFor({ ...receipt, arrived: null }, bridge.command)) {
				io.stdout.write(`${"next".padEnd(10)} ${plain(advice)}\n`);
			}
		});
}

async function deadLetter(bridge: BridgeClient, key: string, io: Io): Promise<ShownReceipt> {
	const { receipts, complete, problems } = await collectReceipts(bridge, { find: key, limit: AT_ONCE });
	noteProblems(io, problems);
	const receipt = receipts.find((one) => one.key === key);
	if (receipt === undefined && !complete)
		throw new CliError(`no receipt with the key ${key} was found at ${bridge.url}, but ${NOT_ALL_READ}`);
	if (receipt === undefined)
		throw new CliError(
			`${bridge.url} has no receipt with the key ${key}; list the dead letters: ${bridge.command("dead-letters")}`,
		);
	if (receipt.state === "dead" || receipt.state === "rejected") return receipt;
	throw new CliError(
		`${key} is not a dead letter; its state is ${receipt.state}. See its trace: ${bridge.command(`trace ${key}`)}`,
	);
}

function factsOf({ key, state, event, route, to, acceptedAt, finishedAt, attempts, reason, arrived }: ShownReceipt) {
	const tried = attempts.map(({ at, status, reason: why }) => `${at} ${status ?? "no answer"}${why ? `, ${why}` : ""}`);
	return [
		["key", key],
		["state", state],
		["reason", reason ?? "no reason was stored"],
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
		...(arrived ? [["arrived", arrivedInWords(arrived)] as const] : []),
	] as const;
}

/** As it arrived, on one line: JSON has no line break of its own in a text. */
function arrivedInWords({ text, bytes, whole }: NonNullable<ShownReceipt["arrived"]>): string {
	return whole ? text : `${text}… (the first part of ${bytes} bytes)`;
}

/** `grid-dispatch dead-letters discard`: ends dead letters that no run is to start for. */
function discardCommand(io: Io): Command {
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
			const ending = {
				verb: "discard",
				done: "discarded",
				good: "discarded",
				refused: "were not discarded",
				ask: (from: Continued) => bridge.discard({ ...asked, ...from }),
			} as const;
			await endAll(ending, { ...flags, key }, bridge, io);
		});
}
