import { parseArgs } from "node:util";
import { USUAL_PORT } from "../config/settings.ts";
import { printable } from "../log.ts";

export const USAGE = `npm start -- [--port N] [--github real] [--lock SECONDS]

Runs the bridge on http://127.0.0.1:N (${USUAL_PORT}), a stand-in for GitHub on the next port, and Azure Storage (Azurite).

  --port N         another port
  --github real    send dispatches to GitHub itself, with your GITHUB_TOKEN and GITHUB_REPOSITORY (or BRIDGE_ROUTES)
  --lock SECONDS   seconds until a message is retried after the host that was processing it was killed (20)
  --help           this text`;

/** A mistake on the command line. */
export class UsageError extends Error {}

/** `npm start` cannot do what it was asked for: one sentence that names the thing and the repair, without a stack trace. */
export class StartError extends Error {
	override readonly name = "StartError";
}

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
	if (github !== undefined && github !== "real") throw new UsageError(`--github accepts only "real"`);
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
		throw new UsageError(`${flag} must be a number from 1 to ${max}, not "${text}"`);
	return number;
}

interface Failure extends Partial<NodeJS.ErrnoException> {
	readonly port?: number;
}

/** Why `npm start` has ended, with the repair. Only an unforeseen error shows its stack. */
export function explainFailure(error: unknown): string {
	return printable(sentenceFor(error));
}

function sentenceFor(error: unknown): string {
	// Not by `instanceof`: an error may be of another realm.
	if (typeof error !== "object" || error === null) return String(error);
	const { code, message = String(error), port, syscall, stack } = error as Failure;
	const [firstLine = ""] = message.split("\n");
	if (error instanceof StartError) return message;
	if (error instanceof UsageError || code?.startsWith("ERR_PARSE_ARGS") === true) return `${message}\n\n${USAGE}`;
	if (code === "EADDRINUSE") {
		const taken = `port ${port} is in use by another program; perhaps a bridge is already running`;
		return `${taken}. The bridge uses the port of --port (default: ${USUAL_PORT}), and the stand-in for GitHub uses the next port. Choose another port: npm start -- --port N`;
	}
	if (code === "EACCES" && syscall === "listen") {
		return `your user may not use port ${port}; choose a port from 1024 on: npm start -- --port N`;
	}
	if (code === "MODULE_NOT_FOUND") {
		const repair = firstLine.includes("dist") ? "Build it first: npm run build" : "Install the packages first: npm ci";
		return `${firstLine}\n${repair}`;
	}
	// A file that is missing or may not be read, a full disk: the message names it.
	if (syscall !== undefined) return `npm start failed (${firstLine}); repair this, then start it again`;
	return stack ?? message;
}
