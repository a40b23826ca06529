import { describe, expect, it } from "@jest/globals";
import { summarise } from "../../src/cli/send/deliveries.ts";
import type { EventResult } from "../../src/model.ts";
import { runCli } from "../helpers/run-cli.ts";

const result = (outcome: string, reason: string | null) =>
	({ id: "1", outcome, route: null, key: null, reason }) as unknown as EventResult;

function reasonsOf(...results: EventResult[]): Readonly<Record<string, number>> {
	const delivery = { schema: "eventgrid", elements: results } as const;
	return summarise([{ delivery, end: { status: 200, results, reason: null } }], 1000).reasons;
}

describe("the reasons of a summary", () => {
	it("are one where they differ in what they quote, or in a time, and are told by the first of them", () => {
		expect(
			reasonsOf(
				result("accepted", "paused until 2026-03-14T08:20:02.112Z: busy"),
				result("ignored", 'the subject "/a" does not begin with "/c"'),
				result("ignored", 'the subject "/b" does not begin with "/c"'),
				result("accepted", "paused until 2026-03-14T08:20:07.5Z: busy"),
				result("ignored", 'the subject "/a" does not end with "/c"'),
			),
		).toEqual({
			"paused until 2026-03-14T08:20:02.112Z: busy": 2,
			'the subject "/a" does not begin with "/c"': 2,
			'the subject "/a" does not end with "/c"': 1,
		});
	});

	it("are the most frequent ones, and none for what was dispatched", () => {
		const rare = ["a", "b", "c", "d", "e"].map((reason) => result("rejected", reason));
		const often = [result("ignored", "often"), result("ignored", "often")];
		const reasons = reasonsOf(result("dispatched", null), ...rare, ...often);
		expect(Object.keys(reasons)).toHaveLength(5);
		expect(Object.entries(reasons)[0]).toEqual(["often", 2]);
	});
});

describe("a receiver that is no bridge of this version", () => {
	it.each([
		[[null]],
		[["text"]],
		[[{ id: 7 }]],
		[[{ outcome: "accepted" }]],
		[[{ id: null, outcome: "taken", route: {}, key: 5, reason: 3 }]],
		[[]],
	])("ends no send with a stack trace: %j", async (events) => {
		for (const more of [[], ["--json"]]) {
			const fetch = (async () => Response.json({ events })) as unknown as typeof globalThis.fetch;
			const run = await runCli(["send", "RunCompleted", "--to", "https://example.test/hook", ...more], { fetch });
			expect(run).toMatchObject({ code: 0, err: "" });
			expect(run.out).toMatch(/sent 1 event |"sent": 1,/);
			expect(run.out).toContain("answered 200");
		}
	});
});
