import { execFile } from "node:child_process";
import { join } from "node:path";
import type { Io } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";

/** What a command line has come to. */
export interface CliRun {
	readonly code: number;
	readonly out: string;
	readonly err: string;
	/** The output as JSON; throws where it is none. */
	json(): unknown;
}

export interface CliWorld extends Partial<Omit<Io, "stdout" | "stderr">> {
	/** Whether both streams are terminals. */
	readonly isTTY?: boolean;
}

const root = join(import.meta.dirname, "../..");
/** What a process needs to run at all. */
const INHERITED = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"];

/** Runs `grid-dispatch` within this process, in a world that holds nothing but what is given. */
export async function runCli(args: readonly string[], { isTTY = false, ...world }: CliWorld = {}): Promise<CliRun> {
	const written = { out: "", err: "" };
	const stream = (name: keyof typeof written) => ({
		isTTY,
		columns: 100,
		write(text: string) {
			written[name] += text;
		},
	});
	const io: Io = {
		env: {},
		fetch: globalThis.fetch,
		now: Date.now,
		...world,
		stdout: stream("out"),
		stderr: stream("err"),
	};
	const code = await main(args, io);
	return ended(code, written.out, written.err);
}

/** Runs `grid-dispatch` as a process of its own. */
export function runCliProcess(
	args: readonly string[],
	{ env = {}, cwd = root }: { env?: Readonly<Record<string, string>>; cwd?: string } = {},
): Promise<CliRun> {
	const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
	const options = { cwd, env: { ...Object.fromEntries(inherited), ...env }, timeout: 60_000 };
	return new Promise((resolve) => {
		execFile(process.execPath, [join(root, "src/cli/grid-dispatch.mjs"), ...args], options, (error, out, err) => {
			resolve(ended(error === null ? 0 : Number(error.code ?? -1), out, err));
		});
	});
}

function ended(code: number, out: string, err: string): CliRun {
	return { code, out, err, json: () => JSON.parse(out) as unknown };
}
