import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Command } from "commander";
import type { ReceiptState } from "../../ledger/receipt.ts";
import { plain, plainJson } from "../../log.ts";
import { type BridgeClient, collectReceipts, type ReceiptsAsked, type ShownReceipt } from "../bridge-client.ts";
import { CliError } from "../cli-error.ts";
import { describeReceipt, newsOf } from "../describe-receipt.ts";
import type { Io } from "../io.ts";
import { type BridgeFlags, bridgeOf, examples, readNumber, stateOption, withBridgeOptions } from "../options.ts";
import { colour, counted } from "../print.ts";

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
type Sleep = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

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
				asked: { state, find: flags.find },
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

export interface FollowOptions {
	readonly asked: Pick<ReceiptsAsked, "state" | "find">;
	/** How many of those that are there already are shown at first. */
	readonly lines: number;
	/** Waits until the next look; answers false where that was the last one. */
	readonly wait: () => Promise<boolean>;
	/** Is handed each line, in the order of time. */
	readonly show: (line: Line) => void;
	/** Is told when the bridge does not answer, or cannot read all receipts, and when it does again. */
	readonly outage: (message: string | undefined) => void;
}

/** A receipt that is new, or has changed. */
export interface Line {
	readonly receipt: ShownReceipt;
	/** Epoch milliseconds, by the bridge's clock: when the delivery came so far, or when a change of its run was seen. */
	readonly at: number;
}

/** One request answers so many. */
const AT_ONCE = 500;
/** What changed besides these is shown with the next looks, which go on there. */
const MOST_CHANGES = 10_000;
/** The clock of storage may be so far behind that of the bridge; what comes twice is shown once. */
const OVERLAP_MS = 30_000;

/**
 * Looks at the receipts again and again, and shows each change once. At first at the newest ones, and then at what was
 * written since, however many there are and however old their events.
 */
export async function follow(bridge: BridgeClient, options: FollowOptions): Promise<void> {
	const { asked, lines, wait, show, outage } = options;
	const known = new Map<string, Mark>();
	let isWell = true;

	function changes(receipts: readonly ShownReceipt[]): readonly Line[] {
		const changed = receipts.filter((receipt) => !isDeepStrictEqual(known.get(receipt.key), markOf(receipt)));
		const seen = changed.map((receipt): Line => {
			// A receipt does not tell when its run has changed: that is seen now.
			const isRun = known.get(receipt.key)?.delivery === markOf(receipt).delivery;
			return { receipt, at: isRun ? bridge.now() : timeOf(receipt) };
		});
		for (const receipt of changed) known.set(receipt.key, markOf(receipt));
		return seen.sort((one, other) => (one.at || 0) - (other.at || 0));
	}

	function judge(problem: string | undefined): void {
		if (isWell !== (problem === undefined)) outage(problem);
		isWell = problem === undefined;
	}

	// What fails at once is a mistake to repair; what fails later may come back.
	const { receipts, problems } = await bridge.receipts({ ...asked, limit: AT_ONCE });
	judge(problems?.[0]);
	let [since, begun] = [bridge.now(), bridge.now()];
	/** Where the last answer stopped early. */
	let rest: string | undefined;
	// The newest is answered first, and read last.
	const first = changes(receipts.toReversed());
	for (const line of lines === 0 ? [] : first.slice(-lines)) show(line);
	while (await wait()) {
		try {
			if (rest === undefined) begun = bridge.now();
			const changedSince = new Date(since - OVERLAP_MS).toISOString();
			const found = await collectReceipts(bridge, { ...asked, changedSince, limit: MOST_CHANGES, continue: rest });
			judge(found.problems?.[0]);
			rest = found.continue;
			if (found.complete) since = begun;
			for (const line of changes(found.receipts.toReversed())) show(line);
		} catch (error) {
			if (!(error instanceof CliError)) throw error;
			judge(error.message);
			rest = undefined;
		}
	}
}

/** When a delivery came as far as it is. */
function timeOf({ finishedAt, attempts, acceptedAt }: ShownReceipt): number {
	return Date.parse(finishedAt ?? attempts.at(-1)?.at ?? acceptedAt);
}

/** What has to change for a receipt to be shown again. */
interface Mark {
	readonly delivery: string;
	readonly runs: readonly unknown[];
}

/** A reason that only names another time says nothing new. */
function markOf(receipt: ShownReceipt): Mark {
	const { state, attempts, finishedAt, window, reason } = receipt;
	const why = reason?.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "");
	return { delivery: JSON.stringify([state, attempts.length, finishedAt, window, why]), runs: newsOf(receipt) };
}
