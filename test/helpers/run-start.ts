import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { call } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";

/** The program behind `npm start`, as a child process. */
export interface RunningStart {
	/** Everything it has printed so far, to either stream. */
	output(): string;
	errors(): string;
	/** Waits until the output holds that. */
	printed(text: string): Promise<void>;
	/** Its exit code; null where a signal has ended it. */
	readonly ended: Promise<number | null>;
	readonly pid: number;
	/** Asks it to stop with SIGTERM; resolves with its exit code. */
	stop(): Promise<number | null>;
}

export interface StartOptions {
	/** Settings of the app. Nothing else is inherited but what a process needs to run. */
	readonly env?: Readonly<Record<string, string>>;
	/** Modules that Node loads first. */
	readonly preload?: readonly string[];
	/** Further flags. */
	readonly flags?: readonly string[];
	/** Leaves the data of its storage to whoever starts next on that port; `removeData` removes them. */
	readonly storeData?: boolean;
}

const root = join(import.meta.dirname, "../..");
const INHERITED = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"];
const STOP_MS = 30_000;

/** Starts it with these arguments. */
export function runStart(args: readonly string[], { env = {}, preload = [] }: StartOptions = {}): RunningStart {
	const imports = ["tsx", ...preload].flatMap((module) => ["--import", module]);
	const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
	const child = spawn(process.execPath, [...imports, "src/local/start.ts", ...args], {
		cwd: root,
		env: { ...Object.fromEntries(inherited), ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let output = "";
	let errors = "";
	child.stdout?.setEncoding("utf8").on("data", (text: string) => {
		output += text;
	});
	child.stderr?.setEncoding("utf8").on("data", (text: string) => {
		output += text;
		errors += text;
	});
	const ended = new Promise<number | null>((resolve, reject) => {
		child.once("error", reject);
		// Both streams have been read to their end by then.
		child.once("close", resolve);
	});
	return {
		output: () => output,
		errors: () => errors,
		printed: async (text) => {
			await eventually(`"${text}" in\n${output}`, () => output.includes(text) || undefined);
		},
		ended,
		pid: child.pid ?? 0,
		stop: () => stop(child, ended),
	};
}

/** Starts it on a port and waits until it answers there; its health may be bad. */
export async function startOn(port: number, options: StartOptions = {}): Promise<RunningStart> {
	if (options.storeData !== true) removeData(port);
	const started = runStart(["--port", String(port), ...(options.flags ?? [])], options);
	const running = {
		...started,
		stop: () => started.stop().finally(() => options.storeData === true || removeData(port)),
	};
	try {
		const ended = running.ended.then((code) => {
			throw new Error(`ended with ${code}:\n${running.output()}`);
		});
		await Promise.race([eventually("GET /api/health", () => call(`http://127.0.0.1:${port}/api/health`)), ended]);
		await Promise.race([running.printed("Send the first event"), ended]);
		return running;
	} catch (error) {
		await running.stop();
		throw error;
	}
}

/** Where the storage of runs on a port lies. */
export function dataOf(port: number): string {
	return join(root, ".azurite", String(port));
}

export function removeData(port: number): void {
	rmSync(dataOf(port), { recursive: true, force: true });
}

async function stop(child: ChildProcess, ended: Promise<number | null>): Promise<number | null> {
	child.kill("SIGTERM");
	const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
	return ended.finally(() => clearTimeout(late));
}
