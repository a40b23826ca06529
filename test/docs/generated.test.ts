import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { Ajv } from "ajv";
import { generateDocs } from "../../scripts/generate-docs.ts";
import { toClientPayload } from "../../src/dispatch/client-payload.ts";
import { LIMITS, toDispatchRequest } from "../../src/dispatch/dispatch-request.ts";
import { KNOWN_EVENT_TYPES } from "../../src/event/validate-event.ts";
import { asBridgeEvent, exampleOf } from "../helpers/example-events.ts";
import { ROOT, readText } from "./read-docs.ts";

const files = generateDocs(ROOT);
const payloads = readdirSync(join(ROOT, "docs/client-payloads")).sort();
const schema = JSON.parse(readText("docs/client-payload.schema.json")) as {
	properties: { bridge: { properties: object } };
};
const validate = new Ajv({ strict: true, allErrors: true }).compile(schema);

function payloadIn(file: string): Record<string, unknown> {
	return JSON.parse(readText(`docs/client-payloads/${file}`)) as Record<string, unknown>;
}

describe("the generated documentation", () => {
	it.each([...files.keys()])("is up to date in %s (npm run docs)", (path) => {
		const [found, wanted] = [readText(path), files.get(path) ?? ""];
		if (path.endsWith(".json")) expect(JSON.parse(found)).toEqual(JSON.parse(wanted));
		else expect(found).toBe(wanted);
	});

	it("names every known type in both tables, and has one payload for each and no more", () => {
		for (const type of KNOWN_EVENT_TYPES) {
			expect(files.get("README.md")).toContain(`| \`${type}\` |`);
			expect(files.get("docs/events.md")).toContain(`| [\`${type}\`]`);
		}
		expect(payloads.map((file) => payloadIn(file)["type"])).toEqual([...KNOWN_EVENT_TYPES]);
	});
});

describe("the client payload's schema", () => {
	it.each(payloads)("takes the example %s, which GitHub would take, too", (file) => {
		const payload = payloadIn(file);
		validate(payload);
		expect(validate.errors ?? []).toEqual([]);
		const to = { repository: "contoso/fraud-model", dispatchType: file.replace(".json", "") };
		expect(toDispatchRequest(to, payload as never).ok).toBe(true);
	});

	const example = exampleOf("RunCompleted");
	const bridge = { version: "1.0.0", route: "r", key: "0".repeat(32) };

	it("takes an event with nothing but what an envelope must hold, and one with a trace context", () => {
		const bare = { type: "Contoso.Placed", source: "", subject: "", time: "", data: undefined };
		expect(validate(toClientPayload(asBridgeEvent(example, bare), bridge))).toBe(true);
		expect(validate(toClientPayload(asBridgeEvent(example, { traceparent: "00-a-b-01" }), bridge))).toBe(true);
	});

	it("describes every key that the code sends, and no other", () => {
		const payload = toClientPayload(asBridgeEvent(example, { traceparent: "00-a-b-01" }), bridge);
		const { properties } = schema;
		expect(Object.keys(properties).sort()).toEqual(Object.keys(payload).sort());
		expect(Object.keys(properties.bridge.properties).sort()).toEqual(Object.keys(payload.bridge).sort());
		expect(Object.keys(properties).length).toBeLessThanOrEqual(LIMITS.payloadKeys);
	});

	it.each([
		["an unknown top-level key", { unit: false }],
		["an empty id", { id: "" }],
		["a time without a zone", { time: "2026-03-14T08:15:30" }],
		["a key that is none", { bridge: { ...bridge, key: "x" } }],
	])("refuses %s", (_, change) => {
		expect(validate({ ...toClientPayload(asBridgeEvent(example), bridge), ...change })).toBe(false);
	});
});

describe("the page about the client payload", () => {
	it.each(
		Object.keys(schema.properties).flatMap((key) =>
			key === "bridge" ? Object.keys(schema.properties.bridge.properties).map((fact) => `bridge.${fact}`) : [key],
		),
	)("tells of %s", (key) => {
		expect(readText("docs/client-payload.md")).toContain(`\n| \`${key}\` |`);
	});
});
