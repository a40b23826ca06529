// What the runner hands an action, and how it takes results. Source: docs.github.com, "Workflow commands".
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";

/** What this action will not work with. Its message is for the person who reads the log. */
export class Refused extends Error {}

/** The value of an input without surrounding blanks; empty where it was left out. */
export function input(env, name) {
	return (env[`INPUT_${name.toUpperCase()}`] ?? "").trim();
}

/** A whole number from an input. */
export function wholeNumber(env, name, least) {
	const text = input(env, name);
	const value = Number(text);
	if (!/^\d{1,12}$/.test(text) || value < least) {
		throw new Refused(`the input ${name} is ${quoted(text)}: give a whole number, ${least} or more`);
	}
	return value;
}

/** Untrusted text for a message: short, in quotation marks, and of printable ASCII characters alone. */
export function quoted(text) {
	const short = text.length > 200 ? `${text.slice(0, 200)}…` : text;
	return JSON.stringify(short).replaceAll(
		/[^ -~]/g,
		(char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}

/** Prints a command of the runner (`notice`, `warning`, `error`, `add-mask`). No text can end it and begin another one. */
export function command(name, text) {
	const escaped = text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
	process.stdout.write(`::${name}::${escaped}\n`);
}

/** Hands the outputs over. The delimiter of a value is made after the value, so that no event can contain it. */
export function writeOutputs(env, outputs) {
	const lines = Object.entries(outputs).map(([name, value]) => {
		const delimiter = `end-${randomUUID()}`;
		return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
	});
	appendFileSync(env.GITHUB_OUTPUT, lines.join(""));
}
