import { describe, expect, it } from "@jest/globals";
import { BICEP, GROUP, type Prediction, predict, type Resource } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { MODES, type Mode } from "../helpers/infra-modes.ts";
import { rolesIn } from "../helpers/infra-roles.ts";

/**
 * Whether Azure would act on a resource, once everything exists that the template looks for.
 * @param isOurs whether this bridge has made it
 */
function isWritten({ condition }: Resource, isOurs: boolean): boolean {
	if (condition === undefined) return true;
	const text = condition
		.replace(/^\[(.*)\]$/, "$1")
		.replaceAll(/equals\(reference\('[^']+', '[0-9-]+', 'full'\), null\(\)\)/g, "false")
		.replaceAll("parameters('isOurs')", String(isOurs))
		.replaceAll("parameters('clusterExists')", "true")
		.replaceAll("empty(parameters('readerPrincipalId'))", "false")
		.replaceAll(/\b(true|false)\(\)/g, "$1");
	if (/[^andortuefls(), ]/.test(text)) throw new Error(`a condition of another kind: ${condition}`);
	const inJavaScript = text.replaceAll(/\b(and|or|not)\b/g, "_$1");
	const compute = new Function("_and", "_or", "_not", `return ${inJavaScript};`);
	const all = (...values: boolean[]) => values.every(Boolean);
	const any = (...values: boolean[]) => values.some(Boolean);
	return compute(all, any, (value: boolean) => !value) as boolean;
}

const withoutSecrets = ({ githubToken: _, githubAppKey: __, ...parameters }: Record<string, unknown>) => parameters;
const typesOf = (resources: readonly Resource[]) => resources.map(({ type }) => type.split("/").at(-1));
const conditional = ({ resources }: Prediction) => resources.filter(({ condition }) => condition !== undefined);

describeWith(BICEP, "a second deployment", () => {
	describe.each(Object.keys(MODES) as Mode[])("%s", (mode) => {
		it("writes the same as the first, but for the secret, and creates no source again", async () => {
			const [first, again] = await Promise.all([predict(MODES[mode]), predict(withoutSecrets(MODES[mode]))]);
			const isSecret = ({ type }: Resource) => type === "Microsoft.KeyVault/vaults/secrets";
			expect(again.resources.filter(isSecret)).toEqual([]);
			expect(again.resources).toEqual(first.resources.filter((resource) => !isSecret(resource)));
			expect(again.outputs).toEqual(first.outputs);

			const others = conditional(again);
			expect(others.filter((resource) => isWritten(resource, false))).toEqual([]);
			// What a deployment may have left out that broke off: the container, and the cluster's role on it.
			const madeUpFor = typesOf(others.filter((resource) => isWritten(resource, true)));
			expect(madeUpFor.filter((type) => !["containers", "roleAssignments"].includes(type ?? ""))).toEqual([]);
		});
	});

	const WORKSPACE = {
		name: "contoso",
		location: "westeurope",
		tags: {},
		exists: true,
		clusterExists: true,
		isOurs: true,
		logAnalyticsId: `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/log`,
		clusterName: "cpu-cluster",
		vmSize: "Standard_DS3_v2",
		maximumNodes: 2,
	};
	const workspace = (change: object) => predict({ ...WORKSPACE, ...change }, "modules/workspace.bicep");

	it("knows the cluster of a workspace that is complete, so that a data account of this deployment lets it read", async () => {
		const { resources, outputs } = await workspace({});
		expect(resources).toEqual([]);
		expect(outputs["computePrincipalId"]).toMatch(/userAssignedIdentities\/id-contoso-compute'.*principalId/);
	});

	it("makes up for what is missing of its own workspace, and for nothing of another's", async () => {
		const own = await workspace({ clusterExists: false });
		expect(typesOf(own.resources)).toContain("computes");
		expect(typesOf(own.resources)).not.toContain("workspaces");
		for (const clusterExists of [true, false]) {
			const { resources, outputs } = await workspace({ isOurs: false, clusterExists });
			expect(resources).toEqual([]);
			expect(outputs["computePrincipalId"]).toBe("");
		}
	});

	it("gives the cluster its role on a data account that failed before, or is new, with the same name each time", async () => {
		const READER = "00000000-0000-0000-0000-0000000000cc";
		const account = (exists: boolean, isOurs: boolean) =>
			predict(
				{
					...{ name: "contosodata", location: "westeurope", tags: {}, dataContainer: "training", isHnsEnabled: true },
					...{ exists, isOurs, readerPrincipalId: READER },
				},
				"modules/data-account.bicep",
			);
		const [fresh, broken, foreign] = await Promise.all([
			account(false, false),
			account(true, true),
			account(true, false),
		]);
		expect(typesOf(fresh.resources)).toEqual(["storageAccounts", "containers", "roleAssignments"]);
		expect(broken.resources).toEqual(fresh.resources.slice(1));
		expect(rolesIn(broken)).toEqual([expect.objectContaining({ role: "Storage Blob Data Reader", to: READER })]);
		expect(foreign.resources).toEqual([]);
	});

	it("gives it to an account that is added later, too, where this bridge has made the workspace", async () => {
		const { resources } = await predict(MODES["code, a new workspace and a new data account"]);
		const role = resources.find(
			({ type, condition }) => type.endsWith("roleAssignments") && condition?.includes("storageAccounts/contosodata'"),
		);
		// Whether it was made now or before, the identity is asked for: the condition does not look at the workspace.
		expect(role?.condition).not.toContain("workspaces/");
		expect(isWritten(role as Resource, true)).toBe(true);
	});

	it("tags what it makes with the bridge that it belongs to", async () => {
		const { resources, outputs } = await predict(MODES["code, a new workspace and a new data account"]);
		const tagged = resources.filter(({ tags }) => tags?.["grid-dispatch"] !== undefined);
		expect(tagged.map(({ type, tags }) => [type.split("/").at(-1), tags?.["grid-dispatch-bridge"]])).toEqual([
			["workspaces", outputs["functionAppName"]],
			["storageAccounts", outputs["functionAppName"]],
		]);
	});
});
