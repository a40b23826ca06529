import { describe, expect, it } from "@jest/globals";
import { createBridge } from "../../src/bridge.ts";
import { createBrokenBridge } from "../../src/broken-bridge.ts";
import { readConfig } from "../../src/config.ts";
import { health } from "../../src/functions/health.ts";
import { callFunction } from "../helpers/call-function.ts";

describe("health", () => {
	it("is open, and says 200 with what should be looked at", async () => {
		const config = readConfig({ GITHUB_REPOSITORY: "contoso/fraud-model", PAT_TOKEN: "secret-token" }, "/");
		const answered = health(async () => createBridge(config, { version: "1.2.3" }), "1.2.3");
		expect(answered).toMatchObject({ authLevel: "anonymous", route: "health", methods: ["GET"] });
		const { status, json } = await callFunction(answered, { method: "GET" });
		expect(status).toBe(200);
		expect(json).toMatchObject({
			status: "healthy",
			version: "1.2.3",
			problems: [],
			warnings: [expect.stringContaining("PAT_TOKEN")],
		});
		expect(JSON.stringify(json)).not.toContain("secret-token");
	});

	it("says 503 with every problem while the configuration is broken", async () => {
		const problems = [{ setting: "GITHUB_REPOSITORY", problem: "is not set" }];
		const { status, json } = await callFunction(
			health(async () => createBrokenBridge(problems), "1.2.3"),
			{ method: "GET" },
		);
		expect(status).toBe(503);
		expect(json).toMatchObject({ status: "unhealthy", problems });
	});
});
