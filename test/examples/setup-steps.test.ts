import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { AzAnswer } from "./fake-az.ts";
import { type JobRun, startJob } from "./run-job.ts";
import { exampleWorkflow, stepsOf } from "./workflows.ts";

const CREATE = "Create or update the resources";
const TOKEN = "the-token";
/** How Azure answers after the last deployment: in which state it ended, or that there was none. */
const ended = (state: string): AzAnswer => ({ call: "deployment group show*provisioningState*", output: state });
const NEVER: AzAnswer = { call: "deployment group show*", status: 3 };
const VAULT: AzAnswer = { call: "keyvault list*", output: "/vaults/one" };
const NO_SECRET: AzAnswer = { call: "resource show*", status: 3 };

let job: JobRun;
beforeEach(async () => {
	job = startJob("setup");
	await job.step("Read the configuration");
});
afterEach(() => job.remove());

/** The token as the deployment got it. */
async function handedOver(
	answers: readonly AzAnswer[],
	handOver = "false",
	token = TOKEN,
): Promise<string | undefined> {
	const { ok, calls, tokens, printed } = await job.step(CREATE, { TOKEN: token, HAND_OVER: handOver }, answers);
	expect(ok).toBe(true);
	expect(printed).not.toContain(TOKEN);
	const at = calls.findIndex((call) => call.startsWith("deployment group create "));
	expect(calls[at]).toBe(
		"deployment group create --resource-group contoso-ml --name main --parameters infra/main.bicepparam --output none",
	);
	// No other call has seen it, and none names it where other processes could read it.
	expect(tokens.filter((seen, index) => index !== at && seen !== "")).toEqual([]);
	expect(calls.join("\n")).not.toContain(TOKEN);
	return tokens[at];
}

describe("setup.yml", () => {
	it("hands the token over when there has been no deployment yet", async () => {
		expect(await handedOver([NEVER])).toBe(TOKEN);
	});

	it("leaves the token alone from the second run on: it may have been rotated", async () => {
		expect(await handedOver([ended("Succeeded"), VAULT])).toBe("");
		expect(await handedOver([ended("Succeeded"), VAULT], "")).toBe("");
	});

	it("makes up for a first run that succeeded without a token", async () => {
		expect(await handedOver([ended("Succeeded"), VAULT, NO_SECRET])).toBe(TOKEN);
	});

	it("hands it over when that is asked for", async () => {
		expect(await handedOver([ended("Succeeded")], "true")).toBe(TOKEN);
	});

	it("makes up for a first deployment that failed before the token was written", async () => {
		expect(await handedOver([ended("Failed"), VAULT, NO_SECRET])).toBe(TOKEN);
		expect(await handedOver([ended("Failed")])).toBe(TOKEN);
	});

	it("leaves a token that is there alone after a later deployment that failed", async () => {
		expect(await handedOver([ended("Failed"), VAULT])).toBe("");
	});

	it("does without a token, and says so", async () => {
		expect(await handedOver([NEVER], "false", "")).toBe("");
		const { printed } = await job.step(CREATE, { TOKEN: "", HAND_OVER: "" }, [NEVER]);
		expect(printed).toContain("DISPATCH_TOKEN is empty");
	});

	it("fails when the deployment fails", async () => {
		const failing: AzAnswer = { call: "deployment group create*", status: 1 };
		expect((await job.step(CREATE, { TOKEN, HAND_OVER: "" }, [NEVER, failing])).ok).toBe(false);
	});

	it("names the repair where the vault still keeps a deleted token", async () => {
		const message = "Secret github-token is currently in a deleted but recoverable state";
		const failing: AzAnswer = { call: "deployment group create*", status: 1, error: message };
		const { ok, printed } = await job.step(CREATE, { TOKEN, HAND_OVER: "true" }, [NEVER, failing]);
		expect(ok).toBe(false);
		expect(printed).toContain(message);
		expect(printed).toContain("az keyvault secret recover --vault-name VAULT --name github-token");
	});

	it("subscribes the bridge that it has deployed, and no other one of the group", () => {
		const steps = stepsOf(exampleWorkflow("setup"));
		const script = steps.find(({ name }) => name === "Subscribe to the events")?.run;
		expect(script).toContain('node infra/subscribe.mjs "$RESOURCE_GROUP" main\n');
	});

	it("deploys the zip where there is one, and leaves the code to the template where there is none", async () => {
		const app: AzAnswer = { call: "deployment group show*functionAppName*", output: "grid-dispatch-app" };
		const without = await job.step("Deploy the code", {}, [app]);
		expect(without).toMatchObject({ ok: true, calls: [] });

		writeZip();
		const { calls } = await job.step("Deploy the code", {}, [app]);
		expect(calls[1]).toBe(
			"functionapp deployment source config-zip --resource-group contoso-ml --name grid-dispatch-app" +
				" --src infra/grid-dispatch.zip --output none",
		);
	});

	it("says what goes into the configuration", async () => {
		const url = "https://contosobridge.blob.core.windows.net/grid-dispatch-payloads";
		const { printed } = await job.step("Say what is left to do", {}, [{ call: "*payloadContainerUrl*", output: url }]);
		expect(printed).toContain("gh variable set GRID_DISPATCH_ACCOUNT --body contosobridge\n");
	});
});

function writeZip(): void {
	mkdirSync(join(job.folder, "infra"), { recursive: true });
	writeFileSync(join(job.folder, "infra/grid-dispatch.zip"), "");
}
