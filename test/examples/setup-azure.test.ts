import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "@jest/globals";
import type { Azure } from "./azure/surface.mjs";
import { azureAfterSetup, PRINCIPAL, type Start, startWorkflow } from "./run-workflow.ts";

const PUSH: Start = { event: "push" };
const CREATE = "Create or update the resources";
const BRIDGE = "/vaults/bridge";

let workflow: ReturnType<typeof startWorkflow>;
afterEach(() => workflow.remove());

/** An Azure with nothing in it but the group, unless said otherwise, and a repository that was set up as README says. */
function start(changes: Partial<Azure> = {}, secrets: Readonly<Record<string, string>> = {}) {
	const azure = azureAfterSetup({ workspace: false, roles: [], ...changes });
	workflow = startWorkflow("setup", azure, { DISPATCH_TOKEN: "the-token", AZURE_PRINCIPAL_ID: PRINCIPAL, ...secrets });
	mkdirSync(join(workflow.job.folder, "infra"));
	writeFileSync(join(workflow.job.folder, "infra/grid-dispatch.zip"), "");
	writeFileSync(join(workflow.job.folder, "infra/subscribe.mjs"), "");
}

describe("a first Set up", () => {
	it("creates everything, hands the token over, and lets the workflows upload code", async () => {
		start();
		const run = await workflow.run(PUSH);
		expect(run).toMatchObject({ ok: true });
		expect(workflow.state()).toMatchObject({ workspace: true, secrets: [BRIDGE] });
		expect(workflow.state().roles).toEqual([
			{ role: "Storage Blob Data Contributor", principal: PRINCIPAL, scope: workflow.state().storage },
		]);
		expect(run.printed).toContain("gh variable set GRID_DISPATCH_ACCOUNT --body contosobridge");
		expect(run.printed).not.toContain("the-token");
	});

	it("names the providers that are missing before it creates anything, if it may not register them", async () => {
		start({
			providers: { ...azureAfterSetup().providers, "Microsoft.Web": "NotRegistered", "Microsoft.App": "Unregistered" },
		});
		const run = await workflow.run(PUSH);
		expect(run).toMatchObject({ ok: false, failed: "Check the resource providers" });
		expect(run.printed).toContain("has not registered Microsoft.App Microsoft.Web.");
		expect(run.printed).toContain("az provider register --namespace NAME --wait");
	});

	it("registers them and waits, if it may", async () => {
		start({ providers: {}, mayRegister: true });
		expect(await workflow.run(PUSH)).toMatchObject({ ok: true });
		expect(new Set(Object.values(workflow.state().providers))).toEqual(new Set(["Registered"]));
	});

	it("goes on where it may not read whether they are registered", async () => {
		start();
		workflow.breakCommand("provider show", { status: 1, message: "(AuthorizationFailed)", times: 99 });
		const run = await workflow.run(PUSH);
		expect(run).toMatchObject({ ok: true });
		expect(run.printed).toContain("::warning::Whether Microsoft.App is registered cannot be read");
	});

	it("assigns no role without AZURE_PRINCIPAL_ID, and warns", async () => {
		start({}, { AZURE_PRINCIPAL_ID: "" });
		const run = await workflow.run(PUSH);
		expect(run).toMatchObject({ ok: true });
		expect(run.printed).toContain("::warning::The variable AZURE_PRINCIPAL_ID is empty");
		expect(workflow.state().roles).toEqual([]);
	});

	it("fails with the repair while the resource group does not exist", async () => {
		start({ group: false });
		const run = await workflow.run(PUSH);
		expect(run).toMatchObject({ ok: false, failed: CREATE });
		expect(run.printed).toContain("ResourceGroupNotFound");
	});
});

describe("a later Set up", () => {
	it("changes nothing but what the template changes, and leaves the token alone", async () => {
		start();
		await workflow.run(PUSH);
		const { printed, ok } = await workflow.run(PUSH);
		expect(ok).toBe(true);
		expect(printed).toContain("DISPATCH_TOKEN is not handed over: the key vault bridge holds a token, and it stays");
		expect(workflow.state().secrets).toEqual([BRIDGE]);
	});

	it("hands over a token that came after the first Set up, which succeeded without one", async () => {
		start({}, { DISPATCH_TOKEN: "" });
		expect((await workflow.run(PUSH)).printed).toContain("::warning::the secret DISPATCH_TOKEN is empty");
		expect(workflow.state().secrets).toEqual([]);
		const azure = workflow.state();
		workflow.remove();
		start(azure);
		const run = await workflow.run(PUSH);
		expect(run.printed).toContain("DISPATCH_TOKEN is handed over: no key vault of the bridge holds a token yet");
		expect(workflow.state().secrets).toEqual([BRIDGE]);
	});

	const ended = (provisioningState: string, parameters: object = {}) => ({
		provisioningState,
		parameters,
		outputs: null,
	});
	it.each([
		["failed before the token was written", ended("Failed"), [], true],
		["failed afterwards", ended("Failed"), [BRIDGE], false],
		["was cancelled, and Azure still works on it", ended("Running"), [BRIDGE], false],
		["is not remembered by Azure", null, [BRIDGE], false],
		[
			"failed, with a vault elsewhere",
			ended("Failed", { existingKeyVaultId: { value: "/vaults/own" } }),
			["/vaults/own"],
			false,
		],
	] as const)("after one that %s", async (_, deployment, secrets, isHandedOver) => {
		start({ deployment, vaults: [BRIDGE], secrets: [...secrets] });
		const run = await workflow.run(PUSH);
		expect(run).toMatchObject({ ok: true });
		expect(run.printed).toContain(`DISPATCH_TOKEN is ${isHandedOver ? "" : "not "}handed over: `);
	});

	it.each([
		["deployment group show", "AADSTS700024: Client assertion is not within its valid time range"],
		["keyvault list", "(AuthorizationFailed) does not have authorization"],
		["resource show", "(InternalServerError)"],
	])("that cannot ask for the token (%s) writes none and deploys nothing", async (command, message) => {
		start({ deployment: ended("Failed"), vaults: [BRIDGE], secrets: [BRIDGE] });
		workflow.breakCommand(command, { status: 1, message });
		const run = await workflow.run(PUSH);
		expect(run).toMatchObject({ ok: false, failed: CREATE });
		expect(run.calls.filter((call) => call.startsWith("deployment group create"))).toEqual([]);
	});

	it("makes up for one that failed half-way", async () => {
		start();
		workflow.breakCommand("functionapp deployment source config-zip", { status: 1, message: "(Conflict)" });
		expect(await workflow.run(PUSH)).toMatchObject({ ok: false, failed: "Deploy the code" });
		expect(await workflow.run(PUSH)).toMatchObject({ ok: true });
		expect(workflow.state().secrets).toEqual([BRIDGE]);
	});

	it.each(["functionAppName", "payloadContainerUrl"])("fails where the deployment has no %s", async (output) => {
		start();
		await workflow.run(PUSH);
		workflow.change((azure) => {
			delete azure.deployment.outputs[output];
		});
		workflow.breakCommand("deployment group create", { status: 0 });
		const { ok, printed } = await workflow.run(PUSH);
		expect(ok).toBe(false);
		expect(printed).toMatch(/names no function app|no address of the payloads/);
	});
});
