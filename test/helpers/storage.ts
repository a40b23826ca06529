import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAzurite } from "../../src/local/azurite.ts";

/** An empty Azure Storage of one's own. */
export interface Storage {
	readonly connectionString: string;
	/** Ends it and removes its data. */
	stop(): Promise<void>;
}

/** Starts Azurite in a temporary folder. */
export async function startStorage(): Promise<Storage> {
	const folder = mkdtempSync(join(tmpdir(), "storage-"));
	const remove = () => rmSync(folder, { recursive: true, force: true });
	try {
		const { connectionString, stop } = await startAzurite({ folder });
		return { connectionString, stop: () => stop().finally(remove) };
	} catch (error) {
		remove();
		throw error;
	}
}
