import { describe, expect, it, jest } from "@jest/globals";
import { eventually } from "../helpers/eventually.ts";

describe("the front door", () => {
	it.each([
		["starts with a sound configuration", { GITHUB_REPOSITORY: "contoso/fraud-model", GITHUB_TOKEN: "ghp_x" }, 200],
		["starts with a broken one, and says aloud what to repair", {}, 503],
	])("%s", async (_, env, health) => {
		const functions = new Map<string, (...inputs: unknown[]) => Promise<{ status: number }>>();
		const hooks: [string, () => void][] = [];
		const core = {
			setProgrammingModel: () => {},
			registerFunction: ({ name }: { name: string }, callback: never) => void functions.set(name, callback),
			registerHook: (name: string, hook: () => void) => void hooks.push([name, hook]),
			log: () => {},
		};
		const complain = jest.spyOn(console, "error").mockImplementation(() => {});
		jest.replaceProperty(process, "env", { ...process.env, ...env });
		jest.isolateModules(() => {
			jest.doMock("@azure/functions-core", () => core, { virtual: true });
			require("../../src/index.ts");
		});
		expect([...functions.keys()]).toEqual(["webhook", "generic_triggers", "eventGrid", "health"]);
		expect(complain).not.toHaveBeenCalled();
		expect(hooks.map(([name]) => name)).toEqual(["appStart"]);
		for (const [, hook] of hooks) hook();
		if (health === 503) await eventually("the complaint", () => complain.mock.calls[0]);
		expect(await functions.get("health")?.()).toMatchObject({ status: health });
		expect(complain).toHaveBeenCalledTimes(health === 503 ? 1 : 0);
		jest.restoreAllMocks();
	});
});
