import type { Random } from "./random.ts";
import { OWED, type Owed, SOURCES } from "./routes.ts";

/** An event of the storm, as it happened. */
export interface StormEvent {
	readonly id: string;
	readonly type: string;
	readonly source: string;
	readonly subject: string;
	/** RFC 3339, in Z. */
	readonly time: string;
	readonly data: unknown;
	/** What the bridge owes for it: nothing where no route takes it. */
	readonly owes: readonly Owed[];
	/** Whether the bridge has to reject it. */
	readonly invalid: boolean;
}

/** Direct and coalescing about the same, a few that are given up, a few that lead nowhere, and a few that are no good. */
const SHARES = [
	[0.1, "run"],
	[0.09, "model"],
	[0.09, "order"],
	[0.08, "return"],
	[0.05, "invoice"],
	[0.04, "shipment"],
	[0.015, "retired"],
	[0.2, "training"],
	[0.135, "raw"],
	[0.08, "lake"],
	[0.04, "scan"],
	[0.03, "features"],
	[0.01, "retiredBlob"],
	[0.025, "ignored"],
	[0.015, "invalid"],
] as const;

/** The share of events that are large: some fit into a dispatch, some go by reference, some are large lines. */
const LARGE = 0.015;
const LARGE_FROM_BYTES = 30_000;
const LARGE_TO_BYTES = 90_000;

type Kind = (typeof SHARES)[number][1];
type Facts = Pick<StormEvent, "type" | "source" | "subject" | "data">;

/** What makes one event of a storm. */
export interface Making {
	readonly index: number;
	/** Milliseconds from the beginning of the storm. */
	readonly at: number;
	/** In how many directories of the lake there is something new. */
	readonly directories: number;
	/** Whether what is given up may come now: early enough for the storm to see it through. */
	readonly retires: boolean;
}

/** Everything but Azure ML's keys is left as it came, so any JSON will do. */
export function stormEvent(making: Making, random: Random): StormEvent {
	const { index, at } = making;
	const kind = kindOf(random.fraction(), making.retires);
	const id = `storm-${String(index).padStart(6, "0")}`;
	const facts = factsOf(kind, making, random);
	return {
		id,
		...facts,
		time: timeOf(at, random),
		owes: kind === "ignored" || kind === "invalid" ? [] : OWED[kind],
		invalid: kind === "invalid",
	};
}

function kindOf(fraction: number, retires: boolean): Kind {
	let sum = 0;
	for (const [share, kind] of SHARES) {
		sum += share;
		if (fraction >= sum) continue;
		if (retires) return kind;
		return kind === "retired" ? "order" : kind === "retiredBlob" ? "raw" : kind;
	}
	return "run";
}

const ORDERS = {
	order: "Placed",
	return: "Returned",
	retired: "Retired",
	invoice: "Invoiced",
	shipment: "Shipped",
} as const;

function factsOf(kind: Kind, { index, directories }: Making, random: Random): Facts {
	const more = random.chance(LARGE) ? { text: text(random.between(LARGE_FROM_BYTES, LARGE_TO_BYTES), random) } : {};
	const details = { details: json(random, 3), ...more };
	const ml = (name: string) => ({ type: `Microsoft.MachineLearningServices.${name}`, source: SOURCES.ml });
	switch (kind) {
		case "run": {
			const data = {
				experimentName: "fraud-model",
				runId: `run-${index}`,
				runTags: { index: String(index) },
				...details,
			};
			return { ...ml("RunCompleted"), subject: `experiments/fraud-model/runs/run-${index}`, data };
		}
		case "model": {
			const data = { modelName: `model-${index}`, modelVersion: String(random.between(1, 99)), ...details };
			return { ...ml("ModelRegistered"), subject: `models/model-${index}:1`, data };
		}
		case "order":
		case "return":
		case "retired":
		case "invoice":
		case "shipment": {
			const type = `Contoso.Orders.${ORDERS[kind]}`;
			return { type, source: SOURCES.orders, subject: `orders/${index}`, data: { order: index, ...details } };
		}
		case "training":
			return blob("training", `day-${random.between(1, 3)}/part-${index}.parquet`, details);
		case "raw":
			return blob("raw", `sensor-${random.between(1, 3)}/reading-${index}.json`, details);
		case "lake":
			return blob("lake", `site-${random.between(1, directories)}/meter-${index}.json`, details);
		case "scan":
			return blob("scans", `line-${random.between(1, 3)}/scan-${index}.png`, details);
		case "features":
			return blob("features", `set-${random.between(1, 3)}/part-${index}.parquet`, details);
		case "retiredBlob":
			return blob("retired", `${index}.json`, details);
		case "ignored":
			return blob("elsewhere", `${index}.txt`, details);
		case "invalid":
			return { ...ml("RunCompleted"), subject: `experiments/fraud-model/runs/run-${index}`, data: { ...details } };
	}
}

function blob(container: string, path: string, more: object): Facts {
	return {
		type: "Microsoft.Storage.BlobCreated",
		source: SOURCES.storage,
		subject: `/blobServices/default/containers/${container}/blobs/${path}`,
		data: {
			api: "PutBlob",
			contentType: "application/octet-stream",
			contentLength: 524288,
			blobType: "BlockBlob",
			url: `https://contosodata.blob.core.windows.net/${container}/${path}`,
			...more,
		},
	};
}

/** Event Grid writes seven digits, six, or none. */
function timeOf(at: number, random: Random): string {
	const time = new Date(Date.UTC(2026, 2, 14, 8) + at).toISOString();
	return random.pick([time, time.replace("Z", "4567Z"), time.replace(/\.\d+Z/, "Z")]);
}

/** As it arrives in an envelope: Event Grid's own, or CloudEvents. */
export function toElement(event: StormEvent, schema: "event-grid" | "cloud-events", time = event.time): object {
	const { id, type, source, subject, data } = event;
	if (schema === "cloud-events") return { specversion: "1.0", id, type, source, subject, time, data };
	return { topic: source, subject, eventType: type, id, data, dataVersion: "1", metadataVersion: "1", eventTime: time };
}

const WORDS = [
	"plain",
	"",
	"ümläut",
	"\u2028line",
	"emoji 🌩️",
	'quo"te',
	"back\\slash",
	"$(id)",
	"`",
	"null",
	"0",
] as const;

/** Some JSON, as nested as asked. */
function json(random: Random, depth: number): unknown {
	const kind = random.between(0, depth > 0 ? 5 : 3);
	if (kind === 0) return random.pick(WORDS);
	if (kind === 1) return random.between(-1_000_000, 1_000_000) / random.pick([1, 8, 1000]);
	if (kind === 2) return random.pick([true, false, null]);
	if (kind === 3) return text(random.between(1, 60), random);
	const members = Array.from({ length: random.between(0, 4) }, () => json(random, depth - 1));
	if (kind === 4) return members;
	return Object.fromEntries(members.map((member, index) => [`${random.pick(WORDS)}-${index}`, member]));
}

/** About so many bytes. */
function text(bytes: number, random: Random): string {
	let written = "";
	while (written.length < bytes) written += `${random.between(0, 1e9).toString(36)} ${random.pick(WORDS)} `;
	return written;
}
