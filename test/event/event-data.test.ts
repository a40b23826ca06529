import { describe, expect, it } from "@jest/globals";
import { readEvent } from "../../src/event/read-event.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";

/** Of Azure ML, and without a schema of its own. */
const RUN = "Microsoft.MachineLearningServices.RunInspected";

function dataOf(eventType: string, data: unknown): unknown {
	const read = readEvent({ ...inEventGridSchema(exampleOf("RunCompleted")), eventType, data });
	if (!read.ok) throw new Error(read.reason);
	return read.event.data;
}

describe("event data", () => {
	it("of Azure ML gets camelCase keys, whether it came in Pascal, camel or a mixture of both", () => {
		const pascal = { ExperimentName: "e", RunId: "r", RunType: null };
		expect(dataOf(RUN, pascal)).toEqual({ experimentName: "e", runId: "r", runType: null });
		expect(dataOf(RUN, { experimentName: "e", RunTags: {} })).toEqual({ experimentName: "e", runTags: {} });
		expect(dataOf("MICROSOFT.MACHINELEARNINGSERVICES.NEW", pascal)).toHaveProperty("runId");
	});

	it("keeps the maps below as the user wrote them", () => {
		const data = { RunTags: { Deploy: "true", githuB_REPOSITORY: "x" }, RunProperties: { "Azureml.X": "1" } };
		expect(dataOf(RUN, data)).toEqual({ runTags: data.RunTags, runProperties: data.RunProperties });
	});

	it("keeps the camel-case value where both spellings are there", () => {
		expect(dataOf(RUN, { runId: "camel", RunId: "pascal" })).toEqual({ runId: "camel" });
		expect(dataOf(RUN, { RunId: "pascal", runId: "camel" })).toEqual({ runId: "camel" });
	});

	it("of other publishers keeps its keys", () => {
		const data = { Id: "x", "ObjectName ": "y" };
		expect(dataOf("Microsoft.KeyVault.SecretExpired", data)).toBe(data);
	});

	it("is parsed where it is a string that holds an object or an array", () => {
		expect(dataOf(RUN, ' {"RunId": "r"} ')).toEqual({ runId: "r" });
		expect(dataOf("Contoso.Any", "[1]")).toEqual([1]);
	});

	it.each(["7", "true", "null", '"text"', "plain", "{not json", ""])(
		"stays the string %j where it holds no more than that",
		(text) => {
			expect(dataOf("Contoso.Any", text)).toBe(text);
		},
	);

	it("takes a key __proto__ for a key like any other", () => {
		const data = JSON.parse('{"__proto__": {"runId": "x"}, "RunId": "r"}') as object;
		const normalised = dataOf(RUN, data) as Record<string, unknown>;
		expect(Object.keys(normalised)).toEqual(["__proto__", "runId"]);
		expect(Object.getPrototypeOf(normalised)).toBe(Object.prototype);
	});
});
