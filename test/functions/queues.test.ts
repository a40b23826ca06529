import { QueueServiceClient } from "@azure/storage-queue";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { eventually } from "../../support/eventually.ts";
import { fileStorage } from "../helpers/file-storage.ts";

interface Registered {
	readonly bindings: Readonly<Record<string, { readonly queueName?: string }>>;
}

/** Starts the app as the worker does. Answers the queues that its triggers listen to. */
function startApp(env: Readonly<Record<string, string>>): readonly string[] {
	const listenedTo: string[] = [];
	const hooks: (() => void)[] = [];
	const core = {
		setProgrammingModel: () => {},
		registerFunction: ({ bindings }: Registered) => {
			for (const { queueName } of Object.values(bindings)) if (queueName !== undefined) listenedTo.push(queueName);
		},
		registerHook: (_: string, hook: () => void) => void hooks.push(hook),
		log: () => {},
	};
	jest.spyOn(console, "error").mockImplementation(() => {});
	jest.replaceProperty(process, "env", { PATH: process.env["PATH"], ...env });
	jest.isolateModules(() => {
		jest.doMock("@azure/functions-core", () => core, { virtual: true });
		require("../../src/index.ts");
	});
	for (const hook of hooks) hook();
	return listenedTo.sort();
}

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
		const listenedTo = startApp({ ...env, AzureWebJobsStorage });
		expect(listenedTo).toHaveLength(count);
		const made = await eventually("all queues", async () => {
			const names = await queuesOf(AzureWebJobsStorage);
			return names.length >= count ? names : undefined;
		});
		expect(made).toEqual(listenedTo);
	});
});
