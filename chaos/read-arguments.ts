import { parseArgs } from "node:util";
import type { Pace } from "./github.ts";
import type { StormSize } from "./plan-weather.ts";

export const USAGE = `npm run chaos -- [--events N] [--kills N] [--seed N] [--minutes N] [--quick] [--keep] [--json]

Lets a storm pass over three bridges that share a ledger, and judges whether anything was lost.

  --events N    how many events are delivered (10000)
  --kills N     how often a bridge is ended with SIGKILL (20)
  --seed N      repeats the script of a storm; without it there is a new one each time
  --minutes N   for everything; what is not done by then counts as lost (20)
  --quick       a short storm: 300 events, 3 kills, 4 minutes at most, unless said otherwise
  --keep        leaves the bridges' output and the ledger where they are, even if all is well
  --json        the report as JSON
  --help        this text

The exit code is 1 when the judges find anything.`;

/** A mistake on the command line. */
export class UsageError extends Error {}

export interface ChaosArguments {
	readonly help: boolean;
	readonly json: boolean;
	readonly keep: boolean;
	readonly seed: number | undefined;
	readonly size: StormSize;
	readonly pace: Pace;
	readonly coalesce: { readonly quietSeconds: number; readonly maxSeconds: number };
	readonly boundMs: number;
}

/** Events a second: about as many as three bridges and Azurite can take on two cores. */
const INTAKE_RATE = 42;
const SHORTEST_INTAKE_MS = 9_000;

/** @throws UsageError, or as `parseArgs` does */
export function readArguments(args: readonly string[]): ChaosArguments {
	const { values } = parseArgs({
		args: [...args],
		options: {
			events: { type: "string" },
			kills: { type: "string" },
			seed: { type: "string" },
			minutes: { type: "string" },
			quick: { type: "boolean", default: false },
			keep: { type: "boolean", default: false },
			json: { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	});
	const { help, json, keep, quick, seed } = values;
	const events = readNumber("--events", values.events, quick ? 300 : 10_000, 1, 100_000);
	const kills = readNumber("--kills", values.kills, quick ? 3 : 20, 0, 1_000);
	const minutes = readNumber("--minutes", values.minutes, quick ? 4 : 20, 1, 600);
	const intakeMs = Math.max(SHORTEST_INTAKE_MS, Math.round((events / INTAKE_RATE) * 1_000));
	return {
		help,
		json,
		keep,
		seed: seed === undefined ? undefined : readNumber("--seed", seed, 0, 0, 0xffff_ffff),
		size: { events, kills, outages: quick ? 1 : 5, long: !quick, intakeMs },
		pace: { perSecond: 12, perMinute: quick ? 240 : 500, concurrency: 4 },
		coalesce: quick ? { quietSeconds: 1, maxSeconds: 5 } : { quietSeconds: 2, maxSeconds: 20 },
		boundMs: minutes * 60_000,
	};
}

function readNumber(flag: string, text: string | undefined, usual: number, from: number, to: number): number {
	const number = text === undefined ? usual : Number(text);
	if (Number.isInteger(number) && number >= from && number <= to) return number;
	throw new UsageError(`${flag} takes a number from ${from} to ${to}, not "${text}"`);
}
