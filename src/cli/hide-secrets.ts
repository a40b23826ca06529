import { printable, redact } from "../log.ts";
import type { Io, Output } from "./io.ts";
import { COLOUR_SEQUENCES } from "./print.ts";

const SECRET_SETTINGS = [
	"GRID_DISPATCH_KEY",
	"GRID_DISPATCH_TOKEN",
	"EVENT_GRID_TOPIC_KEY",
	"GITHUB_TOKEN",
	"GH_TOKEN",
	"PAT_TOKEN",
];
/** What is shorter is a part of many words. */
const LEAST_CHARACTERS = 6;

/**
 * The last net before the terminal, whatever a command prints: no key and no token that was given leaves through either
 * stream or in a question, and no sequence but our own colours moves, hides or colours anything.
 */
export function hideSecrets(io: Io, args: readonly string[]): Io {
	const given = [...SECRET_SETTINGS.map((name) => io.env[name]?.trim()), ...keysIn(args)];
	const secrets = given.filter((secret) => secret !== undefined && secret.length >= LEAST_CHARACTERS) as string[];
	const clean = (text: string) => {
		const hidden = secrets.reduce((left, secret) => left.replaceAll(secret, "[redacted]"), redact(text));
		return printable(hidden, COLOUR_SEQUENCES);
	};
	const { ask, prompt } = io;
	return {
		...io,
		stdout: cleaned(io.stdout, clean),
		stderr: cleaned(io.stderr, clean),
		ask: ask && ((question) => ask(clean(question))),
		prompt: prompt && ((question) => prompt(clean(question))),
	};
}

function keysIn(args: readonly string[]): readonly (string | undefined)[] {
	return args.map((arg, index) =>
		arg.startsWith("--key=") ? arg.slice("--key=".length) : args[index - 1] === "--key" ? arg : undefined,
	);
}

function cleaned(output: Output, clean: (text: string) => string): Output {
	return {
		write: (text) => output.write(clean(text)),
		control: (sequence) => output.write(sequence),
		get isTTY() {
			return output.isTTY === true;
		},
		get columns() {
			return output.columns ?? 80;
		},
	};
}
