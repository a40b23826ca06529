import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { SERVICES } from "../destinations/list.ts";
import { decodeText, readJson, readPlainJson } from "../event/json.ts";
import { readRoutes } from "../route/read-routes.ts";
import type { Route } from "../route/route.ts";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "does not exist; correct its path",
	ENOTDIR: "does not exist; correct its path",
	EISDIR: "is a folder; give the path of a file",
	EACCES: "cannot be read: your user may not read it",
	EPERM: "cannot be read: your user may not read it",
	ENAMETOOLONG: "is too long for the path of a file; give the path of a file",
	ERR_INVALID_ARG_VALUE: "is not the path of a file; correct it",
};
/** A device has no end. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Reads a text file: UTF-8, or UTF-16 with a byte-order mark, as the redirection of Windows PowerShell writes it.
 * @param from the flag or the variable that names the file, for errors; undefined for an argument
 * @throws CliError that names the file and the repair
 */
export function readTextFile(file: string, from?: string): string {
	const named = from === undefined ? `the file ${file}` : `${from}: the file ${file}`;
	let content: Buffer;
	try {
		content = readBytes(file);
	} catch (error) {
		const { code = "", message } = error as NodeJS.ErrnoException;
		throw new CliError(`${named} ${REASONS[code] ?? `cannot be read (${message})`}`);
	}
	if (content.length > MOST_BYTES) throw new CliError(`${named} is larger than 256 MB; split it into smaller files`);
	const text = decodeText(content);
	if (text === undefined) throw new CliError(`${named} is not a text file (UTF-8); give a JSON file`);
	if (text.trim() === "") throw new CliError(`${named} is empty; give a JSON file`);
	return text;
}

/** A file, or a pipe such as the shell's `<(…)`; one chunk more than is allowed at most. */
function readBytes(file: string): Buffer {
	const opened = openSync(file, "r");
	try {
		const chunks: Buffer[] = [];
		for (let total = 0; total <= MOST_BYTES; ) {
			const chunk = Buffer.alloc(1024 * 1024);
			const count = readSync(opened, chunk);
			if (count === 0) break;
			chunks.push(chunk.subarray(0, count));
			total += count;
		}
		return Buffer.concat(chunks);
	} finally {
		closeSync(opened);
	}
}

/** A routes table as it was given, not yet checked. */
interface GivenTable {
	/** What to call it: the file, or BRIDGE_ROUTES. */
	readonly name: string;
	readonly table: unknown;
}

export const USUAL_FILE = "routes.json";

/**
 * The table of a file; without one that of BRIDGE_ROUTES, as JSON or as a path, and else that of `routes.json`.
 * @param from the flag that names the file; undefined for an argument
 */
export function loadTable({ env }: Pick<Io, "env">, file?: string, from?: string): GivenTable {
	if (file !== undefined) return readTable(file, from);
	const setting = env["BRIDGE_ROUTES"]?.trim() || undefined;
	if (setting !== undefined && /^[{[]/.test(setting)) {
		return { name: "BRIDGE_ROUTES", table: parsed(setting, "BRIDGE_ROUTES", readPlainJson) };
	}
	if (setting !== undefined) return readTable(setting, "BRIDGE_ROUTES");
	if (existsSync(USUAL_FILE)) return readTable(USUAL_FILE);
	const repair = 'give the path of a table, or write a table with "npx grid-dispatch init"';
	throw new CliError(`there is no file ${USUAL_FILE} in this folder, and BRIDGE_ROUTES is not set; ${repair}`);
}

function readTable(file: string, from?: string): GivenTable {
	return { name: file, table: parsed(readTextFile(file, from), file, readPlainJson) };
}

/** The routes of a table that the bridge would take. */
export function loadRoutes(io: Pick<Io, "env">, file?: string, from?: string): readonly Route[] {
	const { name, table } = loadTable(io, file, from);
	const read = readRoutes(table, SERVICES);
	if (read.ok) return read.routes;
	const problems = read.problems.map((problem) => `  ${problem}`);
	throw new CliError([`the bridge would refuse ${name}; see "npx grid-dispatch routes check"`, ...problems], 1);
}

/**
 * Events of a file: one, an array of them, or one in each line.
 * @param from the flag that names the file; undefined for an argument
 */
export function loadEvents(file: string, from?: string): readonly unknown[] {
	return readEvents(readTextFile(file, from), file);
}

/** @param name what to call the text in errors */
export function readEvents(text: string, name: string): readonly unknown[] {
	try {
		const value = readJson(text);
		return Array.isArray(value) ? value : [value];
	} catch (error) {
		const lines = text.split("\n").filter((line) => line.trim() !== "");
		if (lines.length < 2 || lines.some((line) => !line.trim().startsWith("{"))) throw notJson(name, error);
		return lines.map((line, index) => parsed(line, `line ${index + 1} of ${name}`, readJson));
	}
}

function parsed(text: string, name: string, read: (text: string) => unknown): unknown {
	try {
		return read(text);
	} catch (error) {
		throw notJson(name, error);
	}
}

function notJson(name: string, error: unknown): CliError {
	return new CliError(`${name} is not JSON: ${(error as Error).message}`, 1);
}

/** The schema of routes tables, as editors read it. A bundle of the command line lies as deep as this file. */
export const ROUTES_SCHEMA = join(import.meta.dirname, "../../docs/routes.schema.json");
