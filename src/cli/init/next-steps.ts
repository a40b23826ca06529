import { toDispatchType } from "../../route/route.ts";
import { quoted } from "../bridge-url.ts";
import { shortName } from "../catalogue/catalogue.ts";
import { TYPE_NAMES } from "../event-types.ts";
import type { Answers, ToPipeline } from "./ask-answers.ts";
import { TOLD } from "./write-table.ts";

/** What is left to do until an event starts a run: here, at the destination, and in Azure. */
export function nextSteps({ types, container, to }: Answers, file: string): readonly string[] {
	const table = quoted(file);
	const [known] = types.filter((type) => TYPE_NAMES.includes(type));
	const blob =
		container === undefined ? "" : ` --blob https://contosodata.blob.core.windows.net/${container}/example.csv`;
	const sample = known === undefined ? "--file EVENT.json" : `${shortName(known)}${blob}`;
	return [
		"",
		"Try it on this machine:",
		`  npx grid-dispatch routes check ${table}`,
		`  npx grid-dispatch routes explain --routes ${table}`,
		`  npx grid-dispatch start --routes ${table}`,
		`  npx grid-dispatch send ${sample}      (in a second terminal)`,
		"",
		...("pipeline" in to ? inAzureDevOps(to) : inGitHub(types, to)),
		"",
		"In Azure (docs/deploy.md):",
		"  1. Save the table as routes.json beside host.json, and deploy the bridge with it:",
		"       param routes = loadJsonContent('../routes.json') in infra/main.bicepparam",
		...("pipeline" in to
			? ["  2. Give the bridge's identity access to the pipeline (docs/azure-devops.md)."]
			: ["  2. Write the token into the bridge's key vault."]),
		"  3. Subscribe the bridge to the events of your workspace or storage account.",
		"  4. Check every link: npx grid-dispatch doctor --app APP --resource-group GROUP",
	];
}

function inGitHub(types: readonly string[], to: Exclude<Answers["to"], ToPipeline>): readonly string[] {
	const [right, on] =
		"workflow" in to
			? [
					"Actions: write",
					["workflow_dispatch:", "  inputs:", ...Object.keys(TOLD).map((name) => `    ${name}: { type: string }`)],
				]
			: [
					"Contents: write and Actions: read",
					["repository_dispatch:", `  types: [${types.map(toDispatchType).join(", ")}]`],
				];
	const key = "workflow" in to ? "inputs.bridge_key" : "github.event.client_payload.bridge.key";
	const file = "workflow" in to ? to.workflow : "FILE.yml";
	return [
		"In GitHub:",
		`  1. Put this at the top of .github/workflows/${file}, on the default branch of ${to.repository}:`,
		`       run-name: \${{ ${key} }}`,
		"       on:",
		...on.map((line) => `         ${line}`),
		`  2. Make a fine-grained token for ${to.repository} with the permissions ${right} (docs/settings.md).`,
		"  3. Read the event in the workflow as untrusted text (docs/receive.md).",
	];
}

function inAzureDevOps({ organization, project, pipeline }: ToPipeline): readonly string[] {
	return [
		"In Azure DevOps:",
		`  1. Declare these parameters in the YAML of pipeline ${pipeline} of ${organization}/${project}:`,
		"       parameters:",
		...Object.keys(TOLD).flatMap((name) => [
			`         - name: ${name}`,
			"           type: string",
			'           default: ""',
		]),
		"  2. Read the event in the pipeline as untrusted text (docs/azure-devops.md).",
	];
}
