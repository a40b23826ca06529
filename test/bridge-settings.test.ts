import { describe, expect, it } from "@jest/globals";
import { openBridge } from "../src/bridge.ts";

describe("opening the bridge", () => {
	it("carries what should be looked at", () => {
		const { problems, warnings } = openBridge(
			{ GITHUB_REPOSITORY: "contoso/a", PAT_TOKEN: "ghp_x", AzureWebJobsStorage: "UseDevelopmentStorage=true" },
			"/",
			"1.2.3",
		);
		expect(problems).toEqual([]);
		expect(warnings).toEqual([expect.stringContaining("PAT_TOKEN")]);
	});

	it("opens a broken one that carries every problem", () => {
		const { problems } = openBridge({}, "/", "1.2.3");
		expect(problems.map(({ setting }) => setting)).toEqual([
			"GITHUB_REPOSITORY",
			"GITHUB_TOKEN",
			"AzureWebJobsStorage",
		]);
	});

	it("does not take a bug for a broken configuration", () => {
		const get = () => {
			throw new RangeError("a bug");
		};
		expect(() => openBridge(new Proxy({}, { get }), "/", "1.2.3")).toThrow(RangeError);
	});
});
