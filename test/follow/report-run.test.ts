import { expect, it } from "@jest/globals";
import { reportEnd, type WrittenFinding } from "../../src/follow/write-findings.ts";
import type { Run } from "../../src/model.ts";
import { followRow, runOf } from "../helpers/follow-rows.ts";
import { keyOf } from "../helpers/follow-world.ts";
import { logLines } from "../helpers/log-lines.ts";

function linesOf(part: Partial<WrittenFinding>) {
	const { log, lines } = logLines();
	const row = followRow(1);
	reportEnd(log, "default", { row, following: "concluded", runs: [], reason: null, isResent: false, ...part });
	return lines;
}

const delivery = {
	stage: "follow",
	lane: "default",
	key: keyOf(1),
	route: "r",
	destination: "contoso/fraud-model#contoso-test",
};
const ended = (id: string, conclusion: string | null, part: Partial<Run> = {}) =>
	runOf(id, { status: "completed", conclusion, ...part });
const shown = (id: string) => ({
	run: id,
	url: `https://github.com/contoso/fraud-model/actions/runs/${id}`,
	workflow: "listen",
	certain: "true",
});

it.each<[string, Partial<WrittenFinding>, object]>([
	[
		"a run that succeeded",
		{ runs: [ended("1", "success")] },
		{ level: "info", change: "concluded", ...shown("1"), conclusion: "success" },
	],
	[
		"a run that is only likely its own",
		{ runs: [ended("1", "success", { certain: false })] },
		{ level: "info", change: "concluded", ...shown("1"), certain: "false", conclusion: "success" },
	],
	[
		"the run of several that failed",
		{ runs: [ended("1", "success"), ended("2", "failure")], reason: "it was sent twice" },
		{
			level: "error",
			change: "failed",
			...shown("2"),
			conclusion: "failure",
			reason: "the run ended with failure; the page of the run shows why",
		},
	],
	[
		"a run that was cancelled",
		{ runs: [ended("1", "cancelled")] },
		{
			level: "error",
			change: "failed",
			...shown("1"),
			conclusion: "cancelled",
			reason: expect.stringMatching(/^the run was cancelled: by a person, by a time limit, or by a newer run/),
		},
	],
	[
		"a run that ended without a conclusion",
		{ runs: [ended("1", null)] },
		{
			level: "error",
			change: "failed",
			...shown("1"),
			reason: "the run ended with no conclusion; the page of the run shows why",
		},
	],
	["no run", { following: "none", reason: "no run came" }, { level: "error", change: "none", reason: "no run came" }],
	[
		"no run, where it is sent again",
		{ following: "none", reason: "no run came", isResent: true },
		{ level: "warn", change: "sent again", reason: "no run came" },
	],
	[
		"that its run cannot be told, though one is under way",
		{ following: "cannot tell", runs: [runOf("1")], reason: "gone" },
		{ level: "warn", change: "cannot tell", ...shown("1"), reason: "gone" },
	],
])("the line for a delivery says %s, and all that is known of it", (_, written, said) => {
	const facts = Object.fromEntries(Object.entries(linesOf(written)[0] ?? {}).filter(([, value]) => value !== null));
	expect(facts).toEqual({ ...delivery, ...said });
});

it("the line for a delivery whose row has no destination is written, too", () => {
	const [line] = linesOf({ row: followRow(1, { to: undefined }), following: "cannot tell", reason: "damaged" });
	expect([line?.["change"], line?.["destination"] ?? null]).toEqual(["cannot tell", null]);
});

it.each(["looking", "running", "off"] as const)("nothing is said of a delivery that is %s", (following) => {
	expect(linesOf({ following, runs: [runOf("1")] })).toEqual([]);
});
