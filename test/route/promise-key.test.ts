import { describe, expect, it } from "@jest/globals";
import { promiseKey } from "../../src/route/promise-key.ts";
import { asBridgeEvent, exampleOf } from "../helpers/example-events.ts";

const event = asBridgeEvent(exampleOf("RunCompleted"));
const to = { repository: "contoso/fraud-model", dispatchType: "retrain" };
const key = promiseKey(event, to);

describe("the key of a promise", () => {
	it("is 32 hexadecimal digits", () => {
		expect(key).toMatch(/^[0-9a-f]{32}$/);
	});

	it("stays what it was in earlier versions, since workflows name their jobs after it", () => {
		const fixed = asBridgeEvent(exampleOf("RunCompleted"), { id: "5d6c", source: "/subscriptions/A/workspaces/w" });
		expect(promiseKey(fixed, { repository: "Contoso/Model", dispatchType: "Retrain" })).toBe(
			"c03c68e25b267e1b82e19c1487d9a8d2",
		);
	});

	it.each([
		["its source is written in another case", { source: event.source.toUpperCase() }],
		["its data changed", { data: { other: true } }],
		["its time changed", { time: "2031-01-01T00:00:00Z" }],
		["its subject changed", { subject: "elsewhere" }],
		["it is traced anew", { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }],
	])("is the same when the event is delivered again and %s", (_, change) => {
		expect(promiseKey({ ...event, ...change }, to)).toBe(key);
	});

	it("is the same for a repository in another case, and for another token", () => {
		expect(promiseKey(event, { ...to, repository: "Contoso/Fraud-Model" })).toBe(key);
		expect(promiseKey(event, { ...to, token: "other-secret" })).toBe(key);
	});

	it.each([
		["id", promiseKey({ ...event, id: `${event.id}0` }, to)],
		["id, if only by its case", promiseKey({ ...event, id: event.id.toUpperCase() }, to)],
		["source", promiseKey({ ...event, source: `${event.source}0` }, to)],
		["repository", promiseKey(event, { ...to, repository: "contoso/other" })],
		["dispatch type", promiseKey(event, { ...to, dispatchType: "score" })],
		["dispatch type, if only by its case", promiseKey(event, { ...to, dispatchType: "Retrain" })],
	])("differs for another %s", (_, other) => {
		expect(other).not.toBe(key);
	});

	it("does not confuse the end of the source with the beginning of the id", () => {
		const one = promiseKey({ ...event, source: "/a", id: "bc" }, to);
		expect(promiseKey({ ...event, source: "/ab", id: "c" }, to)).not.toBe(one);
		expect(promiseKey({ ...event, source: '/a","b', id: "c" }, to)).not.toBe(
			promiseKey({ ...event, source: "/a", id: 'b","c' }, to),
		);
	});
});
