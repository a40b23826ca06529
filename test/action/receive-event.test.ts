import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { ROOT } from "../examples/workflows.ts";
import {
	ACTION,
	definition,
	KEY,
	MANIFEST_PATH,
	manifestOf,
	onePayload,
	REFERENCE_PATH,
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
	world.asked.length = 0;
	world.blobs.clear();
	Object.assign(world, { storage: undefined, runs: [], refusal: undefined });
});

const calls = () => world.asked.map(({ call }) => call.split("?")[0]);
const RUNS = "GET /api/v3/repos/contoso/articles/actions/runs";

describe("the action gives", () => {
	it("an event's facts as outputs and its data as files, and asks for no token", async () => {
		const { ok, outputs, files } = await runAction(world, onePayload());
		expect(ok).toBe(true);
		expect(outputs).toMatchObject({
			"already-ran": "false",
			"earlier-run": "",
			key: KEY,
			route: "default",
			id: "7a10c300-3d5a-4c17-9e82-b6f04a2d9100",
			type: "Microsoft.MachineLearningServices.RunCompleted",
			source: "/subscriptions/1/workspaces/contoso",
			subject: "experiments/0a7d/runs/train_7",
			time: "2026-03-14T08:15:30.1234567Z",
			"run-id": "train_7",
			"experiment-name": "fraud-model",
			data: '{"experimentName":"fraud-model","runId":"train_7"}',
			count: "1",
		});
		expect(files["data-file"]).toBe(outputs?.["data"]);
		const { event_source, bridge, ...event } = onePayload();
		expect(JSON.parse(files["manifest-file"] ?? "")).toEqual(event);
		expect(calls()).toEqual([RUNS]);
	});

	it("every output that action.yml names, and no other, also where there is nothing to do", async () => {
		const names = Object.keys(definition.outputs).sort();
		expect(Object.keys((await runAction(world, onePayload())).outputs ?? {}).sort()).toEqual(names);
		world.runs = [{ id: 1, display_title: KEY }];
		expect(Object.keys((await runAction(world, onePayload())).outputs ?? {}).sort()).toEqual(names);
	});

	it("the events of a window, one a line, whether the payload has them or a manifest", async () => {
		const lines = manifestOf(3);
		const events = lines
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as object);
		const few = await runAction(world, windowPayload(3, { events }));
		expect(few).toMatchObject({ ok: true, outputs: { count: "3" }, files: { "manifest-file": lines } });
		expect(calls()).toEqual([RUNS]);

		const manifest = { ...world.put(MANIFEST_PATH, lines), count: 3 };
		const many = await runAction(world, windowPayload(3, { manifest }));
		expect(many).toMatchObject({ ok: true, outputs: { count: "3" }, files: { "manifest-file": lines } });
	});

	it("large data whole, in place of its reference", async () => {
		const whole = { experimentName: "fraud-model", runId: "train_8", log: "x".repeat(100_000) };
		const reference = world.put(REFERENCE_PATH, JSON.stringify(whole));
		const { ok, outputs, files } = await runAction(world, onePayload({ data: { runId: "train_8", reference } }));
		expect({ ok, run: outputs?.["run-id"], data: outputs?.["data"] }).toEqual({ ok: true, run: "train_8", data: "" });
		expect(JSON.parse(files["data-file"] ?? "")).toEqual(whole);
		expect(JSON.parse(files["manifest-file"] ?? "")).toMatchObject({ type: onePayload().type, data: whole });
	});

	it("lines with every character that JSON allows in a text", async () => {
		const lines = `{"data":{"name":"a\u2028b\u2029c\u0085d"}}\n`.repeat(2);
		const manifest = { ...world.put(MANIFEST_PATH, lines), count: 2 };
		const { ok, files } = await runAction(world, windowPayload(2, { manifest }));
		expect({ ok, lines: files["manifest-file"] }).toEqual({ ok: true, lines });
	});

	// Node 20 has no way to read the source of a number, and the runner's Node is 24.
	const keepsDigits = "rawJSON" in JSON;
	it(`numbers ${keepsDigits ? "with every digit" : "as a double has them, on this old Node"}`, async () => {
		const text = JSON.stringify(onePayload({ data: { runId: "NUMBER" } })).replace('"NUMBER"', "9007199254740993");
		const { outputs } = await runAction(world, text);
		const number = keepsDigits ? "9007199254740993" : "9007199254740992";
		expect(outputs).toMatchObject({ "run-id": number, data: `{"runId":${number}}` });
	});

	it("a payload that a workflow_dispatch carries as JSON", async () => {
		const inputs = { payload: JSON.stringify(onePayload()) };
		const { ok, outputs } = await runAction(world, "null", inputs, { GITHUB_EVENT_NAME: "workflow_dispatch" });
		expect({ ok, run: outputs?.["run-id"] }).toEqual({ ok: true, run: "train_7" });
		expect(world.asked[0]?.call).toContain("event=workflow_dispatch");
	});

	it("what an event itself calls manifest or reference as data like any other", async () => {
		const data = { manifest: { url: "https://elsewhere.example/x", sha256: "0".repeat(64) }, reference: "ISBN 1" };
		const { ok, outputs } = await runAction(world, onePayload({ data }));
		expect({ ok, data: JSON.parse(outputs?.["data"] ?? "") as object }).toEqual({ ok: true, data });
		expect(calls()).toEqual([RUNS]);
	});

	const folder = join(ROOT, "docs/client-payloads");
	it.each(readdirSync(folder).filter((name) => !/many|reference/.test(name)))("what %s says", async (name) => {
		const text = readFileSync(join(folder, name), "utf8");
		const payload = JSON.parse(text) as ReturnType<typeof onePayload>;
		const { ok, outputs } = await runAction(world, text, { "look-back-hours": "0" });
		expect({ ok, outputs }).toMatchObject({ ok: true, outputs: { id: payload.id, key: payload.bridge.key } });
		expect(JSON.parse(outputs?.["data"] ?? "")).toEqual(payload.data);
	});
});

