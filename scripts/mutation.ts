/**
 * `npm run mutation [-- ROOM or FILE …]`: changes the sources in one place after the other, and looks whether a test
 * fails. Stryker does it, which has packages of its own in test/mutation, installed when first asked for.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startAzurite } from "../src/local/azurite.ts";
import { ALL_TESTS, LEFT_OUT, ROOMS } from "./mutation-rooms.ts";
import { install } from "./tool.ts";

const root = join(import.meta.dirname, "..");
const tools = join(root, "test/mutation");
const out = join(root, "out/mutation");
const STRYKER = join(tools, "node_modules/@stryker-mutator/core/bin/stryker.js");
/** In percent. */
const GOAL = 95;

/** `RuntimeError`: the program cannot be loaded. */
type Status = "Killed" | "Timeout" | "Survived" | "NoCoverage" | "RuntimeError";

interface Mutant {
	readonly mutatorName: string;
	readonly replacement?: string;
	readonly status: string;
	readonly location: { readonly start: Place; readonly end: Place };
}

interface Place {
	readonly line: number;
	readonly column: number;
}

/** By file: its text, and what became of its mutants. */
type Report = Record<string, { readonly source: string; mutants: readonly Mutant[] }>;

const chosen = choose(process.argv.slice(2));
// Some tests need the packages of test/.
install(join(root, "test"));
install(tools);
mkdirSync(out, { recursive: true });
const scores: Scores[] = [];
for (const [room, files] of chosen) scores.push(count(await mutate(room, files)));
if (scores.length > 1) process.stdout.write(inWords("all", sum(scores)));
process.exitCode = score(sum(scores)) >= GOAL ? 0 : 1;

/** The rooms with the files to mutate; all of them where none is named. */
function choose(names: readonly string[]): (readonly [string, readonly string[]])[] {
	if (names.length === 0) return Object.entries(ROOMS).map(([room, { files }]) => [room, files]);
	const rooms = new Map<string, string[]>();
	for (const name of names) {
		const isFile = name.includes(".ts");
		const room = Object.keys(ROOMS).find((one) => one === name || (isFile && name.startsWith(`src/${one}`)));
		const found = room === undefined ? undefined : ROOMS[room];
		if (room === undefined || found === undefined) {
			process.stderr.write(`"${name}" is neither a room (${Object.keys(ROOMS).join(", ")}) nor a file of one\n`);
			process.exit(2);
		}
		rooms.set(room, [...(rooms.get(room) ?? []), ...(isFile ? [name] : found.files)]);
	}
	return [...rooms];
}

/** What survives the tests of its room meets those of all rooms. */
async function mutate(room: string, files: readonly string[]): Promise<Report> {
	const { tests = [], azurite = false } = ROOMS[room] ?? {};
	const found = await tryMutants(files, tests, azurite);
	const left = Object.entries(found).flatMap(([file, { mutants }]) =>
		mutants.filter(isLeft).map((one) => rangeOf(file, one)),
	);
	const again = left.length === 0 ? {} : await tryMutants(left, ALL_TESTS, false);
	for (const [file, reported] of Object.entries(found)) {
		const known = new Map(again[file]?.mutants.map((mutant) => [nameOf(mutant), mutant]));
		reported.mutants = reported.mutants.map((one) => (isLeft(one) ? (known.get(nameOf(one)) ?? one) : one));
	}
	const text = Object.entries(found).flatMap(([file, { source, mutants }]) =>
		mutants.filter(isLeft).map((one) => describe(file, source.split("\n"), one)),
	);
	writeFileSync(join(out, `${room}.txt`), `${text.join("\n")}\n`);
	process.stdout.write(inWords(room, count(found)));
	process.stdout.write(`the survivors: out/mutation/${room}.txt\n`);
	return found;
}

async function tryMutants(files: readonly string[], tests: readonly string[], onAzurite: boolean): Promise<Report> {
	const azurite = onAzurite ? await startAzurite({ folder: join(out, "azurite") }) : undefined;
	try {
		await run(process.execPath, [STRYKER, "run", join(tools, "stryker.config.mjs")], {
			MUTATION_FILES: JSON.stringify(files),
			MUTATION_TESTS: JSON.stringify(tests),
			MUTATION_LEFT_OUT: JSON.stringify(LEFT_OUT),
			MUTATION_AZURITE: azurite?.connectionString ?? "",
		});
	} finally {
		await azurite?.stop();
	}
	return (JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as { files: Report }).files;
}

function isLeft({ status }: Mutant): boolean {
	return status === "Survived" || status === "NoCoverage";
}

/** As Stryker takes it; its columns start with 0 there, and with 1 in its reports. */
function rangeOf(file: string, { location: { start, end } }: Mutant): string {
	return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
}

function nameOf({ mutatorName, replacement, location }: Mutant): string {
	return JSON.stringify([mutatorName, replacement, location]);
}

/** `file:line:column was → is`. */
function describe(file: string, lines: readonly string[], { location: { start, end }, replacement }: Mutant): string {
	const last = start.line === end.line ? end.column - 1 : undefined;
	const was = lines[start.line - 1]?.slice(start.column - 1, last).trim();
	return `${file}:${start.line}:${start.column} ${was} → ${replacement?.replace(/\s+/g, " ")}`;
}

type Scores = Readonly<Record<Status, number>>;

function count(report: Report): Scores {
	const counts = { Killed: 0, Timeout: 0, Survived: 0, NoCoverage: 0, RuntimeError: 0 };
	for (const { status } of Object.values(report).flatMap(({ mutants }) => mutants)) {
		if (status in counts) counts[status as Status] += 1;
	}
	return counts;
}

function sum(all: readonly Scores[]): Scores {
	const total = (status: Status) => all.reduce((before, one) => before + one[status], 0);
	return {
		Killed: total("Killed"),
		Timeout: total("Timeout"),
		Survived: total("Survived"),
		NoCoverage: total("NoCoverage"),
		RuntimeError: total("RuntimeError"),
	};
}

/** In percent, of those that can be loaded. */
function score({ Killed, Timeout, Survived, NoCoverage }: Scores): number {
	return ((Killed + Timeout) * 100) / Math.max(1, Killed + Timeout + Survived + NoCoverage);
}

function inWords(name: string, scores: Scores): string {
	const { Killed, Timeout, Survived, NoCoverage, RuntimeError } = scores;
	const parts = `${Killed} killed, ${Timeout} timed out, ${Survived} survived, ${NoCoverage} reached by no test, ${RuntimeError} cannot be loaded`;
	return `${name.padEnd(16)} ${score(scores).toFixed(1).padStart(5)} %: ${parts}\n`;
}

async function run(command: string, args: readonly string[], env: Record<string, string>): Promise<void> {
	const child = spawn(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
	const [status] = await once(child, "exit");
	if (status !== 0) throw new Error(`Stryker has ended with ${status}`);
}
