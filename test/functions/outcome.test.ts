import { describe, expect, it } from "@jest/globals";
import { httpStatus } from "../../src/functions/webhook.ts";
import { type EventResult, OUTCOMES, type Outcome } from "../../src/model.ts";

function results(...outcomes: Outcome[]): EventResult[] {
	return outcomes.map((outcome) => ({ id: "1", outcome, route: null, key: null, reason: null }));
}

describe("the answer to Event Grid", () => {
	it.each([
		[["dispatched"], 200],
		[["duplicate"], 200],
		[["ignored"], 200],
		[["accepted"], 202],
		[["dispatched", "accepted"], 202],
		[["rejected"], 400],
		[["rejected", "rejected"], 400],
		[["rejected", "dispatched"], 200],
		[["rejected", "ignored"], 200],
		[["rejected", "accepted"], 202],
		[["unavailable"], 503],
		[["dispatched", "rejected", "accepted", "unavailable"], 503],
	] as [Outcome[], number][])("to %j is %i", (outcomes, status) => {
		expect(httpStatus(results(...outcomes))).toBe(status);
	});

	it("is never one of the statuses that make Event Grid drop an event, unless the event is at fault", () => {
		for (const { fault, http } of Object.values(OUTCOMES)) {
			expect([400, 401, 403, 404, 413].includes(http)).toBe(fault === "event");
		}
	});
});
