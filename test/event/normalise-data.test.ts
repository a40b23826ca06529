import { describe, expect, it } from "@jest/globals";
import { normaliseData } from "../../src/event/normalise-data.ts";

const RUN = "Microsoft.MachineLearningServices.RunCompleted";

describe("event data", () => {
	it("of Azure ML gets camelCase keys, whether it came in Pascal, camel or a mixture of both", () => {
		const pascal = { ExperimentName: "e", RunId: "r", RunType: null };
		expect(normaliseData(RUN, pascal)).toEqual({ experimentName: "e", runId: "r", runType: null });
		expect(normaliseData(RUN, { experimentName: "e", RunTags: {} })).toEqual({ experimentName: "e", runTags: {} });
		expect(normaliseData("MICROSOFT.MACHINELEARNINGSERVICES.NEW", pascal)).toHaveProperty("runId");
	});

	it("keeps the maps below as the user wrote them", () => {
		const data = { RunTags: { Deploy: "true", githuB_REPOSITORY: "x" }, RunProperties: { "Azureml.X": "1" } };
		expect(normaliseData(RUN, data)).toEqual({ runTags: data.RunTags, runProperties: data.RunProperties });
	});

	it("keeps the camel-case value where both spellings are there", () => {
		expect(normaliseData(RUN, { runId: "camel", RunId: "pascal" })).toEqual({ runId: "camel" });
		expect(normaliseData(RUN, { RunId: "pascal", runId: "camel" })).toEqual({ runId: "camel" });
	});

	it("of other publishers keeps its keys", () => {
		const data = { Id: "x", "ObjectName ": "y" };
		expect(normaliseData("Microsoft.KeyVault.SecretExpired", data)).toBe(data);
	});

	it("is parsed where it is a string that holds an object or an array", () => {
		expect(normaliseData(RUN, ' {"RunId": "r"} ')).toEqual({ runId: "r" });
		expect(normaliseData("Contoso.Any", "[1]")).toEqual([1]);
	});

	it.each(["7", "true", "null", '"text"', "plain", "{not json", ""])(
		"stays the string %j where it holds no more than that",
		(text) => {
			expect(normaliseData("Contoso.Any", text)).toBe(text);
		},
	);

	it("takes a key __proto__ for a key like any other", () => {
		const data = JSON.parse('{"__proto__": {"runId": "x"}, "RunId": "r"}') as object;
		const normalised = normaliseData(RUN, data) as Record<string, unknown>;
		expect(Object.keys(normalised)).toEqual(["__proto__", "runId"]);
		expect(Object.getPrototypeOf(normalised)).toBe(Object.prototype);
	});
});
