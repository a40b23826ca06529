import { Argument, Command } from "commander";
import { describeCommands } from "../completion/describe-commands.ts";
import { SHELLS, type Shell } from "../completion/shells.ts";
import { examples } from "../examples.ts";
import type { Io } from "../io.ts";

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
