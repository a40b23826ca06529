import { beforeAll, expect, it } from "@jest/globals";
import { BICEP, type Prediction, predict, type Resource, SUBSCRIPTION } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";

const id = (type: string, name: string) =>
	`/subscriptions/${SUBSCRIPTION}/resourceGroups/net/providers/${type}/${name}`;
const SUBNET = id("Microsoft.Network/virtualNetworks", "v/subnets/app");
const ENDPOINTS = id("Microsoft.Network/virtualNetworks", "v/subnets/endpoints");
const BLOB_ZONE = id("Microsoft.Network/privateDnsZones", "privatelink.blob.core.windows.net");
const LOGS = id("Microsoft.OperationalInsights/workspaces", "central");
const PLAIN = { githubRepository: "contoso/fraud-model", delivery: "function" };
const SOURCES = { workspaceName: "contoso", dataAccounts: [{ name: "contosodata", dataContainer: "training" }] };

describeWith(BICEP, "what platform teams ask for", () => {
	let plain: Prediction;
	let strict: Prediction;
	let closed: Prediction;

	beforeAll(async () => {
		[plain, strict, closed] = await Promise.all([
			predict({ ...PLAIN, ...SOURCES }),
			predict({
				...{ ...PLAIN, ...SOURCES, storageRedundancy: "ZRS", purgeProtection: true, auditWorkspaceId: LOGS },
				...{ tags: { team: "ml" }, allowedIpRanges: ["203.0.113.0/24", "198.51.100.7"] },
			}),
			predict({
				...{ ...PLAIN, delivery: "queue", publicNetworkAccess: "Disabled", closeStorageAndVault: true },
				...{ subnetId: SUBNET, privateEndpointSubnetId: ENDPOINTS, privateDnsZoneIds: { blob: BLOB_ZONE } },
				...{ allowedIpRanges: ["203.0.113.0/24", "198.51.100.7/32"] },
			}),
		]);
	}, 60_000);

	it("nothing of it is there unless it is asked for", () => {
		for (const { sku } of all(plain, "Microsoft.Storage/storageAccounts")) expect(sku?.name).toBe("Standard_LRS");
		for (const { properties } of all(plain, "Microsoft.KeyVault/vaults"))
			expect(properties.enablePurgeProtection ?? null).toBeNull();
		const { publicNetworkAccess, siteConfig } = siteOf(plain);
		expect(publicNetworkAccess).toBe("Enabled");
		expect(siteConfig).toMatchObject({ ipSecurityRestrictions: [], ipSecurityRestrictionsDefaultAction: "Allow" });
		expect(ownAccount(plain).properties.networkAcls.defaultAction).toBe("Allow");
		expect(all(plain, "Microsoft.Network/privateEndpoints")).toEqual([]);
		expect(all(plain, "Microsoft.Insights/diagnosticSettings")).toEqual([]);
	});

	it("storage in several zones, for every account that is created", () => {
		const accounts = all(strict, "Microsoft.Storage/storageAccounts");
		expect(accounts.map(({ sku }) => sku?.name)).toEqual(["Standard_ZRS", "Standard_ZRS", "Standard_ZRS"]);
	});

	it("purge protection, for every vault that is created", () => {
		const vaults = all(strict, "Microsoft.KeyVault/vaults");
		expect(vaults.map(({ properties }) => properties.enablePurgeProtection)).toEqual([true, true]);
	});

	it("callers are limited to Event Grid and to ranges, and those who deploy code to ranges", () => {
		const { siteConfig } = siteOf(strict);
		const allowed = (rules: Resource["properties"][]) => rules.map(({ action, ipAddress }) => `${action} ${ipAddress}`);
		const ranges = ["Allow 203.0.113.0/24", "Allow 198.51.100.7/32"];
		expect(allowed(siteConfig.ipSecurityRestrictions)).toEqual(["Allow AzureEventGrid", ...ranges]);
		expect(siteConfig.ipSecurityRestrictions[0].tag).toBe("ServiceTag");
		expect(siteConfig.ipSecurityRestrictionsDefaultAction).toBe("Deny");
		expect(allowed(siteConfig.scmIpSecurityRestrictions)).toEqual(ranges);
		expect(siteConfig.scmIpSecurityRestrictionsDefaultAction).toBe("Deny");
		const priorities = siteConfig.ipSecurityRestrictions.map(({ priority }: { priority: number }) => priority);
		expect(new Set(priorities).size).toBe(3);
		// With a queue Event Grid does not call the app.
		expect(allowed(siteOf(closed).siteConfig.ipSecurityRestrictions)).toEqual(ranges);
	});

	it("storage and vault answer their network, ranges and trusted services only", () => {
		expect(ownAccount(closed).properties.networkAcls).toEqual({
			bypass: "AzureServices",
			defaultAction: "Deny",
			ipRules: [
				{ value: "203.0.113.0/24", action: "Allow" },
				{ value: "198.51.100.7", action: "Allow" },
			],
			virtualNetworkRules: [],
		});
		const [vault] = all(closed, "Microsoft.KeyVault/vaults");
		expect(vault?.properties.networkAcls).toMatchObject({ bypass: "AzureServices", defaultAction: "Deny" });
	});

	it("without private endpoints the app's subnet is let in", async () => {
		const prediction = await predict({ ...PLAIN, delivery: "queue", closeStorageAndVault: true, subnetId: SUBNET });
		expect(ownAccount(prediction).properties.networkAcls.virtualNetworkRules).toEqual([
			{ id: SUBNET, action: "Allow" },
		]);
	});

	it("private endpoints for storage, vault and an app without a public address, with the zones that are given", () => {
		const endpoints = all(closed, "Microsoft.Network/privateEndpoints");
		const ends = endpoints.map(({ properties }) => properties.privateLinkServiceConnections[0].properties.groupIds[0]);
		expect(ends).toEqual(["blob", "queue", "table", "vault", "sites"]);
		for (const { properties } of endpoints) expect(properties.subnet.id).toBe(ENDPOINTS);
		const zones = all(closed, "Microsoft.Network/privateEndpoints/privateDnsZoneGroups");
		expect(zones.map(({ properties }) => properties.privateDnsZoneConfigs[0].properties.privateDnsZoneId)).toEqual([
			BLOB_ZONE,
		]);
		expect(siteOf(closed).publicNetworkAccess).toBe("Disabled");
	});

	it("audit logs of storage and vault go to the platform team's workspace", () => {
		const settings = all(strict, "Microsoft.Insights/diagnosticSettings");
		expect(settings).toHaveLength(4);
		for (const { properties } of settings) {
			expect(properties).toMatchObject({ workspaceId: LOGS, logs: [{ categoryGroup: "audit", enabled: true }] });
		}
	});

	it("tags stand on everything that has tags", () => {
		const untagged = /roleAssignments|diagnosticSettings|eventSubscriptions|Services|Policies|secrets|extensions|Zone/;
		for (const { type, tags } of strict.resources.filter(({ type }) => !untagged.test(type)))
			expect({ type, tags }).toEqual({ type, tags: expect.objectContaining({ team: "ml" }) });
	});
});

function all({ resources }: Prediction, type: string): Resource[] {
	return resources.filter((resource) => resource.type === type);
}

function siteOf(prediction: Prediction) {
	return all(prediction, "Microsoft.Web/sites")[0]?.properties;
}

function ownAccount(prediction: Prediction): Resource {
	const found = all(prediction, "Microsoft.Storage/storageAccounts").find(
		({ name }) => name === prediction.outputs["storageAccountName"],
	);
	if (found === undefined) throw new Error("the bridge has no storage account");
	return found;
}