describe("the action logs in", () => {
	const read = (inputs = {}, env = {}) => {
		const manifest = { ...world.put(MANIFEST_PATH, manifestOf(2)), count: 2 };
		return runAction(world, windowPayload(2, { manifest }), { "look-back-hours": "0", ...inputs }, env);
	};

	it("with the run's own OIDC token, and hides both tokens", async () => {
		const { ok, printed } = await read();
		expect(ok).toBe(true);
		expect(calls()).toEqual([
			"GET /oidc",
			expect.stringMatching(/^POST \/[\w-]+\/oauth2\/v2\.0\/token$/),
			`GET ${MANIFEST_PATH}`,
		]);
		expect(
			printed
				.split("\n")
				.filter((line) => !line.startsWith("::add-mask::"))
				.join(""),
		).toBe("");
		expect(printed).toContain(`::add-mask::${world.token}`);
	});

	it.each([
		["the permission", {}, { ACTIONS_ID_TOKEN_REQUEST_TOKEN: "" }, "id-token: write"],
		["the client id", { "client-id": "" }, {}, "input client-id"],
		["the tenant", { "tenant-id": "" }, {}, "input tenant-id"],
		["an id that is one", { "tenant-id": "a/../b" }, {}, "tenant-id is no id"],
	])("not without %s, and says so", async (_, inputs, env, message) => {
		const { ok, printed, outputs } = await read(inputs, env);
		expect({ ok, outputs }).toEqual({ ok: false, outputs: undefined });
		expect(printed).toContain(message);
		expect(calls()).toEqual([]);
	});

	it("and says Entra's own words where it is refused", async () => {
		world.refusal = "AADSTS700213: No matching federated identity record found.\r\n::set-output name=x::y";
		const { ok, printed } = await read();
		expect(ok).toBe(false);
		expect(printed).toContain("AADSTS700213: No matching federated identity record found.");
		expect(printed).not.toContain("set-output");
	});

	it("and says which role is missing, and that a blob is gone", async () => {
		world.storage = (_, response) => response.writeHead(403).end();
		expect((await read()).printed).toContain("Storage Blob Data Reader");
		world.storage = (_, response) => response.writeHead(404).end();
		expect((await read()).printed).toContain("KEEP_DAYS");
	});

	it("and asks again where the storage account has a bad moment", async () => {
		let times = 0;
		world.storage = (_, response) => {
			times += 1;
			if (times === 1) response.writeHead(503).end();
			else response.writeHead(200).end(manifestOf(2));
		};
		expect(await read()).toMatchObject({ ok: true, outputs: { count: "2" } });
		expect(times).toBe(2);
	});
});

describe("the action's source", () => {
	const files = readdirSync(ACTION).filter((name) => name.endsWith(".mjs"));

	it("needs nothing but Node", () => {
		expect(files.length).toBeGreaterThan(4);
		for (const name of files) {
			const imports = [...readFileSync(join(ACTION, name), "utf8").matchAll(/from "([^"]+)"/g)].map(([, from]) => from);
			for (const from of imports) expect(from).toMatch(/^(?:node:|\.\/)/);
		}
	});

	it("runs on the Node that GitHub's runners have", () => {
		expect(definition.runs).toEqual({ using: "node24", main: "main.mjs" });
	});

	it("reads each input that action.yml names, and no other", () => {
		const text = files.map((name) => readFileSync(join(ACTION, name), "utf8")).join("\n");
		const read = [...text.matchAll(/(?:input|wholeNumber|identifier)\(env, "([\w-]+)"/g)].map(([, name]) => name);
		expect([...new Set(read)].sort()).toEqual(Object.keys(definition.inputs).sort());
	});
});
