import { createInterface } from "node:readline/promises";

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
	readonly ask?: ((question: string) => Promise<boolean>) | undefined;
	/** Asks for a text; left out without a terminal. Answers undefined at the end of the input. */
	readonly prompt?: ((question: string) => Promise<string | undefined>) | undefined;
	/** Reads what is piped into the program, to its end. */
	readonly readInput?: () => Promise<Uint8Array>;
}

/** The world of a process: its streams, its environment, what ends it, and the person at its terminal. */
export function processIo(own: NodeJS.Process): Io {
	// A reader that has seen enough, such as head, is no failure.
	own.stdout.on("error", (error: NodeJS.ErrnoException) => own.exit(error.code === "EPIPE" ? 0 : 1));
	// Without a reader of notes and errors, the exit code still tells how it went.
	own.stderr.on("error", () => undefined);
	const asks = own.stdin.isTTY === true && own.stderr.isTTY === true;
	return {
		stdout: own.stdout,
		stderr: own.stderr,
		env: own.env,
		fetch: globalThis.fetch,
		now: Date.now,
		signal: endOf(own),
		readInput: () => readAll(own.stdin),
		...(asks ? { ask: (question: string) => askOn(own, question), prompt: (text: string) => lineOn(own, text) } : {}),
	};
}

/** Ctrl-C asks for an end once; another one ends whatever does not listen. */
function endOf(own: NodeJS.Process): AbortSignal {
	const ended = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM"] as const) own.once(signal, () => ended.abort());
	// npm hands a signal to the shell between us, which ends without passing it on: then our parent changes.
	const parent = own.ppid;
	setInterval(() => own.ppid !== parent && ended.abort(), 200).unref();
	return ended.signal;
}

/** No answer, with Ctrl-C or the end of the input, is a no. */
async function askOn(own: NodeJS.Process, question: string): Promise<boolean> {
	return /^y(?:es)?$/i.test((await lineOn(own, `${question} [y/N] `))?.trim() ?? "");
}

/** A line of the terminal; undefined with Ctrl-C or at the end of the input. */
async function lineOn({ stdin, stderr }: NodeJS.Process, question: string): Promise<string | undefined> {
	const lines = createInterface({ input: stdin, output: stderr });
	const noAnswer = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
	const answer = lines.question(question).catch(() => undefined);
	try {
		return await Promise.race([answer, noAnswer]);
	} finally {
		lines.close();
	}
}

async function readAll(input: NodeJS.ReadStream): Promise<Uint8Array> {
	const chunks: Buffer[] = [];
	for await (const chunk of input) chunks.push(Buffer.from(chunk as Uint8Array));
	return Buffer.concat(chunks);
}
