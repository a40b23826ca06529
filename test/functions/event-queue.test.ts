import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type Bridge, createMisconfigured } from "../../src/bridge.ts";
import { readEventQueue } from "../../src/config/settings.ts";
import { eventQueue, eventQueuePoison } from "../../src/functions/triggers.ts";
import { asCloudEvent, exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { testContext } from "../helpers/call-function.ts";

let fixture: BridgeFixture;
beforeEach(async () => {
	fixture = await startFixture();
});
afterEach(() => fixture.github.close());

const broken = createMisconfigured([{ setting: "GITHUB_REPOSITORY", problem: "is not set" }]);

const hand = (make: typeof eventQueue, bridge: Bridge, message: unknown) => {
	const { context, logged } = testContext();
	const done = Promise.resolve(make("events", async () => bridge).handler(message, context));
	return { done, logged };
};

const found = async (bridge: Bridge) => (await bridge.receipts({ limit: 10 })).receipts;

describe("the queue that Event Grid delivers to", () => {
	it("is the function app's own, with a poison queue beside it", () => {
		const bridge = async () => broken;
		expect(eventQueue("events", bridge)).toMatchObject({ queueName: "events", connection: "AzureWebJobsStorage" });
		expect(eventQueuePoison("events", bridge)).toMatchObject({ queueName: "events-poison" });
	});

	it.each([
		["the Event Grid schema", inEventGridSchema(exampleOf("BlobCreated"))],
		["CloudEvents", asCloudEvent(exampleOf("BlobCreated"))],
	])("dispatches an event in %s", async (_, message) => {
		await hand(eventQueue, fixture.bridge(), message).done;
		expect(fixture.github.received).toMatchObject([{ event_type: "storage-blobcreated" }]);
	});

	it("asks for bytes, so that every digit of a message's numbers arrives, also behind a byte-order mark", async () => {
		expect(eventQueue("events", async () => broken)).toMatchObject({ dataType: "binary" });
		const text = JSON.stringify({ ...asCloudEvent(exampleOf("BlobCreated")), type: "Contoso.Run", data: "DATA" });
		const message = Buffer.from(`\uFEFF${text.replace('"DATA"', '{"id":9007199254740993}')}`);
		const bodies: unknown[] = [];
		const listening: typeof fetch = (input, init) => {
			bodies.push(init?.body);
			return fetch(input, init);
		};
		await hand(eventQueue, fixture.bridge({}, { fetch: listening }), message).done;
		expect(bodies).toEqual([expect.stringContaining('"data":{"id":9007199254740993}')]);
	});

	it("takes what the library leaves of a message: an object, or a text that it could not read", async () => {
		const event = asCloudEvent(exampleOf("BlobCreated"));
		for (const message of [event, `\uFEFF${JSON.stringify({ ...event, id: "marked" })}`]) {
			await hand(eventQueue, fixture.bridge(), message).done;
		}
		expect(fixture.github.received).toHaveLength(2);
	});

	it("makes a dead letter of what is no event, and takes it off the queue", async () => {
		const bridge = fixture.bridge();
		await hand(eventQueue, bridge, "this is not JSON").done;
		expect(await found(bridge)).toMatchObject([{ state: "rejected", reason: expect.stringContaining("JSON object") }]);
	});

	it("leaves an event in the queue while it cannot be made durable", async () => {
		await expect(hand(eventQueue, broken, asCloudEvent(exampleOf("BlobCreated"))).done).rejects.toThrow(
			"GITHUB_REPOSITORY",
		);
	});

	it("tries a poisoned event once more", async () => {
		await hand(eventQueuePoison, fixture.bridge(), asCloudEvent(exampleOf("BlobCreated"))).done;
		expect(fixture.github.received).toHaveLength(1);
	});

	it("makes a poisoned event that still cannot be accepted a dead letter with the reason, and says so aloud", async () => {
		const working = fixture.bridge();
		const [id, reason] = ["poison", "the ledger chokes on it"];
		const bridge: Bridge = {
			...working,
			accept: async () => [{ id, outcome: "unavailable", route: null, key: null, reason }],
		};
		const { done, logged } = hand(eventQueuePoison, bridge, { ...asCloudEvent(exampleOf("BlobCreated")), id });
		await done;
		expect(await found(working)).toMatchObject([
			{
				state: "rejected",
				event: { id, type: exampleOf("BlobCreated").type },
				reason: expect.stringContaining(reason),
			},
		]);
		expect(logged).toContainEqual(["error", expect.stringContaining('"change":"poisoned"')]);
	});

	it("leaves a poisoned event where it is while the configuration is broken", async () => {
		await expect(hand(eventQueuePoison, broken, asCloudEvent(exampleOf("BlobCreated"))).done).rejects.toThrow();
	});

	it.each([
		["events", "events"],
		["  events ", "events"],
		["Events", undefined],
		["a--b", undefined],
		["ab", undefined],
		["a".repeat(57), undefined],
		["grid-dispatch", undefined],
		["grid-dispatch-poison", undefined],
		[`${"a-".repeat(40)}a`, undefined],
		["", undefined],
	])("is named by EVENT_QUEUE: %j is %s", (name, queue) => {
		expect(readEventQueue({ EVENT_QUEUE: name })).toBe(queue);
	});

	it("is not there without EVENT_QUEUE", () => {
		expect(readEventQueue({})).toBeUndefined();
	});
});
