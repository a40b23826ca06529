import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** How to get the Bicep CLI on any machine; `az bicep install` puts it where it is looked for, too. */
export const GET_BICEP = "get it with `az bicep install`, or put `bicep` on the PATH, or its path into BICEP";

/** The path of the Bicep CLI: what BICEP names, else from the PATH, else where `az bicep install` puts it. */
export function findBicep(env = process.env): string | undefined {
	const name = process.platform === "win32" ? "bicep.exe" : "bicep";
	const folders = [...(env["PATH"] ?? "").split(delimiter), join(homedir(), ".azure/bin")];
	return [env["BICEP"] ?? "", ...folders.map((folder) => join(folder, name))].find(
		(path) => path !== "" && existsSync(path),
	);
}
