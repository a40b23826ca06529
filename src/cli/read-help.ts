import type { Command } from "commander";
import { CliError } from "./cli-error.ts";
import { nearest } from "./nearest.ts";

/**
 * The arguments, with `help routes check` written as `routes check --help`.
 * @throws CliError for a command that does not exist, with the one that was probably meant
 */
export function readHelp(program: Command, args: readonly string[]): readonly string[] {
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
