import type { Log } from "../../src/log.ts";

/** A log that remembers. */
export interface LogLines {
	readonly log: Log;
	/** Each line as it was written, with its level. */
	readonly lines: readonly { readonly level: string; readonly [fact: string]: unknown }[];
	/** The lines' whole text, to search for what must not be there. */
	text(): string;
}

export function logLines(): LogLines {
	const lines: LogLines["lines"][number][] = [];
	let text = "";
	return {
		lines,
		log: (level, line) => {
			lines.push({ level, ...(JSON.parse(line) as object) });
			text += `${line}\n`;
		},
		text: () => text,
	};
}
