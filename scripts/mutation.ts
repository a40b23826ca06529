/**
 * `npm run mutation [-- ROOM or FILE …]`: changes the sources in one place after the other, and looks whether a test
 * fails. Stryker does it, which has packages of its own in test/mutation, installed when first asked for.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { LEFT_OUT, ROOMS } from "./mutation-rooms.ts";
import { install } from "./tool.ts";

const root = join(import.meta.dirname, "..");
const tools = join(root, "test/mutation");
const out = join(root, "out/mutation");
const STRYKER = join(tools, "node_modules/@stryker-mutator/core/bin/stryker.js");
/** In percent. */
const GOAL = 95;

/** How many mutants of a room ended in each way. */
type Counts = Record<"Killed" | "Timeout" | "Survived" | "NoCoverage", number>;

const chosen = choose(process.argv.slice(2));
install(tools);
mkdirSync(out, { recursive: true });
const counted = chosen.map(([room, files]) => [room, mutate(room, files)] as const);
process.exitCode = report(counted);

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

function mutate(room: string, files: readonly string[]): Counts {
	run(process.execPath, [STRYKER, "run", join(tools, "stryker.config.mjs")], {
		MUTATION_FILES: JSON.stringify(files),
		MUTATION_TESTS: JSON.stringify(ROOMS[room]?.tests),
		MUTATION_LEFT_OUT: JSON.stringify(LEFT_OUT),
		MUTATION_AZURITE: ROOMS[room]?.azurite ? "1" : "",
	});
	const counts: Counts = { Killed: 0, Timeout: 0, Survived: 0, NoCoverage: 0 };
	const { files: reported } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as {
		files: Record<string, { mutants: { status: keyof Counts }[] }>;
	};
	for (const { mutants } of Object.values(reported)) {
		for (const { status } of mutants) if (status in counts) counts[status] += 1;
	}
	for (const kind of ["json", "html"]) renameSync(join(out, `report.${kind}`), join(out, `${room}.${kind}`));
	return counts;
}

function report(rooms: readonly (readonly [string, Counts])[]): number {
	const score = ({ Killed, Timeout, Survived, NoCoverage }: Counts) =>
		((Killed + Timeout) * 100) / Math.max(1, Killed + Timeout + Survived + NoCoverage);
	const line = (name: string, counts: Counts) => {
		const { Killed, Timeout, Survived, NoCoverage } = counts;
		const parts = `${Killed} killed, ${Timeout} timed out, ${Survived} survived, ${NoCoverage} reached by no test`;
		process.stdout.write(`${name.padEnd(16)} ${score(counts).toFixed(1).padStart(5)} %: ${parts}\n`);
	};
	const all: Counts = { Killed: 0, Timeout: 0, Survived: 0, NoCoverage: 0 };
	for (const [room, counts] of rooms) {
		line(room, counts);
		for (const status of Object.keys(all) as (keyof Counts)[]) all[status] += counts[status];
	}
	line("all", all);
	process.stdout.write("the survivors: out/mutation/ROOM.html\n");
	return score(all) >= GOAL ? 0 : 1;
}

function run(command: string, args: readonly string[], env: Record<string, string> = {}): void {
	const { error, status } = spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
	if (error !== undefined) throw error;
	if (status !== 0) process.exit(status ?? 1);
}
