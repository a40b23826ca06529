import { QueueClient } from "@azure/storage-queue";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type Bridge, createMisconfigured } from "../../src/bridge.ts";
import { deliverPoison, eventQueue, eventQueuePoison } from "../../src/functions/triggers.ts";
import { readQueueSettings } from "../../src/local/queue-settings.ts";
import { startQueueTrigger } from "../../src/local/queue-trigger.ts";
import { type LedgerNames, StorageError } from "../../src/storage/storage.ts";
import { eventually } from "../../support/eventually.ts";
import { asCloudEvent, exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { testContext } from "../helpers/call-function.ts";
import { fileStorage, newNames, openFileStorage } from "../helpers/file-storage.ts";

const PROBLEMS = [{ setting: "GITHUB_TOKEN", problem: "is not set" }];
const CREATED = asCloudEvent(exampleOf("BlobCreated"));

let fixture: BridgeFixture;
let names: LedgerNames;
let events: string;
/** Of each message that was put back: after how many seconds it is seen again. */
let delays: number[];
beforeEach(async () => {
	fixture = await startFixture();
	names = newNames();
	events = `e${names.queue}`;
	delays = [];
});
afterEach(() => fixture.github.close());

/** A bridge that has storage and nothing else; what it puts back is seen at once. */
function broken(puts: "work" | "fail" = "work"): Bridge {
	return createMisconfigured(PROBLEMS, async () => {
		const storage = await openFileStorage(names);
		return wrapStorage(storage, async ({ method, args }, make) => {
			if (method !== "put") return make();
			if (puts === "fail") throw new StorageError("the message is too large", 413);
			delays.push(args[1] as number);
			return storage.put(args[0] as string, 0, args[2] as string | undefined);
		});
	});
}

type Make = typeof eventQueue;

const hand = async (make: Make, bridge: Bridge, message: unknown) => {
	const { context, logged } = testContext();
	await make(events, async () => bridge).handler(message, context);
	return logged;
};

async function queueOf(name: string, texts: readonly string[] = []): Promise<QueueClient> {
	const queue = new QueueClient(await fileStorage(), name);
	await queue.createIfNotExists();
	// As the platform puts them into a poison queue: for seven days.
	for (const text of texts) await queue.sendMessage(Buffer.from(text).toString("base64"));
	return queue;
}

/** Runs a function with the messages of a queue, as the platform does, until that is empty. */
async function runUntilEmpty(make: Make, queueName: string, bridge: Bridge): Promise<void> {
	const queue = await queueOf(queueName);
	const trigger = startQueueTrigger({
		storage: await fileStorage(),
		queueName,
		settings: readQueueSettings(),
		run: (input) => hand(make, bridge, Buffer.from(input.string)),
		onLog: () => {},
	});
	await eventually(`the end of ${queueName}`, async () => {
		return (await queue.getProperties()).approximateMessagesCount === 0 || undefined;
	});
	await trigger.stop();
}

describe("what the platform has given up while the configuration is broken", () => {
	it("is put back into its queue, where nothing expires, and is delivered after the repair, all of it", async () => {
		const texts = [
			// The last digit is none that a double can hold.
			JSON.stringify({ ...CREATED, id: "3", type: "Contoso.Run", data: "N" }).replace('"N"', "9007199254740993"),
			JSON.stringify({ ...CREATED, id: "1", subject: "grün \ud83d\ude80" }),
			JSON.stringify(inEventGridSchema({ ...exampleOf("RunCompleted"), id: "2" })),
			"this is no JSON",
			'"a text in JSON"',
			"17",
			"null",
		];
		await queueOf(`${events}-poison`, texts);
		await runUntilEmpty(eventQueuePoison, `${events}-poison`, broken());
		const { peekedMessageItems } = await (await queueOf(events)).peekMessages({ numberOfMessages: 32 });
		expect(peekedMessageItems.map(({ expiresOn }) => expiresOn.getUTCFullYear())).toEqual(texts.map(() => 9999));
		const putBack = peekedMessageItems.map(({ messageText }) => Buffer.from(messageText, "base64").toString());
		expect(new Set(putBack)).toEqual(new Set(texts));
		expect(delays).toEqual(texts.map(() => 30));

		const repaired = fixture.bridge({}, {}, names);
		await runUntilEmpty(eventQueue, events, repaired);
		const { receipts } = await repaired.receipts({ limit: 10 });
		const accepted = receipts.filter(({ state }) => state === "accepted" || state === "dispatched");
		expect(new Set(accepted.map(({ event }) => event.id))).toEqual(new Set(["1", "2", "3"]));
		expect(receipts.filter(({ state }) => state === "rejected")).toHaveLength(4);
	});

	it("says so as an error, with the queue", async () => {
		expect(await hand(eventQueuePoison, broken(), CREATED)).toEqual([
			["error", expect.stringMatching(new RegExp(`"change":"put back".*"queue":"${events}"`))],
		]);
	});

	it("becomes a dead letter where it cannot be put back", async () => {
		await hand(eventQueuePoison, broken("fail"), CREATED);
		const { receipts } = await fixture.bridge({}, {}, names).receipts({ limit: 10 });
		expect(receipts).toMatchObject([
			{ state: "rejected", event: { id: CREATED.id }, reason: expect.stringContaining("the message is too large") },
		]);
	});

	it("is put back as a wake-up, too", async () => {
		const { context } = testContext();
		await deliverPoison(async () => broken()).handler({ lane: "default", wake: 7 }, context);
		const { peekedMessageItems } = await (await queueOf(names.queue)).peekMessages();
		expect(peekedMessageItems.map(({ messageText }) => Buffer.from(messageText, "base64").toString())).toEqual([
			'{"lane":"default","wake":7}',
		]);
		expect(peekedMessageItems[0]?.expiresOn.getUTCFullYear()).toBe(9999);
		expect(delays).toEqual([30]);
	});

	it("stays where it is only while storage is not configured either", async () => {
		const nowhere = createMisconfigured([...PROBLEMS, { setting: "AzureWebJobsStorage", problem: "is not set" }]);
		await expect(hand(eventQueuePoison, nowhere, CREATED)).rejects.toThrow("AzureWebJobsStorage");
	});
});

describe("what the platform has given up although the configuration works", () => {
	const unavailable = {
		id: null,
		outcome: "unavailable",
		route: null,
		key: null,
		reason: "the table is away",
	} as const;

	it("is put back into its queue where it cannot be recorded as a dead letter", async () => {
		const bridge: Bridge = {
			...fixture.bridge({}, {}, names),
			accept: async () => [unavailable],
			deadLetter: () => Promise.reject(new StorageError("the table is away", 503)),
		};
		await hand(eventQueuePoison, bridge, CREATED);
		const queue = await queueOf(events);
		expect((await queue.getProperties()).approximateMessagesCount).toBe(1);
	});

	it("becomes a dead letter only as far as it is not accepted", async () => {
		const given: unknown[] = [];
		const bridge: Bridge = {
			...fixture.bridge(),
			accept: async (elements) =>
				elements.map((element) => (element === "bad" ? unavailable : { ...unavailable, outcome: "dispatched" })),
			deadLetter: async (elements) => void given.push(...elements),
		};
		await hand(eventQueuePoison, bridge, ["good", "bad", "good too", "bad"]);
		expect(given).toEqual(["bad", "bad"]);
	});

	it("stays where it is, to be tried again, where neither can be done", async () => {
		const bridge: Bridge = {
			...fixture.bridge(),
			accept: async () => [unavailable],
			deadLetter: () => Promise.reject(new StorageError("the table is away", 503)),
			putBack: () => Promise.reject(new StorageError("the queue is away", 503)),
		};
		await expect(hand(eventQueuePoison, bridge, CREATED)).rejects.toThrow("the queue is away");
	});
});
