import type { Arrival } from "../arrival.ts";
import type { Evidence, ReceiptFacts, Told } from "../evidence.ts";
import type { Owed } from "../routes.ts";
import type { StormEvent } from "../storm-event.ts";

/** The evidence of a storm, laid out so that what belongs together is found. */
export interface Dossier extends Evidence {
	/** Of a storm's event by its id; undefined for the id of anything else. */
	event(id: string): { readonly event: StormEvent; readonly told: Told } | undefined;
	receiptOf(event: StormEvent, owed: Owed): ReceiptFacts | undefined;
	/** What was taken under a delivery's key. */
	dispatches(key: string): readonly Arrival[];
	/** What one destination took for one event. */
	dispatchesOf(event: StormEvent, owed: Owed): readonly Arrival[];
	readonly windows: readonly ClosedWindow[];
	windowsOf(event: StormEvent, owed: Owed): readonly ClosedWindow[];
}

/** A window that was closed, by its receipt and its manifest. */
export interface ClosedWindow {
	readonly receipt: ReceiptFacts;
	/** As it lies in the ledger; undefined if it is gone. */
	readonly content: Buffer | undefined;
	readonly lines: readonly GatheredLine[];
}

/** A line of a manifest. */
export interface GatheredLine {
	readonly id: string;
	readonly type: string;
	readonly source: string;
	readonly subject: string;
	readonly time: string;
	readonly data: unknown;
}

const MANIFESTS = "manifests/";

export async function openDossier(evidence: Evidence): Promise<Dossier> {
	const { plan, told, received, receipts, blob } = evidence;
	const byId = new Map(plan.events.map((event, index) => [event.id, { event, told: told[index] ?? NOTHING }]));
	const byDelivery = new Map(receipts.map((receipt) => [deliveryOf(receipt.id, receipt.to), receipt]));
	const byKey = groupBy(received, ({ key }) => key);
	const taken = groupBy(received, ({ event, to }) => deliveryOf(String(event.id), to));
	const windows: ClosedWindow[] = [];
	for (const receipt of receipts) {
		const manifest = receipt.blobs.find((name) => name.startsWith(MANIFESTS));
		if (manifest === undefined) continue;
		const content = await blob(manifest);
		windows.push({ receipt, content, lines: content === undefined ? [] : readLines(content) });
	}
	const gathered = new Map<string, ClosedWindow[]>();
	for (const window of windows) {
		for (const { id } of window.lines) add(gathered, deliveryOf(id, window.receipt.to), window);
	}
	return {
		...evidence,
		event: (id) => byId.get(id),
		receiptOf: (event, owed) => byDelivery.get(deliveryOf(event.id, owed.to)),
		dispatches: (key) => byKey.get(key) ?? [],
		dispatchesOf: (event, owed) => taken.get(deliveryOf(event.id, owed.to)) ?? [],
		windows,
		windowsOf: (event, owed) => gathered.get(deliveryOf(event.id, owed.to)) ?? [],
	};
}

const NOTHING: Told = { acknowledgedAt: undefined, refused: false, deliveries: [], claims: [] };

function deliveryOf(id: string, to: string): string {
	return JSON.stringify([id, to]);
}

/** JSON Lines: each line ends with a line feed. */
function readLines(content: Buffer): readonly GatheredLine[] {
	return content
		.toString("utf8")
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as GatheredLine);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
	const groups = new Map<string, T[]>();
	for (const item of items) add(groups, keyOf(item), item);
	return groups;
}

function add<T>(groups: Map<string, T[]>, key: string, item: T): void {
	const group = groups.get(key);
	if (group === undefined) groups.set(key, [item]);
	else group.push(item);
}
