import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { readQueueSettings } from "../../src/local/queue-settings.ts";

const withQueues = (queues: object) => readQueueSettings(JSON.stringify({ version: "2.0", extensions: { queues } }));

describe("the settings of queue triggers", () => {
	it("are the real host's where host.json says nothing", () => {
		const defaults = {
			batchSize: 16,
			newBatchThreshold: 8,
			maxDequeueCount: 5,
			maxPollingIntervalMs: 60_000,
			visibilityTimeoutMs: 0,
			messageEncoding: "base64",
			lockMs: 600_000,
		};
		expect(readQueueSettings()).toEqual(defaults);
		expect(readQueueSettings("{}")).toEqual(defaults);
	});

	it("are read from this app's host.json", () => {
		const text = readFileSync(join(import.meta.dirname, "../../host.json"), "utf8");
		expect(readQueueSettings(text)).toMatchObject({
			maxDequeueCount: 100,
			maxPollingIntervalMs: 2000,
			visibilityTimeoutMs: 30_000,
			messageEncoding: "base64",
		});
	});

	it("take what is said, and follow the batch's size with the threshold", () => {
		expect(withQueues({ batchSize: 4, messageEncoding: "none" })).toMatchObject({
			batchSize: 4,
			newBatchThreshold: 2,
			messageEncoding: "none",
		});
		expect(withQueues({ batchSize: 4, newBatchThreshold: 0 })).toMatchObject({ newBatchThreshold: 0 });
	});

	it.each([
		["00:00:00", 0],
		["00:00:02", 2000],
		["00:00:00.250", 250],
		["01:02:03", 3_723_000],
		["1.00:00:01", 86_401_000],
	])("read a time span: %s", (text, ms) => {
		expect(withQueues({ visibilityTimeout: text }).visibilityTimeoutMs).toBe(ms);
	});

	it.each(["2", "2s", "00:60:00", "", "-00:00:01"])(
		"refuse what is no time span, by the setting's name: %j",
		(text) => {
			expect(() => withQueues({ maxPollingInterval: text })).toThrow(
				`host.json: maxPollingInterval must be a time span such as 00:00:02, not "${text}"`,
			);
		},
	);
});
