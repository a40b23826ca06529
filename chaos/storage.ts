import { setTimeout as sleep } from "node:timers/promises";
import { type Azurite, startAzurite } from "../src/local/azurite.ts";
import type { Interval } from "./evidence.ts";

/** Azurite, which goes away now and then. */
export interface StormStorage {
	readonly connectionString: string;
	/** Stops it, and starts it again after that time, where it was. */
	outage(ms: number): Promise<void>;
	/** Epoch milliseconds. */
	readonly outages: readonly Interval[];
	/** What makes all that is found worthless: that Azurite itself has lost something. */
	readonly accidents: readonly string[];
	stop(): Promise<void>;
}

/** It is ended with SIGKILL then, and forgets what it has not written. */
const LONGEST_STOP_MS = 9_500;

/** On a busy machine it may take seconds to start; outages must not become one. */
const SHORTEST_UP_MS = 3_000;

/** @param folder where its data lie */
export async function startStormStorage(folder: string): Promise<StormStorage> {
	const accidents: string[] = [];
	const outages: Interval[] = [];
	const onExit = (code: number | null) => void accidents.push(`Azurite has ended by itself (${code})`);
	let azurite: Azurite = await startAzurite({ folder, onExit });
	const { connectionString, ports } = azurite;
	let busy: Promise<void> = Promise.resolve();
	let isOver = false;

	async function stop(): Promise<void> {
		const begun = performance.now();
		await azurite.stop();
		if (performance.now() - begun > LONGEST_STOP_MS) accidents.push("Azurite did not stop, and had to be killed");
	}

	async function goAway(ms: number): Promise<void> {
		const upMs = Date.now() - (outages.at(-1)?.to ?? 0);
		if (upMs < SHORTEST_UP_MS) await sleep(SHORTEST_UP_MS - upMs);
		if (isOver) return;
		const from = Date.now();
		await stop();
		await sleep(ms);
		if (isOver) return;
		azurite = await startAzurite({ folder, ports, onExit });
		outages.push({ from, to: Date.now() });
	}

	return {
		connectionString,
		outages,
		accidents,
		outage(ms) {
			busy = busy.then(() => goAway(ms));
			return busy;
		},
		async stop() {
			isOver = true;
			await busy.catch(() => {});
			await stop();
		},
	};
}
