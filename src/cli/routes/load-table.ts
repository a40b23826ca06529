import { readFileSync } from "node:fs";
import { SERVICES } from "../../destinations/list.ts";
import { readJson, readPlainJson } from "../../event/json.ts";
import { readRoutes } from "../../route/read-routes.ts";
import type { Route } from "../../route/route.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";

/** A routes table as it was given, not yet checked. */
export interface GivenTable {
	/** What to call it: the file, or BRIDGE_ROUTES. */
	readonly name: string;
	readonly table: unknown;
}

const USUAL_FILE = "routes.json";

/** The table of a file; without one that of BRIDGE_ROUTES, as JSON or as a path, and else that of `routes.json`. */
export function loadTable({ env }: Pick<Io, "env">, file?: string): GivenTable {
	const setting = file === undefined ? env["BRIDGE_ROUTES"]?.trim() || undefined : undefined;
	if (setting !== undefined && /^[{[]/.test(setting))
		return { name: "BRIDGE_ROUTES", table: parsed(setting, "BRIDGE_ROUTES", readPlainJson) };
	const name = file ?? setting ?? USUAL_FILE;
	return { name, table: parsed(readText(name), name, readPlainJson) };
}

/** The routes of a table that the bridge would take. */
export function loadRoutes(io: Pick<Io, "env">, file?: string): readonly Route[] {
	const { name, table } = loadTable(io, file);
	const read = readRoutes(table, SERVICES);
	if (read.ok) return read.routes;
	throw new CliError(
		[
			`the bridge would refuse ${name}; see "npx grid-dispatch routes check"`,
			...read.problems.map((problem) => `  ${problem}`),
		],
		1,
	);
}

/** Events of a file: one, an array of them, or one in each line. */
export function loadEvents(file: string): readonly unknown[] {
	const text = readText(file);
	try {
		const value = readJson(text);
		return Array.isArray(value) ? value : [value];
	} catch (error) {
		const lines = text.split("\n").filter((line) => line.trim() !== "");
		if (lines.length < 2 || lines.some((line) => !line.trim().startsWith("{"))) throw notJson(file, error);
		return lines.map((line) => parsed(line, file, readJson));
	}
}

function readText(file: string): string {
	try {
		const bytes = readFileSync(file);
		// `>` of Windows PowerShell 5 writes UTF-16; its mark is FF FE.
		return bytes.toString(bytes[0] === 0xff && bytes[1] === 0xfe ? "utf16le" : "utf8");
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code === "ENOENT") throw new CliError(`there is no file ${file}; give its path`, 1);
		throw new CliError(`${file} cannot be read: ${message}`, 1);
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
