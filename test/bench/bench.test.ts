import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "@jest/globals";
import type { Figure } from "../../bench/measure.ts";
import type { Report } from "../../bench/report.ts";
import { readRows } from "../../bench/row.ts";
import { codesIn, ROOT, tableOf } from "../docs/read-docs.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "bench-test-"));

afterAll(() => rmSync(folder, { recursive: true }));

/** On a machine that has other things to do. */
const EVERY_ROW_MS = 240_000;

/** The program behind `npm run bench`, with few repetitions. What it finds is never looked at: tests do not time. */
function bench(...args: string[]) {
	return run(process.execPath, ["--import", "tsx", "bench/run.ts", "--quick", ...args], {
		cwd: ROOT,
		// What it lays out is to be gone when it ends.
		env: { ...process.env, TMPDIR: folder },
		timeout: EVERY_ROW_MS,
	});
}

function expectShape(report: Report, names: readonly string[]): void {
	expect(report).toMatchObject({ node: process.version, quick: true });
	expect(report.rows.map(({ name }) => name)).toEqual(names);
	for (const { what, baseline, better, pairs, figures } of report.rows) {
		expect([what, baseline].every((text) => text.length > 0)).toBe(true);
		expect(["lower", "higher"]).toContain(better);
		expect(pairs).toBeGreaterThan(1);
		expect(figures.length).toBeGreaterThan(0);
		for (const { measure, ours, baseline, ratio, lowest, highest } of figures) {
			expect(measure).toMatch(/\w/);
			for (const value of [ours, baseline, ratio, lowest, highest]) expect(value).toBeGreaterThan(0);
			expect(lowest <= ratio && ratio <= highest).toBe(true);
		}
	}
}

function figureOf(report: Report, row: string, measure: string): Figure | undefined {
	return report.rows.find(({ name }) => name === row)?.figures.find((figure) => figure.measure === measure);
}

describe("npm run bench", () => {
	it(
		"reports every row as JSON, and cleans up",
		async () => {
			const { stdout } = await bench("--json");
			const report = JSON.parse(stdout) as Report;
			const names = (await readRows()).map(({ name }) => name);
			expectShape(report, names);
			expect(readdirSync(folder).filter((name) => name.startsWith("grid-dispatch-bench"))).toEqual([]);

			// What is counted does not depend on the machine.
			expect(figureOf(report, "undisturbed-event", "storage calls an event")).toMatchObject({ ours: 5, baseline: 5 });
			expect(figureOf(report, "drain-one", "calls a dispatch")).toMatchObject({ ours: 1 });
			expect(figureOf(report, "drain-three", "calls a dispatch")).toMatchObject({ ours: 1 });
			expect(figureOf(report, "group-commit", "storage calls an event")?.baseline).toBeGreaterThanOrEqual(3);
			expect(figureOf(report, "group-commit", "storage calls an event")?.ratio).toBeLessThan(0.5);
			expect(figureOf(report, "coalesced", "storage calls an event")?.ratio).toBeLessThan(0.1);
		},
		EVERY_ROW_MS,
	);

	it("prints the table when the JSON goes to a file", async () => {
		const file = join(folder, "report.json");
		const { stdout } = await bench("--only", "app-load", "--only", "event-cpu", "--json", file);
		expect(stdout).toMatch(/^event-cpu +CPU an event, µs +\d/m);
		expectShape(JSON.parse(readFileSync(file, "utf8")) as Report, ["app-load", "event-cpu"]);
	});

	it("names the rows when it is asked for another", async () => {
		const asked = bench("--only", "nothing");
		await expect(asked).rejects.toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("app-load") });
	});
});

describe("the rows", () => {
	it("have each a name of its own, in whose order they are measured", async () => {
		const names = (await readRows()).map(({ name }) => name);
		expect(names).toEqual([...new Set(names)].sort());
	});

	it("are described in docs/bench.md, each with its goal", async () => {
		const described = tableOf("docs/bench.md", "Row").map(([name = "", , , goal = ""]) => [codesIn(name)[0], goal]);
		const goals = (await readRows()).map(({ name, goal, better }) => [
			name,
			goal === undefined ? "none" : `${better === "lower" ? "≤" : "≥"} ${goal}`,
		]);
		expect(described).toEqual(goals);
	});
});
