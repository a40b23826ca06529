// @ts-check
/** The commands of the stand-in that are not about Azure ML. */
import { mlCommands } from "./ml.mjs";
import { AzError, CORE, needProvider, needRole, needTokens } from "./surface.mjs";

/** @typedef {import("./surface.mjs").Azure} Azure @typedef {import("./surface.mjs").Options} Options */

/** What the template needs. */
const TEMPLATE_PROVIDERS = [
	"Microsoft.App",
	"Microsoft.EventGrid",
	"Microsoft.MachineLearningServices",
	"Microsoft.Web",
];

/** @type {Record<string, (azure: Azure, options: Options) => unknown>} */
export const commands = {
	"extension add": () => null,
	configure: () => null,
	"account get-access-token": (azure, { scope }) => {
		needTokens(azure, scope);
		return { accessToken: "a.b.c", expires_on: azure.tokens[scope], tokenType: "Bearer" };
	},

	"account show": () => ({ id: "sub", tenantId: "tenant" }),
	"ad signed-in-user show": () => ({ id: "me" }),
	"group create": (azure) => {
		azure.group = true;
		return null;
	},
	"identity create": (azure, options) => {
		needTokens(azure, CORE);
		needProvider(azure, "Microsoft.ManagedIdentity");
		needGroup(azure, options);
		return null;
	},
	"identity show": (azure) => ({ principalId: azure.principal, clientId: "client" }),
	"identity federated-credential create": (_, { subject }) => ({ subject }),

	"provider show": (azure, { namespace }) => {
		needTokens(azure, CORE);
		return { namespace, registrationState: azure.providers[namespace] ?? "NotRegistered" };
	},
	"provider register": (azure, { namespace, wait }) => {
		needTokens(azure, CORE);
		if (!azure.mayRegister) throw unauthorized("Microsoft.Web/register/action", "/subscriptions/sub");
		azure.providers[namespace] = wait ? "Registered" : "Registering";
		azure.clock += wait ? 60 : 1;
		return null;
	},

	"deployment group show": (azure, options) => {
		needTokens(azure, CORE);
		needGroup(azure, options);
		if (azure.deployment === null) {
			throw new AzError(
				3,
				`(DeploymentNotFound) Deployment '${options["name"]}' could not be found.\nCode: DeploymentNotFound`,
			);
		}
		return { name: options["name"], properties: azure.deployment };
	},
	"deployment group wait": (azure) => {
		azure.deployment.provisioningState = "Failed";
		azure.clock += 600;
		return null;
	},
	"deployment group create": (azure, options) => {
		needTokens(azure, CORE);
		needGroup(azure, options);
		if (azure.deployment?.provisioningState === "Running") {
			throw new AzError(
				1,
				"(DeploymentActive) Unable to edit or replace deployment 'main': previous deployment is still active",
			);
		}
		azure.clock += 900;
		azure.deployment = { provisioningState: "Failed", parameters: {}, outputs: null };
		for (const provider of TEMPLATE_PROVIDERS) needProvider(azure, provider);
		const token = process.env["DISPATCH_TOKEN"] ?? "";
		if (!azure.vaults.includes("/vaults/bridge")) azure.vaults.push("/vaults/bridge");
		if (token !== "" && !azure.secrets.includes("/vaults/bridge")) azure.secrets.push("/vaults/bridge");
		azure.workspace = true;
		azure.deployment = {
			provisioningState: "Succeeded",
			parameters: {},
			outputs: {
				functionAppName: { value: "bridge-app" },
				payloadContainerUrl: { value: "https://contosobridge.blob.core.windows.net/grid-dispatch-payloads" },
			},
		};
		return azure.deployment;
	},
	"keyvault list": (azure) => {
		needTokens(azure, CORE);
		return azure.vaults.map((id) => ({ id }));
	},
	"resource show": (azure, { ids, "resource-type": type }) => {
		needTokens(azure, CORE);
		if (type !== undefined) return { properties: { storageAccount: azure.storage } };
		const vault = String(ids).split("/secrets/")[0] ?? "";
		if (!azure.secrets.includes(vault)) throw new AzError(3, "(ResourceNotFound) The resource was not found.");
		return { id: ids };
	},

	"role assignment create": (azure, options) => {
		needTokens(azure, CORE);
		const role = { role: options["role"], principal: options["assignee-object-id"], scope: options["scope"] };
		azure.roles.push(role);
		return role;
	},
	"functionapp deployment source config-zip": (azure) => {
		needTokens(azure, CORE);
		azure.clock += 60;
		return null;
	},
	"storage blob upload": (azure, options) => {
		const account = `/subscriptions/sub/resourceGroups/contoso-ml/providers/Microsoft.Storage/storageAccounts/${options["account-name"]}`;
		needRole(
			azure,
			"me",
			"Storage Blob Data Contributor",
			`${account}/blobServices/default/containers/${options["container-name"]}`,
		);
		return { etag: "0x1" };
	},
	...mlCommands,
};

/** @param {Azure} azure @param {Options} options */
function needGroup(azure, options) {
	if (azure.group) return;
	throw new AzError(3, `(ResourceGroupNotFound) Resource group '${options["resource-group"]}' could not be found.`);
}

/** @param {string} action @param {string} scope */
function unauthorized(action, scope) {
	return new AzError(
		1,
		`(AuthorizationFailed) The client 'x' with object id 'x' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid.`,
	);
}
