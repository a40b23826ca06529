import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "@jest/globals";
import { type Answer, createAzStandIn, type Ran } from "../helpers/az-stand-in.ts";

const script = join(import.meta.dirname, "../../infra/subscribe.mjs");
const template = join(import.meta.dirname, "../../infra/subscribe.json");
const standIn = createAzStandIn();
beforeEach(() => standIn.reset());
afterAll(() => standIn.remove());

const SCOPE = "/subscriptions/5f3c1d2e/resourceGroups/contoso-ml/providers";
const APP = `${SCOPE}/Microsoft.Web/sites/grid-dispatch-x`;
const PARAMETERS = {
	delivery: { value: "function" },
	workspaceName: { value: "contoso" },
	tags: { value: { team: 'the "risk" team & co' } },
};

function deployment(name: string, change: Record<string, unknown> = {}) {
	return {
		id: `${SCOPE}/Microsoft.Resources/deployments/${name}`,
		name,
		properties: {
			provisioningState: "Succeeded",
			timestamp: "2026-03-14T08:00:00Z",
			outputs: { functionAppName: { value: "grid-dispatch-x" }, subscribe: { value: PARAMETERS } },
			...change,
		},
	};
}

const functions = (...names: string[]) => ({ value: names.map((name) => ({ name: `grid-dispatch-x/${name}` })) });
const SHOW = "deployment group show";
const LIST = "deployment group list";
const CREATE = "deployment group create";
const SYNC = "rest --method post";
const LOOK = "rest --method get";

/** Everything goes well, but for what is answered otherwise. */
function az(...others: Answer[]): Answer[] {
	return [
		...others,
		{ to: SHOW, answers: [{ out: deployment("main") }] },
		{ to: LIST, answers: [{ out: [deployment("main")] }] },
		{ to: SYNC, answers: [{}] },
		{ to: LOOK, answers: [{ out: functions("health", "eventGrid") }] },
		{ to: CREATE, answers: [{ out: {} }] },
	];
}

const subscribe = (args: readonly string[], answers: readonly Answer[]) => standIn.node([script, ...args], answers);

/** With a clock that moves only when something sleeps. */
function subscribeInNoTime(args: readonly string[], answers: Answer[], env: object = {}): Promise<Ran> {
	const driver = `
		import { main } from ${JSON.stringify(script)};
		let time = 0;
		const sleep = async (ms) => { time += ms; console.log("slept " + ms); };
		process.exitCode = await main(${JSON.stringify(args)}, { sleep, now: () => time, env: ${JSON.stringify(env)} });`;
	return standIn.node(["--input-type=module", "--eval", driver], answers);
}

const commands = () => standIn.calls().map(({ args }) => args.join(" "));

