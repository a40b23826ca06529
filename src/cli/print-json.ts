import { plainJson } from "../log.ts";
import type { Io } from "./io.ts";

/** Prints facts for machines. */
export function printJson({ stdout }: Pick<Io, "stdout">, value: unknown): void {
	stdout.write(`${plainJson(value, "\t")}\n`);
}
