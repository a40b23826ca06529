import { randomUUID } from "node:crypto";
import { afterAll } from "@jest/globals";
import { openStorage } from "../../src/storage/azure-storage.ts";
import type { LedgerNames, Storage as LedgerStorage } from "../../src/storage/storage.ts";
import { eventually } from "../../support/eventually.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { type Storage, startStorage } from "./storage.ts";

let started: Promise<Storage> | undefined;
let underWay = 0;

/** The connection string of the one Azure Storage of a test file: started when first asked for, and ended after its tests. */
export async function fileStorage(): Promise<string> {
	started ??= startStorage();
	return (await started).connectionString;
}

afterAll(async () => {
	if (started === undefined) return;
	// A bridge goes on after it has answered: it lets go of its lane.
	await eventually("the end of all calls", () => (underWay === 0 ? true : undefined)).catch(() => {});
	await (await started).stop();
});

/** A ledger's storage whose calls are waited for at the end. */
export async function openFileStorage(names = newNames()): Promise<LedgerStorage> {
	const storage = openStorage({ kind: "connection-string", connectionString: await fileStorage() }, names);
	return wrapStorage(storage, async (_, call) => {
		underWay += 1;
		try {
			return await call();
		} finally {
			// The next call follows at once, or not at all.
			setTimeout(() => (underWay -= 1), 20);
		}
	});
}

/** Names that no other ledger has. */
export function newNames(): LedgerNames {
	const id = randomUUID().replaceAll("-", "");
	return {
		table: `t${id}`,
		queue: `q${id}`,
		follow: `f${id}`,
		container: `c${id}`,
		payloads: `p${id}`,
		deadLetters: `d${id}`,
	};
}