describe("subscribing the sources", () => {
	it("synchronises the triggers, sees the function, and deploys the compiled subscribe.bicep with main's parameters", async () => {
		const ran = await subscribe(["contoso-ml", "main"], az());
		expect(ran).toMatchObject({ code: 0, err: "" });
		expect(ran.out).toContain("Subscribed.");
		const [show, sync, look, create] = commands();
		expect(show).toBe("deployment group show --resource-group contoso-ml --name main --output json");
		expect(sync).toBe(`rest --method post --url ${APP}/host/default/sync?api-version=2024-04-01 --output json`);
		expect(look).toBe(`rest --method get --url ${APP}/functions?api-version=2024-04-01 --output json`);
		expect(create).toContain(
			`deployment group create --resource-group contoso-ml --name subscribe --template-file ${template} --parameters @`,
		);
		expect(existsSync(template)).toBe(true);
		expect(standIn.calls().at(-1)?.content).toMatchObject({ contentVersion: "1.0.0.0", parameters: PARAMETERS });
	});

	it("leaves no file behind, whether the deployment succeeds or not", async () => {
		await subscribe(["contoso-ml"], az());
		const ran = await subscribe(["contoso-ml"], az({ to: CREATE, answers: [{ err: "ERROR: no", status: 1 }] }));
		expect(ran).toMatchObject({ code: 1 });
		const files = standIn.calls().flatMap(({ file = "" }) => (file === "" ? [] : [file]));
		expect(files).toHaveLength(2);
		expect(files.filter((file) => existsSync(dirname(file)))).toEqual([]);
	});

	it("takes the newest deployment of main.bicep that succeeded where none is named", async () => {
		const others = [
			deployment("older"),
			deployment("newest", { timestamp: "2026-03-14T10:00:00Z" }),
			deployment("failed", { timestamp: "2026-03-14T11:00:00Z", provisioningState: "Failed" }),
			deployment("a-module", { timestamp: "2026-03-14T12:00:00Z", outputs: null }),
			deployment("subscribe", { timestamp: "2026-03-14T13:00:00Z", outputs: {} }),
		].map((each) => (each.name === "newest" ? { ...each, id: each.id.replace("contoso-ml", "the-newest-one") } : each));
		expect(await subscribe(["contoso-ml"], az({ to: LIST, answers: [{ out: others }] }))).toMatchObject({ code: 0 });
		expect(commands()[1]).toContain("/resourceGroups/the-newest-one/");
	});

	const OTHER = { functionAppName: { value: "staging-y" }, subscribe: { value: PARAMETERS } };
	const azd = (name: string) => ({ "azd-env-name": name });

	it("takes no bridge for another one: where a group has two, the deployment must be named", async () => {
		const two = [
			deployment("main"),
			deployment("staging", { timestamp: "2026-03-14T10:00:00Z", outputs: OTHER }),
			deployment("staging-before", { timestamp: "2026-03-14T09:00:00Z", outputs: OTHER }),
		];
		const ran = await subscribe(["contoso-ml"], az({ to: LIST, answers: [{ out: two }] }));
		expect(ran.code).toBe(1);
		expect(ran.err).toContain("contoso-ml has 2 bridges.");
		expect(ran.err).toContain("node infra/subscribe.mjs contoso-ml main     (grid-dispatch-x)");
		expect(ran.err).toContain("node infra/subscribe.mjs contoso-ml staging     (staging-y)");
		expect(ran.err).not.toContain("staging-before");
		expect(commands().some((line) => line.startsWith(CREATE))).toBe(false);
		const named = az({ to: SHOW, answers: [{ out: two[0] }] });
		expect(await subscribe(["contoso-ml", "main"], named)).toMatchObject({ code: 0, err: "" });
	});

	it("takes azd's own deployment within azd, whatever was deployed since", async () => {
		const two = [
			{ ...deployment("mine-17"), tags: azd("mine") },
			{ ...deployment("theirs-18", { timestamp: "2026-03-14T10:00:00Z", outputs: OTHER }), tags: azd("theirs") },
			deployment("by-hand", { timestamp: "2026-03-14T11:00:00Z", outputs: OTHER }),
		];
		const answers = az({ to: LIST, answers: [{ out: two }] });
		const within = (name: string) => subscribeInNoTime(["contoso-ml"], answers, { AZURE_ENV_NAME: name });
		expect(await within("mine")).toMatchObject({ code: 0, err: "" });
		expect(commands()[1]).toContain("/sites/grid-dispatch-x/");
		expect(await within("theirs")).toMatchObject({ code: 0, err: "" });
		expect(commands()[5]).toContain("/sites/staging-y/");
		expect(await within("unknown")).toMatchObject({ code: 1 });
	});

	it("asks again until the function is listed, and synchronises each time", async () => {
		const answers = [{ out: functions() }, { out: functions("health") }, { out: functions("eventGrid") }];
		const ran = await subscribeInNoTime(["contoso-ml"], az({ to: LOOK, answers }));
		expect(ran).toMatchObject({ code: 0, err: "" });
		expect(ran.out.match(/slept 10000/g)).toHaveLength(2);
		expect(commands().filter((line) => line.startsWith(SYNC))).toHaveLength(3);
		expect(commands().filter((line) => line.startsWith(CREATE))).toHaveLength(1);
	});

	it("goes on when synchronising fails once", async () => {
		const sync = { to: SYNC, answers: [{ err: "ERROR: Bad Request(Encountered an error)", status: 1 }, {}] };
		const look = { to: LOOK, answers: [{ out: functions() }, { out: functions("eventGrid") }] };
		expect(await subscribeInNoTime(["contoso-ml"], az(sync, look))).toMatchObject({ code: 0, err: "" });
	});

	it.each([{}, { text: "<html>Service unavailable</html>" }, { out: {} }])(
		"asks again after an answer that is no list: %j",
		async (absurd) => {
			const look = { to: LOOK, answers: [absurd, { out: functions("eventGrid") }] };
			expect(await subscribeInNoTime(["contoso-ml"], az(look))).toMatchObject({ code: 0, err: "" });
		},
	);

	it("gives up after ten minutes, and says what was seen and where to look", async () => {
		const ran = await subscribeInNoTime(["contoso-ml"], az({ to: LOOK, answers: [{ out: functions("health") }] }));
		expect(ran.code).toBe(1);
		expect(ran.out.match(/slept/g)).toHaveLength(60);
		expect(ran.err).toContain("Azure did not list the function eventGrid within 10 minutes. Azure lists health.");
		expect(ran.err).toContain("GET /api/health");
		expect(commands().some((line) => line.startsWith(CREATE))).toBe(false);
	});

	it.each(["queue", "webhook"])("has nothing to do with delivery '%s', and says so", async (delivery) => {
		const outputs = { subscribe: { value: { ...PARAMETERS, delivery: { value: delivery } } } };
		const show = { to: SHOW, answers: [{ out: deployment("main", { outputs }) }] };
		const ran = await subscribe(["contoso-ml", "main"], az(show));
		expect(ran).toMatchObject({ code: 0, err: "" });
		expect(ran.out).toContain(`Nothing to do: with delivery '${delivery}'`);
		expect(commands()).toHaveLength(1);
	});

	it("hands a subscription on to every call", async () => {
		await subscribe(["contoso-ml", "--subscription", "5f3c1d2e"], az());
		expect(commands()).toHaveLength(4);
		for (const line of commands()) expect(line).toContain(" --subscription 5f3c1d2e ");
	});
});

