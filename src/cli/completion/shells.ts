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

/** The shells that a completion can be written for, each with its writer. */
export const SHELLS = { bash, zsh, fish, powershell } as const;

export type Shell = keyof typeof SHELLS;

/** For bash and zsh, which look for the command in the same way. */
const caseOfPaths = (commands: readonly Completed[]) =>
	commands
		.filter(({ path }) => path !== "")
		.map(({ path }) => path)
		.join("|");

/** Source: the bash manual, "Programmable Completion". */
function bash(commands: readonly Completed[]): string {
	const value = (path: string, { option, of }: Value) => {
		const reply = of === "file" ? 'compgen -f -- "$current"' : `compgen -W ${single(of.join(" "))} -- "$current"`;
		return `\t\t${single(`${path} ${option}`)}) COMPREPLY=($(${reply})); return ;;`;
	};
	const words = ({ path, words, takesFile }: Completed) => {
		const files = takesFile ? ' $(compgen -f -- "$current")' : "";
		return `\t\t${single(path)}) COMPREPLY=($(compgen -W ${single(words.map(({ word }) => word).join(" "))} -- "$current")${files}) ;;`;
	};
	return `# bash completion of grid-dispatch
_grid_dispatch() {
	local IFS=$' \\t\\n' current="\${COMP_WORDS[COMP_CWORD]}" command="" i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case "$command/\${COMP_WORDS[i]}" in
		${caseOfPaths(commands)}) command="$command/\${COMP_WORDS[i]}" ;;
		esac
	done
	case "$command \${COMP_WORDS[COMP_CWORD - 1]}" in
${commands.flatMap(({ path, values }) => values.map((one) => value(path, one))).join("\n")}
	esac
	case "$command" in
${commands.map(words).join("\n")}
	esac
}
complete -o filenames -F _grid_dispatch grid-dispatch
`;
}

/** Source: the zsh manual, "Completion System" (zshcompsys). */
function zsh(commands: readonly Completed[]): string {
	const value = (path: string, { option, of }: Value) =>
		`\t\t(${single(`${path} ${option}`)}) ${of === "file" ? "_files" : of.length === 0 ? ":" : `compadd -- ${of.map((one) => single(one)).join(" ")}`}; return ;;`;
	const words = ({ path, words: all, takesFile }: Completed) => {
		const items = all.map(({ word, description }) => single(`${word.replaceAll(":", "\\:")}:${description}`));
		return `\t\t(${single(path)}) items=(${items.join(" ")})${takesFile ? "; _files" : ""} ;;`;
	};
	return `#compdef grid-dispatch
_grid_dispatch() {
	local command="" i
	local -a items
	for ((i = 2; i < CURRENT; i++)); do
		case "$command/\${words[i]}" in
		(${caseOfPaths(commands)}) command="$command/\${words[i]}" ;;
		esac
	done
	case "$command \${words[CURRENT - 1]}" in
${commands.flatMap(({ path, values }) => values.map((one) => value(path, one))).join("\n")}
	esac
	case "$command" in
${commands.map(words).join("\n")}
	esac
	_describe 'grid-dispatch' items
}
if [ "$funcstack[1]" = "_grid_dispatch" ]; then
	_grid_dispatch "$@"
else
	compdef _grid_dispatch grid-dispatch
fi
`;
}

/** Source: the fish manual, "complete". */
function fish(commands: readonly Completed[]): string {
	const line = (path: string, rest: string) => `complete -c grid-dispatch -n '__grid_dispatch_at "${path}"' ${rest}`;
	const lines = commands.flatMap(({ path, words, values, takesFile }) => {
		const options = words.filter(({ word }) => word.startsWith("--"));
		return [
			...(takesFile ? [line(path, "-F")] : []),
			...words
				.filter(({ word }) => !word.startsWith("--"))
				.map(({ word, description }) => line(path, `-a ${fishText(word)} -d ${fishText(description)}`)),
			...options.map(({ word, description }) => {
				const of = values.find(({ option }) => option === word)?.of;
				const takes = of === undefined ? "" : of === "file" ? " -r -F" : ` -x -a ${fishText(of.join(" "))}`;
				return line(path, `-l ${word.slice(2)}${takes} -d ${fishText(description)}`);
			}),
		];
	});
	const paths = commands.filter(({ path }) => path !== "").map(({ path }) => path);
	return `# fish completion of grid-dispatch
function __grid_dispatch_at
	set -l command ''
	for word in (commandline -opc)[2..-1]
		if contains -- "$command/$word" ${paths.join(" ")}
			set command "$command/$word"
		end
	end
	test "$command" = "$argv[1]"
end
complete -c grid-dispatch -f
${lines.join("\n")}
`;
}

/** Source: learn.microsoft.com, "Register-ArgumentCompleter". Runs in Windows PowerShell 5.1, too. */
function powershell(commands: readonly Completed[]): string {
	const table = (entries: readonly (readonly [string, string])[]) =>
		entries.map(([name, text]) => `\t\t${single(name, "''")} = ${text}`).join("\n");
	const words = commands.map(({ path, words: all }) => {
		const items = all.map(({ word, description }) => `${single(word, "''")} = ${single(description, "''")}`);
		return [path, `[ordered]@{ ${items.join("; ")} }`] as const;
	});
	const values = commands.flatMap(({ path, values: all }) =>
		all.map(({ option, of }) => {
			const list = of === "file" ? [] : of.map((one) => single(one, "''"));
			return [`${path} ${option}`, `@(${list.join(", ")})`] as const;
		}),
	);
	return `# PowerShell completion of grid-dispatch
Register-ArgumentCompleter -Native -CommandName 'grid-dispatch' -ScriptBlock {
	param($wordToComplete, $commandAst, $cursorPosition)
	$words = @{
${table(words)}
	}
	$values = @{
${table(values)}
	}
	$before = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
	$command = ''
	$last = ''
	foreach ($word in ($before | Select-Object -Skip 1)) {
		if ($words.ContainsKey("$command/$word")) { $command = "$command/$word" }
		$last = $word
	}
	if ($values.ContainsKey("$command $last")) {
		$values["$command $last"] | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
			[System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
		}
		return
	}
	$words[$command].GetEnumerator() | Where-Object { $_.Key -like "$wordToComplete*" } | ForEach-Object {
		[System.Management.Automation.CompletionResult]::new($_.Key, $_.Key, 'ParameterValue', $_.Value)
	}
}
`;
}

/** In single quotes; a quote inside is written in the shell's way. */
function single(text: string, quote = "'\\''"): string {
	return `'${text.replaceAll("'", quote)}'`;
}

function fishText(text: string): string {
	return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
