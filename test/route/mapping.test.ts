import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { readJson, writeJson } from "../../src/event/json.ts";
import { readEvent } from "../../src/event/read-event.ts";
import type { BridgeEvent } from "../../src/model.ts";
import { applyMapping, type Mapped, type Mapping, mappingProblem, toText } from "../../src/route/mapping.ts";
import { asBridgeEvent, asCloudEvent, exampleOf } from "../../support/example-events.ts";

const FACTS = { version: "1.2.3", route: "retrain", key: "0123456789abcdef0123456789abcdef" };
const RUN = exampleOf("RunCompleted");
const event = asBridgeEvent(RUN);

function withData(data: unknown): BridgeEvent {
	return asBridgeEvent(RUN, { data });
}

function valueUnder(key: string, given: BridgeEvent = event): unknown {
	return applyMapping({ it: key }, given, FACTS)["it"];
}

describe("a mapping", () => {
	it.each([
		["id", RUN.id],
		["type", RUN.type],
		["eventType", RUN.type],
		["source", RUN.source],
		["topic", RUN.source],
		["subject", RUN.subject],
		["time", RUN.time],
		["data.runId", RUN.data["runId"]],
		["Data.RUNID", RUN.data["runId"]],
		["data", RUN.data],
		["bridge.key", FACTS.key],
		["Bridge.Route", FACTS.route],
		["bridge.version", FACTS.version],
	])("reads %s as filters do, and what the bridge adds", (key, value) => {
		expect(value).toBeDefined();
		expect(valueUnder(key)).toEqual(value);
	});

	it("has the whole event under one name, in CloudEvents' names", () => {
		const read = readEvent({ ...asCloudEvent(RUN), comexample: 5, traceparent: "00-1-2-01" });
		if (!read.ok) throw new Error(read.reason);
		const { id, type, source, subject, time, data } = read.event;
		const facts = { id, type, source, subject, time, data, extensions: { comexample: 5 }, traceparent: "00-1-2-01" };
		expect(valueUnder("event", read.event)).toEqual(facts);
		expect(valueUnder("event")).toStrictEqual({
			id: RUN.id,
			type: RUN.type,
			source: RUN.source,
			subject: RUN.subject,
			time: RUN.time,
			data: RUN.data,
		});
		expect(valueUnder("EVENT", withData(undefined))).toMatchObject({ data: null });
		expect(valueUnder("extensions", read.event)).toEqual({ comexample: 5 });
		expect(valueUnder("comExample", read.event)).toBe(5);
		expect(valueUnder("extensions")).toBeUndefined();
	});

	it("gives literals as they are, to every event", () => {
		const literals = {
			text: "prod",
			number: 1.5,
			no: false,
			empty: "",
			list: [1, { a: null }],
			object: { key: "data" },
		};
		const mapping = Object.fromEntries(Object.entries(literals).map(([name, value]) => [name, { value }]));
		expect(applyMapping(mapping, event, FACTS)).toEqual(literals);
	});

	it.each([
		"data.nothing",
		"data.runId.below",
		"nothing",
		"event.id",
		"bridge",
		"bridge.nothing",
		"bridge.key.below",
		"xbridge.key",
	])("leaves a name out whose key the event does not have: %s", (key) => {
		expect(applyMapping({ it: key, other: "id" }, event, FACTS)).toStrictEqual({ other: RUN.id });
		expect(applyMapping({ it: { key } }, event, FACTS)).toStrictEqual({});
		expect(applyMapping({ it: { key, default: "none" } }, event, FACTS)).toEqual({ it: "none" });
	});

	it("takes null for missing, and nothing else", () => {
		const given = withData({ nothing: null, no: false, zero: 0, empty: "", list: [] });
		const mapped = (key: string) => applyMapping({ it: { key, default: "default" } }, given, FACTS)["it"];
		expect(mapped("data.nothing")).toBe("default");
		expect([mapped("data.no"), mapped("data.zero"), mapped("data.empty"), mapped("data.list")]).toEqual([
			false,
			0,
			"",
			[],
		]);
	});

	it("keeps the order of its names, and the digits of numbers", () => {
		const given = withData(readJson('{ "big": 9007199254740993, "price": 1.50, "list": [1e400] }'));
		const mapping = { z: "data.big", a: "data.price", m: "data.list" };
		expect(writeJson(applyMapping(mapping, given, FACTS))).toBe('{"z":9007199254740993,"a":1.50,"m":[1e400]}');
	});

	it("reads all of data where what is sent holds a reference; only data itself becomes the reference", () => {
		const wholeData = { runId: "r", tags: { stage: "prod" } };
		const reference = { url: "https://contoso.example/blob", sha256: "0", bytes: 9 };
		const given = { ...event, data: { runId: "r", reference }, wholeData };
		const mapping = {
			data: "data",
			event: "event",
			tags: "data.tags",
			stage: "data.tags.stage",
			at: "data.reference.url",
		};
		expect(applyMapping(mapping, given, FACTS)).toEqual({
			data: { runId: "r", reference },
			event: expect.objectContaining({ data: { runId: "r", reference } }),
			tags: { stage: "prod" },
			stage: "prod",
			at: reference.url,
		});
	});

	it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "data.__proto__", "data.constructor.name"])(
		"reads nothing from a prototype: %s",
		(key) => {
			expect(applyMapping({ it: key }, withData({}), FACTS)).toEqual({});
		},
	);

	it("has a name that is called like one of the prototype's members as its own", () => {
		const mapping = JSON.parse(
			'{ "__proto__": "id", "constructor": { "value": 1 }, "toString": "subject" }',
		) as Mapping;
		const values = applyMapping(mapping, event, FACTS);
		expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
		expect(Object.keys(values)).toEqual(["__proto__", "constructor", "toString"]);
		expect(writeJson({ ...values })).toBe(
			`{"__proto__":${JSON.stringify(RUN.id)},"constructor":1,"toString":"${RUN.subject}"}`,
		);
	});

	it("takes no key apart twice, and mixes up no two mappings", () => {
		const [one, other]: Mapping[] = [{ a: "id" }, { a: "subject" }];
		for (let times = 0; times < 2; times += 1) {
			expect(applyMapping(one as Mapping, event, FACTS)).toEqual({ a: RUN.id });
			expect(applyMapping(other as Mapping, event, FACTS)).toEqual({ a: RUN.subject });
		}
		expect(applyMapping(one as Mapping, { ...event, id: "2" }, FACTS)).toEqual({ a: "2" });
	});

	it.each([5, null, [], {}, { key: 5 }, { key: null, default: null }])(
		"that is damaged in storage leaves %j out",
		(bad) => {
			const values = applyMapping({ bad, good: "id" } as never, event, FACTS);
			expect(values["good"]).toBe(RUN.id);
			expect(values["bad"] ?? undefined).toBeUndefined();
		},
	);

	it("that has lost a key in storage gives its default", () => {
		expect(applyMapping({ bad: { key: 5, default: "none" } } as never, event, FACTS)).toEqual({ bad: "none" });
	});
});

