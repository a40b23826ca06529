import { afterEach, describe, expect, it } from "@jest/globals";
import type { Azure } from "./azure/surface.mjs";
import { azureAfterSetup, type Start, startWorkflow } from "./run-workflow.ts";

const BY_HAND: Start = { event: "workflow_dispatch" };
const SUBMIT = "Submit the job, unless it is there";

let workflow: ReturnType<typeof startWorkflow>;
afterEach(() => workflow.remove());

function start(changes: Partial<Azure> = {}) {
	workflow = startWorkflow("train_model", azureAfterSetup(changes));
}

describe("Train in an Azure that is set up", () => {
	it("submits one job, however slow the machine is", async () => {
		start();
		// Installing the extension of az takes longer than the login lasts.
		workflow.breakCommand("extension add", { status: 0, takes: 400 });
		expect(await workflow.run(BY_HAND)).toMatchObject({ ok: true });
		expect(Object.keys(workflow.state().jobs)).toEqual(["gd-push-1234-1"]);
	});

	it("submits no second job when the answer of the first was lost", async () => {
		start();
		workflow.breakCommand("ml job create", { status: 1, message: "Connection aborted", does: true });
		expect(await workflow.run(BY_HAND)).toMatchObject({ ok: false, failed: SUBMIT });
		const again = await workflow.run(BY_HAND);
		expect(again).toMatchObject({ ok: true });
		expect(again.printed).toContain("The job gd-push-1234-1 is Starting: nothing to do");
	});
});

describe("Train in an Azure that is not set up", () => {
	it.each([
		["there is no workspace", { workspace: false }, "Wait until the workflow Set up has succeeded"],
		[
			"the workflows may not upload code",
			{ roles: [] },
			"no role on the data of the storage account: README.md, step 2",
		],
	])("fails where %s, and says what to do", async (_, changes, repair) => {
		start(changes);
		const run = await workflow.run(BY_HAND);
		expect(run).toMatchObject({ ok: false, failed: SUBMIT });
		expect(run.printed).toContain(repair);
		expect(run.printed).not.toContain("Traceback");
	});
});
