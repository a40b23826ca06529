/** What the ledger's parts are called in the app's storage account. */
export interface LedgerNames {
	readonly table: string;
	readonly queue: string;
	/** What nobody else reads: leases, lists of what is closed, large requests. */
	readonly container: string;
	/** What workflows read. */
	readonly payloads: string;
	/** What was rejected. */
	readonly deadLetters: string;
}

export const LEDGER: LedgerNames = {
	table: "griddispatch",
	queue: "grid-dispatch",
	container: "grid-dispatch",
	payloads: "grid-dispatch-payloads",
	deadLetters: "grid-dispatch-dead-letters",
};

/**
 * The container of one of the ledger's blobs. The first part of its name says who may read it, and what has no place of
 * its own lies where nobody else reads.
 * @param blob such as `manifests/KEY.jsonl`
 */
export function containerOf(blob: string, { container, payloads, deadLetters }: LedgerNames): string {
	switch (blob.slice(0, blob.indexOf("/") + 1)) {
		case "payloads/":
		case "manifests/":
			return payloads;
		case "rejected/":
			return deadLetters;
		default:
			return container;
	}
}

/** That account, as the Functions host knows it. */
export const LEDGER_CONNECTION = "AzureWebJobsStorage";

/**
 * Azure's rule for the name of a queue. Source: learn.microsoft.com, "Naming queues and metadata". Seven characters are
 * left for `-poison`.
 */
const QUEUE_NAME = /^(?=.{3,56}$)[a-z0-9](?:-?[a-z0-9])*$/;

/** The queue that Event Grid delivers to, if there is one; undefined also where its name cannot be one. */
export function readEventQueue(env: Readonly<Record<string, string | undefined>>): string | undefined {
	const name = env["EVENT_QUEUE"]?.trim();
	const isFree = name !== LEDGER.queue && name?.endsWith("-poison") !== true;
	return name !== undefined && QUEUE_NAME.test(name) && isFree ? name : undefined;
}
