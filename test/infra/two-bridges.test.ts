import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { BICEP, bicep, GROUP, infra, type Prediction, predict } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { rolesIn } from "../helpers/infra-roles.ts";

/** Two teams listen to the sources of a third one. */
const SOURCES = {
	delivery: "queue",
	workspaceName: "contoso",
	workspaceResourceGroup: "ml",
	dataAccounts: [{ name: "contosodata", dataContainer: "training", resourceGroup: "ml" }],
};
const bridge = (team: string) => ({ ...SOURCES, githubRepository: `${team}/r`, alertEmail: `${team}@contoso.example` });

describeWith(BICEP, "two bridges on one source", () => {
	const pairs: Record<string, readonly [Prediction, Prediction]> = {};

	beforeAll(async () => {
		const staging = { ...bridge("a"), baseName: "staging" };
		const [a, b, beside] = await Promise.all([
			predict(bridge("a"), "main.bicep", "bridge-a"),
			predict(bridge("b"), "main.bicep", "bridge-b"),
			predict(staging, "main.bicep", "bridge-a"),
		]);
		pairs["in two groups"] = [a, b];
		pairs["in one group, with two base names"] = [a, beside];
	}, 60_000);

	describe.each(["in two groups", "in one group, with two base names"])("%s", (where) => {
		const ids = (type: RegExp) =>
			(pairs[where] ?? []).map(({ resources }) =>
				resources.filter((resource) => type.test(resource.type)).map(({ id }) => id),
			);

		it("write nothing that is the other's: what both name is created only where it does not exist", () => {
			const [one, other] = pairs[where] ?? [];
			const names = new Set(one?.resources.map(({ id }) => id));
			const shared = other?.resources.filter(({ id }) => names.has(id)) ?? [];
			expect(shared.map(({ type }) => type)).toContain("Microsoft.MachineLearningServices/workspaces");
			for (const { id, condition } of shared) {
				expect({ id, condition }).toEqual({ id, condition: expect.stringMatching(/not\(not\(equals\(reference\(/) });
			}
		});

		it("have event subscriptions and alerts of their own, named after them", () => {
			for (const type of [/eventSubscriptions$/, /metricAlerts$/, /scheduledQueryRules$/, /actionGroups$/]) {
				const [mine = [], theirs = []] = ids(type);
				expect(mine.length).toBeGreaterThan(0);
				expect(theirs).toHaveLength(mine.length);
				expect(mine.filter((id) => theirs.includes(id))).toEqual([]);
			}
			for (const { resources, outputs } of pairs[where] ?? []) {
				const elsewhere = resources.filter(({ type }) => /eventSubscriptions$|metricAlerts$/.test(type));
				const hash = String(outputs["bridgeHash"]);
				expect(String(outputs["functionAppName"])).toMatch(new RegExp(`-${hash}$`));
				for (const { id } of elsewhere) expect(id).toMatch(new RegExp(`-${hash}(-[^/]*)?$`));
			}
		});

		it("share the source's topic, since Azure allows one, and each lets it into its own storage", () => {
			const [mine, theirs] = ids(/systemTopics$/);
			expect(mine).toHaveLength(2);
			expect(theirs).toEqual(mine);
			const [one, other] = (pairs[where] ?? []).map((prediction) =>
				rolesIn(prediction)
					.filter(({ role }) => role === "Storage Queue Data Message Sender")
					.map(({ scope }) => scope),
			);
			expect(one).toHaveLength(2);
			expect(other?.filter((scope) => one?.includes(scope))).toEqual([]);
		});

		it("have alerts about their own subscriptions, not about those of the other", () => {
			for (const { resources } of pairs[where] ?? []) {
				const own = resources
					.filter(({ type }) => type.endsWith("/eventSubscriptions"))
					.map(({ id }) => id.split("/").at(-1));
				const watched = resources
					.filter(({ type }) => type === "Microsoft.Insights/metricAlerts")
					.map(({ properties }) => properties.criteria.allOf[0].dimensions[0].values);
				expect(new Set(watched.flat())).toEqual(new Set(own));
				for (const values of watched) expect(values).toHaveLength(1);
			}
		});
	});
});

describeWith(BICEP, "an event subscription of the bridge's name", () => {
	const APP = `${GROUP}/providers/Microsoft.Web/sites/grid-dispatch-x`;
	const STORAGE = `${GROUP}/providers/Microsoft.Storage/storageAccounts/stx`;
	const leads = (resourceId: string) => ({ destination: { properties: { resourceId } } });
	const queue = (resourceId: string) => ({ deliveryWithResourceIdentity: leads(resourceId) });
	const webhook = (storage?: string) => ({
		destination: { properties: { endpointBaseUrl: "https://hook.example/api" } },
		...(storage && {
			deadLetterWithResourceIdentity: { deadLetterDestination: { properties: { resourceId: storage } } },
		}),
	});

	/** What stands there before, and where it leads, unless that is the bridge. */
	const CASES: Readonly<Record<string, readonly [properties: object, stranger: string]>> = {
		"there is none": [{}, ""],
		"the bridge's function": [leads(`${APP}/functions/eventGrid`), ""],
		"the bridge's function, with the id in other letters": [leads(`${APP.toUpperCase()}/functions/eventGrid`), ""],
		"the bridge's queue": [queue(STORAGE), ""],
		"a webhook, with the dead letters in the bridge's storage": [webhook(STORAGE), ""],
		"another app": [leads(`${APP}2/functions/eventGrid`), `${APP}2/functions/eventGrid`],
		"another account": [queue(`${STORAGE}2`), `${STORAGE}2`],
		"a webhook without dead letters": [webhook(), "https://hook.example/api"],
		"a webhook of another bridge": [webhook(`${STORAGE}2`), "https://hook.example/api"],
		"a kind that is not known": [{ destination: { endpointType: "Other" } }, "an unknown place"],
	};

	/** Asks the template's own function. */
	async function askAll(): Promise<readonly string[]> {
		const folder = mkdtempSync(join(tmpdir(), "stranger-"));
		try {
			const rules = relative(folder, join(infra, "modules/rules.bicep")).replaceAll("\\", "/");
			const lines = [
				`import { strangerIn } from '${rules}'`,
				"param found object[]",
				`output strangers array = map(found, one => strangerIn(one, ['${APP}', '${STORAGE}']))`,
			];
			writeFileSync(join(folder, "ask.bicep"), lines.join("\n"));
			const found = Object.values(CASES).map(([properties]) => `json('${JSON.stringify(properties)}')`);
			writeFileSync(join(folder, "ask.bicepparam"), `using 'ask.bicep'\nparam found = [${found.join(", ")}]\n`);
			await bicep("snapshot", join(folder, "ask.bicepparam"), "--mode", "overwrite");
			return JSON.parse(readFileSync(join(folder, "ask.snapshot.json"), "utf8")).outputs.strangers;
		} finally {
			rmSync(folder, { recursive: true });
		}
	}

	it("is written where it leads to the bridge, and left alone where it leads to anything else", async () => {
		const answers = await askAll();
		const told = Object.keys(CASES).map((before, i) => [before, answers[i]]);
		expect(told).toEqual(Object.entries(CASES).map(([before, [, stranger]]) => [before, stranger]));
	});

	it("is looked at before it is written, and the deployment fails with where it leads", async () => {
		const template = JSON.parse(await bicep("build", join(infra, "modules/subscribe-source.bicep"), "--stdout"));
		expect(template.resources.eventSubscription.dependsOn).toContain("owner");
		const { isOurs } = template.resources.owner.properties.template.outputs;
		expect(isOurs.value).toMatch(
			/fail\(format\('The event subscription .+ leads to .+ Delete this event subscription, or choose another/,
		);
	});
});
