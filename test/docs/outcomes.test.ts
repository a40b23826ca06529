import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { classifyResponse } from "../../src/dispatch/classify-response.ts";
import { MAX_BODY_BYTES } from "../../src/functions/read-body.ts";
import { httpStatus, OUTCOMES, type Outcome } from "../../src/outcome.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { exampleOf, inEventGridSchema } from "../helpers/example-events.ts";
import { type LogLines, logLines } from "../helpers/log-lines.ts";
import { codesIn, readText, tableOf } from "./read-docs.ts";

const PAGE = "docs/outcomes.md";
/** In the code, but this version never answers them, and the page says so. */
const UNUSED: readonly string[] = ["accepted", "duplicate"];

/** The rows of the table of GitHub's answers, one for each status and hint that they name. */
const answers = tableOf(PAGE, "GitHub answers").flatMap(([answer = "", verdict = "", outcome = ""]) => {
	const codes = codesIn(answer);
	const headers: Record<string, string>[] = [];
	if (codes.includes("retry-after")) headers.push({ "retry-after": "30" });
	if (codes.includes("x-ratelimit-remaining: 0")) headers.push({ "x-ratelimit-remaining": "0" });
	if (codes.includes("location")) headers.push({ location: "/repos/contoso/renamed/dispatches" });
	const statuses = codes.filter((code) => /^\d{3}$/.test(code)).map(Number);
	return statuses.flatMap((status) =>
		(headers.length > 0 ? headers : [{}]).map((hint) => ({
			status,
			headers: hint as Readonly<Record<string, string>>,
			verdict: codesIn(verdict)[0],
			outcome: codesIn(outcome)[0],
		})),
	);
});

let fixture: BridgeFixture;
beforeAll(async () => {
	fixture = await startFixture();
});
afterAll(() => fixture.github.close());

async function accept(element: unknown, log: LogLines) {
	const [result] = await fixture.bridge().accept([element], { log: log.log });
	if (result === undefined) throw new Error("no result");
	return result;
}

describe.each([PAGE, "README.md"])("the outcomes in %s", (page) => {
	const rows = tableOf(page, "Outcome").map(([outcome = "", , http]) => [codesIn(outcome)[0], http]);

	it("are those that the code can answer, each with its status", () => {
		const used = Object.entries(OUTCOMES).filter(([outcome]) => !UNUSED.includes(outcome));
		expect(rows).toEqual(expect.arrayContaining(used.map(([outcome, { http }]) => [outcome, String(http)])));
		expect(rows).toHaveLength(used.length);
	});

	it("make a request's status as the code does", () => {
		const of = (...outcomes: Outcome[]) =>
			httpStatus(outcomes.map((outcome) => ({ outcome, id: null, route: null, key: null, reason: null })));
		expect(of("dispatched", "unavailable", "rejected")).toBe(503);
		expect(of("rejected", "rejected")).toBe(400);
		expect(of("rejected", "ignored")).toBe(200);
	});
});

describe("GitHub's answers", () => {
	it.each(answers)("$status $headers is $verdict, as the page says", async ({ status, headers, verdict, outcome }) => {
		expect(classifyResponse({ status, headers, message: "" }, 0).kind).toBe(verdict);
		if (outcome === undefined) return;
		fixture.github.script.set({ status, headers });
		const log = logLines();
		expect(await accept(inEventGridSchema(exampleOf("RunCompleted")), log)).toMatchObject({ outcome });
		expect(log.lines.find(({ stage }) => stage === "dispatch")).toMatchObject({ verdict, status });
	});

	it("cover every verdict", () => {
		const verdicts = tableOf(PAGE, "GitHub answers").map(([, verdict = ""]) => codesIn(verdict)[0]);
		expect(new Set(verdicts)).toEqual(
			new Set(["dispatched", "slow-down", "trouble", "bad-token", "closed", "refused", "moved"]),
		);
	});
});

describe("the log lines", () => {
	it("have the stages and the fields that the page names", async () => {
		const log = logLines();
		await accept(inEventGridSchema(exampleOf("RunCompleted")), log);
		await accept({ id: "x" }, log);
		fixture.github.script.set({ status: 503 });
		await accept(inEventGridSchema(exampleOf("ModelRegistered")), log);
		const stages = tableOf(PAGE, "`stage`").map(([stage = ""]) => codesIn(stage)[0]);
		const fields = tableOf(PAGE, "Field").flatMap(([field = "", of = ""]) =>
			codesIn(field).map((name) => ({ name, stages: of === "all" ? stages : codesIn(of) })),
		);
		for (const stage of ["accept", "dispatch"]) {
			const written = log.lines.filter((line) => line["stage"] === stage).flatMap((line) => Object.keys(line));
			const named = fields.filter((field) => field.stages.includes(stage)).map(({ name }) => name);
			expect(new Set(written.filter((name) => name !== "stage" && name !== "level"))).toEqual(new Set(named));
		}
		expect(stages).toEqual(["accept", "dispatch", "handshake", "receive"]);
	});
});

describe("the limits", () => {
	it("are those of the code", () => {
		expect(readText("docs/events.md")).toContain(`4 MiB (${MAX_BODY_BYTES.toLocaleString("en-GB")} bytes)`);
	});
});
