// @ts-check
/**
 * The step after the code with delivery `function`: it creates the event subscriptions to the bridge's function.
 * Event Grid refuses a subscription to a function that Azure does not list yet. On Flex Consumption, Azure may list a
 * function only after its triggers were synchronised, sometimes more than once (azure-functions-host issue 10169).
 *
 * This is plain JavaScript. It needs Node.js 20 and the Azure CLI, and no packages.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { azIn, Failure } from "./az.mjs";
import { unsubscribe } from "./unsubscribe.mjs";

const USAGE = `node infra/subscribe.mjs RESOURCE_GROUP [DEPLOYMENT_NAME] [--subscription ID] [--remove]

Creates the topics and event subscriptions of a bridge. Deploy main.bicep and the code first.

  DEPLOYMENT_NAME     the deployment of main.bicep. Default: the newest one that succeeded. It is required if the group
                      has two bridges
  --subscription ID   the Azure subscription of the group. Default: the subscription that az uses
  --remove            delete the event subscriptions of this bridge and their alerts, in every group of its sources.
                      Topics stay, and so do the event subscriptions of other bridges
  --help              show this text`;

const FUNCTION = "eventGrid";
/** Of Microsoft.Web. */
const API = "api-version=2024-04-01";
const WAIT_MS = 10 * 60_000;
const POLL_MS = 10_000;

/**
 * @typedef {{ id: string, name: string, tags?: Record<string, string> | null, properties: { provisioningState: string, timestamp: string, outputs?: Record<string, { value: any }> | null } }} Deployment
 * @typedef {import("./az.mjs").Az} Az
 * @typedef {{ say: (text: string) => void, sleep: (ms: number) => Promise<unknown>, now: () => number, env: Record<string, string | undefined> }} Surroundings
 */

/**
 * @param {readonly string[]} args as on the command line
 * @param {Partial<Surroundings>} [surroundings] clock and output, for tests
 * @returns {Promise<number>} the exit code
 */
export async function main(args, surroundings = {}) {
	const { say = (text) => void process.stdout.write(`${text}\n`), sleep = setTimeout } = surroundings;
	const { now = Date.now, env = process.env } = surroundings;
	try {
		const { help, subscription, remove, names } = readArguments(args);
		const [group = "", name] = names;
		const az = azIn(subscription);
		if (help) say(USAGE);
		else if (remove) unsubscribe(bridgeIn(group, name, az, env), az, say);
		else await subscribe(group, bridgeIn(group, name, az, env), az, { say, sleep, now, env });
		return 0;
	} catch (error) {
		const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
		if (!(error instanceof Failure) && !code?.startsWith("ERR_PARSE_ARGS")) throw error;
		process.stderr.write(`${message}\n`);
		return 1;
	}
}

/** @param {readonly string[]} args */
function readArguments(args) {
	const flag = /** @type {const} */ ({ type: "boolean" });
	const options = /** @type {const} */ ({ help: flag, remove: flag, subscription: { type: "string" } });
	const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
	const { help, remove, subscription } = values;
	if (!help && ![1, 2].includes(positionals.length)) throw new Failure(USAGE);
	// As Azure allows names; cmd.exe and az read nothing else into them.
	const sound = /^[\p{L}\p{N}_.()][\p{L}\p{N}_.() -]*$/u;
	const strange = [...positionals, subscription ?? "none"].find((name) => !sound.test(name));
	if (strange !== undefined) throw new Failure(`"${strange}" is not a valid name in Azure.\n\n${USAGE}`);
	return { help, remove, subscription, names: positionals };
}

/**
 * What a deployment of main.bicep has left to know.
 * @typedef {import("./unsubscribe.mjs").Bridge} Bridge
 * @param {string} group
 * @param {string | undefined} name of the deployment
 * @param {Az} az
 * @param {Record<string, string | undefined>} env
 * @returns {Bridge}
 */
function bridgeIn(group, name, az, env) {
	const { id, properties } = name === undefined ? newestIn(group, az, env) : deploymentOf(group, name, az);
	const { subscribe: parameters, functionAppName } = properties.outputs ?? {};
	const [scope = ""] = id.split("/Microsoft.Resources/");
	return { scope, app: String(functionAppName?.value), parameters: parameters?.value ?? {} };
}

/**
 * @param {string} group
 * @param {Bridge} bridge
 * @param {Az} az
 * @param {Surroundings} surroundings
 */
async function subscribe(group, { scope, app, parameters }, az, surroundings) {
	const delivery = parameters["delivery"]?.value ?? "function";
	if (delivery !== "function")
		return surroundings.say(
			`Nothing to do: with delivery '${delivery}' the deployment has already created the event subscriptions.`,
		);
	await functionListed(`${scope}/Microsoft.Web/sites/${app}`, az, surroundings);
	createSubscriptions(group, parameters, az, surroundings);
	surroundings.say("Subscribed. The bridge gets new events from now on.");
}

