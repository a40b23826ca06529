/** `npm start`: the whole bridge on this machine. What it prints is described in `docs/local.md`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { USUAL_PORT } from "../usual-port.ts";
import { startAzurite } from "./azurite.ts";
import { type LocalSetup, settleEnvironment } from "./environment.ts";
import { type FunctionsHost, startFunctionsHost } from "./functions-host.ts";
import { startGitHubStandIn } from "./github-stand-in.ts";
import { readable } from "./print-line.ts";
import { readQueueSettings } from "./queue-settings.ts";
import { readArguments, USAGE, UsageError } from "./read-arguments.ts";
import { serve } from "./serve.ts";
import { type StopInOrder, stopInOrder } from "./stop-in-order.ts";
import { createWorkbench } from "./workbench.ts";

const root = join(import.meta.dirname, "../..");

await main().catch((error: unknown) => {
	process.stderr.write(`${explain(error)}\n`);
	process.exitCode = 1;
});

async function main(): Promise<void> {
	const { help, port, real, lockMs } = readArguments(process.argv.slice(2));
	if (help) return say(USAGE);
	const setup = settleEnvironment(process.env, { real, standInUrl: `http://127.0.0.1:${port + 1}` });
	const started = stopInOrder();
	stopOnSignals(started);
	try {
		// Taken for a moment, since a second run on this port must not come near the data of the first.
		await serve(port, () => {}).then((server) => server.close());
		const standIn = setup.standIn ? await startGitHubStandIn({ port: port + 1 }) : undefined;
		if (standIn !== undefined) started.add(standIn.close);
		const storage = setup.storage ?? (await storageOf(port, started));
		setEnvironment({ ...setup.env, AzureWebJobsStorage: storage });
		const queues = { ...readQueueSettings(readFileSync(join(root, "host.json"), "utf8")), lockMs };
		const host = await startFunctionsHost({
			entry: join(root, "dist/index.cjs"),
			port,
			onLog: print,
			storage,
			queues,
			startPage: "console",
			workbench: createWorkbench(standIn),
		});
		started.add(host.close);
		await introduce(host, setup);
	} catch (error) {
		await started.stop();
		throw error;
	}
}

async function storageOf(port: number, started: StopInOrder): Promise<string> {
	const folder = join(root, dataFolder(port));
	const { connectionString, stop } = await startAzurite({
		folder,
		onExit: (code) => {
			process.stderr.write(`Azurite has ended (${code}); nothing can be kept without it\n`);
			void started.stop().then(() => process.exit(1));
		},
	});
	started.add(stop);
	// For whoever wants to look inside: its ports are new with every start.
	writeFileSync(join(folder, "connection-string.txt"), `${connectionString}\n`);
	return connectionString;
}

function dataFolder(port: number): string {
	return join(".azurite", String(port));
}

function setEnvironment(env: LocalSetup["env"]): void {
	for (const [name, value] of Object.entries(env)) {
		if (value === undefined) delete process.env[name];
		else process.env[name] = value;
	}
}

async function introduce({ url, port, functions }: FunctionsHost, setup: LocalSetup): Promise<void> {
	const { problems, warnings, version } = (await (await fetch(`${url}/api/health`)).json()) as {
		problems: { setting: string; problem: string }[];
		warnings: string[];
		version: string;
	};
	const routes = process.env["BRIDGE_ROUTES"] ? "the routes of BRIDGE_ROUTES" : process.env["GITHUB_REPOSITORY"];
	const where = setup.standIn ? `the GitHub stand-in, ${setup.apiUrl}` : setup.apiUrl;
	const storage = setup.storage === undefined ? `Azurite, in ${dataFolder(port)}` : "the one of AzureWebJobsStorage";
	say(`grid-dispatch ${version}

  console     ${url}/
  events      ${url}/api/events
  health      ${url}/api/health
  functions   ${functions.map(({ name }) => name).join(", ")}
  dispatches  to ${routes ?? "no repository"} at ${where}
  storage     ${storage}
${setup.standIn ? `  received    ${setup.apiUrl}/_received\n` : ""}`);
	for (const note of [...setup.notes, ...warnings]) say(`note: ${note}`);
	for (const { setting, problem } of problems) say(`repair: ${setting} ${problem}`);
	say(`Send the first event:

  npx grid-dispatch send RunCompleted${port === USUAL_PORT ? "" : ` --url ${url}`}
`);
}

function print(level: string, message: string): void {
	const line = readable(level, message);
	if (line !== undefined) say(`${new Date().toTimeString().slice(0, 8)} ${line}`);
}

function stopOnSignals(started: StopInOrder): void {
	const stop = () => void started.stop().then(() => process.exit(0));
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
	// npm hands a signal to the shell between us, which ends without passing it on: then our parent changes.
	const parent = process.ppid;
	setInterval(() => process.ppid !== parent && stop(), 200).unref();
}

function say(text: string): void {
	process.stdout.write(`${text}\n`);
}

/** A user's mistake is named with its repair; only what nobody foresaw shows where it came from. */
function explain(error: unknown): string {
	const { code, message, port } = error as { code?: string; message: string; port?: number };
	if (code === "EADDRINUSE") return `port ${port} is taken; choose another with: npm start -- --port N`;
	if (error instanceof UsageError || code?.startsWith("ERR_PARSE_ARGS") === true) return `${message}\n\n${USAGE}`;
	if (code === "MODULE_NOT_FOUND") return `${message}\nBuild it first: npm run build`;
	return error instanceof Error ? (error.stack ?? message) : String(error);
}
