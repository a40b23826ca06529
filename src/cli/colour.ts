import type { Io, Output } from "./io.ts";

const CODES = { red: 31, green: 32, yellow: 33, cyan: 36, grey: 90, bold: 1 } as const;

export type Colour = keyof typeof CODES;

const END = "\u001b[0m";

/** What colours consist of, and nothing else that this program writes to a terminal does. */
export const COLOUR_SEQUENCES: readonly string[] = [END, ...Object.values(CODES).map(begin)];

function begin(code: number): string {
	return `\u001b[${code}m`;
}

/** Colours texts on a terminal, unless NO_COLOR is set; elsewhere it leaves them as they are. */
export function colour(output: Output, env: Io["env"]): (name: Colour, text: string) => string {
	const coloured = output.isTTY === true && !env["NO_COLOR"];
	return (name, text) => (coloured ? `${begin(CODES[name])}${text}${END}` : text);
}

const OF_WORDS: Readonly<Record<string, Colour>> = {
	dispatched: "green",
	coalesced: "green",
	accepted: "cyan",
	coalescing: "cyan",
	duplicate: "grey",
	ignored: "grey",
	discarded: "grey",
	paused: "yellow",
	parked: "yellow",
	dead: "red",
	rejected: "red",
	unavailable: "red",
	failed: "red",
};

/** The colour of a state or an outcome. */
export function colourOf(word: string): Colour {
	return OF_WORDS[word] ?? "bold";
}
