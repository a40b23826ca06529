import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** What the stand-in for az answers to the commands that begin so; the last answer stays. */
export interface Answer {
	readonly to: string;
	readonly answers: readonly {
		readonly out?: unknown;
		/** What it prints as it is. */
		readonly text?: string;
		readonly err?: string;
		readonly status?: number;
	}[];
}

/** A command that it was given: its arguments, and the content of the JSON file that one of them named with `@`. */
export interface Call {
	readonly args: readonly string[];
	readonly file?: string;
	readonly content?: unknown;
}

export interface Ran {
	readonly code: number;
	readonly out: string;
	readonly err: string;
}

export interface AzStandIn {
	/** Lets it answer so; a PATH where it is az. */
	answering(answers: readonly Answer[]): string;
	/** A PATH without az. */
	readonly nowhere: string;
	/** Runs Node.js with these arguments, and a PATH where az is the stand-in. */
	node(args: readonly string[], answers: readonly Answer[]): Promise<Ran>;
	/** The same where there is no az. */
	nodeWithoutAz(args: readonly string[]): Promise<Ran>;
	calls(): readonly Call[];
	/** Forgets the calls. */
	reset(): void;
	remove(): void;
}

const AZ = `#!${process.execPath}
const { appendFileSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const args = process.argv.slice(2);
const read = (name) => readFileSync(join(__dirname, name), "utf8").split("\\n").filter(Boolean).map(JSON.parse);
const before = read("az.log").map((call) => call.args.join(" "));
const file = args.find((arg) => arg.startsWith("@"))?.slice(1);
const call = { args, file, content: file && JSON.parse(readFileSync(file, "utf8")) };
appendFileSync(join(__dirname, "az.log"), JSON.stringify(call) + "\\n");
const found = read("script.jsonl").find(({ to }) => args.join(" ").startsWith(to));
if (found === undefined) throw new Error("no answer to " + args.join(" "));
const nth = before.filter((line) => line.startsWith(found.to)).length;
const { out, text, err, status } = found.answers[Math.min(nth, found.answers.length - 1)];
if (out !== undefined) console.log(JSON.stringify(out));
if (text !== undefined) console.log(text);
if (err !== undefined) console.error(err);
process.exitCode = status ?? 0;
`;

/** A stand-in for the Azure CLI, which logs what it is asked for and answers from a script. */
export function createAzStandIn(): AzStandIn {
	const folder = mkdtempSync(join(tmpdir(), "az-"));
	const log = join(folder, "az.log");
	const script = join(folder, "script.jsonl");
	const empty = join(folder, "empty");
	mkdirSync(empty);
	writeFileSync(join(folder, "az"), AZ);
	chmodSync(join(folder, "az"), 0o755);
	const run = (args: readonly string[], path: string): Promise<Ran> =>
		new Promise((resolve) => {
			execFile(process.execPath, [...args], { env: { PATH: path } }, (error, out, err) =>
				resolve({ code: error === null ? 0 : Number(error.code), out, err }),
			);
		});
	const reset = () => writeFileSync(log, "");
	reset();
	const answering = (answers: readonly Answer[]) => {
		writeFileSync(script, answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""));
		return `${folder}${delimiter}${process.env["PATH"]}`;
	};
	return {
		answering,
		nowhere: empty,
		node: (args, answers) => run(args, answering(answers)),
		nodeWithoutAz: (args) => run(args, empty),
		calls: () =>
			readFileSync(log, "utf8")
				.split("\n")
				.filter(Boolean)
				.map((line) => JSON.parse(line) as Call),
		reset,
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
}
