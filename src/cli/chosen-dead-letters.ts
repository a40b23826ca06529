import type { Command } from "commander";
import { plain } from "../log.ts";
import type { BridgeClient, Continued, DeadLettersAsked } from "./bridge-client.ts";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";
import { stateOption } from "./options.ts";
import { colour, printJson } from "./print.ts";

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
	if (key !== undefined) return { key };
	return find === undefined ? { all: true, state } : { find, state };
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

/** What became of one dead letter. */
interface Ended {
	readonly key: string;
	readonly outcome: string;
	readonly reason: string | null;
}

/** What a command does to dead letters. `done` is its word for it, and the member of answers that holds them. */
interface Ending<Done extends string> {
	readonly verb: string;
	readonly done: Done;
	/** The outcome of one for which it worked. */
	readonly good: string;
	/** What is said of those for which it did not. */
	readonly refused: string;
	/** Asks the bridge; to go on behind an earlier answer, with what that says. */
	readonly ask: (from: Continued) => Promise<Answer<Done>>;
}

type Answer<Done extends string> = Continued & { readonly more: boolean } & Readonly<Record<Done, readonly Ended[]>>;

/**
 * Ends all dead letters that were chosen, and prints what became of each.
 * @throws CliError where one was refused, or a later request failed
 */
export async function endAll<Done extends string>(
	{ verb, done, good, refused, ask }: Ending<Done>,
	{ key, json }: { readonly key: string | undefined; readonly json?: boolean },
	bridge: BridgeClient,
	io: Io,
): Promise<void> {
	const { ended, failure } = await untilDone(done, ask);
	if (key !== undefined && ended.length === 0) throw new CliError(`${bridge.url} has no receipt with the key ${key}`);
	const succeeded = ended.filter(({ outcome }) => outcome === good).length;
	if (json) printJson(io, { [done]: ended });
	else {
		const paint = colour(io.stdout, io.env);
		for (const one of ended) {
			const end = paint(one.outcome === good ? "green" : "red", plain(one.outcome).padEnd(good.length));
			io.stdout.write(`${end}  ${plain(one.key)}${one.reason === null ? "" : `  ${plain(one.reason)}`}\n`);
		}
		io.stdout.write(ended.length === 0 ? `there is nothing to ${verb}\n` : `${succeeded} ${done}\n`);
	}
	if (failure !== undefined) throw failure;
	if (succeeded < ended.length) throw new CliError(`${ended.length - succeeded} of ${ended.length} ${refused}`);
}

/**
 * One request takes so many, and says how to go on behind them. A bridge of an older version does not: there what is
 * refused comes again with the next request, and ends it. What was done is answered although a later request fails, with
 * the reason why the rest was not asked for.
 */
async function untilDone<Done extends string>(
	done: Done,
	ask: Ending<Done>["ask"],
): Promise<{ readonly ended: readonly Ended[]; readonly failure?: CliError }> {
	const ends = new Map<string, Ended>();
	let from: Continued = {};
	for (;;) {
		const answer = await ask(from).catch((error: unknown) => {
			if (ends.size === 0 || !(error instanceof CliError)) throw error;
			return new CliError([error.message, "only what is listed was done; run the command again for the rest"]);
		});
		if (answer instanceof CliError) return { ended: [...ends.values()], failure: answer };
		const before = ends.size;
		for (const one of answer[done]) ends.set(one.key, one);
		const goesOn = answer.continue === undefined ? ends.size > before : answer.continue !== from.continue;
		if (!answer.more || !goesOn) return { ended: [...ends.values()] };
		from = { continue: answer.continue };
	}
}
