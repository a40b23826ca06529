import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type QueueClient, QueueServiceClient } from "@azure/storage-queue";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { startAzurite } from "../../src/local/azurite.ts";
import { readQueueSettings } from "../../src/local/queue-settings.ts";
import { type QueueTriggerOptions, startQueueTrigger } from "../../src/local/queue-trigger.ts";
import type { Trigger } from "../../src/local/stopping.ts";
import { eventually } from "../../support/eventually.ts";
import { type Storage, startStorage } from "../helpers/storage.ts";

const SETTINGS = { ...readQueueSettings(), maxPollingIntervalMs: 100, lockMs: 20_000 };

let storage: Storage;
let count = 0;

beforeAll(async () => {
	storage = await startStorage();
});
afterAll(() => storage?.stop());

describe("a queue trigger", () => {
	const started: Trigger[] = [];
	const logged: string[] = [];

	type Started = Partial<QueueTriggerOptions>;

	/** Starts a trigger on a queue; whatever the function returns or throws comes from `run`. */
	function start(queue: QueueClient, options: Started & Pick<QueueTriggerOptions, "run">): Trigger {
		const onLog = (level: string, message: string) => void logged.push(`${level}: ${message}`);
		const trigger = startQueueTrigger({
			storage: storage.connectionString,
			queueName: queue.name,
			settings: SETTINGS,
			onLog,
			...options,
		});
		started.push(trigger);
		return trigger;
	}

	afterEach(async () => {
		await Promise.all(started.splice(0).map((trigger) => trigger.stop()));
		logged.length = 0;
	});

	it("runs its function with each message's text, and deletes the message", async () => {
		const queue = await newQueue("first", '{ "lane": "grün" }');
		const inputs: unknown[] = [];
		start(queue, { run: async (input) => void inputs.push(input) });
		await isEmpty(queue);
		expect(inputs).toHaveLength(2);
		expect(inputs).toEqual(expect.arrayContaining([{ string: "first" }, { string: '{ "lane": "grün" }' }]));
		expect(logged).toEqual([]);
	});

	it("hands over a message's metadata, as the host names and writes them", async () => {
		const queue = await newQueue("one");
		const given: Readonly<Record<string, unknown>>[] = [];
		start(queue, { run: async (_, metadata) => void given.push(metadata) });
		await isEmpty(queue);
		const time = { json: expect.stringMatching(/^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"$/) };
		expect(given).toEqual([
			{
				QueueTrigger: { string: "one" },
				Id: { string: expect.stringMatching(/^[\da-f-]{36}$/) },
				PopReceipt: { string: expect.any(String) },
				DequeueCount: { int: 1 },
				InsertionTime: time,
				ExpirationTime: time,
				NextVisibleTime: time,
			},
		]);
	});

	it("takes texts as they are where the messages are not encoded", async () => {
		const queue = await newQueue();
		await queue.sendMessage("not base64!");
		const inputs: unknown[] = [];
		start(queue, {
			settings: { ...SETTINGS, messageEncoding: "none" },
			run: async (input) => void inputs.push(input),
		});
		await isEmpty(queue);
		expect(inputs).toEqual([{ string: "not base64!" }]);
	});

	it("takes a new batch when no more than the threshold are under way", async () => {
		const queue = await newQueue("1", "2", "3", "4", "5", "6");
		const breakers: (() => void)[] = [];
		start(queue, {
			settings: { ...SETTINGS, batchSize: 2, newBatchThreshold: 1 },
			run: () => new Promise<void>((resolve) => void breakers.push(resolve)),
		});
		await eventually("the first two", () => breakers.length === 2 || undefined);
		breakers.shift()?.();
		// One is under way, so two more are taken, and then three are under way.
		await eventually("two more", () => breakers.length === 3 || undefined);
		for (let left = 5; left > 0; left--) {
			const breaker = await eventually("the next", () => breakers.shift());
			breaker();
		}
		await isEmpty(queue);
	});

	it("tries a message that failed again, when its time out of sight is over", async () => {
		const queue = await newQueue("again");
		const counts: unknown[] = [];
		start(queue, {
			run: async (_, { DequeueCount }) => {
				counts.push(DequeueCount);
				if (counts.length < 3) throw new Error("not yet");
			},
		});
		await isEmpty(queue);
		expect(counts).toEqual([{ int: 1 }, { int: 2 }, { int: 3 }]);
	});

	it("keeps a message that failed out of sight for as long as it is told", async () => {
		const queue = await newQueue("later");
		let runs = 0;
		start(queue, {
			settings: { ...SETTINGS, visibilityTimeoutMs: 600_000 },
			run: async () => {
				runs += 1;
				throw new Error("no");
			},
		});
		await eventually("the run", () => runs || undefined);
		await started.splice(0)[0]?.stop();
		expect((await queue.receiveMessages()).receivedMessageItems).toEqual([]);
		expect((await queue.getProperties()).approximateMessagesCount).toBe(1);
		expect(runs).toBe(1);
	});

	it("puts a message that has failed too often into the poison queue, as it was", async () => {
		const queue = await newQueue("bad");
		let runs = 0;
		start(queue, {
			settings: { ...SETTINGS, maxDequeueCount: 2 },
			run: async () => {
				runs += 1;
				throw new Error("no");
			},
		});
		const [poisoned] = await messagesOf(poisonOf(queue));
		expect(poisoned?.messageText).toBe(encoded("bad"));
		await isEmpty(queue);
		expect(runs).toBe(2);
		expect(logged).toEqual([
			expect.stringMatching(/^warning: message [\da-f-]{36} of .*-poison: it has failed 2 times$/),
		]);
	});

	it("puts a message that is not base64 there, too, without running the function", async () => {
		const queue = await newQueue();
		await queue.sendMessage("not base64!");
		const runs: unknown[] = [];
		start(queue, { run: async (input: unknown) => void runs.push(input) });
		const [poisoned] = await messagesOf(poisonOf(queue));
		expect(poisoned?.messageText).toBe("not base64!");
		expect(runs).toEqual([]);
	});

	it("runs a message no more that was taken more often than it may", async () => {
		const queue = await newQueue("worn");
		for (const _ of [1, 2]) {
			const { receivedMessageItems } = await queue.receiveMessages({ visibilityTimeout: 1 });
			const [taken] = receivedMessageItems;
			await queue.updateMessage(taken?.messageId ?? "", taken?.popReceipt ?? "", undefined, 0);
		}
		const runs: unknown[] = [];
		start(queue, {
			settings: { ...SETTINGS, maxDequeueCount: 2 },
			run: async (input: unknown) => void runs.push(input),
		});
		expect((await messagesOf(poisonOf(queue))).map(({ messageText }) => messageText)).toEqual([encoded("worn")]);
		expect(runs).toEqual([]);
	});

	it("makes no poison queue for a poison queue, and leaves what fails there out of sight", async () => {
		const queue = queueNamed(`queue-${++count}-poison`);
		await queue.create();
		await queue.sendMessage(encoded("bad"));
		let runs = 0;
		start(queue, {
			settings: { ...SETTINGS, maxDequeueCount: 1 },
			run: async () => {
				runs += 1;
				throw new Error("no");
			},
		});
		await eventually("the run", () => runs || undefined);
		await started.splice(0)[0]?.stop();
		expect((await queue.getProperties()).approximateMessagesCount).toBe(1);
		expect((await queue.receiveMessages()).receivedMessageItems).toEqual([]);
		expect(await poisonOf(queue).exists()).toBe(false);
	});

	it("keeps a message to itself for as long as it runs, however short its lock is", async () => {
		const queue = await newQueue("long");
		let end = () => {};
		let runs = 0;
		const run = () => {
			runs += 1;
			return new Promise<void>((resolve) => {
				end = resolve;
			});
		};
		const settings = { ...SETTINGS, lockMs: 1000 };
		start(queue, { settings, run });
		start(queue, { settings, run });
		await eventually("the run", () => runs || undefined);
		// Two more locks' time: the service's clock cannot be set.
		await new Promise((resolve) => setTimeout(resolve, 2500));
		expect(runs).toBe(1);
		end();
		await isEmpty(queue);
		expect(runs).toBe(1);
	});

	it("waits quietly for a queue that is not there yet", async () => {
		const queue = queueNamed(`queue-${++count}`);
		const runs: unknown[] = [];
		start(queue, { run: async (input: unknown) => void runs.push(input) });
		await queue.create();
		await queue.sendMessage(encoded("one"));
		await eventually("the run", () => runs.at(0));
		expect(logged).toEqual([]);
	});
});

describe("a queue trigger whose storage goes away", () => {
	it("says so once, goes on asking, and goes on working when it is back", async () => {
		const folder = mkdtempSync(join(tmpdir(), "outage-"));
		const before = await startAzurite({ folder });
		const service = QueueServiceClient.fromConnectionString(before.connectionString);
		const queue = service.getQueueClient("deliver");
		await queue.create();
		const logged: string[] = [];
		const inputs: unknown[] = [];
		const trigger = startQueueTrigger({
			storage: before.connectionString,
			queueName: queue.name,
			settings: SETTINGS,
			run: async (input) => void inputs.push(input),
			onLog: (level, message) => void logged.push(`${level}: ${message}`),
		});
		await before.stop();
		await eventually("the outage in the log", () => logged.at(0));
		const after = await startAzurite({ folder, ports: before.ports });
		try {
			await queue.sendMessage(encoded("after"));
			expect(await eventually("the run", () => inputs.at(0))).toEqual({ string: "after" });
			expect(logged).toEqual([
				expect.stringMatching(/^warning: storage does not serve deliver: .*ECONN.*; trying again$/),
				"information: storage serves deliver again",
			]);
		} finally {
			await trigger.stop();
			await after.stop();
			rmSync(folder, { recursive: true });
		}
	});
});

describe("stopping a queue trigger", () => {
	const options = () => ({ storage: storage.connectionString, settings: SETTINGS, onLog: () => {} });

	it("takes no message any more, and leaves it in sight", async () => {
		const queue = await newQueue();
		const runs: unknown[] = [];
		const run = async (input: unknown) => void runs.push(input);
		const trigger = startQueueTrigger({ ...options(), queueName: queue.name, run });
		const stopped = trigger.stop();
		await queue.sendMessage(encoded("late"));
		await stopped;
		const { receivedMessageItems } = await queue.receiveMessages();
		expect(receivedMessageItems).toHaveLength(1);
		expect(runs).toEqual([]);
	});

	it("waits for what runs, and deletes its message", async () => {
		const queue = await newQueue("one");
		let end: (() => void) | undefined;
		const run = () =>
			new Promise<void>((resolve) => {
				end = resolve;
			});
		const trigger = startQueueTrigger({ ...options(), queueName: queue.name, run });
		const finish = await eventually("the run", () => end);
		const stopped = trigger.stop();
		setImmediate(finish);
		await stopped;
		expect((await queue.getProperties()).approximateMessagesCount).toBe(0);
	});

	it("does not wait for ever, and lets the message of such a run come back when its lock ends", async () => {
		const queue = await newQueue("one");
		const settings = { ...SETTINGS, lockMs: 1000 };
		let runs = 0;
		const run = () => {
			runs += 1;
			return new Promise<void>(() => {});
		};
		const trigger = startQueueTrigger({ ...options(), settings, queueName: queue.name, run, stopMs: 20 });
		await eventually("the run", () => runs || undefined);
		await trigger.stop();
		const [back] = await messagesOf(queue);
		expect(back?.dequeueCount).toBe(2);
	});
});

function queueNamed(name: string): QueueClient {
	return QueueServiceClient.fromConnectionString(storage.connectionString).getQueueClient(name);
}

async function newQueue(...texts: readonly string[]): Promise<QueueClient> {
	const queue = queueNamed(`queue-${++count}`);
	await queue.create();
	for (const text of texts) await queue.sendMessage(encoded(text));
	return queue;
}

function poisonOf({ name }: QueueClient): QueueClient {
	return queueNamed(`${name}-poison`);
}

function encoded(text: string): string {
	return Buffer.from(text).toString("base64");
}

/** Waits until a queue holds nothing, in sight or out of it. */
async function isEmpty(queue: QueueClient): Promise<void> {
	await eventually(`an empty ${queue.name}`, async () => {
		const { approximateMessagesCount } = await queue.getProperties();
		return approximateMessagesCount === 0 || undefined;
	});
}

/** Takes what there is, as soon as there is something. */
async function messagesOf(queue: QueueClient) {
	return eventually(`a message in ${queue.name}`, async () => {
		const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 });
		return receivedMessageItems.length > 0 ? receivedMessageItems : undefined;
	});
}
