import { describe, expect, it } from "@jest/globals";
import { FAULTS, freshEvents } from "../../src/console/browser/workbench-offers.ts";
import { FaultScript } from "../../src/local/stand-in/script.ts";

describe("what the workbench offers", () => {
	it.each(FAULTS.map(({ title, script }) => [title, script] as const))("the stand-in understands: %s", (_, script) => {
		const faults = new FaultScript();
		expect(faults.set(script)).toBe(script["times"] ?? 1);
		expect(faults.next({ kind: "dispatch", repository: "contoso/fraud-model" })).toEqual(script);
	});

	it("sends copies of a sample that are events of their own, and of now", () => {
		let count = 0;
		const events = freshEvents(
			{ id: "old", time: "old", type: "Contoso.Thing" },
			2,
			() => Date.parse("2026-03-14T08:15:30Z"),
			() => `id ${count++}`,
		);
		const time = "2026-03-14T08:15:30.000Z";
		expect(events).toEqual([
			{ id: "id 0", time, type: "Contoso.Thing" },
			{ id: "id 1", time, type: "Contoso.Thing" },
		]);
	});
});