describe("removing the subscriptions of a bridge", () => {
	const ELSEWHERE = "/subscriptions/2/resourceGroups/ml/providers";
	const DATA = "/subscriptions/5f3c1d2e/resourceGroups/data/providers";
	const parameters = {
		delivery: { value: "queue" },
		workspaceName: { value: "contoso" },
		workspaceResourceGroup: { value: "ml" },
		workspaceSubscriptionId: { value: "2" },
		dataAccounts: {
			value: [
				{ name: "a", resourceGroup: "data" },
				{ name: "b", resourceGroup: "DATA" },
			],
		},
	};
	const outputs = { functionAppName: { value: "grid-dispatch-x" }, subscribe: { value: parameters } };
	const found = (at: string, ...names: string[]) => ({ value: names.map((name) => ({ name, id: `${at}/${name}` })) });
	const LISTS: Readonly<Record<string, object>> = {
		[`${ELSEWHERE}/Microsoft.EventGrid/systemTopics`]: found(
			`${ELSEWHERE}/Microsoft.EventGrid/systemTopics`,
			"topic-x",
		),
		[`${ELSEWHERE}/Microsoft.EventGrid/systemTopics/topic-x/eventSubscriptions`]: found(
			`${ELSEWHERE}/subscriptions`,
			...["grid-dispatch-x", "grid-dispatch-y", "grid-dispatch", "x", "grid-dispatch-xy"],
		),
		[`${DATA}/Microsoft.Insights/metricAlerts`]: {
			...found(`${DATA}/alerts`, "grid-dispatch-raw-y-topic-dropped"),
			nextLink: "https://management.azure.com/next?",
		},
		"https://management.azure.com/next": found(`${DATA}/alerts`, "grid-dispatch-raw-x-topic-dropped"),
	};
	const lists = Object.entries(LISTS).map(([url, out]) => ({ to: `${LOOK} --url ${url}?`, answers: [{ out }] }));
	const answers = [
		{ to: SHOW, answers: [{ out: deployment("main", { outputs }) }] },
		...lists,
		{ to: LOOK, answers: [{ out: { value: [] } }] },
		{ to: "rest --method delete", answers: [{}] },
	];

	it("deletes its own event subscriptions and alerts in every group of its sources, and nothing of others", async () => {
		const ran = await subscribe(["contoso-ml", "main", "--remove"], answers);
		expect(ran).toMatchObject({ code: 0, err: "" });
		const deleted = commands().filter((line) => line.startsWith("rest --method delete"));
		expect(deleted.map((line) => line.split(" ")[4]?.split("?")[0])).toEqual([
			`${ELSEWHERE}/subscriptions/grid-dispatch-x`,
			`${DATA}/alerts/grid-dispatch-raw-x-topic-dropped`,
		]);
		expect(ran.out).toContain("Deleted: 2.");
		// Three groups, each looked at once, however it is written.
		expect(commands().filter((line) => line.includes("/metricAlerts?"))).toHaveLength(3);
	});

	const deletedIn = (lines: readonly string[]) =>
		lines.filter((line) => line.startsWith("rest --method delete")).map((line) => line.split(" ")[4]?.split("?")[0]);
	const OWN = [`${ELSEWHERE}/subscriptions/grid-dispatch-x`, `${DATA}/alerts/grid-dispatch-raw-x-topic-dropped`];
	const NO_GROUP = "ERROR: Not Found({'error': {'code': 'ResourceGroupNotFound'}})";
	const FORBIDDEN = "ERROR: Forbidden({'error': {'code': 'AuthorizationFailed'}})";
	const refusal = (to: string, err: string) => ({ to, answers: [{ err, status: 1 }] });

	it("goes on where the group of a source is gone, with all that was in it", async () => {
		const gone = refusal(`${LOOK} --url ${ELSEWHERE}/`, NO_GROUP);
		const ran = await subscribe(["contoso-ml", "main", "--remove"], [gone, ...answers]);
		expect(ran).toMatchObject({ code: 0, err: "" });
		expect(deletedIn(commands())).toEqual([OWN[1]]);
		expect(ran.out).toContain("Deleted: 1.");
	});

	it.each([
		["a group that may not be read", `${LOOK} --url ${ELSEWHERE}/`, [OWN[1]]],
		["a subscription that cannot be deleted", `rest --method delete --url ${OWN[0]}`, OWN],
	])("%s does not keep the others, and it is told at the end", async (_, to, tried) => {
		const ran = await subscribe(["contoso-ml", "main", "--remove"], [refusal(to, FORBIDDEN), ...answers]);
		expect(ran.code).toBe(1);
		expect(deletedIn(commands())).toEqual(tried);
		expect(ran.out).toContain("Deleted: 1.");
		expect(ran.out).not.toContain("gets no new events");
		expect(ran.err).toContain(FORBIDDEN);
		expect(ran.err).toContain("Run this command again.");
		expect(ran.err).not.toMatch(/^\s+at /m);
	});

	it("may be done twice", async () => {
		const gone = answers.filter(({ to }) => !to.includes("eventSubscriptions") && !to.includes("metricAlerts"));
		const ran = await subscribe(["contoso-ml", "main", "--remove"], gone);
		expect(ran).toMatchObject({ code: 0, err: "" });
		expect(ran.out).toContain("Deleted: 0.");
	});
});

