import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import type { ClientPayload } from "../../src/destinations/client-payload.ts";
import { buildDispatch, LIMITS, resolveDispatch } from "../../src/destinations/github/repository-dispatch.ts";
import { resolve } from "../../src/destinations/list.ts";
import { readEvent } from "../../src/event/read-event.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { webhook } from "../../src/functions/webhook.ts";
import { OUTCOMES } from "../../src/model.ts";
import { createRouter } from "../../src/route/router.ts";
import { asBridgeEvent, asCloudEvent, EXAMPLE_EVENTS, inEventGridSchema } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";

const anyExample = fc.constantFrom(...EXAMPLE_EVENTS);
/** An event with one member, at the top or in its data, replaced by anything. */
const damaged = fc
	.tuple(anyExample, fc.boolean(), fc.jsonValue(), fc.nat(), fc.boolean())
	.map(([example, cloud, value, at, inData]) => {
		const event = cloud ? asCloudEvent(example) : inEventGridSchema(example);
		const target = inData ? example.data : event;
		const keys = Object.keys(target);
		const changed = { ...target, [keys[at % keys.length] ?? ""]: value };
		return inData ? { ...event, data: changed } : changed;
	});
const anything = fc.oneof({ weight: 3, arbitrary: damaged }, { weight: 1, arbitrary: fc.jsonValue() });

describe("whatever comes in", () => {
	let fixture: BridgeFixture;
	beforeAll(async () => {
		fixture = await startFixture();
	});
	afterAll(() => fixture.github.close());

	it("is an event or a reason, never an exception", () => {
		fc.assert(
			fc.property(anything, (element) => {
				const read = readEvent(element);
				expect(read.ok ? read.event.id : read.reason).not.toBe("");
			}),
			{ numRuns: 5000 },
		);
	});

	it("gets an answer, with an outcome for every element, and never a 5xx", async () => {
		const bridge = fixture.bridge();
		const door = webhook("events", async () => bridge, readHandshakeRules({}));
		await fc.assert(
			fc.asyncProperty(fc.array(anything, { maxLength: 3 }), async (elements) => {
				const { status, json } = await callFunction(door, { body: elements });
				expect([200, 202, 400]).toContain(status);
				const { events = [] } = json as { events?: { outcome: string; reason: string | null }[] };
				for (const { outcome, reason } of events) {
					expect(Object.keys(OUTCOMES)).toContain(outcome);
					if (outcome !== "dispatched") expect(reason).toBeTruthy();
				}
			}),
			{ numRuns: 300 },
		);
	});

	it("gets an answer even as text that is not JSON", async () => {
		const bridge = fixture.bridge();
		const door = webhook("events", async () => bridge, readHandshakeRules({}));
		await fc.assert(
			fc.asyncProperty(fc.string(), async (body) => {
				expect([200, 400]).toContain((await callFunction(door, { body })).status);
			}),
			{ numRuns: 300 },
		);
	});

	it("never breaks on nesting, however deep", async () => {
		const bridge = fixture.bridge();
		const door = webhook("events", async () => bridge, readHandshakeRules({}));
		const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
		const event = JSON.stringify({ ...asCloudEvent(EXAMPLE_EVENTS[0] as never), type: "Contoso.Deep", data: "DEEP" });
		const { status, json } = await callFunction(door, { body: event.replace('"DEEP"', deep) });
		expect(status).toBe(400);
		expect(json).toMatchObject({
			events: [{ outcome: "rejected", key: expect.any(String), reason: expect.stringContaining("nested too deeply") }],
		});
	});
});

describe("whatever goes out", () => {
	const build = (dispatchType: string, data: unknown) =>
		buildDispatch(
			resolveDispatch({ repository: "contoso/a", dispatchType }, "Contoso.Any"),
			asBridgeEvent({
				...(EXAMPLE_EVENTS[0] as (typeof EXAMPLE_EVENTS)[number]),
				type: "Contoso.Any",
				data: data as never,
			}),
			{ version: "0", route: "default", key: "0".repeat(32) },
		);

	it("is within GitHub's limits, or is not sent", () => {
		const large = fc.oneof(fc.jsonValue(), fc.string({ unit: "grapheme", minLength: 20_000, maxLength: 40_000 }));
		fc.assert(
			fc.property(large, fc.string({ maxLength: 120 }), (data, dispatchType) => {
				const built = build(dispatchType, data);
				if (!built.ok) return expect(built.reason).not.toBe("");
				const sent = JSON.parse(built.body) as { event_type: string; client_payload: object };
				expect(Buffer.byteLength(built.body)).toBeLessThan(LIMITS.bodyBytes);
				expect(Object.keys(sent.client_payload).length).toBeLessThanOrEqual(LIMITS.payloadKeys);
				expect([...sent.event_type].length).toBeLessThanOrEqual(LIMITS.eventTypeCharacters);
			}),
			{ numRuns: 500 },
		);
	});

	it("carries the event's data unchanged", () => {
		fc.assert(
			fc.property(fc.jsonValue(), (data) => {
				const built = build("t", data);
				if (!built.ok) throw new Error(built.reason);
				const { client_payload } = JSON.parse(built.body) as { client_payload: ClientPayload };
				expect(client_payload.data).toEqual(JSON.parse(JSON.stringify(data)));
			}),
			{ numRuns: 1000 },
		);
	});
});

describe("whatever filter is asked", () => {
	it("routes any event or gives a reason", () => {
		const operators = ["NumberIn", "StringIn", "StringNotContains", "BoolEquals", "IsNotNull", "NumberInRange"];
		fc.assert(
			fc.property(anything, fc.constantFrom(...operators), fc.string(), (element, operatorType, key) => {
				const read = readEvent(element);
				if (!read.ok) return;
				const operands =
					operatorType === "BoolEquals"
						? { value: true }
						: { values: operatorType.endsWith("Range") ? [[0, 1]] : ["a", 1] };
				const filter = {
					advancedFilters: [{ operatorType, key: `data.${key}`, ...operands }],
					enableAdvancedFilteringOnArrays: true,
				};
				const routed = createRouter(
					[{ name: "r", filter: filter as never, to: { repository: "contoso/a" } }],
					resolve,
				)(read.event);
				expect(routed.matches.length === 1 || "reason" in routed).toBe(true);
			}),
			{ numRuns: 2000 },
		);
	});
});
