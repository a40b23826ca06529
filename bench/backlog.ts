import { randomUUID } from "node:crypto";
import { createLedger } from "../src/ledger/ledger.ts";
import { writeWakeUp } from "../src/ledger/wake-up.ts";
import { openStorage } from "../src/storage/open-storage.ts";
import { LANE } from "./paused-lane.ts";

/** Puts entries into the lane of an app's ledger, as accepting does, and wakes those who deliver. */
export interface Backlog {
	fill(entries: number): Promise<void>;
	/** So many wake-ups at the same time, as from so many instances that have accepted at the same time. */
	wake(times: number): Promise<void>;
}

export async function openBacklog(connectionString: string): Promise<Backlog> {
	const storage = await openStorage({ kind: "connection-string", connectionString });
	const monotonic = () => performance.now();
	const ledger = createLedger({
		address: "https://api.github.com",
		storage,
		instance: randomUUID(),
		now: Date.now,
		monotonic,
		grouping: true,
	});

	return {
		async fill(entries) {
			await Promise.all(Array.from({ length: entries }, () => ledger.accept(newPromise())));
		},
		async wake(times) {
			const { wake } = await ledger.wake(LANE, () => Date.now());
			const another = () => storage.put(writeWakeUp({ lane: LANE, wake: wake.last }), 0);
			await Promise.all(Array.from({ length: times - 1 }, another));
		},
	};
}

function newPromise() {
	const key = randomUUID().replaceAll("-", "");
	const to = { repository: "contoso/fraud-model", dispatchType: "benchmark" };
	const event = { id: key, type: "Contoso.Benchmark", source: "/bench", subject: key, time: new Date().toISOString() };
	const body = JSON.stringify({ event_type: to.dispatchType, client_payload: { id: key, bridge: { key } } });
	const how = { owner: "contoso", repo: "fraud-model", body };
	return { key, lane: LANE, event, route: "benchmark", to, how };
}
