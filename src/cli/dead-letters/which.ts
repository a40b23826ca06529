import type { Command } from "commander";
import type { BridgeClient, DeadLettersAsked } from "../bridge-client.ts";
import { CliError } from "../cli-error.ts";
import type { Io } from "../io.ts";
import { stateOption } from "../options.ts";

/** Which dead letters a command is about. */
export interface WhichFlags {
	readonly find?: string;
	readonly all?: boolean;
	readonly state?: string;
	readonly yes?: boolean;
}

/** Adds the argument and the options that choose dead letters. */
export function withWhich(command: Command): Command {
	return command
		.argument("[key]", "the key of one dead letter")
		.option("--find <text>", "the dead letters with this text: an event's id, a run, a subject or a repository")
		.option("--all", "all dead letters; asks for confirmation, and needs --yes without a terminal")
		.addOption(stateOption(["dead", "rejected"]));
}

/** @throws CliError where not exactly one choice was made; `more` names further choices of the command */
export function whichOnes(key: string | undefined, flags: WhichFlags, more = ""): DeadLettersAsked {
	const { find, all, state } = flags;
	const chosen = [key, find, all].filter((one) => one !== undefined);
	if (chosen.length !== 1) throw new CliError(`give exactly one of KEY, --find and --all${more}`, 2);
	if (state !== undefined && key !== undefined) throw new CliError("--state works only with --find or --all", 2);
	const ofState = state === undefined ? {} : { state };
	if (key !== undefined) return { key };
	return find === undefined ? { all: true, ...ofState } : { find, ...ofState };
}

/**
 * Asks before something that a slip would make large, or that cannot be undone.
 * @param question without its question mark; asked only where there is a terminal
 * @throws CliError where the answer is no, or where there is no terminal to ask at and --yes was not given
 */
export async function confirm(
	question: () => Promise<string>,
	doing: string,
	{ ask }: Io,
	{ yes }: WhichFlags,
): Promise<void> {
	if (yes) return;
	if (ask === undefined)
		throw new CliError(`${doing} asks for confirmation, but there is no terminal to answer: add --yes`, 2);
	if (!(await ask(`${await question()}?`))) throw new CliError("nothing was done");
}

/** `all dead letters of http://… (12 now)`, for a question. */
export async function inWords(asked: DeadLettersAsked, bridge: BridgeClient): Promise<string> {
	if ("key" in asked) return `the dead letter ${asked.key} of ${bridge.url}`;
	const state = asked.state === undefined ? "" : ` in the state "${asked.state}"`;
	if ("find" in asked) return `the dead letters of ${bridge.url}${state} with "${asked.find}"`;
	const { deadLetters } = await bridge.health();
	return `all dead letters of ${bridge.url}${state} (${deadLetters} dead letters now)`;
}

interface Answer<T> {
	readonly ended: readonly T[];
	readonly more: boolean;
	readonly continue?: string | undefined;
}

/** What became of each, as far as requests were answered. */
interface Done<T> {
	readonly ended: readonly T[];
	/** Why the rest was not asked for. */
	readonly failure?: CliError;
}

/**
 * One request takes so many, and says how to go on behind them. A bridge of an older version does not: there what is
 * refused comes again with the next request, and ends it. What was done is answered although a later request fails.
 */
export async function untilDone<T extends { readonly key: string }>(
	ask: (from: { readonly continue?: string }) => Promise<Answer<T>>,
): Promise<Done<T>> {
	const ends = new Map<string, T>();
	let from: string | undefined;
	for (;;) {
		const answer = await ask(from === undefined ? {} : { continue: from }).catch((error: unknown) => {
			if (ends.size === 0 || !(error instanceof CliError)) throw error;
			return new CliError([error.message, "only what is listed was done; run the command again for the rest"]);
		});
		if (answer instanceof CliError) return { ended: [...ends.values()], failure: answer };
		const before = ends.size;
		for (const one of answer.ended) ends.set(one.key, one);
		const goesOn = answer.continue === undefined ? ends.size > before : answer.continue !== from;
		if (!answer.more || !goesOn) return { ended: [...ends.values()] };
		from = answer.continue;
	}
}