/** What JSON can hold. */
const json = fc.jsonValue({ maxDepth: 3 });
const name = fc.oneof(fc.string({ minLength: 1, maxLength: 20 }), fc.constantFrom("__proto__", "constructor", "event"));

describe("any mapping of any event", () => {
	it("finds each member of data by its name, and gives it back as it is", () => {
		fc.assert(
			fc.property(
				fc.dictionary(
					name.filter((one) => !one.includes(".")),
					json,
				),
				(data) => {
					const mapping = Object.fromEntries(Object.keys(data).map((one) => [one, `data.${one}`]));
					const values = applyMapping(mapping, withData(data), FACTS);
					const expected = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
					expect(JSON.parse(writeJson(values))).toEqual(JSON.parse(JSON.stringify(expected)));
				},
			),
		);
	});

	it("gives literals back as they are, under their names", () => {
		fc.assert(
			fc.property(fc.dictionary(name, json), (literals) => {
				const mapping = Object.fromEntries(Object.entries(literals).map(([one, value]) => [one, { value }]));
				const values = applyMapping(mapping, event, FACTS);
				expect(JSON.parse(writeJson(values))).toEqual(JSON.parse(JSON.stringify(literals)));
			}),
		);
	});

	it("never throws, has no name that the mapping has not, and every literal of it", () => {
		const mapped = fc.oneof(
			fc.string({ minLength: 1 }),
			fc.record({ value: json }),
			fc.record({ key: fc.string({ minLength: 1 }), default: json }, { requiredKeys: ["key"] }),
		);
		fc.assert(
			fc.property(fc.dictionary(name, mapped), json, (mapping, data) => {
				const values = applyMapping(mapping, withData(data), FACTS);
				expect(Object.keys(mapping)).toEqual(expect.arrayContaining(Object.keys(values)));
				for (const [one, it] of Object.entries(mapping)) {
					if (typeof it === "object" && "value" in it) expect(Object.hasOwn(values, one)).toBe(true);
				}
				expect(() => writeJson(values)).not.toThrow();
			}),
		);
	});
});

