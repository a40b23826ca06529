/** `npm start`: the whole bridge on this machine. What it prints is described in `docs/local.md`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { plain } from "../log.ts";
import { startAzurite } from "./azurite.ts";
import { explainFailure, readArguments, StartError, USAGE } from "./command-line.ts";
import { type LocalSetup, settleEnvironment } from "./environment.ts";
import { startFunctionsHost } from "./functions-host.ts";
import { startGitHubStandIn } from "./github-stand-in.ts";
import { dataFolder, introduce } from "./introduce.ts";
import { print, say } from "./print-line.ts";
import { type QueueSettings, readQueueSettings } from "./queue-settings.ts";
import { serve } from "./serve.ts";
import { type StopInOrder, stopInOrder } from "./stopping.ts";
import { createWorkbench } from "./workbench.ts";

const root = join(import.meta.dirname, "../..");

await main().catch((error: unknown) => {
	process.stderr.write(`${explainFailure(error)}\n`);
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
		const queues = { ...readHostJson(), lockMs };
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

function readHostJson(): QueueSettings {
	const text = readFileSync(join(root, "host.json"), "utf8");
	try {
		return readQueueSettings(text);
	} catch (error) {
		const { message } = error as Error;
		throw new StartError(`${message.startsWith("host.json") ? "" : "host.json is not JSON: "}${plain(message)}`);
	}
}

async function storageOf(port: number, started: StopInOrder): Promise<string> {
	const folder = join(root, dataFolder(port));
	const onExit = (code: number | null) => {
		process.stderr.write(
			`Azurite has ended (exit code ${code}), so nothing can be stored; the bridge stops. Start it again\n`,
		);
		void started.stop().then(() => process.exit(1));
	};
	const { connectionString, stop } = await startAzurite({ folder, onExit }).catch((error: Error) => {
		const why = error.message.split("\n").slice(0, 2).join(": ");
		throw new StartError(
			`${plain(why)}; if its data are damaged, remove ${dataFolder(port)} to start with empty storage`,
		);
	});
	started.add(stop);
	// For tools that look inside: its ports are new with every start.
	writeFileSync(join(folder, "connection-string.txt"), `${connectionString}\n`);
	return connectionString;
}

function setEnvironment(env: LocalSetup["env"]): void {
	for (const [name, value] of Object.entries(env)) {
		if (value === undefined) delete process.env[name];
		else process.env[name] = value;
	}
}

function stopOnSignals(started: StopInOrder): void {
	const stop = () => void started.stop().then(() => process.exit(0));
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
	// npm hands a signal to the shell between us, which ends without passing it on: then our parent changes.
	const parent = process.ppid;
	setInterval(() => process.ppid !== parent && stop(), 200).unref();
}
