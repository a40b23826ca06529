import { beforeAll, expect, it } from "@jest/globals";
import { BICEP, GROUP, type Prediction, predict, type Resource } from "../helpers/bicep.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { ACTION_GROUP, MODES } from "../helpers/infra-modes.ts";

const WITH_MAIL = MODES["code, a new workspace and a new data account"];

describeWith(BICEP, "the alerts", () => {
	let none: Prediction;
	let mail: Prediction;
	let theirs: Prediction;
	let both: Prediction;

	beforeAll(async () => {
		[none, mail] = await Promise.all([predict(MODES["a repository and nothing else"]), predict(WITH_MAIL)]);
		[theirs, both] = await Promise.all([
			predict(MODES["a queue, and a topic of one's own"]),
			predict({ ...WITH_MAIL, alertActionGroupId: ACTION_GROUP }),
		]);
	});

	it("go to the address that is given, to the action group that is given, or to both, and are not made without one", () => {
		const made = `${GROUP}/providers/Microsoft.Insights/actionGroups/grid-dispatch-alerts`;
		expect(alertsIn(none)).toEqual([]);
		expect(of(none, "Microsoft.Insights/actionGroups")).toEqual([]);
		expect(of(mail, "Microsoft.Insights/actionGroups")).toMatchObject([
			{ id: made, properties: { emailReceivers: [{ emailAddress: "ml@contoso.example" }] } },
		]);
		expect(of(theirs, "Microsoft.Insights/actionGroups")).toEqual([]);
		for (const [prediction, groups] of [
			[mail, [made]],
			[theirs, [ACTION_GROUP]],
			[both, [made, ACTION_GROUP]],
		] as const) {
			expect(alertsIn(prediction)).toHaveLength(alertsIn(mail).length);
			for (const { properties } of alertsIn(prediction)) expect(groupsIn(properties.actions)).toEqual(groups);
		}
	});

	it.each([
		["an address", "ml@contoso.example"],
		["a name", "on-call"],
		["the id of something else", ACTION_GROUP.replace("actionGroups", "components")],
	])("are refused where the action group is none: %s", async (_, alertActionGroupId) => {
		const refused = /alertActionGroupId: ".+" is not valid\. It must be the resource id of .+actionGroups/;
		await expect(predict({ githubRepository: "contoso/fraud-model", alertActionGroupId })).rejects.toThrow(refused);
	});

	it("on the log can be made before the log has said anything", () => {
		// Azure tries the query when a rule is made, and a fresh workspace has none of the tables.
		const rules = of(mail, "Microsoft.Insights/scheduledQueryRules");
		expect(rules.length).toBeGreaterThan(5);
		for (const { properties } of rules) expect(properties.skipQueryValidation).toBe(true);
	});

	it("on an app that does not run are told once a day, and are not taken back when its log is empty", () => {
		const rule = of(mail, "Microsoft.Insights/scheduledQueryRules").find(({ name }) => name.includes("no-upkeep"));
		expect(rule?.properties).toMatchObject({
			severity: 1,
			evaluationFrequency: "PT1H",
			windowSize: "P2D",
			autoMitigate: false,
			muteActionsDuration: "P1D",
		});
		expect(rule?.properties.criteria.allOf).toMatchObject([{ operator: "GreaterThan", threshold: 0 }]);
	});

	it("on what Event Grid cannot deliver fire for a single event: it is tried six times within the half hour", () => {
		const rules = of(mail, "Microsoft.Insights/metricAlerts").filter(({ name }) => name.includes("delivery-failed"));
		expect(rules).toHaveLength(2);
		for (const { properties } of rules) {
			expect(properties.windowSize).toBe("PT30M");
			expect(properties.criteria.allOf).toMatchObject([{ operator: "GreaterThanOrEqual", threshold: 3 }]);
		}
	});

	it("stand on every topic, a topic of one's own included, each on the metrics of its kind", () => {
		const watched = of(theirs, "Microsoft.Insights/metricAlerts").map(({ properties }) => {
			const [{ metricNamespace, metricName }] = properties.criteria.allOf;
			// A system topic's name ends in a hash of its source.
			const topic = properties.scopes[0].split("/providers/")[1].replace(/-[a-z0-9]{13}$/, "");
			return [topic, metricNamespace, metricName];
		});
		const on = (kind: string, name: string) =>
			["DroppedEventCount", "DeadLetteredCount", "DeliveryAttemptFailCount"].map((metric) => [
				`Microsoft.EventGrid/${kind}/${name}`,
				`Microsoft.EventGrid/${kind}`,
				metric,
			]);
		expect(watched).toEqual([...on("systemTopics", "grid-dispatch-contoso-ml"), ...on("topics", "contoso-orders")]);
	});
});

function of({ resources }: Prediction, type: string): readonly Resource[] {
	return resources.filter((resource) => resource.type === type);
}

function alertsIn(prediction: Prediction): readonly Resource[] {
	return ["scheduledQueryRules", "metricAlerts"].flatMap((type) => of(prediction, `Microsoft.Insights/${type}`));
}

/** The action groups that a log alert or a metric alert tells. */
function groupsIn(actions: { actionGroups: string[] } | { actionGroupId: string }[]): readonly string[] {
	return Array.isArray(actions) ? actions.map(({ actionGroupId }) => actionGroupId) : actions.actionGroups;
}
