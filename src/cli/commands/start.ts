import { resolve } from "node:path";
import { Command, Option } from "commander";
import { USUAL_PORT } from "../../config/settings.ts";
import { plain } from "../../log.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { examples, readNumber } from "../options.ts";
import { loadRoutes } from "../read-file.ts";
import { clone, type RunningBridge, type Workshop } from "../workshop.ts";

interface StartFlags {
	readonly port: number;
	readonly watch?: boolean;
	readonly routes?: string;
	readonly github?: "real";
	/** Seconds. */
	readonly lock: number;
	readonly yes?: boolean;
}

const WEEK_SECONDS = 604_800;

/** `grid-dispatch start`: the whole bridge on this machine, as `npm start` runs it. */
export function startCommand(io: Io, workshop: Workshop = clone): Command {
	return new Command("start")
		.description("build the bridge and run it on this machine, with a stand-in for GitHub and Azure Storage (Azurite)")
		.option(
			"--port <n>",
			"the port of the bridge; the stand-in for GitHub takes the next one",
			readNumber(1, 65_534),
			USUAL_PORT,
		)
		.option(
			"--routes <file>",
			"route events by this table (default: BRIDGE_ROUTES, else every event to one repository)",
		)
		.option("--watch", "build and restart after each change in src/")
		.addOption(
			new Option("--github <real>", "send dispatches to GitHub itself, with your token; asks first").choices(["real"]),
		)
		.option(
			"--lock <seconds>",
			"seconds until a message is retried after the host that was processing it was killed",
			readNumber(1, WEEK_SECONDS),
			20,
		)
		.option("--yes", "do not ask before --github real")
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch start",
				"npx grid-dispatch start --port 8080 --watch",
				"npx grid-dispatch start --routes routes.json",
				"GITHUB_TOKEN=... GITHUB_REPOSITORY=you/your-repository npx grid-dispatch start --github real",
			),
		)
		.action(async (flags: StartFlags) => {
			const routed = { ...io, env: { ...io.env, ...tableOf(flags, io) } };
			const env = flags.github === "real" ? await realEnvironment(flags, routed) : routed.env;
			if (!(await workshop.build())) throw new CliError("the build failed; the lines above name the error");
			const args = ["--port", String(flags.port), "--lock", String(flags.lock)];
			const run = () => workshop.run(flags.github === "real" ? [...args, "--github", "real"] : args, env);
			const say = (text: string) => void io.stderr.write(`${plain(text)}\n`);
			const ended = flags.watch ? runWatched({ workshop, run, say, signal: io.signal }) : endOf(run(), io.signal);
			const code = await ended;
			if (code !== 0 && io.signal?.aborted !== true)
				throw new CliError(`the bridge has ended with ${code === null ? "a signal" : `exit code ${code}`}`);
		});
}

/** The setting for a table that the bridge would take; the bridge runs in another folder. */
function tableOf({ routes }: StartFlags, io: Io): Io["env"] {
	if (routes === undefined) return {};
	loadRoutes(io, routes, "--routes");
	return { BRIDGE_ROUTES: resolve(routes) };
}

/** What is sent to GitHub itself cannot be taken back: whose token, and where to, is said first. */
async function realEnvironment(flags: StartFlags, { env, ask }: Io): Promise<Io["env"]> {
	const set = (name: string) => env[name]?.trim() || undefined;
	const name = ["GITHUB_TOKEN", "PAT_TOKEN", "GH_TOKEN", "GITHUB_APP_ID", "KEY_VAULT_URL"].find(set);
	if (name === undefined) throw new CliError("--github real needs your token in GITHUB_TOKEN (or GH_TOKEN)", 2);
	const where =
		set("BRIDGE_ROUTES") === undefined
			? set("GITHUB_REPOSITORY")
			: `the repositories of ${flags.routes ?? "BRIDGE_ROUTES"}`;
	if (where === undefined) throw new CliError("--github real needs GITHUB_REPOSITORY (owner/name) or BRIDGE_ROUTES", 2);
	if (!flags.yes) {
		if (ask === undefined)
			throw new CliError("--github real asks for confirmation, but there is no terminal to answer: add --yes", 2);
		const api = set("GITHUB_API_URL") ?? "https://api.github.com";
		const question = `Every event will start real workflows in ${where}, at ${api}, with the credentials in ${name}. Start?`;
		if (!(await ask(question))) throw new CliError("the bridge was not started");
	}
	return name === "GH_TOKEN" ? { ...env, GITHUB_TOKEN: env["GH_TOKEN"] } : env;
}

/** A signal that comes to this process alone is passed on. */
async function endOf({ ended, stop }: RunningBridge, signal: AbortSignal | undefined): Promise<number | null> {
	signal?.addEventListener("abort", stop, { once: true });
	return ended;
}

interface WatchOptions {
	readonly workshop: Workshop;
	/** Starts the bridge that was built last. */
	readonly run: () => RunningBridge;
	readonly say: (text: string) => void;
	readonly signal: AbortSignal | undefined;
	/** Editors write a file more than once: what changes within this time is one change. */
	readonly quietMs?: number;
}

/**
 * Runs the bridge; builds it anew after each change, and starts it again where that went well. Ends with the signal, or
 * with a bridge that ends by itself.
 * @returns the exit code of that bridge
 */
export async function runWatched({ workshop, run, say, signal, quietMs = 200 }: WatchOptions): Promise<number | null> {
	let running = run();
	let timer: NodeJS.Timeout | undefined;
	/** One build at a time; a change during a build asks for another one. */
	let rebuilding: Promise<void> | undefined;
	let changedAgain = false;
	let replaced = false;
	const isOver = () => signal?.aborted === true;

	async function rebuild(): Promise<void> {
		do {
			changedAgain = false;
			if (!(await workshop.build())) {
				say("the build failed; a bridge that is running stays as it is, and the next change starts a new build");
			} else if (!changedAgain && !isOver()) {
				replaced = true;
				running.stop();
				await running.ended;
				running = run();
			}
		} while (changedAgain && !isOver());
	}

	const stopWatching = workshop.watch((file) => {
		clearTimeout(timer);
		timer = setTimeout(() => {
			say(`changed: ${file}`);
			changedAgain = true;
			rebuilding ??= rebuild().finally(() => {
				rebuilding = undefined;
			});
		}, quietMs);
	});
	const stop = () => running.stop();
	signal?.addEventListener("abort", stop, { once: true });
	try {
		for (;;) {
			const code = await running.ended;
			// A bridge that ends without being replaced has ended for a reason of its own.
			if (!replaced || isOver()) return code;
			await rebuilding;
			replaced = false;
		}
	} finally {
		clearTimeout(timer);
		stopWatching();
	}
}
