import { QueueClient } from "@azure/storage-queue";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createMisconfigured } from "../../src/bridge.ts";
import { follow, followPoison } from "../../src/functions/triggers.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { testContext } from "../helpers/call-function.ts";
import { fileStorage, newNames } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";

const WAKE_UP = { lane: "default", wake: 0 };
const EVENT = asCloudEvent(exampleOf("ModelRegistered"));

let fixture: BridgeFixture;
beforeAll(async () => {
	fixture = await startFixture();
});
afterAll(() => fixture.github.close());

/** How many messages wait for followers. */
async function waiting({ follow: queue }: ReturnType<typeof newNames>): Promise<number> {
	const client = new QueueClient(await fileStorage(), queue);
	return (await client.exists()) ? ((await client.getProperties()).approximateMessagesCount ?? 0) : 0;
}

const readCalls = () => fixture.github.calls.filter(({ path }) => path.includes("/actions/")).length;

describe("the queue of followers' wake-ups", () => {
	it("follows what was dispatched, and leaves no message behind its own", async () => {
		const names = newNames();
		const bridge = fixture.bridge({}, {}, names);
		await bridge.accept([EVENT], logLines());
		expect(await waiting(names)).toBe(1);
		const { context } = testContext();
		await follow(async () => bridge).handler(WAKE_UP, context);
		const [receipt] = (await bridge.receipts({ limit: 1 })).receipts;
		expect(receipt).toMatchObject({ following: "concluded", runs: [{ conclusion: "success", certain: true }] });
		// The one that is obeyed just now is the platform's to remove.
		expect(await waiting(names)).toBe(1);
		const before = readCalls();
		await follow(async () => bridge).handler(WAKE_UP, context);
		expect([readCalls(), await waiting(names)]).toEqual([before, 1]);
	});

	it("is not used where FOLLOW_RUNS is off, and runs are not asked for", async () => {
		const names = newNames();
		const before = readCalls();
		const bridge = fixture.bridge({ FOLLOW_RUNS: "off" }, {}, names);
		await bridge.accept([EVENT], logLines());
		await bridge.upkeep(logLines().log);
		expect([await waiting(names), readCalls()]).toEqual([0, before]);
		expect((await bridge.receipts({ limit: 1 })).receipts).toMatchObject([{ following: "off", runs: [] }]);
	});

	it("gets a message by upkeep where something is followed, should its own be lost", async () => {
		const names = newNames();
		const bridge = fixture.bridge({}, {}, names);
		await bridge.accept([EVENT], logLines());
		await new QueueClient(await fileStorage(), names.follow).clearMessages();
		await bridge.upkeep(logLines().log);
		expect(await waiting(names)).toBe(1);
		await bridge.follow(WAKE_UP, logLines().log);
		await new QueueClient(await fileStorage(), names.follow).clearMessages();
		await bridge.upkeep(logLines().log);
		expect(await waiting(names)).toBe(0);
	});

	it.each([["hello"], [null], [{ lane: "a/b", wake: 1 }]])(
		"drops %j, which is no wake-up, and says so",
		async (message) => {
			const { context, logged } = testContext();
			await follow(async () => fixture.bridge()).handler(message, context);
			expect(logged).toEqual([["error", expect.stringContaining("not a wake-up")]]);
		},
	);

	it("keeps a wake-up while the configuration is broken, and puts a poisoned one back", async () => {
		const { context } = testContext();
		const broken = createMisconfigured([{ setting: "GITHUB_TOKEN", problem: "is not set" }]);
		await expect(async () => follow(async () => broken).handler(WAKE_UP, context)).rejects.toThrow("GITHUB_TOKEN");
		const names = newNames();
		await followPoison(async () => fixture.bridge({}, {}, names)).handler(WAKE_UP, context);
		expect(await waiting(names)).toBe(1);
	});
});

describe("health", () => {
	it("tells one routes table from another, however it is written", async () => {
		const digestOf = async (table: string) => (await fixture.bridge({ BRIDGE_ROUTES: table }).health()).routes?.digest;
		const one = await digestOf('{"routes":[{"name":"r","to":{"repository":"a/b","dispatchType":"x"}}]}');
		expect(one).toMatch(/^[0-9a-f]{16}$/);
		expect(await digestOf('{ "routes": [{ "to": { "dispatchType": "x", "repository": "a/b" }, "name": "r" }] }')).toBe(
			one,
		);
		expect(await digestOf('{"routes":[{"name":"r","to":{"repository":"a/b","dispatchType":"y"}}]}')).not.toBe(one);
	});
});
