import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import type { ReceiptState } from "../../ledger/list-receipts.ts";
import { plainJson } from "../../log.ts";
import type { ShownReceipt } from "../bridge-client.ts";
import { type BridgeFlags, bridgeOf, withBridgeOptions } from "../bridge-options.ts";
import { colour } from "../colour.ts";
import { describeReceipt } from "../describe-receipt.ts";
import { examples } from "../examples.ts";
import type { Io } from "../io.ts";
import { readNumber } from "../read-number.ts";
import { stateOption } from "../receipt-states.ts";
import { follow } from "../tail/follow.ts";

interface TailFlags extends BridgeFlags {
	readonly state?: ReceiptState;
	readonly find?: string;
	readonly lines: number;
	/** Seconds. */
	readonly for?: number;
	readonly json?: boolean;
}

const EVERY_MS = 1_000;
const DAY_SECONDS = 86_400;

/** Waits; comes to an end with the signal. */
export type Sleep = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

const untilThen: Sleep = (ms, signal) =>
	sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);

/** `grid-dispatch tail`: receipts as they happen. */
export function tailCommand(io: Io, wait: Sleep = untilThen): Command {
	return withBridgeOptions(
		new Command("tail").description("show receipts as they happen, each change once, to the end of their runs"),
	)
		.addOption(stateOption())
		.option("--find <text>", "only those that the text is found in: an event's id, a run, a subject, a repository")
		.option("--lines <n>", "how many of those that are there already", readNumber(0, 500), 10)
		.option("--for <seconds>", "end after so many seconds; left out, Ctrl-C ends it", readNumber(1, DAY_SECONDS))
		.option("--json", "print each receipt as JSON, one on a line")
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch tail",
				"npx grid-dispatch tail --state dead --lines 0",
				"npx grid-dispatch tail --find fraud-model --for 60 --json",
				"npx grid-dispatch tail --url https://contoso-bridge.azurewebsites.net",
			),
		)
		.action(async (flags: TailFlags) => {
			const isOver = () => io.signal?.aborted === true;
			const endsAt = flags.for === undefined ? Number.POSITIVE_INFINITY : io.now() + flags.for * 1000;
			await follow(bridgeOf(flags, io), {
				asked: {
					...(flags.state === undefined ? {} : { state: flags.state }),
					...(flags.find === undefined ? {} : { find: flags.find }),
				},
				lines: flags.lines,
				async wait() {
					const leftMs = endsAt - io.now();
					if (leftMs <= 0 || isOver()) return false;
					await wait(Math.min(EVERY_MS, leftMs), io.signal);
					return !isOver();
				},
				show: flags.json ? (receipt) => io.stdout.write(`${plainJson(receipt)}\n`) : printer(io),
				outage: (message) =>
					io.stderr.write(message === undefined ? "it answers again\n" : `${message}; trying again\n`),
			});
		});
}

function printer(io: Io): (receipt: ShownReceipt, isRun: boolean) => void {
	const paint = colour(io.stdout, io.env);
	return (receipt, isRun) => {
		// A receipt does not tell when its run has changed: that is seen now.
		const at = isRun ? io.now() : (receipt.finishedAt ?? receipt.attempts.at(-1)?.at ?? receipt.acceptedAt);
		io.stdout.write(`${paint("grey", new Date(at).toTimeString().slice(0, 8))}  ${describeReceipt(receipt, paint)}\n`);
	};
}
