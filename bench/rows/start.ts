import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAzurite } from "../../src/local/azurite.ts";
import { call } from "../../support/call.ts";
import { childEnvironment } from "../../support/child-environment.ts";
import { eventually } from "../../support/eventually.ts";
import { freePorts } from "../../support/free-ports.ts";
import { alternate } from "../measure.ts";
import type { Row } from "../row.ts";

const root = join(import.meta.dirname, "../..");
const READY = "until ready, ms";

/** What a contributor waits for after `npm start`, without npm itself. */
export const rows: readonly Row[] = [
	{
		name: "start",
		what: "`grid-dispatch start` of what is built, from its call until `GET /api/health` answers 200",
		baseline: "Node's own start and end, and after it Azurite's own start",
		better: "lower",
		goal: 2.5,
		measure: (bench) => alternate(bench.times(9, 2), startBridge, startNodeAndAzurite),
	},
];

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
