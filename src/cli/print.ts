import { plainJson } from "../log.ts";
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

const COLOURS: Readonly<Record<string, Colour>> = {
	ok: "green",
	error: "red",
	warning: "yellow",
	"cannot tell": "cyan",
};

/** Colours a text as its verdict on a terminal. */
export function painter({ stdout, env }: Pick<Io, "stdout" | "env">): (verdict: string, text?: string) => string {
	const paint = colour(stdout, env);
	return (verdict, text = verdict) => paint(COLOURS[verdict] ?? "bold", text);
}

/** A number and its noun: `1 error`, `2 errors`. */
export function counted(count: number, noun: string): string {
	return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Prints facts for machines. */
export function printJson({ stdout }: Pick<Io, "stdout">, value: unknown): void {
	stdout.write(`${plainJson(value, "\t")}\n`);
}

/** JSON in lines, each of its tokens as it is: to read and write it anew could change digits. */
export function indentJson(json: string): string {
	let depth = 0;
	const line = () => `\n${"  ".repeat(depth)}`;
	return json.replace(/"(?:[^"\\]+|\\.)*"|\{\}|\[\]|[{}[\],:]/g, (token) => {
		if (token === "{" || token === "[") depth += 1;
		if (token === "}" || token === "]") depth -= 1;
		if (token === "{" || token === "[" || token === ",") return token + line();
		if (token === "}" || token === "]") return line() + token;
		return token === ":" ? ": " : token;
	});
}