describe("a value as a text", () => {
	it.each([
		["text", "text"],
		["", ""],
		[0, "0"],
		[-1.5, "-1.5"],
		[true, "true"],
		[false, "false"],
		[[1, "a", null], '[1,"a",null]'],
		[{ a: { b: "ü" } }, '{"a":{"b":"ü"}}'],
	])("%j is %j", (value, text) => {
		expect(toText(value)).toBe(text);
	});

	it.each(["9007199254740993", "1.50", "1e400", "-0", "0.10"])(
		"keeps the digits of %s, alone and in a list",
		(digits) => {
			expect(toText(readJson(digits))).toBe(digits);
			expect(toText(readJson(`[${digits}]`))).toBe(`[${digits}]`);
		},
	);

	it("is what JSON makes the value of again, unless it was a text", () => {
		fc.assert(
			fc.property(json, (value) => {
				const text = toText(value);
				expect(typeof value === "string" ? text : JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
			}),
		);
	});
});

describe("what a mapping may hold", () => {
	const names = (count: number, value: Mapped): Mapping =>
		Object.fromEntries(Array.from({ length: count }, (_, index) => [`name${index}`, value]));

	/** So many characters more, in names. */
	const filled = (count: number): Mapping => ({ [`fill${"x".repeat(count)}`]: "" });

	it("is 4,000 characters in all, and 1,000 to a text of a literal, however deep", () => {
		expect(mappingProblem({})).toBeUndefined();
		expect(mappingProblem(names(3, { value: "x".repeat(1_000) }))).toBeUndefined();
		expect(mappingProblem(names(4, { value: "x".repeat(1_000) }))).toMatch(/^it has 4\d{3} characters; .* 4000$/);
		expect(mappingProblem({ a: { value: "x".repeat(1_001) } })).toContain(
			'"a" has a text of more than 1000 characters',
		);
		expect(mappingProblem({ a: "id", b: { key: "id", default: [{ c: "x".repeat(1_001) }] } })).toContain('"b"');
	});

	it("is exactly 4,000 characters, whatever kinds of values they are", () => {
		const rest = { a: { value: null }, b: { value: 5 }, c: { value: [true, null] }, d: { value: "x".repeat(990) } };
		const { length } = JSON.stringify({ ...rest, fill: "" });
		expect(mappingProblem({ ...rest, ...filled(4_000 - length) })).toBeUndefined();
		expect(mappingProblem({ ...rest, ...filled(4_001 - length) })).toContain("4001 characters");
	});

	it("counts what a character takes in JSON", () => {
		expect(mappingProblem({ a: { value: "\u0001".repeat(700) } })).toContain("4000");
	});
});
