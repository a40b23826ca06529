/** In place of test/helpers/test-ledger.ts while mutants are tried: see file-storage.ts. */
import { leaseBlob } from "../../src/ledger/lane-lease.ts";
import type { WakeUp } from "../../src/ledger/wake-up.ts";
import { containerOf, type Row } from "../../src/storage/storage.ts";
import type { QueuedWakeUp, TestLedger } from "../helpers/test-ledger.ts";
import { accountOf, newNames, openFileStorage } from "./file-storage.ts";

export type { QueuedWakeUp, TestLedger };

const HIDDEN_MS = 60_000;

export async function openTestLedger(names = newNames()): Promise<TestLedger> {
	const { partitions, queues, blobs, leases } = accountOf(names);
	const messages = () => queues.get(names.queue) ?? [];
	return {
		names,
		storage: await openFileStorage(names),
		async rows(lane, beginning = "") {
			const rows = [...(partitions.get(lane)?.values() ?? [])].filter(({ rowKey }) => rowKey.startsWith(beginning));
			return rows
				.sort((one, other) => (one.rowKey < other.rowKey ? -1 : 1))
				.map(({ rowKey, etag, columns, writtenAt }): Row => {
					return { rowKey, etag, columns: { partitionKey: lane, ...columns, timestamp: writtenAt } };
				});
		},
		countMessages: async () => messages().length,
		async messages() {
			const seen = messages().filter(({ visibleAt }) => visibleAt <= Date.now());
			return seen.map((message): QueuedWakeUp => {
				message.visibleAt = Date.now() + HIDDEN_MS;
				return {
					...(JSON.parse(message.text) as WakeUp),
					remove: async () =>
						void queues.set(
							names.queue,
							messages().filter((one) => one !== message),
						),
					putBack: async () => {
						message.visibleAt = Date.now();
					},
				};
			});
		},
		breakLease: async (lane) => void leases.delete(`${containerOf(leaseBlob(lane), names)}/${leaseBlob(lane)}`),
		async blob(name) {
			const found = blobs.get(`${containerOf(name, names)}/${name}`);
			if (found === undefined) throw new Error(`no blob ${name}`);
			return found.content.toString("utf8");
		},
	};
}
