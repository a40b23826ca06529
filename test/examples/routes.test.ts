import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { SERVICES } from "../../src/destinations/list.ts";
import { readRoutes } from "../../src/route/read-routes.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { logLines } from "../helpers/log-lines.ts";
import { EXAMPLE } from "./workflows.ts";

const table = readFileSync(join(EXAMPLE, "routes.json"), "utf8");
const run = exampleOf("RunCompleted");
const blob = exampleOf("BlobCreated");

let fixture: BridgeFixture;
beforeEach(async () => {
	fixture = await startFixture();
});
afterEach(() => fixture.github.close());

/** What becomes of events at a bridge with the example's routes. */
async function accept(events: readonly object[]) {
	const bridge = fixture.bridge({ BRIDGE_ROUTES: table });
	const results = await bridge.accept([...events], { log: logLines().log });
	return results.map(({ id, outcome, reason }) => ({ id, outcome, reason }));
}

/** A completed run of the example's experiment, unless said otherwise. */
function completed(id: string, data: Readonly<Record<string, unknown>>): object {
	const usual = { experimentName: "article-topics", runId: id, runTags: { deploy: "true" }, runProperties: {} };
	return asCloudEvent({ ...run, id, data: { ...run.data, ...usual, ...data } });
}

describe("the example's routes", () => {
	it("are a sound table", () => {
		expect(readRoutes(JSON.parse(table), SERVICES)).toMatchObject({ ok: true });
	});

	it("take the training run, and neither the steps of a pipeline nor another experiment", async () => {
		const results = await accept([
			completed("step-1", { runType: "azureml.StepRun", runTags: { "azureml.nodeid": "1" } }),
			completed("step-2", { runType: "azureml.StepRun", runTags: {} }),
			completed("stranger", { experimentName: "somebody-elses" }),
			completed("trained", {}),
		]);
		expect(results).toEqual([
			{ id: "step-1", outcome: "ignored", reason: expect.stringContaining("data.runTags.deploy") },
			{ id: "step-2", outcome: "ignored", reason: expect.stringContaining("data.runTags.deploy") },
			{ id: "stranger", outcome: "ignored", reason: expect.stringContaining("data.experimentName") },
			{ id: "trained", outcome: "dispatched", reason: null },
		]);
		const received = fixture.github.received.map(({ event_type, client_payload }) => [
			event_type,
			client_payload?.data,
		]);
		expect(received).toEqual([["machinelearningservices-runcompleted", expect.objectContaining({ runId: "trained" })]]);
	});

	it("gather changes of the data container, and look at no other", async () => {
		const upload = (id: string, container: string) =>
			asCloudEvent({ ...blob, id, subject: `/blobServices/default/containers/${container}/blobs/2026/${id}.csv` });
		const results = await accept([
			upload("a", "articles"),
			upload("b", "articles"),
			upload("c", "articles-of-others"),
			upload("d", "azureml"),
		]);
		expect(results.map(({ outcome }) => outcome)).toEqual(["accepted", "accepted", "ignored", "ignored"]);
		expect(results[0]?.reason).toContain("it is in a window");
		expect(fixture.github.received).toEqual([]);
	});
});
