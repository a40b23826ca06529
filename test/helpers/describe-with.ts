import { describe, it } from "@jest/globals";

/** A program that not every machine has. */
export interface Tool {
	readonly name: string;
	/** Where it is; undefined where it is missing. */
	readonly path: string | undefined;
	/** How to get it, as the end of a sentence. */
	readonly get: string;
}

/**
 * Describes what can be tested only with a tool. Where it is missing, the tests are skipped with a word (the reporter
 * prints it at the end of the run); in CI, where nothing may be missing, that is a failure.
 */
export function describeWith({ name, path, get }: Tool, title: string, define: (path: string) => void): void {
	if (path !== undefined) {
		describe(title, () => define(path));
	} else if (process.env["CI"] === "true") {
		it(title, () => {
			throw new Error(`${name} is missing: ${get}`);
		});
	} else {
		// biome-ignore lint/suspicious/noSkippedTests: there is nothing to run them with, and the reporter says so
		describe.skip(`${title}: there is no ${name} here; ${get}`, () => define(name));
	}
}
