import { describe, expect, it } from "@jest/globals";
import { readPipelines } from "../../src/local/stand-in/pipeline.ts";
import { readRunPlan } from "../../src/local/stand-in/runs.ts";
import { codesIn, tableOf } from "../docs/read-docs.ts";

/** The members that a refusal names. */
function membersOf(read: () => unknown): string[] {
	try {
		read();
		return [];
	} catch (error) {
		return (error as Error).message.split("the possible keys are ")[1]?.split(", ") ?? [];
	}
}

describe("the page about running it locally", () => {
	it.each([
		["of a run in the script", "Member of `run`", () => readRunPlan({ unknown: 1 }, "run")],
		["of a pipeline", "Of a pipeline", () => readPipelines({ unknown: 1 })],
	])("names every member %s, and no other", (_, header, read) => {
		const named = tableOf("docs/local.md", header).flatMap(([member = ""]) => codesIn(member));
		expect(named.length).toBeGreaterThan(5);
		expect(named.sort()).toEqual(membersOf(read).sort());
	});
});
