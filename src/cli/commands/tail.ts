import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import type { ReceiptState } from "../../ledger/receipt.ts";
import { plain, plainJson } from "../../log.ts";
import type { BridgeClient } from "../bridge-client.ts";
import { type BridgeFlags, bridgeOf, withBridgeOptions } from "../bridge-options.ts";
import { CliError } from "../cli-error.ts";
import { colour } from "../colour.ts";
import { describeReceipt } from "../describe-receipt.ts";
import { examples } from "../examples.ts";
import type { Io } from "../io.ts";
import { counted } from "../paint.ts";
import { readNumber } from "../read-number.ts";
import { stateOption } from "../receipt-states.ts";
import { follow, type Line } from "../tail/follow.ts";

interface TailFlags extends BridgeFlags {
	readonly state?: ReceiptState;
	readonly ignored?: boolean;
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
		new Command("tail").description("show receipts as they change, up to the end of their runs; times are UTC"),
	)
		.addOption(stateOption())
		.option(
			"--ignored",
			"only events that match no route, with the reasons, and how many events each route did not match",
		)
		.option("--find <text>", "only receipts with this text: an event's id, a run, a subject or a repository")
		.option("--lines <n>", "how many earlier receipts to show first", readNumber(0, 500), 10)
		.option("--for <seconds>", "stop after this time (default: run until Ctrl-C)", readNumber(1, DAY_SECONDS))
		.option("--json", "print each receipt as JSON on a line of its own")
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch tail",
				"npx grid-dispatch tail --state dead --lines 0",
				"npx grid-dispatch tail --ignored",
				"npx grid-dispatch tail --find fraud-model --for 60 --json",
				"npx grid-dispatch tail --url https://contoso-bridge.azurewebsites.net",
			),
		)
		.action(async (flags: TailFlags) => {
			const isOver = () => io.signal?.aborted === true;
			const endsAt = flags.for === undefined ? Number.POSITIVE_INFINITY : io.now() + flags.for * 1000;
			if (flags.ignored && flags.state !== undefined) throw new CliError("give --ignored or --state, not both", 2);
			const state = flags.ignored ? "ignored" : flags.state;
			const bridge = bridgeOf(flags, io);
			if (flags.ignored && !flags.json) await noteMissed(bridge, io);
			await follow(bridge, {
				asked: {
					...(state === undefined ? {} : { state }),
					...(flags.find === undefined ? {} : { find: flags.find }),
				},
				lines: flags.lines,
				async wait() {
					const leftMs = endsAt - io.now();
					if (leftMs <= 0 || isOver()) return false;
					await wait(Math.min(EVERY_MS, leftMs), io.signal);
					return !isOver();
				},
				show: flags.json ? ({ receipt }) => io.stdout.write(`${plainJson(receipt)}\n`) : printer(io),
				outage: (message) =>
					io.stderr.write(
						message === undefined ? "the bridge answers again\n" : `${plain(message)}; tail tries again\n`,
					),
			});
		});
}

/** Times are those of the bridge, in UTC, as `trace` shows them. */
function printer(io: Io): (line: Line) => void {
	const paint = colour(io.stdout, io.env);
	return ({ receipt, at }) => {
		const time = Number.isNaN(at) ? "" : `${new Date(at).toISOString().slice(0, 19)}Z`;
		io.stdout.write(`${paint("grey", time.padEnd(20))}  ${describeReceipt(receipt, paint)}\n`);
	};
}

/** Which route of the table was missed how often, of all ignored events: not each of them has a receipt. */
async function noteMissed(bridge: BridgeClient, io: Io): Promise<void> {
	const { ignored, missed = [] } = (await bridge.health()) as Awaited<ReturnType<BridgeClient["health"]>> & Missed;
	if (typeof ignored === "number") io.stderr.write(`${counted(ignored, "event")} ignored so far\n`);
	for (const { route, events, by } of missed) {
		const parts = Object.entries(by).map(([part, count]) => `${part} ${count}`);
		io.stderr.write(`  ${plain(`route "${route}" did not match ${counted(events, "event")}: ${parts.join(", ")}`)}\n`);
	}
}

/** A bridge of an older version does not count them. */
interface Missed {
	readonly missed?: readonly {
		readonly route: string;
		readonly events: number;
		/** By the part of the route that did not match. */
		readonly by: Readonly<Record<string, number>>;
	}[];
}
