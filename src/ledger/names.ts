/** What the ledger's parts are called in the app's storage account. */
export interface LedgerNames {
	readonly table: string;
	readonly queue: string;
	readonly container: string;
}

export const LEDGER: LedgerNames = { table: "griddispatch", queue: "grid-dispatch", container: "grid-dispatch" };

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
