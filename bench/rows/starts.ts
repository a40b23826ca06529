import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAzurite } from "../../src/local/azurite.ts";
import { call, postJson } from "../../support/call.ts";
import { childEnvironment } from "../../support/child-environment.ts";
import { eventually } from "../../support/eventually.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { freePorts } from "../../support/free-ports.ts";
import { startArrivals } from "../arrivals.ts";
import { laneIsFree } from "../bench-bridge.ts";
import { type Child, startChild } from "../child.ts";
import { exampleSettings, NO_STORAGE } from "../example-app.ts";
import { alternate, type Sample } from "../measure.ts";
import type { Row } from "../row.ts";

const TIMEOUT_MS = 30_000;

/** What a cold start pays for the app itself: reading, evaluating and registering, before any event. */
const appLoad: Row = {
	name: "app-load",
	what: "require of dist/index.cjs in a fresh process, with five routes configured",
	baseline: "require of a hello-world app, bundled in the same way",
	better: "lower",
	goal: 1.5,
	measure(bench) {
		const env = childEnvironment(exampleSettings("http://127.0.0.1:9", NO_STORAGE));
		const load = async (entry: string): Promise<Sample> => {
			const start = performance.now();
			const printed = execFileSync(process.execPath, [bench.child("load"), entry], {
				env,
				timeout: TIMEOUT_MS,
				// What the app complains of would be a broken measurement.
				stdio: ["ignore", "pipe", 2],
				encoding: "utf8",
			});
			return { "require, ms": Number(printed), "whole process, ms": performance.now() - start };
		};
		return alternate(
			bench.times(41, 2),
			() => load(bench.app),
			() => load(bench.benchApp("hello-world")),
		);
	},
};

const root = join(import.meta.dirname, "../..");
const READY = "until ready, ms";

/** What a contributor waits for after `npm start`, without npm itself. */
const start: Row = {
	name: "start",
	what: "`grid-dispatch start` of what is built, from its call until `GET /api/health` answers 200",
	baseline: "Node's own start and end, and after it Azurite's own start",
	better: "lower",
	goal: 2.5,
	measure: (bench) => alternate(bench.times(9, 2), startBridge, startNodeAndAzurite),
};

async function startBridge() {
	const port = await freePorts();
	const start = performance.now();
	const program = ["src/cli/grid-dispatch.mjs", "start", "--port", String(port)];
	const child = spawn(process.execPath, program, { cwd: root, env: childEnvironment({}), stdio: "ignore" });
	const ended = once(child, "exit");
	try {
		await eventually("GET /api/health", async () => {
			const { status } = await call(`http://127.0.0.1:${port}/api/health`);
			return status === 200 || undefined;
		});
		return { [READY]: performance.now() - start };
	} finally {
		child.kill("SIGTERM");
		await ended;
		rmSync(join(root, ".azurite", String(port)), { recursive: true, force: true });
	}
}

async function startNodeAndAzurite() {
	const folder = mkdtempSync(join(tmpdir(), "grid-dispatch-start-"));
	const start = performance.now();
	await once(spawn(process.execPath, ["--eval", "0"], { env: childEnvironment({}), stdio: "ignore" }), "exit");
	const azurite = await startAzurite({ folder });
	const ms = performance.now() - start;
	await azurite.stop();
	rmSync(folder, { recursive: true, force: true });
	return { [READY]: ms };
}

const DISPATCHED = "until GitHub has it, ms";
const HELLO = "hello world, until answered, ms";

/** What is put off from the app's start to its first event: the SDK, and whatever Node itself loads when first used. */
const firstEvent: Row = {
	name: "first-event",
	what: "the first event that a loaded app gets, from sending it until GitHub has the dispatch",
	baseline: "the second event in the same process",
	better: "lower",
	async measure(bench) {
		const event = inEventGridSchema(exampleOf("RunCompleted"));
		const github = await startArrivals();
		const storage = await bench.startStorage();
		let hosts: { child: Child; url: string }[] = [];
		let sent = 0;

		async function start(entry: string) {
			const child = startChild(bench.child("host"), exampleSettings(github.url, storage.connectionString));
			const host = { child, url: "" };
			hosts.push(host);
			host.url = await child.ask<string>({ start: entry });
		}
		async function end() {
			await Promise.all(hosts.map(({ child }) => child.end()));
			hosts = [];
		}
		async function send() {
			const [app, hello] = hosts;
			sent += 1;
			const id = `event-${sent}`;
			const arrival = github.next();
			const start = performance.now();
			const { status, text } = await postJson(`${app?.url}/api/events`, { ...event, id });
			if (status !== 200 || !text.includes('"dispatched"')) throw new Error(`the app answered ${status}: ${text}`);
			const greeted = performance.now();
			const { status: helloStatus } = await postJson(`${hello?.url}/api/hello`, event);
			if (helloStatus !== 200) throw new Error(`hello world answered ${helloStatus}`);
			const greetedMs = performance.now() - greeted;
			await laneIsFree(storage.connectionString);
			return { [DISPATCHED]: (await arrival) - start, [HELLO]: greetedMs };
		}

		try {
			return await alternate(
				bench.times(9, 2),
				async () => {
					await end();
					await start(bench.app);
					await start(bench.benchApp("hello-world"));
					return send();
				},
				() => send(),
			);
		} finally {
			await end();
			await github.close();
			await storage.end();
		}
	},
};

/** What a start costs. */
export const rows: readonly Row[] = [appLoad, firstEvent, start];
