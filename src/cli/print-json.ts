import type { Io } from "./io.ts";

/** Prints facts for machines. */
export function printJson({ stdout }: Pick<Io, "stdout">, value: unknown): void {
	stdout.write(`${JSON.stringify(value, null, "\t")}\n`);
}
