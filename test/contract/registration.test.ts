import { describe, expect, it, jest } from "@jest/globals";

describe("the front door", () => {
	it.each([
		["starts with a sound configuration", { GITHUB_REPOSITORY: "contoso/fraud-model", GITHUB_TOKEN: "ghp_x" }, 0],
		["starts with a broken one, and says aloud what to repair", {}, 1],
	])("%s", (_, env, complaints) => {
		const names: string[] = [];
		const hooks: [string, () => void][] = [];
		const core = {
			setProgrammingModel: () => {},
			registerFunction: ({ name }: { name: string }) => void names.push(name),
			registerHook: (name: string, hook: () => void) => void hooks.push([name, hook]),
			log: () => {},
		};
		const complain = jest.spyOn(console, "error").mockImplementation(() => {});
		jest.replaceProperty(process, "env", { ...process.env, ...env });
		jest.isolateModules(() => {
			jest.doMock("@azure/functions-core", () => core, { virtual: true });
			require("../../src/index.ts");
		});
		expect(names).toEqual(["webhook", "generic_triggers", "eventGrid", "health"]);
		expect(hooks.map(([name]) => name)).toEqual(Array(complaints).fill("appStart"));
		for (const [, hook] of hooks) hook();
		expect(complain).toHaveBeenCalledTimes(complaints);
		jest.restoreAllMocks();
	});
});
