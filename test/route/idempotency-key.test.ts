import { describe, expect, it } from "@jest/globals";
import { resolve } from "../../src/destinations/list.ts";
import { receiptKey } from "../../src/ledger/rows.ts";
import type { BridgeEvent } from "../../src/model.ts";
import { idempotencyKey } from "../../src/route/route.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { asBridgeEvent, exampleOf } from "../../support/example-events.ts";

const time = "2026-03-14T08:15:30.7600000Z";
const event = asBridgeEvent(exampleOf("RunCompleted"), { time });
const to = repositoryDispatch("contoso/fraud-model", "retrain").id;
const key = idempotencyKey(event, to);

describe("the key of a delivery", () => {
	it("is 32 hexadecimal digits", () => {
		expect(key).toMatch(/^[0-9a-f]{32}$/);
	});

	it("does not change from version to version, since workflows name their jobs after it", () => {
		const fixed = asBridgeEvent(exampleOf("RunCompleted"), {
			id: "5d6c",
			source: "/subscriptions/A/workspaces/w",
			time,
		});
		expect(
			idempotencyKey(fixed, resolve({ repository: "Contoso/Model", dispatchType: "Retrain" }, fixed.type).id),
		).toBe("947773629171dd03910a4db3ce4526dd");
	});

	it.each([
		["its source is written in another case", { source: event.source.toUpperCase() }],
		["its type is written in another case", { type: event.type.toUpperCase() }],
		["its data changed", { data: { other: true } }],
		["its time is written without zeros at the end", { time: "2026-03-14T08:15:30.76Z" }],
		["its time is written for another zone", { time: "2026-03-14T10:15:30.76+02:00" }],
		["it is traced anew", { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }],
		["its extensions changed", { extensions: { deliverycount: 2 } }],
	] as [string, Partial<BridgeEvent>][])("is the same when the event is delivered again and %s", (_, change) => {
		const again = { ...event, ...change };
		expect(idempotencyKey(again, to)).toBe(key);
		expect(receiptKey(again.time, key)).toBe(receiptKey(event.time, key));
	});

	it("is the same for a repository in another case, and for another token", () => {
		const named = (repository: string) =>
			resolve({ repository, dispatchType: "retrain", token: "other" }, event.type).id;
		expect(idempotencyKey(event, named("Contoso/Fraud-Model"))).toBe(key);
	});

	it.each([
		["id", { id: `${event.id}0` }],
		["id, if only by its case", { id: event.id.toUpperCase() }],
		["source", { source: `${event.source}0` }],
		["type", { type: "Microsoft.MachineLearningServices.RunStatusChanged" }],
		["subject", { subject: "elsewhere" }],
		["subject, if only by its case", { subject: event.subject.toUpperCase() }],
		["time", { time: "2031-01-01T00:00:00Z" }],
		["time, if only by a ten-millionth of a second", { time: "2026-03-14T08:15:30.7600001Z" }],
		["time, which is none", { time: "" }],
	])("differs for another %s", (_, change) => {
		expect(idempotencyKey({ ...event, ...change }, to)).not.toBe(key);
	});

	it.each([
		["repository", { repository: "contoso/other", dispatchType: "retrain" }],
		["dispatch type", { repository: "contoso/fraud-model", dispatchType: "score" }],
		["dispatch type, if only by its case", { repository: "contoso/fraud-model", dispatchType: "Retrain" }],
	])("differs for another %s", (_, other) => {
		expect(idempotencyKey(event, resolve(other, event.type).id)).not.toBe(key);
	});

	it("does not confuse the end of one part with the beginning of the next", () => {
		const of = (source: string, type: string, id: string) => idempotencyKey({ ...event, source, type, id }, to);
		expect(of("/a", "t", "bc")).not.toBe(of("/ab", "t", "c"));
		expect(of('/a","t', "t", "c")).not.toBe(of("/a", 't","t', "c"));
	});
});
