import { createHash } from "node:crypto";
import type { Arrival } from "../../chaos/arrival.ts";
import type { Evidence, Told } from "../../chaos/evidence.ts";
import { OWED, SOURCES } from "../../chaos/routes.ts";
import type { StormEvent } from "../../chaos/storm-event.ts";

export const START = Date.UTC(2026, 2, 14, 9);
const TIME = "2026-03-14T08:15:30Z";

/** One event of each sort: sent alone, large and sent by reference, gathered (two of them), ignored, rejected. */
const EVENTS: readonly StormEvent[] = [
	event("alone", SOURCES.ml, OWED.run, { runId: "run-1" }),
	event("large", SOURCES.orders, OWED.order, { text: "x".repeat(100) }),
	event("first", SOURCES.storage, OWED.training, { url: "https://contosodata/1" }),
	event("second", SOURCES.storage, OWED.training, { url: "https://contosodata/2" }),
	event("ignored", SOURCES.storage, [], {}),
	{ ...event("rejected", SOURCES.ml, [], {}), invalid: true },
];

function event(id: string, source: string, owes: StormEvent["owes"], data: unknown): StormEvent {
	return { id, type: "Contoso.Event", source, subject: `subjects/${id}`, time: TIME, data, owes, invalid: false };
}

/** What is known after a storm in which nothing went wrong, to be falsified by a test. */
export type CalmEvidence = { -readonly [Name in keyof Evidence]: Evidence[Name] };

export function calmEvidence(): CalmEvidence {
	const [alone, large, first, second] = EVENTS as [StormEvent, StormEvent, StormEvent, StormEvent];
	const blobs = new Map<string, Buffer>();
	const largeData = keep(blobs, "payloads/large.json", JSON.stringify(large.data));
	const lines = [first, second].map(({ id, type, source, subject, time, data }) => ({
		id,
		type,
		source,
		subject,
		time,
		data,
	}));
	keep(blobs, "manifests/window.jsonl", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
	const received: Arrival[] = [
		dispatch("key-alone", alone, 0, alone.data),
		dispatch("key-large", large, 1, { reference: largeData }),
		dispatch("window", { ...first, id: "window", subject: "subjects/" }, 2, { count: 2, events: lines }),
	];
	return {
		plan: { seed: 1, size: SIZE, events: EVENTS, deliveries: [], kills: [], outages: [], weather: [] },
		told: EVENTS.map(({ invalid }) => toldOf(invalid)),
		received,
		runs: new Map([["30000001", "key-alone"]]),
		calls: received.map(({ at, key }) => ({
			at: Date.parse(at),
			method: "POST",
			path: "/repos/contoso/fraud-model/dispatches",
			token: "token",
			key,
			status: 204,
		})),
		receipts: [
			{
				...RECEIPT,
				key: "key-alone",
				id: "alone",
				...OWED.run[0],
				state: "dispatched",
				statuses: [204],
				runs: ["30000001"],
			},
			{ ...RECEIPT, key: "key-large", id: "large", ...OWED.order[0], state: "dispatched", statuses: [204] },
			{ ...RECEIPT, key: "key-first", id: "first", ...OWED.training[0], state: "coalesced", window: "window" },
			{ ...RECEIPT, key: "key-second", id: "second", ...OWED.training[0], state: "coalesced", window: "window" },
			{
				...RECEIPT,
				key: "window",
				id: "window",
				...OWED.training[0],
				state: "dispatched",
				blobs: ["manifests/window.jsonl"],
				statuses: [204],
			},
			{ ...RECEIPT, key: "key-rejected", id: "rejected", state: "rejected", reason: "runId is missing" },
		],
		waiting: [],
		deadLetters: new Set(["key-rejected"]),
		poisoned: 0,
		blob: async (place) => blobs.get(place),
		kills: [],
		outages: [],
		played: [],
		pace: { perSecond: 12, perMinute: 500, concurrency: 4 },
	};
}

const SIZE = { events: EVENTS.length, kills: 0, outages: 0, long: false, intakeMs: 1_000 };
const RECEIPT = { to: "", reason: "", window: "", statuses: [], runs: [], blobs: [] };

function toldOf(refused: boolean): Told {
	const delivery = { from: START, to: START + 50 };
	return { acknowledgedAt: refused ? undefined : delivery.to, refused, deliveries: [delivery], claims: [] };
}

function keep(blobs: Map<string, Buffer>, url: string, text: string) {
	const content = Buffer.from(text);
	blobs.set(url, content);
	return { url, sha256: createHash("sha256").update(content).digest("hex"), bytes: content.length };
}

function dispatch(key: string, of: StormEvent, second: number, data: unknown): Arrival {
	const [owed] = of.owes;
	const { id, type, source, subject, time } = of;
	return {
		at: new Date(START + second * 1_000).toISOString(),
		to: owed?.to ?? "",
		key,
		event: { id, type, source, subject, time, data },
	};
}
