/** `npm start`: the whole bridge on this machine. What it prints is described in `docs/local.md`. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { settleEnvironment } from "./environment.ts";
import { type FunctionsHost, startFunctionsHost } from "./functions-host.ts";
import { startGitHubStandIn } from "./github-stand-in.ts";
import { readable } from "./print-line.ts";
import type { Server } from "./serve.ts";

const USAGE = `npm start -- [--port N] [--github real]

Runs the bridge on http://127.0.0.1:N (7071) and a stand-in for GitHub on the next port.

  --port N        another port
  --github real   dispatches go to GitHub itself, with GITHUB_TOKEN and GITHUB_REPOSITORY (or BRIDGE_ROUTES) of yours
  --help          this text`;

const FIRST_EVENT = {
	id: "first-event",
	topic:
		"/subscriptions/5f3c1d2e/resourceGroups/contoso-ml/providers/Microsoft.MachineLearningServices/workspaces/contoso",
	subject: "experiments/fraud-model/runs/train-7",
	eventType: "Microsoft.MachineLearningServices.RunCompleted",
	eventTime: "2026-03-14T08:15:30Z",
	data: { experimentName: "fraud-model", runId: "train-7" },
};

/** A mistake on the command line. */
class UsageError extends Error {}

await main().catch((error: unknown) => {
	process.stderr.write(`${explain(error)}\n`);
	process.exitCode = 1;
});

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: { port: { type: "string" }, github: { type: "string" }, help: { type: "boolean" } },
	});
	if (values.help === true) return say(USAGE);
	if (values.github !== undefined && values.github !== "real") throw new UsageError(`--github takes "real"`);
	const port = readPort(values.port ?? "7071");

	const setup = settleEnvironment(process.env, {
		real: values.github === "real",
		standInUrl: `http://127.0.0.1:${port + 1}`,
	});
	for (const [name, value] of Object.entries(setup.env)) {
		if (value === undefined) delete process.env[name];
		else process.env[name] = value;
	}
	const servers: Server[] = [];
	stopOnSignals(servers);
	try {
		if (setup.standIn) servers.push(await startGitHubStandIn({ port: port + 1 }));
		const entry = join(import.meta.dirname, "../../dist/index.cjs");
		const host = await startFunctionsHost({ entry, port, onLog: print });
		servers.push(host);
		await introduce(host, setup);
	} catch (error) {
		await close(servers);
		throw error;
	}
}

async function introduce(
	{ url, functions }: FunctionsHost,
	setup: ReturnType<typeof settleEnvironment>,
): Promise<void> {
	const { problems, warnings, version } = (await (await fetch(`${url}/api/health`)).json()) as {
		problems: { setting: string; problem: string }[];
		warnings: string[];
		version: string;
	};
	const routes = process.env["BRIDGE_ROUTES"] ? "the routes of BRIDGE_ROUTES" : process.env["GITHUB_REPOSITORY"];
	const where = setup.standIn ? `the GitHub stand-in, ${setup.apiUrl}` : setup.apiUrl;
	say(`grid-dispatch ${version}

  events      ${url}/api/events
  health      ${url}/api/health
  functions   ${functions.map(({ name }) => name).join(", ")}
  dispatches  to ${routes ?? "no repository"} at ${where}
${setup.standIn ? `  received    ${setup.apiUrl}/_received\n` : ""}`);
	for (const note of [...setup.notes, ...warnings]) say(`note: ${note}`);
	for (const { setting, problem } of problems) say(`repair: ${setting} ${problem}`);
	say(`Send the first event:

  curl ${url}/api/events -H 'Content-Type: application/json' -d '${JSON.stringify(FIRST_EVENT)}'
`);
}

function print(level: string, message: string): void {
	const line = readable(level, message);
	if (line !== undefined) say(`${new Date().toTimeString().slice(0, 8)} ${line}`);
}

function stopOnSignals(servers: readonly Server[]): void {
	const stop = () => void close(servers).then(() => process.exit(0));
	for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
	// npm hands a signal to the shell between us, which ends without passing it on: then our parent changes.
	const parent = process.ppid;
	setInterval(() => process.ppid !== parent && stop(), 200).unref();
}

async function close(servers: readonly Server[]): Promise<void> {
	await Promise.all(servers.map((server) => server.close()));
}

function say(text: string): void {
	process.stdout.write(`${text}\n`);
}

function readPort(text: string): number {
	const port = Number(text);
	if (!Number.isInteger(port) || port < 1 || port > 65_534)
		throw new UsageError(`--port takes a number from 1 to 65534, not "${text}"`);
	return port;
}

/** A user's mistake is named with its repair; only what nobody foresaw shows where it came from. */
function explain(error: unknown): string {
	const { code, message, port } = error as { code?: string; message: string; port?: number };
	if (code === "EADDRINUSE") return `port ${port} is taken; choose another with: npm start -- --port N`;
	if (error instanceof UsageError || code?.startsWith("ERR_PARSE_ARGS") === true) return `${message}\n\n${USAGE}`;
	if (code === "MODULE_NOT_FOUND") return `${message}\nBuild it first: npm run build`;
	return error instanceof Error ? (error.stack ?? message) : String(error);
}
