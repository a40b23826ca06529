import { type Colour, colour } from "./colour.ts";
import type { Io } from "./io.ts";

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
