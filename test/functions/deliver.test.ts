import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createMisconfigured } from "../../src/bridge.ts";
import { deliver, deliverPoison } from "../../src/functions/triggers.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { testContext } from "../helpers/call-function.ts";
import { newNames } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { openTestLedger } from "../helpers/test-ledger.ts";

let fixture: BridgeFixture;
beforeEach(async () => {
	fixture = await startFixture();
});
afterEach(() => fixture.github.close());

describe("the queue of wake-ups", () => {
	it("delivers what GitHub could not take at first", async () => {
		const ledger = await openTestLedger(newNames());
		const bridge = fixture.bridge({}, { random: () => 0 }, ledger.names);
		fixture.github.script.set({ status: 429, headers: { "retry-after": "1" } });
		expect(await bridge.accept([asCloudEvent(exampleOf("ModelRegistered"))], logLines())).toMatchObject([
			{ outcome: "accepted", reason: expect.stringContaining("paused until") },
		]);
		const { context } = testContext();
		await deliver(async () => bridge).handler({ lane: "default", wake: 1 }, context);
		expect(fixture.github.received).toHaveLength(1);
	});

	it.each([
		["text", "hello"],
		["nothing", null],
		["half a wake-up", { lane: "default" }],
	])("drops a message that is no wake-up (%s), and says so", async (_, message) => {
		const { context, logged } = testContext();
		await deliver(async () => fixture.bridge()).handler(message, context);
		expect(logged).toEqual([["error", expect.stringContaining("not a wake-up")]]);
	});

	it("keeps a wake-up while the configuration is broken", async () => {
		const broken = createMisconfigured([{ setting: "GITHUB_TOKEN", problem: "is not set" }]);
		const { context } = testContext();
		const done = async () => deliver(async () => broken).handler({ lane: "default", wake: 1 }, context);
		await expect(done()).rejects.toThrow("GITHUB_TOKEN");
	});

	it("puts a poisoned wake-up back, as it was", async () => {
		const ledger = await openTestLedger(newNames());
		const { context, logged } = testContext();
		const bridge = fixture.bridge({}, {}, ledger.names);
		await deliverPoison(async () => bridge).handler({ lane: "default", wake: 7 }, context);
		expect(await ledger.countMessages()).toBe(1);
		expect(logged).toEqual([["error", expect.stringContaining("put back")]]);
	});
});
