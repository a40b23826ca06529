import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import type { Command } from "commander";
import { CliError } from "../../src/cli/cli-error.ts";
import { runWatched, startCommand } from "../../src/cli/commands/start.ts";
import type { Io } from "../../src/cli/io.ts";
import type { RunningBridge, Workshop } from "../../src/cli/workshop.ts";
import { call } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import { freePorts, isFree } from "../../support/free-ports.ts";
import { removeData } from "../helpers/run-start.ts";

const TOKEN = "ghp_plantedPlantedPlantedPlanted0123456789";

interface Bench extends Workshop {
	readonly runs: { args: readonly string[]; env: Io["env"]; end: (code: number | null) => void; stopped: boolean }[];
	builds: number;
	/** What the next builds come to; true after the last. */
	readonly outcomes: boolean[];
	change(file: string): void;
}

/** A workshop in which nothing is built. */
function bench(): Bench {
	let changed: (file: string) => void = () => undefined;
	const made: Bench = {
		runs: [],
		builds: 0,
		outcomes: [],
		async build() {
			made.builds += 1;
			return made.outcomes.shift() ?? true;
		},
		run(args, env): RunningBridge {
			let end: (code: number | null) => void = () => undefined;
			const ended = new Promise<number | null>((resolve) => {
				end = resolve;
			});
			const run = { args, env, end, stopped: false };
			made.runs.push(run);
			return {
				ended,
				stop: () => {
					run.stopped = true;
					end(0);
				},
			};
		},
		watch(callback) {
			changed = callback;
			return () => {
				changed = () => undefined;
			};
		},
		change: (file) => changed(file),
	};
	return made;
}

/** Runs `start` and ends its bridge at once. */
async function start(args: readonly string[], world: Partial<Io> = {}, workshop = bench()) {
	const said: string[] = [];
	const output = { write: (text: string) => said.push(text) };
	const io: Io = { stdout: output, stderr: output, env: {}, fetch, now: Date.now, ...world };
	const command: Command = startCommand(io, {
		...workshop,
		run: (given, env) => {
			const running = workshop.run(given, env);
			workshop.runs.at(-1)?.end(0);
			return running;
		},
	});
	await command.exitOverride().parseAsync([...args], { from: "user" });
	return workshop;
}

describe("grid-dispatch start", () => {
	it("builds, and runs what npm start runs, with its flags", async () => {
		const { runs } = await start(["--port", "8080", "--lock", "3"]);
		expect(runs.map(({ args }) => args)).toEqual([["--port", "8080", "--lock", "3"]]);
	});

	it("does not run what could not be built", async () => {
		const workshop = bench();
		workshop.outcomes.push(false);
		await expect(start([], {}, workshop)).rejects.toThrow("the build failed");
		expect(workshop.runs).toEqual([]);
	});

	it("asks before it dispatches to GitHub itself, and says as whom and where to", async () => {
		const questions: string[] = [];
		const ask = async (question: string) => questions.push(question) > 1;
		const env = { GH_TOKEN: TOKEN, GITHUB_REPOSITORY: "contoso/fraud-model" };
		const refused = bench();
		await expect(start(["--github", "real"], { env, ask }, refused)).rejects.toThrow("not started");
		expect(refused.runs).toEqual([]);
		const { runs } = await start(["--github", "real"], { env, ask });
		expect(questions[0]).toMatch(
			/contoso\/fraud-model, at https:\/\/api\.github\.com, with the credentials in GH_TOKEN/,
		);
		expect(questions.join()).not.toContain(TOKEN);
		expect(runs).toMatchObject([{ args: expect.arrayContaining(["--github", "real"]), env: { GITHUB_TOKEN: TOKEN } }]);
		expect(runs[0]?.args.join(" ")).not.toContain(TOKEN);
	});

	it("names the file of the routes in the question, or the setting", async () => {
		const questions: string[] = [];
		const ask = async (question: string) => questions.push(question) > 0;
		const file = join(mkdtempSync(join(tmpdir(), "start-routes-")), "table.json");
		writeFileSync(file, JSON.stringify({ routes: [{ to: { repository: "contoso/fraud-model" } }] }));
		const env = { GITHUB_TOKEN: TOKEN };
		await start(["--github", "real", "--routes", file], { env, ask });
		await start(["--github", "real"], { env: { ...env, BRIDGE_ROUTES: file }, ask });
		expect(questions).toEqual([
			expect.stringContaining(`in the repositories of ${file}, at`),
			expect.stringContaining("in the repositories of BRIDGE_ROUTES, at"),
		]);
	});

	it("does not ask with --yes", async () => {
		const env = { GITHUB_TOKEN: TOKEN, BRIDGE_ROUTES: "routes.json" };
		const { runs } = await start(["--github", "real", "--yes"], { env });
		expect(runs).toHaveLength(1);
	});

	it.each([
		["there is no token", {}, "GITHUB_TOKEN"],
		["there is no repository", { GITHUB_TOKEN: TOKEN }, "GITHUB_REPOSITORY"],
		["nobody can be asked", { GITHUB_TOKEN: TOKEN, GITHUB_REPOSITORY: "contoso/fraud-model" }, "--yes"],
	])("is a wrong use for GitHub itself where %s", async (_, env, words) => {
		const workshop = bench();
		const error = await start(["--github", "real"], { env }, workshop).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(CliError);
		expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(words) });
		expect(workshop.builds).toBe(0);
	});
});

