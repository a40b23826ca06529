import { Argument, Command, type Option } from "commander";
import { shortName } from "../catalogue/catalogue.ts";
import { type Completed, SHELLS, type Shell, type Value, type Word } from "../completion/shells.ts";
import { TYPE_NAMES } from "../event-types.ts";
import type { Io } from "../io.ts";
import { examples } from "../options.ts";

const NAMES = Object.keys(SHELLS) as Shell[];

/** `grid-dispatch completion`: a script with which a shell completes commands, options and their values. */
export function completionCommand(io: Io): Command {
	const command = new Command("completion")
		.description("print a script that lets your shell complete commands and options")
		.addArgument(new Argument("<shell>", "your shell").choices(NAMES))
		.addHelpText(
			"after",
			examples(
				"eval \"$(npx grid-dispatch completion bash)\"; alias grid-dispatch='npx grid-dispatch'",
				"npx grid-dispatch completion zsh > ~/.zsh/_grid-dispatch",
				"npx grid-dispatch completion fish > ~/.config/fish/completions/grid-dispatch.fish",
				"npx grid-dispatch completion powershell >> $PROFILE",
			),
		)
		.action((shell: Shell) => {
			io.stdout.write(SHELLS[shell](describeCommands(command.parent ?? command)));
		});
	return command;
}

const FILES = /^(?:file|path|event file|old|new)$/;

/** The program and every command below it. */
function describeCommands(command: Command, path = ""): readonly Completed[] {
	const below = command.commands;
	const standard = below.find((one) => isDefault(command, one));
	const source = standard ?? command;
	const help = { word: "help", description: "print the help of a command" };
	const commands = below.map((one) => ({ word: one.name(), description: one.description() }));
	const described: Completed = {
		path,
		words: [
			...commands,
			...(below.length === 0 ? [] : [help]),
			...source.registeredArguments.flatMap(valuesOf),
			...source.options.flatMap(({ long, description }) => (long ? [{ word: long, description }] : [])),
			{ word: "--help", description: "print this command's help" },
		],
		takesFile: source.registeredArguments.some((argument) => FILES.test(argument.name())),
		values: source.options.filter(({ required }) => required).map(valueOfOption),
	};
	return [described, ...below.flatMap((one) => describeCommands(one, `${path}/${one.name()}`))];
}

/** Commander keeps the name of the default command to itself. */
function isDefault(command: Command, below: Command): boolean {
	return (command as unknown as { readonly _defaultCommandName?: string })._defaultCommandName === below.name();
}

function valuesOf(argument: Argument): readonly Word[] {
	const values = argument.name() === "type" ? TYPE_NAMES.map(shortName) : (argument.argChoices ?? []);
	return values.map((word) => ({
		word,
		description: argument.name() === "type" ? "event type" : argument.description,
	}));
}

function valueOfOption({ long, flags, argChoices }: Option): Value {
	const name = /[<[]([^>\]]*)/.exec(flags)?.[1] ?? "";
	return { option: long ?? flags, of: FILES.test(name) ? "file" : (argChoices ?? []) };
}
