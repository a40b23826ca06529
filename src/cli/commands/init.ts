import { Command } from "commander";
import { plain } from "../../log.ts";
import { CliError } from "../cli-error.ts";
import { askAnswers, type InitFlags } from "../init/ask-answers.ts";
import { nextSteps, tableOf, writeTable } from "../init/write-table.ts";
import type { Io } from "../io.ts";
import { examples } from "../options.ts";
import { USUAL_FILE } from "../read-file.ts";
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
