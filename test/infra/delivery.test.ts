import { beforeAll, expect, it } from "@jest/globals";
import { openSenderCheck } from "../../src/config/entra.ts";
import { readEntra } from "../../src/config/entra-settings.ts";
import { Settings } from "../../src/config/settings.ts";
import { BICEP, GROUP, type Prediction, predict } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { MODES } from "../helpers/infra-modes.ts";
import { rolesIn } from "../helpers/infra-roles.ts";

describeWith(BICEP, "how events reach the bridge", () => {
	let trigger: Prediction;
	let queue: Prediction;
	let webhook: Prediction;
	let later: Prediction;
	let second: Prediction;

	beforeAll(async () => {
		const { packageUri: _, ...withoutCode } = MODES["code, a new workspace and a new data account"];
		[trigger, queue] = await Promise.all([
			predict(MODES["code, a new workspace and a new data account"]),
			predict(MODES["a queue, and a topic of one's own"]),
		]);
		[webhook, later] = await Promise.all([predict(MODES["an Entra-protected webhook"]), predict(withoutCode)]);
		second = await predict(parametersOf(later.outputs["subscribe"]), "subscribe.bicep");
	});

	it("to its Event Grid trigger by the function's id, without a key", () => {
		for (const { properties } of subscriptions(trigger)) {
			expect(properties.eventDeliverySchema).toBe("CloudEventSchemaV1_0");
			expect(properties).not.toHaveProperty("deliveryWithResourceIdentity");
			expect(properties.destination).toEqual({
				endpointType: "AzureFunction",
				properties: {
					resourceId: `${GROUP}/providers/Microsoft.Web/sites/${trigger.outputs["functionAppName"]}/functions/eventGrid`,
					maxEventsPerBatch: 1,
					preferredBatchSizeInKilobytes: 64,
				},
			});
		}
		expect(subscriptions(trigger)).toHaveLength(2);
	});

	it("not before the code is there: without a package the second entry makes the same subscriptions from main's output", () => {
		expect(later.resources.filter(({ type }) => type.startsWith("Microsoft.EventGrid/"))).toEqual([]);
		expect(subscriptions(second)).toEqual(subscriptions(trigger));
		expect(rolesIn(second)).toHaveLength(2);
	});

	it("to a queue by the topic's identity, with messages that never expire; nothing need be awake or deployed", () => {
		for (const { properties } of subscriptions(queue)) {
			expect(properties).not.toHaveProperty("destination");
			expect(properties.deliveryWithResourceIdentity).toEqual({
				identity: { type: "SystemAssigned" },
				destination: {
					endpointType: "StorageQueue",
					properties: {
						resourceId: `${GROUP}/providers/Microsoft.Storage/storageAccounts/${queue.outputs["storageAccountName"]}`,
						queueName: "grid-dispatch-events",
						queueMessageTimeToLiveInSeconds: -1,
					},
				},
			});
		}
		expect(subscriptions(queue)).toHaveLength(2);
		expect(queue.resources.map(({ id }) => id)).toContainEqual(expect.stringMatching(/queues\/grid-dispatch-events$/));
		expect(rolesIn(queue).filter(({ role }) => role === "Storage Queue Data Message Sender")).toHaveLength(2);
		const { properties } = queue.resources.find(({ type }) => type === "Microsoft.Web/sites") ?? {};
		expect(properties.siteConfig.appSettings).toContainEqual({ name: "EVENT_QUEUE", value: "grid-dispatch-events" });
		expect(properties.functionAppConfig.scaleAndConcurrency.alwaysReady).toEqual([]);
	});

	it("to an endpoint that Microsoft Entra protects, whose address stays a secret", () => {
		const [subscription, ...others] = subscriptions(webhook);
		expect(others).toEqual([]);
		expect(subscription?.properties.eventDeliverySchema).toBe("EventGridSchema");
		expect(subscription?.properties.destination).toEqual({
			endpointType: "WebHook",
			properties: {
				endpointUrl: expect.stringMatching(/^\[.*parameters\('webhookUrl'\).*\]$/),
				azureActiveDirectoryTenantId: "00000000-0000-0000-0000-0000000000bb",
				azureActiveDirectoryApplicationIdOrUri: "api://bridge",
				minimumTlsVersionAllowed: "1.2",
				maxEventsPerBatch: 1,
				preferredBatchSizeInKilobytes: 64,
			},
		});
	});

	it("to an endpoint that Microsoft Entra protects, and the bridge asks for that token itself", () => {
		const entra = {
			ENTRA_TENANT_ID: "00000000-0000-0000-0000-0000000000bb",
			ENTRA_AUDIENCE: "api://bridge",
			// Azure puts in what the cloud has: https://login.microsoftonline.com/ in the public one.
			ENTRA_AUTHORITY: "[environment().authentication.loginEndpoint]",
		};
		expect(entraSettings(webhook)).toEqual(entra);
		for (const other of [trigger, queue, later]) expect(entraSettings(other)).toEqual({});
		const surroundings = { fetch: globalThis.fetch, now: Date.now, monotonic: () => 0 };
		const deployed = { ...entra, ENTRA_AUTHORITY: "https://login.microsoftonline.com/" };
		expect(readEntra(new Settings(deployed))).toMatchObject({ tenantId: entra.ENTRA_TENANT_ID });
		expect(openSenderCheck(entra, surroundings)).toBeDefined();
	});

	it("to a gateway that checks the token itself, where the settings switch the bridge's check off", async () => {
		const settings = { ENTRA_TENANT_ID: "", ENTRA_AUDIENCE: "" };
		const behind = await predict({ ...MODES["an Entra-protected webhook"], settings });
		expect(subscriptions(behind)).toEqual(subscriptions(webhook));
		const surroundings = { fetch: globalThis.fetch, now: Date.now, monotonic: () => 0 };
		expect(openSenderCheck(entraSettings(behind), surroundings)).toBeUndefined();
	});

	it("a topic of one's own takes its publishers' identities, and sends everything", () => {
		const topic = queue.resources.find(({ type }) => type === "Microsoft.EventGrid/topics");
		expect(topic?.properties).toMatchObject({ disableLocalAuth: true, inputSchema: "CloudEventSchemaV1_0" });
		const publishers = rolesIn(queue).filter(({ role }) => role === "EventGrid Data Sender");
		expect(publishers).toEqual([expect.objectContaining({ to: "00000000-0000-0000-0000-00000000000b" })]);
		const own = subscriptions(queue).find(({ type }) => type === "Microsoft.EventGrid/topics/eventSubscriptions");
		expect(own?.properties.filter).toEqual({});
	});
});

function entraSettings({ resources }: Prediction): Record<string, string> {
	const { properties } = resources.find(({ type }) => type === "Microsoft.Web/sites") ?? {};
	const all: readonly { readonly name: string; readonly value: string }[] = properties.siteConfig.appSettings;
	return Object.fromEntries(
		all.filter(({ name }) => name.startsWith("ENTRA_")).map(({ name, value }) => [name, value]),
	);
}

function subscriptions({ resources }: Prediction) {
	return resources.filter(({ type }) => type.endsWith("/eventSubscriptions"));
}

/** What infra/subscribe.mjs hands over: the members of an ARM parameters file. */
function parametersOf(output: unknown): object {
	const members = Object.entries(output as Readonly<Record<string, { readonly value: unknown }>>);
	return Object.fromEntries(members.map(([name, { value }]) => [name, value]));
}