describe("what stands in the way of subscribing", () => {
	const NOT_FOUND = "ERROR: (DeploymentNotFound) Deployment 'main' could not be found.";

	it.each([
		[
			"a deployment that is not there",
			["a", "main"],
			[{ to: SHOW, answers: [{ err: NOT_FOUND, status: 3 }] }],
			NOT_FOUND,
		],
		[
			"a deployment that failed",
			["a", "main"],
			[{ to: SHOW, answers: [{ out: deployment("main", { provisioningState: "Failed" }) }] }],
			"The deployment main did not succeed. Its state is Failed.",
		],
		[
			"a deployment of something else",
			["a", "other"],
			[{ to: SHOW, answers: [{ out: deployment("other", { outputs: null }) }] }],
			"other is not a deployment of main.bicep",
		],
		[
			"a group without a deployment",
			["a"],
			[{ to: LIST, answers: [{ out: [] }] }],
			"The group a has no successful deployment of main.bicep",
		],
		[
			"a login that is missing",
			["a"],
			[{ to: LIST, answers: [{ err: "ERROR: Please run 'az login' to setup account.", status: 1 }] }],
			"Please run 'az login' to setup account.",
		],
		[
			"a right that is missing",
			["a"],
			[{ to: SYNC, answers: [{ err: "ERROR: Forbidden(AuthorizationFailed)", status: 1 }] }],
			"az rest --method post failed. ERROR: Forbidden(AuthorizationFailed)",
		],
		...[SHOW, LIST].map((to): [string, string[], Answer[], string] => [
			`no answer at all to ${to}`,
			to === SHOW ? ["a", "main"] : ["a"],
			[{ to, answers: [{}] }],
			`az ${to} printed no JSON: nothing`,
		]),
		[
			"a page in place of an answer",
			["a"],
			[{ to: LIST, answers: [{ text: "<html>Sign in</html>" }] }],
			"az deployment group list printed no JSON: <html>Sign in</html>",
		],
		["no group", [], [], "node infra/subscribe.mjs RESOURCE_GROUP"],
		["too many names", ["a", "b", "c"], [], "node infra/subscribe.mjs RESOURCE_GROUP"],
		["an unknown option", ["a", "--wait"], [], "--wait"],
		["a name that a shell would take apart", ["a&calc"], [], '"a&calc" is not a valid name in Azure'],
		["an empty group, as azd would hand over an unset variable", [""], [], '"" is not a valid name in Azure'],
	])("is told without a stack trace: %s", async (_, args, others, message) => {
		const ran = await subscribe(args, az(...others));
		expect(ran.code).toBe(1);
		expect(ran.err).toContain(message);
		expect(ran.err).not.toMatch(/^\s+at /m);
	});

	it("is told where the Azure CLI is missing, with how to get it", async () => {
		const ran = await standIn.nodeWithoutAz([script, "contoso-ml"]);
		expect(ran.code).toBe(1);
		expect(ran.err).toBe(
			"The Azure CLI (az) is missing. Install it: https://learn.microsoft.com/cli/azure/install-azure-cli\n",
		);
	});

	it("is none for --help, which calls nothing", async () => {
		const ran = await subscribe(["--help"], []);
		expect(ran).toMatchObject({ code: 0, err: "" });
		expect(ran.out).toContain("node infra/subscribe.mjs RESOURCE_GROUP [DEPLOYMENT_NAME]");
		expect(standIn.calls()).toEqual([]);
	});
});
