import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "./evidence.ts";

/** No token is ever printed. */
export function tokensInLogs(folder: string, tokens: readonly string[]): readonly Finding[] {
	return readAll(folder).flatMap(({ file, text }) =>
		tokens.some((token) => text.includes(token)) ? [{ rule: "no token is ever printed", what: file }] : [],
	);
}

/** GitHub does not know a new token of an App at once. That is no reason to park a lane, which would wake a person. */
export function lanesParkedByYoungTokens(folder: string): readonly Finding[] {
	return readAll(folder).flatMap(({ file, text }) =>
		[...text.matchAll(/^.*\blane +parked +app-.*$/gm)].map(([line]) => ({
			rule: "a young token parks no lane",
			what: `${file}: ${line}`,
		})),
	);
}

function readAll(folder: string) {
	return readdirSync(folder).map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));
}
