import { existsSync, statSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { Command } from "commander";
import { readPlainJson } from "../../event/json.ts";
import { plain } from "../../log.ts";
import { toDispatchType } from "../../route/route.ts";
import { quoted } from "../bridge-url.ts";
import { shortName } from "../catalogue/catalogue.ts";
import { CliError } from "../cli-error.ts";
import { TYPE_NAMES } from "../event-types.ts";
import { type Answers, askAnswers, type InitFlags, shortNames, type ToPipeline } from "../init/ask-answers.ts";
import type { Io } from "../io.ts";
import { examples } from "../options.ts";
import { ROUTES_SCHEMA, readTextFile, USUAL_FILE } from "../read-file.ts";
import { checkTable } from "../routes/check-table.ts";

/** `grid-dispatch init`: a first routes table, and what is left to do. */
export function initCommand(io: Io): Command {
	return new Command("init")
		.description("write a first routes table, and print the next steps in GitHub and in Azure")
		.option("--event <type...>", "the events to route: RunCompleted, BlobCreated and others (default: RunCompleted)")
		.option("--container <name>", "only blobs of this storage container")
		.option("--repository <owner/name>", "the GitHub repository whose workflows start")
		.option("--workflow <name>", "start this workflow file, such as train.yml; otherwise every workflow that listens")
		.option("--pipeline <organization/project/id>", "start this pipeline of Azure Pipelines instead")
		.option("--file <file>", "the file to write the table to", USUAL_FILE)
		.option("--force", "replace a file that exists already, without asking")
		.addHelpText("after", "\nOn a terminal, init asks for each answer that no option gives.")
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch init",
				"npx grid-dispatch init --repository contoso/fraud-model --event RunCompleted ModelRegistered",
				"npx grid-dispatch init --repository contoso/fraud-model --workflow train.yml --event BlobCreated --container training",
				"npx grid-dispatch init --pipeline contoso/ml/7 --file pipeline-routes.json",
			),
		)
		.action(async (flags: InitFlags) => {
			const answers = await askAnswers(flags, io);
			const table = tableOf(answers, flags.file);
			const wrong = checkTable(table).filter(({ verdict }) => verdict === "error");
			if (wrong.length > 0) {
				throw new CliError(
					["nothing was written:", ...wrong.map(({ problem, repair }) => `  ${problem}; ${repair}`)],
					2,
				);
			}
			await writeTable(table, flags, io);
			for (const line of nextSteps(answers, flags.file)) io.stdout.write(`${plain(line)}\n`);
		});
}

/** What a workflow or a pipeline is told of the event, each as an input or a parameter of its own. */
const TOLD = { bridge_key: "bridge.key", subject: "subject" } as const;

/** A routes table with one route. */
function tableOf({ types, container, to }: Answers, file: string): Readonly<Record<string, unknown>> {
	const filter = {
		includedEventTypes: types,
		...(container === undefined ? {} : { subjectBeginsWith: `/blobServices/default/containers/${container}/` }),
	};
	const told = "pipeline" in to ? { parameters: TOLD } : "workflow" in to ? { inputs: TOLD } : {};
	return {
		$schema: schemaFor(file),
		routes: [{ name: nameOf(types, container), filter, to: { ...to, ...told } }],
	};
}

function nameOf(types: readonly string[], container: string | undefined): string {
	return `${shortNames(types)}${container === undefined ? "" : ` in ${container}`}`;
}

/** The schema as an editor finds it from the table's folder; on another drive of Windows, by its id. */
function schemaFor(file: string): string {
	const path = relative(dirname(resolve(file)), ROUTES_SCHEMA);
	if (isAbsolute(path) || !existsSync(ROUTES_SCHEMA)) return idOfSchema();
	const portable = path.split(sep).join("/");
	return portable.startsWith(".") ? portable : `./${portable}`;
}

function idOfSchema(): string {
	return existsSync(ROUTES_SCHEMA)
		? String((readPlainJson(readTextFile(ROUTES_SCHEMA)) as { $id?: unknown }).$id)
		: "urn:grid-dispatch:routes";
}

/**
 * Writes the table. What is there already is replaced only where that is wanted.
 * @throws CliError that names the file and the repair
 */
async function writeTable(table: unknown, { file, force }: InitFlags, { ask, stderr }: Io): Promise<void> {
	const isThere = existsSync(file);
	if (isThere && statSync(file).isDirectory())
		throw new CliError(`--file: ${file} is a folder; give the path of a file`);
	if (isThere && !force) {
		if (ask === undefined)
			throw new CliError(`${file} exists already: add --force to replace it, or --file for another file`);
		if (!(await ask(`${file} exists already. Replace it?`))) throw new CliError(`${file} was not changed`);
	}
	try {
		// Nothing that came there meanwhile is replaced without a word.
		writeFileSync(file, `${JSON.stringify(table, null, 2)}\n`, { flag: isThere ? "w" : "wx" });
	} catch (error) {
		throw new CliError(`${file} cannot be written: ${whyNot(error as NodeJS.ErrnoException, file)}`);
	}
	stderr.write(isThere ? `replaced ${file}\n` : `wrote ${file}\n`);
}

function whyNot({ code, message }: NodeJS.ErrnoException, file: string): string {
	if (code === "ENOENT" || code === "ENOTDIR") return `the folder ${dirname(file)} does not exist; create it first`;
	if (code === "EACCES" || code === "EPERM" || code === "EROFS")
		return "your user may not write there; choose another folder with --file";
	return message;
}

/** What is left to do until an event starts a run: here, at the destination, and in Azure. */
function nextSteps({ types, container, to }: Answers, file: string): readonly string[] {
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
