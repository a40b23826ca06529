import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "./evidence.ts";

/** No token is ever printed. */
export function tokensInLogs(folder: string, tokens: readonly string[]): readonly Finding[] {
	return readdirSync(folder).flatMap((file) => {
		const text = readFileSync(join(folder, file), "utf8");
		return tokens.some((token) => text.includes(token)) ? [{ rule: "no token is ever printed", what: file }] : [];
	});
}
