import { QueueServiceClient } from "@azure/storage-queue";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { eventually } from "../../support/eventually.ts";
import { fileStorage } from "../helpers/file-storage.ts";
import { registerApp } from "../helpers/register-app.ts";

async function queuesOf(connectionString: string): Promise<readonly string[]> {
	const names: string[] = [];
	for await (const { name } of QueueServiceClient.fromConnectionString(connectionString).listQueues()) names.push(name);
	return names.sort();
}

describe("an app that starts", () => {
	afterEach(() => void jest.restoreAllMocks());

	// A queue that is made stays, so the case with fewer queues comes first.
	it.each([
		["with a configuration that is broken", {}, 4],
		[
			"with a queue that Event Grid delivers to",
			{ GITHUB_REPOSITORY: "contoso/fraud-model", GITHUB_TOKEN: "ghp_x", EVENT_QUEUE: "events" },
			6,
		],
	])("makes every queue that a trigger listens to, before anything is put: %s", async (_, env, count) => {
		const AzureWebJobsStorage = await fileStorage();
		jest.spyOn(console, "error").mockImplementation(() => {});
		const { queues: listenedTo, start } = registerApp({ ...env, AzureWebJobsStorage });
		expect(listenedTo).toHaveLength(count);
		start();
		const made = await eventually("all queues", async () => {
			const names = await queuesOf(AzureWebJobsStorage);
			return names.length >= count ? names : undefined;
		});
		expect(made).toEqual(listenedTo);
	});
});
