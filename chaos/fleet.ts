import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../support/call.ts";
import { childEnvironment } from "../support/child-environment.ts";
import { freePorts } from "../support/free-ports.ts";

/** Several bridges on one ledger, each the program behind `npm start` in a process of its own. */
export interface Fleet {
	/** The addresses of those that are up. */
	up(): readonly string[];
	/** Ends one with SIGKILL, or the next one that is up, and starts it again after that time. */
	kill(index: number, downMs: number): Promise<void>;
	/** When a bridge was killed, epoch milliseconds. */
	readonly kills: readonly number[];
	/** What a bridge has done that no bridge may: to end by itself, or not to start. */
	readonly accidents: readonly string[];
	/** Resolves when all that are to run are up. */
	settled(): Promise<void>;
	stop(): Promise<void>;
}

export interface FleetOptions {
	readonly size: number;
	/** The folder of the app. */
	readonly app: string;
	readonly logs: string;
	readonly settings: Readonly<Record<string, string>>;
}

interface Bridge {
	readonly url: string;
	readonly port: number;
	child: ChildProcess | undefined;
	ended: Promise<void>;
	isUp: boolean;
	/** It has been told to end. */
	isEnding: boolean;
	starts: number;
}

/** A message of a killed bridge is out of sight for so long. The real host's ten minutes would make a storm too long. */
const LOCK_SECONDS = 5;
const START_MS = 60_000;
/** After a bridge has ended by itself. */
const AGAIN_MS = 500;
const STOP_MS = 10_000;

export async function startFleet({ size, ...options }: FleetOptions): Promise<Fleet> {
	const bridges: Bridge[] = [];
	const kills: number[] = [];
	const accidents: string[] = [];
	const comingBack = new Set<Promise<void>>();
	let isOver = false;

	async function start(bridge: Bridge): Promise<void> {
		if (isOver) return;
		spawnBridge(bridge, options, (how) => {
			accidents.push(`the bridge on port ${bridge.port} has ended by itself (${how})`);
			if (!isOver) comeBack(bridge, AGAIN_MS);
		});
		if (await isServing(bridge)) return;
		accidents.push(`the bridge on port ${bridge.port} did not start within ${START_MS / 1000} s`);
	}

	function comeBack(bridge: Bridge, downMs: number): void {
		const back = sleep(downMs)
			.then(() => start(bridge))
			.finally(() => comingBack.delete(back));
		comingBack.add(back);
	}

	for (let index = 0; index < size; index++) {
		const port = await freePorts();
		const idle = { child: undefined, ended: Promise.resolve(), isUp: false, isEnding: false, starts: 0 };
		bridges.push({ url: `http://127.0.0.1:${port}`, port, ...idle });
	}
	await Promise.all(bridges.map(start));

	return {
		up: () => bridges.filter(({ isUp }) => isUp).map(({ url }) => url),
		async kill(index, downMs) {
			const inTurn = [...bridges.slice(index), ...bridges.slice(0, index)];
			const bridge = inTurn.find(({ isUp }) => isUp);
			if (bridge === undefined) return;
			bridge.isEnding = true;
			bridge.isUp = false;
			bridge.child?.kill("SIGKILL");
			await bridge.ended;
			kills.push(Date.now());
			comeBack(bridge, downMs);
		},
		kills,
		accidents,
		async settled() {
			while (comingBack.size > 0) await Promise.all(comingBack);
		},
		async stop() {
			isOver = true;
			await Promise.all(bridges.map(stop));
		},
	};
}

/** @param onAccident told the code or the signal when the process ends though it was not told to */
function spawnBridge(
	bridge: Bridge,
	{ app, logs, settings }: Omit<FleetOptions, "size">,
	onAccident: (how: number | NodeJS.Signals | null) => void,
): void {
	bridge.starts += 1;
	const log = openSync(join(logs, `bridge-${bridge.port}-${String(bridge.starts).padStart(2, "0")}.log`), "w");
	const flags = ["--port", String(bridge.port), "--lock", String(LOCK_SECONDS)];
	const child = spawn(process.execPath, ["--import", "tsx", "src/local/start.ts", ...flags], {
		cwd: app,
		env: childEnvironment(settings),
		stdio: ["ignore", log, log],
	});
	closeSync(log);
	Object.assign(bridge, { child, isUp: false, isEnding: false });
	bridge.ended = new Promise((resolve) => {
		child.once("error", () => resolve());
		child.once("exit", (code, signal) => {
			bridge.isUp = false;
			if (!bridge.isEnding) onAccident(code ?? signal);
			resolve();
		});
	});
}

/** Waits until it answers, or has ended. False where neither happens in time. */
async function isServing(bridge: Bridge): Promise<boolean> {
	const { child } = bridge;
	const end = Date.now() + START_MS;
	while (bridge.child === child && child?.exitCode === null && child.signalCode === null) {
		if (Date.now() >= end) return false;
		const signal = AbortSignal.timeout(2_000);
		const health = await call(`${bridge.url}/api/health`, { signal }).catch(() => undefined);
		// Storage may be away, and so its health bad; it serves nevertheless.
		if (health !== undefined) {
			bridge.isUp = !bridge.isEnding;
			return true;
		}
		await sleep(50);
	}
	return true;
}

async function stop(bridge: Bridge): Promise<void> {
	bridge.isEnding = true;
	bridge.child?.kill("SIGTERM");
	const late = setTimeout(() => bridge.child?.kill("SIGKILL"), STOP_MS);
	await bridge.ended;
	clearTimeout(late);
}
