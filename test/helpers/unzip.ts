import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";

const TOOLS: readonly (readonly [string, (file: string, folder: string) => readonly string[]])[] = [
	["unzip", (file, folder) => ["-q", file, "-d", folder]],
	["python3", (file, folder) => ["-m", "zipfile", "-e", file, folder]],
];

/** Unpacks with a tool that has not packed it, where there is one; else with the library that has. */
export function unzip(file: string, content: Uint8Array, folder: string): void {
	for (const [tool, args] of TOOLS) {
		try {
			execFileSync(tool, [...args(file, folder)], { stdio: ["ignore", "ignore", "pipe"] });
			return;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		}
	}
	for (const [name, bytes] of Object.entries(unzipSync(content))) {
		mkdirSync(dirname(join(folder, name)), { recursive: true });
		writeFileSync(join(folder, name), bytes);
	}
}
