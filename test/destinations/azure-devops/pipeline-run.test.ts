import { describe, expect, it } from "@jest/globals";
import { buildRun } from "../../../src/destinations/azure-devops/pipeline-run.ts";
import { BODY_BYTES } from "../../../src/destinations/client-payload.ts";
import { readJson } from "../../../src/event/json.ts";
import type { Destination } from "../../../src/model.ts";
import { pipelineRun } from "../../../support/destinations.ts";
import { asBridgeEvent, exampleOf } from "../../../support/example-events.ts";

const FACTS = { version: "1.2.3", route: "train", key: "599cb32fcc8017b54fa6dc8d01c6a673" };
const EVENT = asBridgeEvent(exampleOf("RunCompleted"));
const withData = (data: unknown) => ({ ...EVENT, data });
const to = (more: Record<string, unknown> = {}): Destination => pipelineRun("contoso/ml", 7, more);

function bodyOf(destination: Destination, event = EVENT): unknown {
	const built = buildRun(destination, event, FACTS);
	return built.ok ? JSON.parse(built.body) : built;
}

describe("the request for a run of a pipeline", () => {
	it("is empty where the route says no more", () => {
		expect(bodyOf(to())).toEqual({});
	});

	it("names the ref as a whole", () => {
		const self = (refName: string) => ({ resources: { repositories: { self: { refName } } } });
		expect(bodyOf(to({ ref: "release/1.2" }))).toEqual(self("refs/heads/release/1.2"));
		expect(bodyOf(to({ ref: "refs/tags/v1" }))).toEqual(self("refs/tags/v1"));
	});

	it("gives each parameter as a text, as Azure Pipelines reads them", () => {
		const data = readJson(
			'{"n":9007199254740993,"b":true,"list":[1,2.50],"o":{"a":"ü"},"text":"$(SECRET)","none":null}',
		);
		const parameters = {
			...{ n: "data.n", b: "data.b", list: "data.list", o: "data.o", text: "data.text", none: "data.none" },
			...{ fixed: { value: 3 }, spare: { key: "data.gone", default: "x" }, gone: "data.gone" },
			...{ bridgeKey: "bridge.key", kind: "type" },
		};
		expect(bodyOf(to({ parameters }), withData(data))).toEqual({
			templateParameters: {
				...{ n: "9007199254740993", b: "true", list: "[1,2.50]", o: '{"a":"ü"}', text: "$(SECRET)" },
				...{ fixed: "3", spare: "x", bridgeKey: FACTS.key, kind: EVENT.type },
			},
		});
	});

	it("has no parameters of a route that maps none, and none for an empty mapping", () => {
		expect(bodyOf(to({ parameters: {} }))).toEqual({ templateParameters: {} });
	});

	it("is smaller than the limit, on the very bytes", () => {
		const parameters = { text: "data.text" };
		const overhead = Buffer.byteLength(JSON.stringify({ templateParameters: { text: "" } }));
		const text = (bytes: number) => withData({ text: `ü${"x".repeat(bytes - 2)}` });
		const largest = buildRun(to({ parameters }), text(BODY_BYTES - 1 - overhead), FACTS);
		expect(largest).toMatchObject({ ok: true });
		expect(Buffer.byteLength(largest.body ?? "")).toBe(BODY_BYTES - 1);
		expect(buildRun(to({ parameters }), text(BODY_BYTES - overhead), FACTS)).toMatchObject({
			ok: false,
			tooLarge: true,
			reason: expect.stringContaining(`${BODY_BYTES} bytes`),
		});
	});

	it.each([
		["organization", null],
		["project", ".."],
		["pipeline", -1],
		["ref", 7],
		["parameters", "x"],
		["parameters", { a: 7 }],
	])("of a destination whose %s was damaged in storage is none, for a reason: %j", (member, value) => {
		expect(buildRun({ ...to(), [member]: value }, EVENT, FACTS)).toMatchObject({
			ok: false,
			tooLarge: false,
			reason: expect.stringMatching(new RegExp(`^${member}: .+`)),
		});
	});
});
