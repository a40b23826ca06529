import { parseArgs } from "node:util";
import { USUAL_PORT } from "../config/settings.ts";

export const USAGE = `npm start -- [--port N] [--github real] [--lock SECONDS]

Runs the bridge on http://127.0.0.1:N (${USUAL_PORT}), a stand-in for GitHub on the next port, and Azure Storage (Azurite).

  --port N         another port
  --github real    dispatches go to GitHub itself, with GITHUB_TOKEN and GITHUB_REPOSITORY (or BRIDGE_ROUTES) of yours
  --lock SECONDS   how long a queue message stays away whose host was killed (20)
  --help           this text`;

/** A mistake on the command line. */
export class UsageError extends Error {}

/** What `npm start` was told. */
export interface StartArguments {
	readonly help: boolean;
	readonly port: number;
	/** Whether dispatches go to GitHub itself. */
	readonly real: boolean;
	readonly lockMs: number;
}

/** A message stays out of sight for seven days at the most. Source: learn.microsoft.com, "Get Messages". */
const MAX_LOCK_SECONDS = 604_800;

/** @throws UsageError, or as `parseArgs` does */
export function readArguments(args: readonly string[]): StartArguments {
	const { values } = parseArgs({
		args: [...args],
		options: {
			port: { type: "string", default: String(USUAL_PORT) },
			github: { type: "string" },
			lock: { type: "string", default: "20" },
			help: { type: "boolean", default: false },
		},
	});
	const { help, port, github, lock } = values;
	if (github !== undefined && github !== "real") throw new UsageError(`--github takes "real"`);
	return {
		help,
		port: readNumber("--port", port, 65_534),
		real: github === "real",
		lockMs: readNumber("--lock", lock, MAX_LOCK_SECONDS) * 1000,
	};
}

function readNumber(flag: string, text: string, max: number): number {
	const number = Number(text);
	if (!Number.isInteger(number) || number < 1 || number > max)
		throw new UsageError(`${flag} takes a number from 1 to ${max}, not "${text}"`);
	return number;
}
