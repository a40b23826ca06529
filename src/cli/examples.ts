/** What `--help` ends with. */
export function examples(...lines: readonly string[]): string {
	return `\nExamples:\n${lines.map((line) => `  $ ${line}\n`).join("")}`;
}
