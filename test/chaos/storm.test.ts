import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "@jest/globals";
import type { Report } from "../../chaos/report.ts";
import { ROOT } from "../docs/read-docs.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "chaos-test-"));

afterAll(() => rmSync(folder, { recursive: true }));

/** The program behind `npm run chaos`. */
function chaos(...args: string[]) {
	return run(process.execPath, ["--import", "tsx", "chaos/run.ts", ...args], {
		cwd: ROOT,
		// What it lays out is to be gone when it ends.
		env: { ...process.env, TMPDIR: folder },
		// A delivery in doubt may look for its run twice: after half a minute, and after two minutes more.
		timeout: 280_000,
	});
}

describe("npm run chaos", () => {
	it("lets a short storm pass, and finds that nothing was lost", async () => {
		const { stdout, stderr } = await chaos("--quick", "--json").catch(
			(error: { stdout: string; stderr: string }) => error,
		);
		if (stdout === "") throw new Error(stderr);
		const report = JSON.parse(stdout) as Report;
		// The seed is in what is shown, to let it pass once more.
		expect({ seed: report.seed, findings: report.findings }).toEqual({ seed: report.seed, findings: [] });
		expect(report).toMatchObject({ events: 300, kills: 3, outages: 1, lost: 0 });
		expect(report.dispatched).toBeGreaterThan(100);
		expect(report.coalesced).toBeGreaterThan(100);
		expect(report.windows).toBeGreaterThan(1);
		expect(readdirSync(folder).filter((name) => name.startsWith("grid-dispatch-storm"))).toEqual([]);
	}, 300_000);

	it("names its flags when it is asked for another", async () => {
		const asked = chaos("--kills", "many");
		await expect(asked).rejects.toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("--quick") });
	});
});