describe("grid-dispatch start --watch", () => {
	const watched = (workshop: Bench, said: string[] = [], signal?: AbortSignal) =>
		runWatched({ workshop, run: () => workshop.run([], {}), say: (text) => void said.push(text), signal, quietMs: 1 });

	it("builds after a change and starts again", async () => {
		const workshop = bench();
		const ended = watched(workshop);
		workshop.change("bridge.ts");
		workshop.change("wire.ts");
		await eventually("a second run", () => workshop.runs[1]);
		expect([workshop.builds, workshop.runs[0]?.stopped]).toEqual([1, true]);
		workshop.runs[1]?.end(3);
		expect(await ended).toBe(3);
	});

	it("lets what runs go on where the build failed, and tries again with the next change", async () => {
		const workshop = bench();
		const said: string[] = [];
		workshop.outcomes.push(false);
		const ended = watched(workshop, said);
		workshop.change("bridge.ts");
		await eventually("the failure", () => said.find((text) => text.includes("the build failed")));
		expect([workshop.runs.length, workshop.runs[0]?.stopped]).toEqual([1, false]);
		workshop.change("bridge.ts");
		await eventually("a second run", () => workshop.runs[1]);
		workshop.runs[1]?.end(0);
		expect(await ended).toBe(0);
	});

	it("ends with the signal", async () => {
		const workshop = bench();
		const ctrlC = new AbortController();
		const ended = watched(workshop, [], ctrlC.signal);
		ctrlC.abort();
		expect(await ended).toBe(0);
		expect(workshop.runs).toMatchObject([{ stopped: true }]);
	});
});

describe("the clone's own workshop", () => {
	it("runs the bridge that was built, and ends it and its ports", async () => {
		const port = await freePorts();
		// In a process of its own, since a bridge prints to the streams of whoever runs it.
		const script = `
			import { clone } from "./src/cli/workshop.ts";
			const running = clone.run(["--port", "${port}"], process.env);
			process.once("SIGTERM", running.stop);
			process.exitCode = await running.ended;`;
		const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
			cwd: join(import.meta.dirname, "../.."),
			stdio: "ignore",
		});
		const ended = new Promise((resolve) => child.once("close", resolve));
		try {
			await eventually("its health", () => call(`http://127.0.0.1:${port}/api/health`));
			child.kill("SIGTERM");
			expect(await ended).toBe(0);
			expect([await isFree(port), await isFree(port + 1)]).toEqual([true, true]);
		} finally {
			child.kill("SIGKILL");
			removeData(port);
		}
	});
});
