import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import {
	expectRefused,
	KEY,
	MANIFEST_PATH,
	manifestOf,
	onePayload,
	RUN_ID,
	runAction,
	windowPayload,
} from "./run-action.ts";
import { startWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
	world = await startWorld();
});
afterAll(() => world.close());
beforeEach(() => {
	world.runs = [];
});

/** A run for a window whose manifest lies at this address. */
function withUrl(url: string) {
	const manifest = { ...world.put(MANIFEST_PATH, manifestOf(3)), count: 3, url };
	return runAction(world, windowPayload(3, { manifest }));
}

describe("a payload", () => {
	it.each([
		["no JSON", "{", "is no JSON"],
		["no object", "[1]", "with a payload"],
		["no key", JSON.stringify(onePayload({ bridge: {} })), "bridge.key"],
		["a key that is a path", JSON.stringify(onePayload({ bridge: { key: "../../x" } })), "is no key"],
		["a key with more after it", JSON.stringify(onePayload({ bridge: { key: `${KEY}\n::error::x` } })), "is no key"],
		["a key from a prototype", `{"__proto__":{"bridge":{"key":"${KEY}"}}}`, "is no key"],
		[
			"more levels than can be read",
			JSON.stringify(onePayload({ data: "DEEP" })).replace('"DEEP"', "[".repeat(200_000) + "]".repeat(200_000)),
			"JSON",
		],
		["many events and none of them", JSON.stringify(windowPayload(2, { events: "x" })), "has none"],
		["fewer events than it says", JSON.stringify(windowPayload(3, { events: [{}] })), "1 are there"],
	])("with %s is refused", async (_, text, message) => {
		expectRefused(await runAction(world, text, { "look-back-hours": "0" }), message);
	});

	it("with the names of a prototype changes nothing", async () => {
		const data = '{"__proto__":{"runId":"stolen"},"constructor":{"prototype":{"x":1}},"toString":1,"hasOwnProperty":2}';
		const text = JSON.stringify(onePayload({ data: "DATA" })).replace('"DATA"', data);
		const { ok, outputs, files } = await runAction(world, text);
		expect({ ok, run: outputs?.["run-id"], data: outputs?.["data"] }).toEqual({ ok: true, run: "", data });
		expect(files["data-file"]).toBe(data);
	});
});

describe("text of an event", () => {
	const texts = [
		"$(touch /tmp/x) `id` ; rm -rf / && echo '\"",
		"<img src=x onerror=alert(1)> [x](javascript:alert(1)) **b**",
		"a\n::set-output name=already-ran::true\n::error::x\n::add-mask::a\n::stop-commands::x",
		"a\nEOF\nalready-ran=true\nskip<<EOF\nx",
		"a\r\nkey<<end-\r\nend-",
		"../../etc/passwd\u0000\u001b[31m",
		`\u0024{{ secrets.AZURE_CLIENT_ID }}`,
		"##[set-output name=x]y",
	];

	it.each(texts)("reaches the outputs unchanged, and does nothing: %j", async (text) => {
		const data = { runId: text, experimentName: text, [text]: text };
		const payload = onePayload({ id: text, type: text, source: text, subject: text, time: text, data });
		const bridge = { ...payload.bridge, route: text };
		const { ok, printed, outputs, left } = await runAction(world, { ...payload, bridge });
		expect({ ok, printed }).toEqual({ ok: true, printed: "" });
		for (const name of ["id", "type", "source", "subject", "time", "route", "run-id", "experiment-name"]) {
			expect(outputs?.[name]).toBe(text);
		}
		expect(JSON.parse(outputs?.["data"] ?? "")).toEqual(data);
		expect(outputs).toMatchObject({ "already-ran": "false", key: KEY });
		expect(left).toEqual([expect.stringMatching(/^receive-event-\w{6}$/)]);
		expect(outputs?.["data-file"]).toMatch(/\/receive-event-\w{6}\/data\.json$/);
	});

	it.each(texts)("does nothing in a message: %j", async (text) => {
		const bridge = { version: text, route: text, key: text };
		expectRefused(await runAction(world, onePayload({ bridge })), "bridge.key of the payload");
		expectRefused(await withUrl(text), "data.manifest.url");
		expectRefused(await withUrl(`https://evil.example/${text}`), "data.manifest.url");
	});

	it("in a run's title does not pass one event off as another", async () => {
		const other = "0".repeat(32);
		world.runs = [
			{ id: RUN_ID - 1, display_title: `Train ${other} (/blobs/${KEY})` },
			{ id: RUN_ID - 2, display_title: `Train 0${KEY}` },
		];
		expect((await runAction(world, onePayload())).outputs).toMatchObject({ "already-ran": "false" });
	});
});
