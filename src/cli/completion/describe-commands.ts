import type { Argument, Command, Option } from "commander";
import { shortName } from "../catalogue/catalogue.ts";
import { TYPE_NAMES } from "../event-types.ts";

/** A command, as a shell completes it. */
export interface Completed {
	/** The words that lead to it: empty for the program, `/routes/check`. */
	readonly path: string;
	/** What may stand next: commands, values of its argument, and options. */
	readonly words: readonly Word[];
	/** Whether a file may stand next. */
	readonly takesFile: boolean;
	/** Its options that take a value. */
	readonly values: readonly Value[];
}

export interface Word {
	readonly word: string;
	readonly description: string;
}

export interface Value {
	readonly option: string;
	/** `file`, or the only values; empty for any text. */
	readonly of: "file" | readonly string[];
}

const FILES = /^(?:file|path|event file|old|new)$/;

/** The program and every command below it. */
export function describeCommands(command: Command, path = ""): readonly Completed[] {
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
