import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createMisconfigured } from "../../src/bridge.ts";
import { health } from "../../src/functions/open-pages.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture, TOKEN } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";
import { newNames } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";

const GET = { method: "GET" };
const event = inEventGridSchema(exampleOf("RunCompleted"));

describe("health", () => {
	let fixture: BridgeFixture;
	beforeAll(async () => {
		fixture = await startFixture();
	});
	afterAll(() => fixture.github.close());

	it("is open, and says 200 with what should be looked at", async () => {
		const bridge = fixture.bridge({ GITHUB_TOKEN: "", PAT_TOKEN: TOKEN });
		const answered = health(
			async () => bridge,
			"1.2.3",
			() => 0,
		);
		expect(answered).toMatchObject({ authLevel: "anonymous", route: "health", methods: ["GET"] });
		const { status, json, headers } = await callFunction(answered, GET);
		expect(status).toBe(200);
		expect(headers).toEqual({ "Cache-Control": "no-store" });
		expect(json).toMatchObject({
			status: "healthy",
			version: "1.2.3",
			problems: [],
			warnings: [expect.stringContaining("PAT_TOKEN")],
			storage: { reachable: true },
			waiting: 0,
		});
		expect(JSON.stringify(json)).not.toContain(TOKEN);
		expect(JSON.stringify(json)).not.toContain("AccountKey");
	});

	it("says 503 with every problem while the configuration is broken", async () => {
		const problems = [{ setting: "GITHUB_REPOSITORY", problem: "is not set" }];
		const broken = createMisconfigured(problems);
		const answered = health(
			async () => broken,
			"1.2.3",
			() => 0,
		);
		const { status, json } = await callFunction(answered, GET);
		expect(status).toBe(503);
		expect(json).toMatchObject({ status: "unhealthy", problems });
	});

	it("asks anew after a second, once this instance has changed something: tiles and list tell the same", async () => {
		const bridge = fixture.bridge();
		let clock = 0;
		const answered = health(
			async () => bridge,
			"1.2.3",
			() => clock,
		);
		const look = async () => ((await callFunction(answered, GET)).json as { deadLetters: number }).deadLetters;
		expect(await look()).toBe(0);
		await bridge.accept([{ id: "unsound" }], logLines());
		clock = 999;
		expect(await look()).toBe(0);
		clock = 1_000;
		expect(await look()).toBe(1);
		await bridge.discard({}, logLines().log);
		clock = 2_000;
		expect(await look()).toBe(0);
	});

	it("keeps its answer for ten seconds, so that polling costs nothing", async () => {
		const names = newNames();
		const bridge = fixture.bridge({}, {}, names);
		// A clock that does not begin at nought, as no clock does.
		const start = 100_000;
		let clock = start;
		const answered = health(
			async () => bridge,
			"1.2.3",
			() => clock,
		);
		const look = async () => ((await callFunction(answered, GET)).json as { waiting: number }).waiting;
		expect(await look()).toBe(0);
		fixture.github.script.set({ status: 500 });
		// What another instance does is not known here.
		await fixture.bridge({}, {}, names).accept([event], logLines());
		clock = start + 9_999;
		expect(await look()).toBe(0);
		clock = start + 10_000;
		expect(await look()).toBe(1);
	});
});
