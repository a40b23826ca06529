import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { Ajv } from "ajv";
import { generateDocs } from "../../scripts/generate-docs.ts";
import { toClientPayload } from "../../src/destinations/client-payload.ts";
import { LIMITS } from "../../src/destinations/github/repository-dispatch.ts";
import { KNOWN_EVENT_TYPES } from "../../src/event/read-event.ts";
import { asBridgeEvent, exampleOf } from "../../support/example-events.ts";
import { codesIn, ROOT, readText, tableOf } from "./read-docs.ts";

const files = generateDocs(ROOT);
const payloads = readdirSync(join(ROOT, "docs/client-payloads")).sort();
/** Those that are no event as it came. */
const FORMS = ["data-by-reference.json", "few-events.json", "many-events.json"];

interface Properties {
	readonly properties: Readonly<Record<string, object>>;
}
const schema = JSON.parse(readText("docs/client-payload.schema.json")) as {
	readonly properties: { readonly bridge: Properties };
	readonly definitions: {
		readonly largeData: { readonly properties: { readonly reference: Properties } };
		readonly manyEvents: Properties & { readonly properties: { readonly manifest: Properties } };
	};
};
const ajv = () => new Ajv({ strict: true, allErrors: true, strictRequired: false });
const validate = ajv().compile(schema);

function payloadIn(file: string): Record<string, unknown> {
	return JSON.parse(readText(`docs/client-payloads/${file}`)) as Record<string, unknown>;
}

function dataIn(file: string): Record<string, unknown> {
	return payloadIn(file)["data"] as Record<string, unknown>;
}

function isForm(name: "largeData" | "manyEvents", data: unknown): boolean {
	const { definitions } = schema;
	return ajv().compile({ $ref: `#/definitions/${name}`, definitions })(data);
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
		const ofTypes = payloads.filter((file) => !FORMS.includes(file));
		expect(ofTypes.map((file) => payloadIn(file)["type"])).toEqual([...KNOWN_EVENT_TYPES]);
		expect(payloads).toEqual(expect.arrayContaining(FORMS));
	});
});

describe("the client payload's schema", () => {
	it.each(payloads)("takes the example %s, which GitHub would take, too", (file) => {
		const payload = payloadIn(file);
		validate(payload);
		expect(validate.errors ?? []).toEqual([]);
		const type = file.replace(".json", "");
		const body = JSON.stringify({ event_type: type, client_payload: payload });
		expect(type.length).toBeLessThanOrEqual(LIMITS.eventTypeCharacters);
		expect(Object.keys(payload).length).toBeLessThanOrEqual(LIMITS.payloadKeys);
		expect(Buffer.byteLength(body)).toBeLessThan(LIMITS.bodyBytes);
	});

	const example = exampleOf("RunCompleted");
	const bridge = { version: "1.0.0", route: "r", key: "0".repeat(32) };

	it("takes an event with nothing but what an envelope must hold, and one with a trace context", () => {
		const bare = { type: "Contoso.Placed", source: "", subject: "", time: "", data: undefined };
		expect(validate(toClientPayload(asBridgeEvent(example, bare), bridge))).toBe(true);
		expect(validate(toClientPayload(asBridgeEvent(example, { traceparent: "00-a-b-01" }), bridge))).toBe(true);
		expect(validate(toClientPayload(asBridgeEvent(example, { extensions: { part: 5 } }), bridge))).toBe(true);
	});

	it("describes every key that the code sends, and no other", () => {
		const most = { traceparent: "00-a-b-01", extensions: { correlationid: "abc" } };
		const payload = toClientPayload(asBridgeEvent(example, most), bridge);
		const { properties } = schema;
		expect(Object.keys(properties).sort()).toEqual(Object.keys(payload).sort());
		expect(Object.keys(properties.bridge.properties).sort()).toEqual(Object.keys(payload.bridge).sort());
		expect(Object.keys(properties).length).toBeLessThanOrEqual(LIMITS.payloadKeys);
	});

	it("describes large data as the code sends it, in the place of what GitHub would not take", () => {
		const data = dataIn("data-by-reference.json");
		expect(isForm("largeData", data)).toBe(true);
		expect(data).toMatchObject({ runId: expect.any(String), experimentName: expect.any(String) });
		const { reference } = data as { readonly reference: { readonly bytes: number } };
		expect(reference.bytes).toBeGreaterThan(LIMITS.bodyBytes);
		const { properties } = schema.definitions.largeData.properties.reference;
		expect(Object.keys(properties)).toEqual(Object.keys(reference));
	});

	it("describes the data of many events as the code sends it, and no other key", () => {
		const [few, many] = [dataIn("few-events.json"), dataIn("many-events.json")];
		expect(isForm("manyEvents", few)).toBe(true);
		expect(isForm("manyEvents", many)).toBe(true);
		const { properties } = schema.definitions.manyEvents;
		expect(new Set([...Object.keys(few), ...Object.keys(many)])).toEqual(new Set(Object.keys(properties)));
		const [event, sample] = [few["events"], many["sample"]].map((list) => (list as object[])[0] ?? {});
		expect(Object.keys((properties["events"] as { items: Properties }).items.properties)).toEqual([
			...Object.keys(event ?? {}),
			"extensions",
		]);
		expect(Object.keys((properties["sample"] as { items: Properties }).items.properties)).toEqual(
			Object.keys(sample ?? {}),
		);
		expect(Object.keys(properties.manifest.properties)).toEqual(Object.keys(many["manifest"] as object));
		expect(many["manifest"]).toMatchObject({ count: many["count"] });
	});

	it("does not take one for the other", () => {
		expect(isForm("manyEvents", dataIn("data-by-reference.json"))).toBe(false);
		expect(isForm("largeData", dataIn("many-events.json"))).toBe(false);
		expect(
			isForm("manyEvents", { ...dataIn("few-events.json"), manifest: dataIn("many-events.json")["manifest"] }),
		).toBe(false);
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

	const named = (after: string) =>
		tableOf("docs/client-payload.md", "Key", after).flatMap(([key = ""]) =>
			codesIn(key).map((name) => name.replace("data.", "")),
		);

	it("tells of everything that stands in for large data", () => {
		const { properties } = schema.definitions.largeData.properties.reference;
		expect(named("## Large data")).toEqual([...Object.keys(properties).map((key) => `reference.${key}`), "…"]);
	});

	it("tells of everything that is said of many events", () => {
		const { properties } = schema.definitions.manyEvents;
		expect(named("## Data of many events").sort()).toEqual(Object.keys(properties).sort());
	});
});
