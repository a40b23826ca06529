import { beforeAll, expect, it } from "@jest/globals";
import { BICEP, type Prediction, predict, type Resource } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { MODES } from "../helpers/infra-modes.ts";
import { rolesIn } from "../helpers/infra-roles.ts";

const REPOSITORY = { githubRepository: "contoso/fraud-model" };

describeWith(BICEP, "the sources of events", () => {
	let here: Prediction;
	let elsewhere: Prediction;
	let webhook: Prediction;

	beforeAll(async () => {
		[here, elsewhere, webhook] = await Promise.all([
			predict(MODES["code, a new workspace and a new data account"]),
			predict(MODES["everything elsewhere, with topics that exist"]),
			predict(MODES["an Entra-protected webhook"]),
		]);
	});

	it("a workspace of this group is made with all that it needs, unless it is there", () => {
		const conditional = here.resources.filter(({ condition }) => condition?.includes("workspaces/contoso_ml"));
		expect(conditional.map(({ type }) => type.split("/").slice(1).join("/"))).toEqual([
			"storageAccounts",
			"vaults",
			"registries",
			"components",
			"workspaces",
			"userAssignedIdentities",
			"roleAssignments",
			"roleAssignments",
			"workspaces/computes",
		]);
		expect(find(here, "Microsoft.MachineLearningServices/workspaces").properties.systemDatastoresAuthMode).toBe(
			"Identity",
		);
		const cluster = find(here, "Microsoft.MachineLearningServices/workspaces/computes");
		expect(cluster.properties.properties.scaleSettings).toMatchObject({ minNodeCount: 0, maxNodeCount: 2 });
		const compute = rolesIn(here).filter(({ to }) => to.includes("id-contoso_ml-compute"));
		expect(compute.map(({ role, scope }) => [role, scope.split("/").at(-1)?.slice(0, 4)])).toEqual([
			["Storage Blob Data Contributor", "stml"],
			["AcrPull", expect.stringMatching(/^cr/)],
			["Storage Blob Data Reader", "trai"],
		]);
	});

	it("what is elsewhere is listened to, and made only where it does not exist", () => {
		const others = elsewhere.resources.filter(({ id }) =>
			/^\/subscriptions\/[0-9-]+\/resourceGroups\/(ml|data)\//.test(id),
		);
		const untouched = others.filter(({ type }) => !/^Microsoft\.(EventGrid|Insights\/metricAlerts)/.test(type));
		expect(untouched.length).toBeGreaterThan(5);
		for (const { condition } of untouched) {
			expect(condition).toMatch(/reference\('[^']+\/(workspaces\/contoso-ml|storageAccounts\/contoso(data|raw))', /);
		}
	});

	it("a new data account has the namespace that is asked for, and its container", () => {
		const account = (prediction: Prediction) =>
			prediction.resources.find(({ id }) => id.endsWith("/storageAccounts/contosodata"));
		expect(account(here)?.properties.isHnsEnabled).toBe(true);
		expect(account(webhook)?.properties.isHnsEnabled).toBe(false);
		expect(here.resources.map(({ id }) => id)).toContainEqual(
			expect.stringMatching(/\/contosodata\/blobServices\/default\/containers\/training$/),
		);
	});

	it("a topic is made beside its source, in its location, and one that exists is only named", () => {
		const topics = (prediction: Prediction) =>
			prediction.resources.filter(({ type }) => type === "Microsoft.EventGrid/systemTopics");
		const DATA = "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/data/providers";
		expect(topics(elsewhere)).toEqual([
			expect.objectContaining({
				id: expect.stringMatching(`^${DATA}/Microsoft.EventGrid/systemTopics/grid-dispatch-contosoraw-[a-z0-9]{13}$`),
				location: expect.stringMatching(/^\[reference\('.+\/contosoraw', .+\.location\]$/),
				identity: { type: "SystemAssigned" },
				properties: {
					source: `${DATA}/Microsoft.Storage/storageAccounts/contosoraw`,
					topicType: "Microsoft.Storage.StorageAccounts",
				},
			}),
		]);
		expect(topics(here).map(({ name, properties }) => [name, properties.topicType])).toEqual([
			[expect.stringMatching(/^grid-dispatch-contoso-ml-/), "Microsoft.MachineLearningServices.Workspaces"],
			[expect.stringMatching(/^grid-dispatch-contosodata-/), "Microsoft.Storage.StorageAccounts"],
		]);
		const hash = elsewhere.outputs["bridgeHash"];
		expect(subscriptions(elsewhere).map(({ name }) => name)).toEqual([
			`ml-topic/grid-dispatch-${hash}`,
			`data-topic/grid-dispatch-training-${hash}`,
			expect.stringMatching(`^grid-dispatch-contosoraw-[a-z0-9]{13}/grid-dispatch-raw-${hash}$`),
		]);
	});

	it("events are chosen by type, and by container", () => {
		expect(subscriptions(here).map(({ properties }) => properties.filter)).toEqual([
			{
				includedEventTypes: [
					"Microsoft.MachineLearningServices.ModelRegistered",
					"Microsoft.MachineLearningServices.RunCompleted",
				],
			},
			{
				includedEventTypes: [
					"Microsoft.Storage.BlobCreated",
					"Microsoft.Storage.BlobDeleted",
					"Microsoft.Storage.BlobRenamed",
					"Microsoft.Storage.DirectoryRenamed",
				],
				subjectBeginsWith: "/blobServices/default/containers/training/",
			},
		]);
		expect(subscriptions(elsewhere)[2]?.properties.filter).toEqual({
			includedEventTypes: ["Microsoft.Storage.DirectoryCreated"],
			subjectBeginsWith: "/blobServices/default/containers/raw/",
		});
	});

	it("alerts about a topic stand beside it", () => {
		const alerts = elsewhere.resources.filter(({ type }) => type === "Microsoft.Insights/metricAlerts");
		const metrics = alerts.map(({ id, properties }) => [id.split("/")[4], properties.criteria.allOf[0].metricName]);
		expect(metrics.filter(([group]) => group === "ml")).toEqual([
			["ml", "DroppedEventCount"],
			["ml", "DeadLetteredCount"],
			["ml", "DeliveryAttemptFailCount"],
		]);
		expect(alerts).toHaveLength(9);
	});

	it.each([
		["an account without a container", { dataAccounts: [{ name: "contosodata" }] }, /dataContainer/],
		[
			"a whole account",
			{ dataAccounts: [{ name: "contosodata", dataContainer: "" }] },
			/dataAccounts\[0\]\.dataContainer: "" is not valid/,
		],
		[
			"a container that every run writes to",
			{ dataAccounts: [{ name: "contosodata", dataContainer: "azureml-blobstore-1" }] },
			/belongs to Azure ML.*docs\/loops\.md/,
		],
		[
			"another type of event",
			{
				dataAccounts: [
					{ name: "contosodata", dataContainer: "raw", eventTypes: ["Microsoft.Storage.BlobTierChanged"] },
				],
			},
			/BlobTierChanged/,
		],
		["a secret among the settings", { settings: { GITHUB_TOKEN: "x" } }, /GITHUB_TOKEN/],
		["no destination", { githubRepository: "" }, /githubRepository and routes: both are empty/],
		[
			"half an Entra application",
			{ delivery: "webhook", workspaceName: "ml-one", webhookUrl: "https://x.example", webhookTenantId: "t" },
			/only one of them is set/,
		],
	])("%s is refused, with a word about why", async (_, wrong, message) => {
		await expect(predict({ ...REPOSITORY, ...wrong })).rejects.toThrow(message);
	});

	it("a webhook without an endpoint is refused", async () => {
		const wrong = { delivery: "webhook", workspaceName: "ml-one" };
		await expect(predict(wrong, "subscribe.bicep")).rejects.toThrow(/needs webhookUrl/);
	});

	it("the bridge's own account cannot be subscribed, nor that of its new workspace", async () => {
		const own = String(here.outputs["storageAccountName"]);
		const ml = here.resources.find(({ id }) => id.includes("/storageAccounts/stml"))?.name ?? "";
		for (const name of [own, own.toUpperCase(), ml]) {
			const wrong = { workspaceName: "contoso_ml", dataAccounts: [{ name, dataContainer: "training" }] };
			const refused = /storage account of the bridge or of its new workspace/;
			await expect(predict({ ...REPOSITORY, ...wrong })).rejects.toThrow(refused);
			await expect(predict(wrong, "subscribe.bicep")).rejects.toThrow(refused);
		}
	});

	it("two containers of one account share its topic", async () => {
		const { resources, outputs } = await predict({
			...REPOSITORY,
			delivery: "queue",
			dataAccounts: [
				{ name: "contosodata", dataContainer: "raw" },
				{ name: "contosodata", dataContainer: "training" },
			],
		});
		const names = resources.filter(({ type }) => type.endsWith("/eventSubscriptions")).map(({ name }) => name);
		const [topic] = names[0]?.split("/") ?? [];
		expect(names).toEqual([
			`${topic}/grid-dispatch-raw-${outputs["bridgeHash"]}`,
			`${topic}/grid-dispatch-training-${outputs["bridgeHash"]}`,
		]);
	});
});

function subscriptions({ resources }: Prediction): Resource[] {
	return resources.filter(({ type }) => type.endsWith("/eventSubscriptions"));
}

function find({ resources }: Prediction, type: string): Resource {
	const found = resources.find((resource) => resource.type === type);
	if (found === undefined) throw new Error(`there is no ${type}`);
	return found;
}
