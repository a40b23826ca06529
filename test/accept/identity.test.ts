import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { eventGrid } from "../../src/functions/triggers.ts";
import { webhook } from "../../src/functions/webhook.ts";
import type { EventResult } from "../../src/model.ts";
import { asCloudEvent, exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction, testContext } from "../helpers/call-function.ts";

/** Two spellings of one event, or two events: what a second event has that the first has not. */
type Change = Partial<ReturnType<typeof example>>;
type Pair = readonly [what: string, change: Change, first?: Change];

const example = () => ({ ...exampleOf("BlobCreated"), time: "2026-03-14T08:15:30.7600000Z" });

const SAME: readonly Pair[] = [
	["nothing", {}],
	["a time without zeros at the end", { time: "2026-03-14T08:15:30.76Z" }],
	["a time of another zone", { time: "2026-03-14T10:15:30.760+02:00" }],
	["a source in another case", { source: exampleOf("BlobCreated").source.toUpperCase() }],
	["a type in another case", { type: "MICROSOFT.STORAGE.BLOBCREATED" }],
	["other data", { data: { api: "PutBlob", url: "https://contosodata.blob.core.windows.net/other" } }],
];
const DIFFERENT: readonly Pair[] = [
	["a later time", { time: "2026-03-14T08:15:31Z" }],
	["a time that is later by a ten-millionth of a second", { time: "2026-03-14T08:15:30.7600001Z" }],
	["the second before a leap second", { time: "2026-12-31T23:59:59Z" }, { time: "2026-12-31T23:59:60Z" }],
	["another type", { type: "Microsoft.Storage.BlobTierChanged" }],
	["another subject", { subject: "/blobServices/default/containers/training/blobs/Other.csv" }],
	["a subject in another case", { subject: exampleOf("BlobCreated").subject.toUpperCase() }],
	["another source", { source: `${exampleOf("BlobCreated").source}2` }],
];

const to = { repository: "contoso/fraud-model" };
const ROUTES = {
	"a route that sends each event": { to },
	"a route with a dispatch type of its own": { to: { ...to, dispatchType: "new-data" } },
	"a route that gathers": {
		to: { ...to, dispatchType: "new-data" },
		coalesce: { quietSeconds: 600, maxSeconds: 3600 },
	},
} as const;

let fixture: BridgeFixture;
beforeAll(async () => {
	fixture = await startFixture();
});
afterAll(() => fixture.github.close());

describe.each(Object.entries(ROUTES))("%s", (_, route) => {
	let bridge: Bridge;
	beforeAll(async () => {
		bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes: [route] }) });
		// A lane's receipts are found once it was looked at.
		await bridge.wake({ lane: "default", wake: 1 }, () => {});
	});

	const inOneRequest = async (events: readonly unknown[]) => {
		const door = webhook("events", async () => bridge, readHandshakeRules({}));
		return ((await callFunction(door, { body: events })).json as { events: EventResult[] }).events;
	};
	const oneByOne = async (events: readonly unknown[]) => {
		const ends: EventResult[] = [];
		for (const event of events) ends.push(...(await inOneRequest([event])));
		return ends;
	};
	/** A trigger says nothing of the outcome: the receipts do. */
	const throughTheTrigger = async (events: readonly unknown[]) => {
		const door = eventGrid(async () => bridge);
		await Promise.all(events.map((event) => door.handler(event, testContext().context)));
		const { id } = events[0] as { id: string };
		return (await bridge.receipts({ limit: 10, find: id })).receipts;
	};
	const keysOf = (ends: readonly { readonly key: string | null }[]) => new Set(ends.map(({ key }) => key));

	function pairOf([, change, first = {}]: Pair) {
		const event = { ...example(), id: randomUUID(), ...first };
		return [event, { ...event, ...change }];
	}

	it.each(SAME)("takes an event with %s for the same one", async (...pair) => {
		for (const send of [inOneRequest, oneByOne]) {
			const [one, other] = pairOf(pair) as [ReturnType<typeof example>, ReturnType<typeof example>];
			const ends = await send([inEventGridSchema(one), asCloudEvent(other)]);
			expect(keysOf(ends).size).toBe(1);
			expect((await bridge.receipts({ limit: 10, find: one.id })).receipts).toHaveLength(1);
		}
		const events = pairOf(pair).map(asCloudEvent);
		expect(keysOf(await throughTheTrigger(events)).size).toBe(1);
	});

	it.each(DIFFERENT)("takes an event with %s for another one, with a key of its own", async (...pair) => {
		for (const send of [inOneRequest, oneByOne, throughTheTrigger]) {
			const ends = await send(pairOf(pair).map(inEventGridSchema));
			expect(ends).toHaveLength(2);
			expect(keysOf(ends).size).toBe(2);
			for (const { outcome } of ends as EventResult[]) expect(outcome).not.toBe("duplicate");
		}
	});
});

describe("the workflow", () => {
	it("gets each of two events that differ in nothing but their types, under keys of their own", async () => {
		const routes = [ROUTES["a route with a dispatch type of its own"]];
		const bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) });
		const before = fixture.github.received.length;
		const one = inEventGridSchema({ ...example(), id: "two-types" });
		const other = { ...one, eventType: "Microsoft.Storage.BlobTierChanged" };
		const results = await bridge.accept([one, other], { log: () => {} });
		expect(results.map(({ outcome }) => outcome).sort()).not.toContain("duplicate");
		// Of two at once one may be left to the wake-up.
		await bridge.wake({ lane: "default", wake: 1_000 }, () => {});
		const payloads = fixture.github.received.slice(before) as unknown as {
			client_payload: { type: string; bridge: { key: string } };
		}[];
		expect(new Set(payloads.map(({ client_payload }) => client_payload.type)).size).toBe(2);
		expect(new Set(payloads.map(({ client_payload }) => client_payload.bridge.key))).toEqual(
			new Set(results.map(({ key }) => key)),
		);
	});
});
