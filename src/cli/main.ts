import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { CliError } from "./cli-error.ts";
import { completionCommand } from "./commands/completion.ts";
import { deadLettersCommand } from "./commands/dead-letters.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { initCommand } from "./commands/init.ts";
import { replayCommand } from "./commands/replay.ts";
import { routesCommand } from "./commands/routes.ts";
import { sendCommand } from "./commands/send.ts";
import { startCommand } from "./commands/start.ts";
import { tailCommand } from "./commands/tail.ts";
import { traceCommand } from "./commands/trace.ts";
import { hideSecrets } from "./hide-secrets.ts";
import type { Io } from "./io.ts";
import { nearest } from "./nearest.ts";
import { examples } from "./options.ts";

/**
 * `grid-dispatch`: reads the arguments and runs a command.
 * @returns the exit code: 0 done, 1 what was asked for failed, 2 it was asked for in a wrong way
 */
export async function main(args: readonly string[], world: Io): Promise<0 | 1 | 2> {
	const io = hideSecrets(world, args);
	try {
		const program = createProgram(io);
		await program.parseAsync([...readHelp(program, args)], { from: "user" });
		return 0;
	} catch (error) {
		if (error instanceof CommanderError) {
			// It has printed the help or the mistake already; without a command the help is for a mistake.
			return error.exitCode === 0 ? 0 : 2;
		}
		if (error instanceof CliError) {
			io.stderr.write(`${error.message}\n`);
			return error.exitCode;
		}
		// A bug: where it is. Written here, since Node would print what the message quotes as it is.
		io.stderr.write(`${(error as Error)?.stack ?? String(error)}\n`);
		return 1;
	}
}

/** All commands. */
export function createProgram(io: Io): Command {
	const program = new Command("grid-dispatch")
		.description(
			"Start GitHub workflows and Azure pipelines from Azure Event Grid events: run the bridge, send events, ask what happened.",
		)
		.version(readVersion(), "-v, --version", "print the version")
		.addCommand(startCommand(io))
		.addCommand(initCommand(io))
		.addCommand(sendCommand(io))
		.addCommand(tailCommand(io))
		.addCommand(traceCommand(io))
		.addCommand(deadLettersCommand(io))
		.addCommand(replayCommand(io))
		.addCommand(routesCommand(io))
		.addCommand(doctorCommand(io))
		.addCommand(completionCommand(io))
		.addHelpText(
			"after",
			examples(
				"npx grid-dispatch start",
				"npx grid-dispatch send RunCompleted",
				"npx grid-dispatch tail",
				"npx grid-dispatch trace train_7",
			),
		);
	settle(program, io);
	return program;
}

/** A command that is added keeps settings of its own, so each gets them. */
function settle(command: Command, io: Io): void {
	command
		.exitOverride()
		.configureOutput({
			writeOut: (text) => io.stdout.write(text),
			writeErr: (text) => io.stderr.write(text),
			getOutHelpWidth: () => io.stdout.columns ?? 100,
			getErrHelpWidth: () => io.stderr.columns ?? 100,
			getOutHasColors: () => false,
			getErrHasColors: () => false,
		})
		.helpOption("-h, --help", "print this")
		.showHelpAfterError("(--help lists the options, with examples)");
	for (const below of command.commands) settle(below, io);
}

function readVersion(): string {
	const text = readFileSync(join(import.meta.dirname, "../../package.json"), "utf8");
	return (JSON.parse(text) as { version: string }).version;
}

/**
 * The arguments, with `help routes check` written as `routes check --help`.
 * @throws CliError for a command that does not exist, with the one that was probably meant
 */
function readHelp(program: Command, args: readonly string[]): readonly string[] {
	const path: string[] = [];
	let [command, isHelp] = [program, false];
	for (const [at, word] of args.entries()) {
		// Only a group of commands is followed by the name of a command.
		if (command.commands.length === 0 || word.startsWith("-")) return isHelp ? [...path, "--help"] : args;
		if (word === "help" && !isHelp) {
			isHelp = true;
			continue;
		}
		const below = command.commands.find((one) => one.name() === word);
		if (below === undefined) throw unknownCommand(command, path, word);
		path.push(word);
		command = below;
		if (at === args.length - 1) break;
	}
	return isHelp ? [...path, "--help"] : args;
}

function unknownCommand(command: Command, path: readonly string[], word: string): CliError {
	const names = [...command.commands.map((one) => one.name()), "help"];
	const meant = nearest(word, names);
	const hint =
		meant === undefined ? `The commands are ${names.join(", ")}.` : `Did you mean ${[...path, meant].join(" ")}?`;
	return new CliError(`there is no command "${[...path, word].join(" ")}". ${hint} See all commands with --help.`, 2);
}
