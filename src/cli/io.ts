/** A stream to write to: `process.stdout`, or a test's own. */
export interface Output {
	write(text: string): unknown;
	/** Writes what moves the cursor and clears, which `write` would show as text; left out where there is no terminal. */
	readonly control?: ((sequence: string) => unknown) | undefined;
	readonly isTTY?: boolean;
	/** How many characters a line of the terminal has. */
	readonly columns?: number;
}

/** All that a command touches outside of itself. */
export interface Io {
	readonly stdout: Output;
	readonly stderr: Output;
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly fetch: typeof globalThis.fetch;
	/** Epoch milliseconds. */
	readonly now: () => number;
	/** Aborted by Ctrl-C: what goes on and on comes to its end. */
	readonly signal?: AbortSignal;
	/** Asks a question that is answered with yes or no; left out without a terminal. */
	readonly ask?: (question: string) => Promise<boolean>;
	/** Asks for a text; left out without a terminal. Answers undefined at the end of the input. */
	readonly prompt?: (question: string) => Promise<string | undefined>;
	/** Reads what is piped into the program, to its end. */
	readonly readInput?: () => Promise<Uint8Array>;
}
