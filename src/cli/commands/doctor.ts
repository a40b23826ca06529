import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { printChecks, summaryOf, worstOf } from "../doctor/check.ts";
import { type DoctorFlags, findTarget } from "../doctor/find-target.ts";
import { runDoctor } from "../doctor/run-doctor.ts";
import type { Io } from "../io.ts";
import { DEFAULT_URL, examples } from "../options.ts";
import { printJson } from "../print.ts";

/** `grid-dispatch doctor`: every link from Event Grid to a workflow, with a verdict and its repair. */
export function doctorCommand(io: Io): Command {
	return new Command("doctor")
		.description("check every link from Event Grid to a workflow or a pipeline, and say what to repair")
		.option("--app <name>", "a deployed function app; the Azure CLI (az) reads its address, its keys and its settings")
		.option("--resource-group <name>", "the app's resource group")
		.option("--url <url>", `the bridge to check (default: ${DEFAULT_URL})`)
		.option("--key <key>", "a function key; safer in GRID_DISPATCH_KEY")
		.option(
			"--routes <file>",
			"the routes table to check (default: the bridge's table, if it is found in this folder or in the settings)",
		)
		.option("--github <url>", 'GitHub\'s API; "real" means GitHub itself for a local host')
		.option("--topic <id>", "the topic that the handshake names, if HANDSHAKE_TOPICS lets only some topics subscribe")
		.option("--bridge-token", "your token is the deployed bridge's token, so a missing permission is an error")
		.option("--json", "print the verdicts as JSON")
		.addHelpText(
			"after",
			"\nThe tokens are read from GITHUB_TOKEN or GH_TOKEN, and AZURE_DEVOPS_TOKEN. They are never printed.",
		)
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch doctor",
				"GITHUB_TOKEN=... npx grid-dispatch doctor --app contoso-bridge --resource-group contoso-ml",
				"GITHUB_TOKEN=... npx grid-dispatch doctor --url https://contoso-bridge.azurewebsites.net --routes routes.json --json",
			),
		)
		.action(async (flags: DoctorFlags & { json?: boolean }) => {
			const target = await findTarget(flags, io);
			const { isTTY, control } = io.stderr;
			const clear = isTTY === true && control !== undefined ? () => void control("\r\u001b[K") : undefined;
			const step = (what: string) => {
				clear?.();
				io.stderr.write(`checking ${what}`);
			};
			const { fetch, now } = io;
			const checks = await runDoctor(target, {
				fetch,
				now,
				onStep: clear && step,
			});
			clear?.();
			if (flags.json) printJson(io, { verdict: worstOf(checks), checks });
			else printChecks(io, checks);
			if (worstOf(checks) === "error") throw new CliError(`doctor: ${summaryOf(checks)}`, 1);
		});
}