/** @param {string} group @param {string} name @param {Az} az */
function deploymentOf(group, name, az) {
	/** @type {Deployment} */
	const deployment = az.json("deployment", "group", "show", "--resource-group", group, "--name", name);
	const { provisioningState, outputs } = deployment.properties;
	if (provisioningState !== "Succeeded")
		throw new Failure(
			`The deployment ${name} did not succeed. Its state is ${provisioningState}. Repair it, and deploy again.`,
		);
	if (!outputs?.["subscribe"])
		throw new Failure(`${name} is not a deployment of main.bicep: it has no output "subscribe".`);
	return deployment;
}

/**
 * The newest one of the one bridge in this group. azd names its deployments itself, and tags them with its environment.
 * @param {string} group
 * @param {Az} az
 * @param {Record<string, string | undefined>} env
 */
function newestIn(group, az, env) {
	/** @type {Deployment[]} */
	const all = az.json("deployment", "group", "list", "--resource-group", group);
	const found = all
		.filter(({ properties }) => properties.provisioningState === "Succeeded" && properties.outputs?.["subscribe"])
		.sort((a, b) => b.properties.timestamp.localeCompare(a.properties.timestamp));
	const ofAzd = found.filter(({ tags }) => tags?.["azd-env-name"] && tags["azd-env-name"] === env["AZURE_ENV_NAME"]);
	const candidates = ofAzd.length > 0 ? ofAzd : found;
	/** @param {Deployment} deployment */
	const appOf = ({ properties }) => properties.outputs?.["functionAppName"]?.value;
	const newest = [...new Set(candidates.map(appOf))].map((app) => candidates.find((one) => appOf(one) === app));
	if (newest[0] === undefined)
		throw new Failure(`The group ${group} has no successful deployment of main.bicep. Deploy main.bicep first.`);
	if (newest.length > 1)
		throw new Failure(`The group ${group} has ${newest.length} bridges. Choose one by the name of its deployment:
${newest.map((one) => `  node infra/subscribe.mjs ${group} ${one?.name}     (${one && appOf(one)})`).join("\n")}`);
	return newest[0];
}

/**
 * @param {string} app its resource id, which `az rest` completes with the cloud's own endpoint
 * @param {Az} az
 * @param {Surroundings} surroundings
 */
async function functionListed(app, az, { say, sleep, now }) {
	const end = now() + WAIT_MS;
	say(`Waiting for the function ${FUNCTION} of ${app.split("/").pop()} …`);
	for (;;) {
		// A host that has just got its code may refuse for a while; a missing right stays missing.
		const refused = refusalOf(() => az.run("rest", "--method", "post", "--url", `${app}/host/default/sync?${API}`));
		/** @type {string[]} */
		let names = [];
		const unlisted = refusalOf(() => {
			names = az.list(`${app}/functions?${API}`).map(({ name }) => name.split("/").pop() ?? "");
		});
		if (names.includes(FUNCTION)) return;
		const seen =
			unlisted ?? refused ?? (names.length === 0 ? "Azure lists no functions" : `Azure lists ${names.join(", ")}`);
		if (now() + POLL_MS > end)
			throw new Failure(`Azure did not list the function ${FUNCTION} within ${WAIT_MS / 60_000} minutes. ${seen}.
Check that the code is deployed and that the app starts: see its log stream and GET /api/health. Then run this command again.`);
		await sleep(POLL_MS);
	}
}

/** @param {() => void} call @returns {string | undefined} why az refused, if it did */
function refusalOf(call) {
	try {
		return void call();
	} catch (error) {
		if (!(error instanceof Failure) || /AuthorizationFailed|az login/.test(error.message)) throw error;
		return error.message;
	}
}

/**
 * The template is the compiled one: what `az bicep` makes of subscribe.bicep differs with its version.
 * The parameters go through a file: quotes in JSON do not survive every shell.
 * @param {string} group
 * @param {object} parameters
 * @param {Az} az
 * @param {Surroundings} surroundings
 */
function createSubscriptions(group, parameters, az, { say }) {
	say("Creating the event subscriptions …");
	const schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#";
	const template = join(import.meta.dirname, "subscribe.json");
	const folder = mkdtempSync(join(tmpdir(), "subscribe-"));
	const file = join(folder, "parameters.json");
	try {
		writeFileSync(file, JSON.stringify({ $schema: schema, contentVersion: "1.0.0.0", parameters }));
		const what = ["--name", "subscribe", "--template-file", template, "--parameters", `@${file}`];
		az.run("deployment", "group", "create", "--resource-group", group, ...what);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const [, script] = process.argv;
if (script !== undefined && realpathSync(script) === import.meta.filename)
	process.exitCode = await main(process.argv.slice(2));
