// @ts-check
/** The commands of `az ml` that the example uses. */
import { ARM, AzError, ML, needProvider, needRole, needTokens, STORAGE } from "./surface.mjs";

/** @typedef {import("./surface.mjs").Azure} Azure @typedef {import("./surface.mjs").Options} Options */

const WORKSPACE =
	"/subscriptions/sub/resourceGroups/contoso-ml/providers/Microsoft.MachineLearningServices/workspaces/contoso-ml";

/** @type {Record<string, (azure: Azure, options: Options) => unknown>} */
export const mlCommands = {
	"ml job show": (azure, { name }) => {
		open(azure);
		return azure.jobs[name] ?? missing(`(UserError) The job ${name} was not found.`, 1);
	},
	"ml job create": (azure, options) => {
		open(azure);
		upload(azure);
		if (options["name"] in azure.jobs) throw new AzError(1, "(UserError) A job with this name exists already.");
		azure.jobs[options["name"]] = { name: options["name"], type: "command", status: "Starting", set: options["set"] };
		return azure.jobs[options["name"]];
	},

	"ml model list": (azure, { name }) => {
		open(azure);
		const found = azure.models.filter((model) => model.name === name);
		return found.length > 0 ? found : missing(`(ModelNotFound) Model container with name: ${name} not found.`, 1);
	},
	"ml model create": (azure, { name, tags, path }) => {
		open(azure);
		const version = String(1 + azure.models.filter((model) => model.name === name).length);
		const pairs = [tags].flat().map((/** @type {string} */ tag) => tag.split("="));
		const model = { name, version, path, type: "custom_model", tags: Object.fromEntries(pairs) };
		azure.models.push(model);
		return model;
	},

	"ml online-endpoint show": (azure, { name }) => shown(endpoint(azure, name)),
	"ml online-endpoint create": (azure, { name }) => {
		open(azure);
		needProvider(azure, "Microsoft.Cdn");
		azure.clock += 120;
		azure.endpoints[name] = { provisioning_state: "Succeeded", traffic: {}, deployments: {} };
		return shown(azure.endpoints[name]);
	},
	"ml online-endpoint update": (azure, { name, traffic }) => {
		const found = endpoint(azure, name);
		for (const share of [traffic].flat()) {
			const [deployment = "", percent] = String(share).split("=");
			if (!(deployment in found.deployments))
				throw new AzError(1, `(BadArgument) Deployment ${deployment} does not exist.`);
			if (found.deployments[deployment].provisioning_state !== "Succeeded")
				throw new AzError(1, `(BadArgument) The deployment ${deployment} is not in a succeeded state.`);
			found.traffic[deployment] = Number(percent);
		}
		return shown(found);
	},
	"ml online-endpoint delete": (azure, { name, yes }) => {
		endpoint(azure, name);
		confirmed(yes);
		delete azure.endpoints[name];
		return null;
	},
	"ml online-endpoint invoke": (azure, options) => {
		const found = endpoint(azure, options["name"]);
		needTokens(azure, ML);
		const deployment = found.deployments[options["deployment-name"]];
		if (deployment === undefined) throw new AzError(1, "(UserError) Deployment name not found for this endpoint");
		return azure.models.at(-1)?.answer ?? JSON.stringify({ topics: topics(2) });
	},

	"ml online-deployment show": (azure, { name, "endpoint-name": on }) => {
		const found = endpoint(azure, on).deployments[name];
		return found ?? missing(`(UserError) Deployment ${name} not found in endpoint ${on}, workspace contoso-ml`, 1);
	},
	"ml online-deployment create": (azure, options) => {
		if (options["name"] in endpoint(azure, options["endpoint-name"]).deployments)
			throw new AzError(1, "(UserError) The deployment exists already. Use update.");
		return deploy(azure, options);
	},
	"ml online-deployment update": (azure, options) => {
		const { deployments, traffic } = endpoint(azure, options["endpoint-name"]);
		if (deployments[options["name"]] === undefined) missing("(UserError) Deployment not found.", 1);
		if (deployments[options["name"]].provisioning_state === "Failed" && !traffic[options["name"]])
			throw new AzError(
				1,
				"(BadRequest) The deployment is in 'Failed' state, please delete it before creating a new one.",
			);
		return deploy(azure, options);
	},
	"ml online-deployment delete": (azure, { name, "endpoint-name": on, yes }) => {
		const found = endpoint(azure, on);
		confirmed(yes);
		if (found.traffic[name] > 0) throw new AzError(1, "(BadRequest) The deployment has traffic: set it to 0 first.");
		delete found.deployments[name];
		return null;
	},
	"ml online-deployment get-logs": () => "a line of the log",
};

/** @param {Azure} azure */
function open(azure) {
	needTokens(azure, ARM);
	azure.clock += 2;
	if (azure.workspace) return;
	missing(
		"(ResourceNotFound) The Resource 'Microsoft.MachineLearningServices/workspaces/contoso-ml' under resource group 'contoso-ml' was not found.",
		3,
	);
}

/** @param {Azure} azure @param {string} name */
function endpoint(azure, name) {
	open(azure);
	return azure.endpoints[name] ?? missing(`(ResourceNotFound) The specified resource was not found: ${name}`, 3);
}

/** As the CLI shows an endpoint: every deployment has its place in the traffic. @param {any} found */
function shown(found) {
	const zeros = Object.fromEntries(Object.keys(found.deployments).map((name) => [name, 0]));
	const { deployments: _, ...facts } = found;
	return {
		...facts,
		auth_mode: "aad_token",
		scoring_uri: "https://article-topics.inference.ml.azure.com/score",
		traffic: { ...zeros, ...found.traffic },
	};
}

/** @param {Azure} azure @param {Options} options */
function deploy(azure, options) {
	upload(azure);
	azure.clock += 900;
	const [, name, version] = /^model=azureml:(.+):(.+)$/.exec(options["set"]) ?? [];
	const found = endpoint(azure, options["endpoint-name"]);
	const ends = azure.broken["deployment ends"]?.message ?? "Succeeded";
	delete azure.broken["deployment ends"];
	found.deployments[options["name"]] = {
		name: options["name"],
		endpoint_name: options["endpoint-name"],
		model: `azureml:${WORKSPACE}/models/${name}/versions/${version}`,
		provisioning_state: ends,
	};
	if (ends === "Failed") throw new AzError(1, "(ResourceNotReady) User container has crashed or terminated.");
	return found.deployments[options["name"]];
}

/** Code goes to the workspace's storage account. @param {Azure} azure */
function upload(azure) {
	needTokens(azure, STORAGE);
	needRole(azure, azure.principal, "Storage Blob Data Contributor", azure.storage);
}

/** @param {unknown} yes */
function confirmed(yes) {
	if (yes !== true) throw new AzError(1, "Unable to prompt for confirmation as no tty available. Use --yes.");
}

/** @param {number} count */
function topics(count) {
	return Array.from({ length: count }, () => ({ topic: "space", probability: 0.9 }));
}

/** @param {string} message @param {number} status @returns {never} */
function missing(message, status) {
	throw new AzError(status, message);
}
