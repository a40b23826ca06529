import { type Command, InvalidArgumentError, Option } from "commander";
import { RECEIPT_STATES } from "../functions/receipts.ts";
import { type BridgeClient, createBridgeClient } from "./bridge-client.ts";
import { baseOf, LOCAL_BRIDGE, quoted, readUrl } from "./bridge-url.ts";
import type { Io } from "./io.ts";

/** Which bridge to ask. */
export interface BridgeFlags {
	/** Left out: GRID_DISPATCH_URL, else the local host. */
	readonly url?: string | undefined;
	readonly key?: string | undefined;
}

/** A value, and the flag or the variable that holds it: errors name what the user wrote. */
export interface Given<T> {
	readonly value: T;
	/** Such as `--url`; undefined for a default. */
	readonly from: string | undefined;
}

/** The default of --url, for the help. */
export const DEFAULT_URL = `GRID_DISPATCH_URL, else ${LOCAL_BRIDGE}`;

/** Adds the options of every command that asks a bridge. */
export function withBridgeOptions(command: Command): Command {
	return command
		.option("--url <url>", `the bridge to ask (default: ${DEFAULT_URL})`)
		.option(
			"--key <key>",
			"the bridge's function key; safer in GRID_DISPATCH_KEY, because process lists show arguments",
		);
}

/** The address from --url, else from the environment, else the one of `npm start`. */
export function urlOf({ url }: Pick<BridgeFlags, "url">, { env }: Pick<Io, "env">): Given<string> {
	if (url !== undefined) return { value: url, from: "--url" };
	const set = env["GRID_DISPATCH_URL"]?.trim();
	return set ? { value: set, from: "GRID_DISPATCH_URL" } : { value: LOCAL_BRIDGE, from: undefined };
}

/** The key from --key, else from the environment. */
export function keyOf({ key }: Pick<BridgeFlags, "key">, { env }: Pick<Io, "env">): Given<string | undefined> {
	if (key !== undefined) return { value: key, from: "--key" };
	const set = env["GRID_DISPATCH_KEY"]?.trim() || undefined;
	return { value: set, from: set === undefined ? undefined : "GRID_DISPATCH_KEY" };
}

/** A bearer token of the environment, for a webhook that Microsoft Entra protects. */
export function webhookTokenOf({ env }: Pick<Io, "env">): string | undefined {
	return env["GRID_DISPATCH_TOKEN"]?.trim() || undefined;
}

export function bridgeOf(flags: BridgeFlags, io: Io): BridgeClient {
	const [url, key] = [urlOf(flags, io), keyOf(flags, io)];
	return createBridgeClient({
		url: url.value,
		urlFrom: url.from,
		key: key.value,
		keyFrom: key.from,
		command: (words) => commandFor(words, flags),
		io,
	});
}

/**
 * A command to copy, which asks the same bridge: with the --url that was given; what the environment holds is there for
 * the next command, too. A key is never printed: `KEY` stands for one that was in --key.
 */
export function commandFor(words: string, flags: BridgeFlags): string {
	const url = flags.url === undefined ? "" : ` --url ${quoted(baseOf(readUrl(flags.url, "--url")))}`;
	return `npx grid-dispatch ${words}${url}${flags.key === undefined ? "" : " --key KEY"}`;
}

/** Reads a whole number of an option. */
export function readNumber(least: number, most: number): (text: string) => number {
	return (text) => {
		const number = Number(text);
		if (text.trim() !== "" && Number.isInteger(number) && number >= least && number <= most) return number;
		throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
	};
}

/** The option that narrows to a state. */
export function stateOption(states: readonly string[] = RECEIPT_STATES): Option {
	return new Option("--state <state>", "only receipts in this state").choices(states);
}

/** What `--help` ends with. */
export function examples(...lines: readonly string[]): string {
	return `\nExamples:\n${lines.map((line) => `  $ ${line}\n`).join("")}`;
}
