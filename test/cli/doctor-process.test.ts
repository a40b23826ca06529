import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Check } from "../../src/cli/doctor/check.ts";
import { postJson } from "../../support/call.ts";
import { freePorts } from "../../support/free-ports.ts";
import { HEALTHY, PASTED, ROUTES, workflow } from "../helpers/repository-stand-in.ts";
import { type RunningStart, startOn } from "../helpers/run-start.ts";

const root = join(import.meta.dirname, "../..");

describe("grid-dispatch doctor, beside npm start", () => {
	let host: RunningStart | undefined;
	let port: number;
	let folder: string;

	beforeAll(async () => {
		port = await freePorts();
		host = await startOn(port);
		folder = mkdtempSync(join(tmpdir(), "doctor-"));
		writeFileSync(join(folder, "routes.json"), JSON.stringify(ROUTES));
	});
	afterAll(async () => {
		await host?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	function doctor(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
		const command = ["src/cli/grid-dispatch.mjs", "doctor", "--url", `http://127.0.0.1:${port}`, ...args];
		return new Promise((resolve) => {
			execFile(process.execPath, command, { cwd: root, env: { PATH: process.env["PATH"] } }, (error, out, err) =>
				resolve({ code: error === null ? 0 : Number(error.code), out, err }),
			);
		});
	}

	it("finds all links sound, without any setting", async () => {
		const { code, out, err } = await doctor();
		expect(out).toMatch(/^ok +bridge +grid-dispatch .* healthy$/m);
		expect(out).toMatch(/all \d+ checks are ok\n$/);
		expect({ code, err }).toEqual({ code: 0, err: "" });
	});

	it("reads the workflows that the stand-in was given, with GitHub's own parser", async () => {
		const workflows = { ...HEALTHY.workflows, "train.yml": workflow("[retrian]", PASTED) };
		await postJson(`http://127.0.0.1:${port + 1}/_repository`, { ...HEALTHY, workflows });
		const { code, out, err } = await doctor("--routes", join(folder, "routes.json"), "--json");
		const { checks, verdict } = JSON.parse(out) as { checks: Check[]; verdict: string };
		expect(checks.filter((check) => check.verdict !== "ok").map(({ repair }) => repair)).toEqual([
			"give the bridge's own table, or deploy this one",
			expect.stringContaining('write "retrain" in .github/workflows/train.yml'),
			expect.stringContaining("pass the value through env:"),
		]);
		expect({ code, verdict, err }).toEqual({ code: 1, verdict: "error", err: "doctor: 2 errors, 1 warning\n" });
	});
});
