import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { eventually } from "../../support/eventually.ts";

type Callback = (...inputs: unknown[]) => Promise<{ status: number }>;

/** Loads the front door as the worker does, and starts the app. */
function startApp(env: Record<string, string>) {
	const functions = new Map<string, Callback>();
	const hooks: [string, () => void][] = [];
	const said: string[] = [];
	for (const level of ["error", "warn"] as const) {
		jest.spyOn(console, level).mockImplementation((text) => void said.push(`${level}: ${text}`));
	}
	const core = {
		setProgrammingModel: () => {},
		registerFunction: ({ name }: { name: string }, callback: Callback) => void functions.set(name, callback),
		registerHook: (name: string, hook: () => void) => void hooks.push([name, hook]),
		log: () => {},
	};
	jest.replaceProperty(process, "env", { ...process.env, ...env });
	jest.isolateModules(() => {
		jest.doMock("@azure/functions-core", () => core, { virtual: true });
		require("../../src/index.ts");
	});
	expect(hooks.map(([name]) => name)).toEqual(["appStart"]);
	for (const [, hook] of hooks) hook();
	return { functions, said };
}

const storage = { AzureWebJobsStorage: "UseDevelopmentStorage=true" };

const FUNCTIONS = [
	"webhook",
	"generic_triggers",
	"eventGrid",
	"deliver",
	"deliverPoison",
	"follow",
	"followPoison",
	"upkeep",
	"receipts",
	"counts",
	"replay",
	"discard",
	"health",
	"console",
];

describe("the front door", () => {
	afterEach(() => void jest.restoreAllMocks());

	it("registers the functions, and has nothing to say about a sound configuration", async () => {
		const { functions, said } = startApp({
			...storage,
			GITHUB_REPOSITORY: "contoso/fraud-model",
			GITHUB_TOKEN: "ghp_x",
		});
		expect([...functions.keys()]).toEqual(FUNCTIONS);
		// There is no storage here to be reached; apart from that it is sound.
		expect(await functions.get("health")?.()).toMatchObject({
			status: 503,
			jsonBody: { problems: [], storage: { reachable: false } },
		});
		// The announcement waits for the same bridge; two turns later it has been made.
		for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
		expect(said).toEqual([]);
	});

	it("registers them with a broken configuration too, and says aloud what to repair", async () => {
		const { functions, said } = startApp({});
		expect([...functions.keys()]).toEqual(FUNCTIONS);
		await eventually("all problems", () => said[3]);
		expect(said).toEqual([
			"error: error: grid-dispatch cannot dispatch anything, because the configuration is broken: GITHUB_REPOSITORY, GITHUB_TOKEN, AzureWebJobsStorage",
			expect.stringMatching(/^error: .*GITHUB_REPOSITORY/),
			expect.stringMatching(/^error: .*GITHUB_TOKEN/),
			expect.stringMatching(/^error: .*AzureWebJobsStorage/),
		]);
		expect(await functions.get("health")?.()).toMatchObject({ status: 503 });
	});

	it("says aloud what works but should be looked at", async () => {
		const { said } = startApp({ ...storage, GITHUB_REPOSITORY: "contoso/fraud-model", PAT_TOKEN: "ghp_x" });
		await eventually("the warning", () => said[0]);
		expect(said).toEqual([expect.stringMatching(/^warn: .*PAT_TOKEN/)]);
	});
});
