import { type StdioOptions, spawn } from "node:child_process";
import { existsSync, watch } from "node:fs";
import { join } from "node:path";
import { isBuilt } from "./built.js";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";

/** A bridge that runs on this machine. */
export interface RunningBridge {
	/** Its exit code; null where a signal has ended it. */
	readonly ended: Promise<number | null>;
	stop(): void;
}

/** What it takes to build the bridge and to run it; a test has another one. */
export interface Workshop {
	/** Whether it was built; what went wrong has been printed. */
	build(): Promise<boolean>;
	run(args: readonly string[], env: Io["env"]): RunningBridge;
	/** Calls back after each change of the sources; answers what ends that. */
	watch(changed: (file: string) => void): () => void;
}

const root = join(import.meta.dirname, "../..");
/** What the build writes by itself. */
const GENERATED = /\.generated\./;

/** The clone that this file is part of. */
export const clone: Workshop = {
	async build() {
		if (!existsSync(join(root, "src/local/start.ts"))) {
			throw new CliError(
				'"start" needs the source code, which is not in this package. Clone the repository, then run there: npm ci && npm start. All other commands work without a clone',
			);
		}
		if (isBuilt()) return true;
		process.stderr.write("building the bridge …\n");
		// What it prints is no answer of a command: it goes to stderr.
		const options = { cwd: root, stdio: ["ignore", 2, 2] satisfies StdioOptions };
		return (await endOf(spawn(process.execPath, ["--import", "tsx", "scripts/build.ts"], options))) === 0;
	},
	run(args, env) {
		const child = spawn(process.execPath, ["out/local/start.mjs", ...args], {
			cwd: root,
			env: { ...env },
			stdio: "inherit",
		});
		return { ended: endOf(child), stop: () => void child.kill("SIGTERM") };
	},
	watch(changed) {
		const watcher = watch(join(root, "src"), { recursive: true }, (_, file) => {
			if (file !== null && !GENERATED.test(file)) changed(file);
		});
		return () => watcher.close();
	},
};

function endOf(child: ReturnType<typeof spawn>): Promise<number | null> {
	return new Promise((resolve, reject) => {
		child.once("error", reject);
		child.once("close", resolve);
	});
}
