import type { Prediction } from "./bicep.ts";

/** Built-in roles by their ids. Source: learn.microsoft.com, "Azure built-in roles". */
const NAMES: Readonly<Record<string, string>> = {
	"7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
	"d5a91429-5739-47e2-a06b-3470a27159e7": "EventGrid Data Sender",
	"4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
	"3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
	"ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
	"b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
	"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
	"974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
	"c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": "Storage Queue Data Message Sender",
	"0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
};

export interface Role {
	/** The role's name; its id where that is none of those above. */
	readonly role: string;
	/** The resource id that it is assigned on. */
	readonly scope: string;
	/** To whom: an object id, or the expression that finds it. */
	readonly to: string;
}

/** Who may do what where. The id of an assignment is an expression where its name is known to Azure alone. */
export function rolesIn({ resources }: Prediction): Role[] {
	return resources
		.filter(({ type }) => type === "Microsoft.Authorization/roleAssignments")
		.map(({ id, properties }) => {
			const role = String(properties.roleDefinitionId).split("/").at(-1) ?? "";
			const scope =
				/^\[extensionResourceId\('([^']+)'/.exec(id)?.[1] ?? id.split("/providers/Microsoft.Authorization/")[0] ?? "";
			return { role: NAMES[role] ?? role, scope, to: String(properties.principalId) };
		});
}
