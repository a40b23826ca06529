import { existsSync, statSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { readPlainJson } from "../../event/json.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { readTextFile } from "../read-file.ts";
import { ROUTES_SCHEMA } from "../routes-schema-file.ts";
import { type Answers, type InitFlags, shortNames } from "./ask-answers.ts";

/** What a workflow or a pipeline is told of the event, each as an input or a parameter of its own. */
export const TOLD = { bridge_key: "bridge.key", subject: "subject" } as const;

/** A routes table with one route. */
export function tableOf({ types, container, to }: Answers, file: string): Readonly<Record<string, unknown>> {
	const filter = {
		includedEventTypes: types,
		...(container === undefined ? {} : { subjectBeginsWith: `/blobServices/default/containers/${container}/` }),
	};
	const told = "pipeline" in to ? { parameters: TOLD } : "workflow" in to ? { inputs: TOLD } : {};
	return {
		$schema: schemaFor(file),
		routes: [{ name: nameOf(types, container), filter, to: { ...to, ...told } }],
	};
}

function nameOf(types: readonly string[], container: string | undefined): string {
	return `${shortNames(types)}${container === undefined ? "" : ` in ${container}`}`;
}

/** The schema as an editor finds it from the table's folder; on another drive of Windows, by its id. */
function schemaFor(file: string): string {
	const path = relative(dirname(resolve(file)), ROUTES_SCHEMA);
	if (isAbsolute(path) || !existsSync(ROUTES_SCHEMA)) return idOfSchema();
	const portable = path.split(sep).join("/");
	return portable.startsWith(".") ? portable : `./${portable}`;
}

function idOfSchema(): string {
	return existsSync(ROUTES_SCHEMA)
		? String((readPlainJson(readTextFile(ROUTES_SCHEMA)) as { $id?: unknown }).$id)
		: "urn:grid-dispatch:routes";
}

/**
 * Writes the table. What is there already is replaced only where that is wanted.
 * @throws CliError that names the file and the repair
 */
export async function writeTable(table: unknown, { file, force }: InitFlags, { ask, stderr }: Io): Promise<void> {
	const isThere = existsSync(file);
	if (isThere && statSync(file).isDirectory())
		throw new CliError(`--file: ${file} is a folder; give the path of a file`);
	if (isThere && !force) {
		if (ask === undefined)
			throw new CliError(`${file} exists already: add --force to replace it, or --file for another file`);
		if (!(await ask(`${file} exists already. Replace it?`))) throw new CliError(`${file} was not changed`);
	}
	try {
		// Nothing that came there meanwhile is replaced without a word.
		writeFileSync(file, `${JSON.stringify(table, null, 2)}\n`, { flag: isThere ? "w" : "wx" });
	} catch (error) {
		throw new CliError(`${file} cannot be written: ${whyNot(error as NodeJS.ErrnoException, file)}`);
	}
	stderr.write(isThere ? `replaced ${file}\n` : `wrote ${file}\n`);
}

function whyNot({ code, message }: NodeJS.ErrnoException, file: string): string {
	if (code === "ENOENT" || code === "ENOTDIR") return `the folder ${dirname(file)} does not exist; create it first`;
	if (code === "EACCES" || code === "EPERM" || code === "EROFS")
		return "your user may not write there; choose another folder with --file";
	return message;
}
