import { afterEach, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { BICEP, type Prediction, predict } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { MODES, type Mode, SECRETS } from "../helpers/infra-modes.ts";
import { rolesIn } from "../helpers/infra-roles.ts";
import { registerApp } from "../helpers/register-app.ts";

/** Where each role may be assigned: on nothing wider. */
const NARROWEST: Readonly<Record<string, RegExp>> = {
	"Storage Blob Data Owner": /\/storageAccounts\/st[a-z0-9]{17,22}$/,
	"Storage Queue Data Contributor": /\/storageAccounts\/st[a-z0-9]{17,22}$/,
	"Storage Table Data Contributor": /\/storageAccounts\/st[a-z0-9]{17,22}$/,
	"Storage Blob Data Contributor": /\/(containers\/event-grid-dead-letters|storageAccounts\/stml[a-z0-9]+)$/,
	"Storage Blob Data Reader": /\/containers\/(grid-dispatch-payloads|training|raw)$/,
	"Storage Queue Data Message Sender": /\/queues\/grid-dispatch-events$/,
	"Key Vault Secrets User": /\/secrets\/[a-z-]+$/,
	"Monitoring Metrics Publisher": /\/Microsoft\.Insights\/components\/appi-[a-z-]+$/,
	AcrPull: /\/registries\/cr[a-z0-9]+$/,
	"EventGrid Data Sender": /\/Microsoft\.EventGrid\/topics\/[a-z-]+$/,
};

describeWith(BICEP, "what holds however the bridge is deployed", () => {
	afterEach(() => void jest.restoreAllMocks());

	describe.each(Object.keys(MODES) as Mode[])("%s", (mode) => {
		let prediction: Prediction;
		const all = (type: string) => prediction.resources.filter((resource) => resource.type === type);

		beforeAll(async () => {
			prediction = await predict(MODES[mode]);
		});

		it("no secret is in an output, in a setting or anywhere but in the vault and the subscription that need it", () => {
			const settings = all("Microsoft.Web/sites").map(({ properties }) => properties.siteConfig.appSettings);
			expect(settings).toHaveLength(1);
			const told = JSON.stringify([prediction.outputs, settings]);
			expect(told).not.toMatch(
				/parameters\('(githubToken|githubAppKey|webhookUrl|value)'\)|listKeys|AccountKey|SharedAccess/i,
			);
			expect(told).not.toContain("planted");
			const others = prediction.resources.filter(({ type }) => !/vaults\/secrets$|eventSubscriptions$/.test(type));
			for (const secret of Object.values(SECRETS)) expect(JSON.stringify(others)).not.toContain(secret);
			expect(JSON.stringify(others)).not.toMatch(/listKeys|listAccountSas|listSecrets/i);
		});

		it("every queue that a trigger listens to is made, and no other", () => {
			const made = all("Microsoft.Storage/storageAccounts/queueServices/queues").map(({ id }) => id.split("/").at(-1));
			const [app] = all("Microsoft.Web/sites");
			const settings: { name: string; value: string }[] = app?.properties.siteConfig.appSettings;
			const eventQueue = settings.find(({ name }) => name === "EVENT_QUEUE");
			expect(made.sort()).toEqual(registerApp(eventQueue ? { EVENT_QUEUE: eventQueue.value } : {}).queues);
		});

		it("nothing has shared keys", () => {
			for (const { properties } of all("Microsoft.Storage/storageAccounts")) {
				expect(properties).toMatchObject({ allowSharedKeyAccess: false, allowBlobPublicAccess: false });
			}
			for (const { properties } of all("Microsoft.Insights/components")) expect(properties.DisableLocalAuth).toBe(true);
			for (const { properties } of all("Microsoft.OperationalInsights/workspaces"))
				expect(properties.features.disableLocalAuth).toBe(true);
			for (const { properties } of all("Microsoft.EventGrid/topics")) expect(properties.disableLocalAuth).toBe(true);
			for (const { properties } of all("Microsoft.ContainerRegistry/registries"))
				expect(properties.adminUserEnabled).toBe(false);
			for (const { properties } of all("Microsoft.KeyVault/vaults"))
				expect(properties.enableRbacAuthorization).toBe(true);
			const publishing = all("Microsoft.Web/sites/basicPublishingCredentialsPolicies");
			expect(publishing.map(({ properties }) => properties.allow)).toEqual([false, false]);
		});

		it("TLS is 1.2 or newer", () => {
			for (const { properties } of all("Microsoft.Storage/storageAccounts"))
				expect(properties).toMatchObject({ minimumTlsVersion: "TLS1_2", supportsHttpsTrafficOnly: true });
			for (const { properties } of all("Microsoft.Web/sites"))
				expect(properties).toMatchObject({
					httpsOnly: true,
					siteConfig: { minTlsVersion: "1.2", ftpsState: "Disabled" },
				});
			for (const { properties } of all("Microsoft.EventGrid/topics"))
				expect(properties.minimumTlsVersionAllowed).toBe("1.2");
		});

		it("each role is assigned on the narrowest scope", () => {
			const roles = rolesIn(prediction);
			expect(roles.length).toBeGreaterThanOrEqual(5);
			const wide = roles.filter(({ role, scope }) => NARROWEST[role]?.test(scope) !== true);
			expect(wide).toEqual([]);
		});

		it("each event subscription keeps dead letters, tries for a day, and asks for what it wants alone", () => {
			for (const { properties, id } of prediction.resources.filter(({ type }) =>
				type.endsWith("/eventSubscriptions"),
			)) {
				expect(properties.retryPolicy).toEqual({ eventTimeToLiveInMinutes: 1440, maxDeliveryAttempts: 30 });
				const { deadLetterDestination, identity } = properties.deadLetterWithResourceIdentity;
				expect(identity).toEqual({ type: "SystemAssigned" });
				expect(deadLetterDestination.properties.blobContainerName).toBe("event-grid-dead-letters");
				expect(deadLetterDestination.properties.resourceId).toMatch(/resourceGroups\/bridge\/.*\/storageAccounts\/st/);
				const { includedEventTypes, subjectBeginsWith, ...more } = properties.filter;
				expect(more).toEqual({});
				if (id.includes("/systemTopics/")) expect(includedEventTypes.length).toBeGreaterThan(0);
				if (/Storage/.test(includedEventTypes?.[0]))
					expect(subjectBeginsWith).toMatch(/^\/blobServices\/default\/containers\/[a-z]+\/$/);
			}
		});

		it("what exists already is never written", () => {
			const made = prediction.resources.filter(
				({ type, tags }) =>
					["Microsoft.MachineLearningServices/workspaces", "Microsoft.EventGrid/topics"].includes(type) ||
					(type === "Microsoft.Storage/storageAccounts" && tags?.["grid-dispatch"] === "data"),
			);
			for (const { condition, id } of made) {
				expect(condition).toMatch(/not\(not\(equals\(reference\(/);
				expect(condition).toContain(id);
			}
		});
	});
});
