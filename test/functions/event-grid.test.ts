import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge, BridgeOptions } from "../../src/bridge.ts";
import { eventGrid } from "../../src/functions/triggers.ts";
import { asCloudEvent, exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { testContext } from "../helpers/call-function.ts";

let fixture: BridgeFixture;
beforeEach(async () => {
	fixture = await startFixture();
});
afterEach(() => fixture.github.close());

const run = (event: unknown, options: Partial<BridgeOptions> = {}) => {
	const { context, logged } = testContext();
	const bridge = fixture.bridge({}, options);
	return { done: Promise.resolve(eventGrid(async () => bridge).handler(event, context)), logged };
};

describe("the Event Grid trigger", () => {
	it.each([
		["the Event Grid schema", inEventGridSchema(exampleOf("ModelRegistered"))],
		["CloudEvents", asCloudEvent(exampleOf("ModelRegistered"))],
		["an array of one", [asCloudEvent(exampleOf("ModelRegistered"))]],
	])("dispatches an event in %s", async (_, event) => {
		await run(event).done;
		expect(fixture.github.received).toMatchObject([{ event_type: "machinelearningservices-modelregistered" }]);
	});

	it("acknowledges an event that nothing can be made of, with an error in the log: it would be no better next time", async () => {
		const { done, logged } = run({ ...asCloudEvent(exampleOf("ModelRegistered")), data: {} });
		await expect(done).resolves.toBeUndefined();
		expect(logged).toEqual([["error", expect.stringContaining('"outcome":"rejected"')]]);
	});

	it.each([
		[17, [17]],
		["17", [17]],
		["no JSON", ["no JSON"]],
		[["17"], ["17"]],
		[null, [null]],
	])("hands over %j as the elements %j", async (input, elements) => {
		const given: unknown[] = [];
		const bridge = {
			accept: async (some: readonly unknown[]) => {
				given.push(...some);
				return [];
			},
		} as unknown as Bridge;
		await eventGrid(async () => bridge).handler(input, testContext().context);
		expect(given).toEqual(elements);
	});

	it("acknowledges an event that no route takes", async () => {
		const { done, logged } = run({ ...asCloudEvent(exampleOf("BlobCreated")), data: { api: "SftpCreate", url: "u" } });
		await done;
		expect(logged).toEqual([["information", expect.stringContaining('"outcome":"ignored"')]]);
	});

	it.each([401, 403, 404, 500])(
		"acknowledges an event that waits in the ledger, since GitHub answers %i",
		async (status) => {
			fixture.github.script.set({ status });
			const { done, logged } = run(asCloudEvent(exampleOf("ModelRegistered")));
			await expect(done).resolves.toBeUndefined();
			expect(logged.at(-1)).toEqual(["information", expect.stringContaining('"outcome":"accepted"')]);
		},
	);

	it("throws when an event could not be made durable, so that Event Grid delivers it again", async () => {
		const openStorage = () => Promise.reject(new Error("storage is down"));
		const { done } = run(asCloudEvent(exampleOf("ModelRegistered")), { openStorage });
		await expect(done).rejects.toThrow("storage is down");
	});

	it("throws also where no reason is told", async () => {
		const result = { id: "1", outcome: "unavailable", route: null, key: null, reason: null };
		const bridge = { accept: async () => [result] } as unknown as Bridge;
		const done = Promise.resolve(eventGrid(async () => bridge).handler({}, testContext().context));
		await expect(done).rejects.toThrow("unavailable");
	});
});
