import { describe, expect, it } from "@jest/globals";
import { KNOWN_EVENT_TYPES, readEvent } from "../../src/event/read-event.ts";
import { EXAMPLE_EVENTS, exampleOf, inEventGridSchema } from "../../support/example-events.ts";

/** What a workflow cannot do without; the schemas demand nothing else. */
const REQUIRED: Record<string, string[]> = {
	RunCompleted: ["experimentName", "runId"],
	RunStatusChanged: ["experimentName", "runId", "runStatus"],
	ModelRegistered: ["modelName", "modelVersion"],
	ModelDeployed: ["serviceName"],
	DatasetDriftDetected: ["dataDriftName", "runId"],
	BlobCreated: ["url"],
	BlobDeleted: ["url"],
	BlobRenamed: ["destinationUrl"],
	BlobTierChanged: ["url"],
	AsyncOperationInitiated: ["url"],
	DirectoryCreated: ["url"],
	DirectoryRenamed: ["destinationUrl"],
	DirectoryDeleted: ["url"],
	BlobInventoryPolicyCompleted: ["policyRunStatus"],
	LifecyclePolicyCompleted: ["scheduleTime"],
	StorageTaskQueued: ["queuedDateTime"],
	StorageTaskCompleted: ["status"],
	StorageTaskAssignmentQueued: ["queuedDateTime"],
	StorageTaskAssignmentCompleted: ["status"],
};

/** Why an event is refused; undefined for one that is not. */
function reasonOf(element: unknown): string | undefined {
	const read = readEvent(element);
	return read.ok ? undefined : read.reason;
}

const validate = (name: string, data: unknown) => reasonOf({ ...inEventGridSchema(exampleOf(name)), data });

describe("the catalogue", () => {
	it("holds all that Azure Machine Learning and Storage publish, and no other type", () => {
		expect(KNOWN_EVENT_TYPES.map((type) => type.split(".")[2]).sort()).toEqual(Object.keys(REQUIRED).sort());
	});

	it.each(EXAMPLE_EVENTS.map((event) => [event.type, event] as const))("has a sound example of %s", (_, event) => {
		expect(reasonOf(inEventGridSchema(event))).toBeUndefined();
	});
});

describe.each(Object.entries(REQUIRED))("a %s event", (name, required) => {
	const { data } = exampleOf(name);

	it("is sound with no more than what a workflow needs", () => {
		expect(validate(name, Object.fromEntries(required.map((key) => [key, data[key]])))).toBeUndefined();
	});

	it.each(required)("is refused without %s, by that name", (key) => {
		const { [key]: _, ...rest } = data;
		expect(validate(name, rest)).toContain(`data.${key} is missing`);
	});

	it.each(required)("is refused when %s is empty or of a wrong type", (key) => {
		expect(validate(name, { ...data, [key]: {} })).toContain(`data.${key}`);
		if (key !== "modelVersion") expect(validate(name, { ...data, [key]: " " })).toContain(`data.${key} is empty`);
	});

	it.each([undefined, null, [], "text", 7])("is refused when its data is %j", (wrong) => {
		expect(validate(name, wrong)).toContain("data");
	});

	it("is sound whatever the rest of its data is", () => {
		const odd = Object.fromEntries(Object.keys(data).map((key) => [key, required.includes(key) ? data[key] : null]));
		expect(validate(name, { ...odd, somethingNew: [1] })).toBeUndefined();
	});
});

describe("validation", () => {
	it("takes a model's version as a number or as a text", () => {
		expect(validate("ModelRegistered", { modelName: "m", modelVersion: 20 })).toBeUndefined();
		expect(validate("ModelRegistered", { modelName: "m", modelVersion: "20" })).toBeUndefined();
	});

	it("says where it is wrong, and how", () => {
		const type = "Microsoft.Storage.BlobCreated";
		expect(validate("BlobCreated", {})).toBe(`${type}: data.url is missing`);
		expect(validate("BlobCreated", { url: " " })).toBe(`${type}: data.url is empty`);
		expect(validate("BlobCreated", { url: 7 })).toBe(`${type}: data.url must be string`);
		expect(validate("BlobCreated", 7)).toBe(`${type}: data must be object`);
		expect(validate("BlobCreated", undefined)).toBe(`${type}: data is missing`);
	});

	it("knows a type in any case of letters", () => {
		const event = inEventGridSchema(exampleOf("BlobCreated"));
		const eventType = "microsoft.storage.BLOBCREATED";
		expect(reasonOf({ ...event, eventType, data: {} })).toContain("data.url is missing");
	});

	it("takes any data of a type that it does not know", () => {
		const event = inEventGridSchema(exampleOf("BlobCreated"));
		expect(reasonOf({ ...event, eventType: "Microsoft.Storage.New", data: 7 })).toBeUndefined();
	});
});
