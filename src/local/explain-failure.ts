import { printable } from "../log.ts";
import { USAGE, UsageError } from "./read-arguments.ts";
import { StartError } from "./start-error.ts";

interface Failure extends Partial<NodeJS.ErrnoException> {
	readonly port?: number;
}

/** Why `npm start` has ended, with the repair. Only what nobody foresaw shows where it came from. */
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
	if (code === "EADDRINUSE") return `port ${port} is taken; choose another with: npm start -- --port N`;
	if (code === "EACCES" && syscall === "listen") {
		return `port ${port} is not free for every user; choose one from 1024 on with: npm start -- --port N`;
	}
	if (code === "MODULE_NOT_FOUND") {
		const repair = firstLine.includes("dist") ? "Build it first: npm run build" : "Install what it needs first: npm ci";
		return `${firstLine}\n${repair}`;
	}
	// A file that is missing or may not be read, a full disk: the message names it.
	if (syscall !== undefined) return `npm start cannot go on (${firstLine}); repair that, and start it again`;
	return stack ?? message;
}
