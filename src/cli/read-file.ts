import { closeSync, openSync, readSync } from "node:fs";
import { decodeText } from "../event/json.ts";
import { CliError } from "./cli-error.ts";

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
