import { describe, expect, it } from "@jest/globals";
import type { Receipt, Run } from "../../src/console/browser/answers.ts";
import { alarmOf, linkOf, runStep, TONES, wayOf } from "../../src/console/browser/way-of.ts";
import { shortSubject, shortType } from "../../src/console/browser/words.ts";
import { RECEIPT_STATES } from "../../src/functions/receipts.ts";
import { ACCEPTED_AT, attempt, receiptOf, runOf } from "./receipt-of.ts";

const at = (seconds: number) => new Date(ACCEPTED_AT + seconds * 1_000).toISOString();
/** The way without the time of arrival, which is told in the reader's time zone. */
const way = (receipt: Partial<Receipt>, seconds = 12) =>
	wayOf(receiptOf(receipt), ACCEPTED_AT + seconds * 1_000)
		.slice(1)
		.map(({ mark, text }) => `${mark} ${text}`);

describe("the way of an event", () => {
	it.each<[string, Partial<Receipt>, string[]]>([
		["that waits for its turn", { state: "accepted" }, ["done the route", "now 12 s", "none –", "none –"]],
		["that is gathered", { state: "coalescing" }, ["done the route", "now 12 s", "none –", "none –"]],
		[
			"whose lane pauses",
			{ state: "paused", attempts: [attempt(503), attempt(null)] },
			["done the route", "stuck 12 s", "stuck no answer, try 2", "none –"],
		],
		["that is parked behind others", { state: "parked" }, ["done the route", "stuck 12 s", "none –", "none –"]],
		[
			"that GitHub has taken",
			{ state: "dispatched", finishedAt: at(2.25), attempts: [attempt(204)] },
			["done the route", "done 2.3 s", "done 204", "unknown unknown"],
		],
		[
			"that went out with a window of which nothing is known",
			{ state: "coalesced", finishedAt: at(90), window: "w" },
			["done the route", "done 90 s", "unknown with its window", "unknown unknown"],
		],
		[
			"whose window was taken, and whose run has succeeded",
			{
				state: "coalesced",
				finishedAt: at(90),
				window: "w",
				windowState: "dispatched",
				following: "concluded",
				runs: [runOf()],
			},
			["done the route", "done 90 s", "done with its window", "done succeeded"],
		],
		[
			"whose window was refused",
			{ state: "coalesced", finishedAt: at(90), window: "w", windowState: "dead" },
			["done the route", "done 90 s", "failed with its window", "failed none"],
		],
		[
			"whose window still waits",
			{ state: "coalesced", finishedAt: at(90), window: "w", windowState: "parked" },
			["done the route", "done 90 s", "stuck with its window", "none –"],
		],
		[
			"that was discarded",
			{ state: "discarded", finishedAt: at(90), attempts: [attempt(422)] },
			["done the route", "none –", "failed 422", "failed none"],
		],
		[
			"that no route takes",
			{ state: "ignored", route: null, to: null },
			["none no route matches", "none –", "none –", "none –"],
		],
		[
			"that GitHub has refused",
			{ state: "dead", finishedAt: at(0.34), attempts: [attempt(422)] },
			["done the route", "done 340 ms", "failed 422", "failed none"],
		],
		[
			"that was given up",
			{ state: "dead", finishedAt: at(3 * 86_400) },
			["done the route", "done 3 days", "failed –", "failed none"],
		],
		[
			"that was rejected",
			{ state: "rejected", route: null, to: null },
			["failed rejected", "none –", "none –", "failed none"],
		],
	])("tells of one %s", (_, receipt, steps) => {
		expect(way(receipt)).toEqual(steps);
	});

	it("begins with the time of arrival, and names its steps", () => {
		const [first, ...rest] = wayOf(receiptOf({}), ACCEPTED_AT);
		expect(first).toMatchObject({ name: "Received", mark: "done", text: expect.stringMatching(/^\d\d:\d\d:30$/) });
		expect(rest.map(({ name }) => name)).toEqual(["Route", "Waiting", "GitHub", "Run"]);
	});

	it.each([
		[{ id: "contoso/fraud-model#new-data", repository: "contoso/fraud-model" }, "GitHub"],
		[{ id: "contoso/fraud-model/train.yml#main", repository: "contoso/fraud-model", workflow: "train.yml" }, "GitHub"],
		[{ id: "contoso/ml/7", organization: "contoso", project: "ml", pipeline: 7 }, "Azure Pipelines"],
		[{ id: "https://example.com/in", hook: "https://example.com/in" }, "Destination"],
		[null, "Destination"],
	])("names the service of the destination %j: %s", (to, service) => {
		expect(wayOf(receiptOf({ to }), ACCEPTED_AT)[3]?.name).toBe(service);
	});

	it("has a tone for every state", () => {
		expect(new Set(Object.keys(TONES))).toEqual(new Set(RECEIPT_STATES));
	});
});

describe("the step of the run", () => {
	const step = (following: string | null, runs: readonly Run[] = []) => {
		const receipt = receiptOf({ state: "dispatched", following, runs });
		const { mark, text } = runStep(receipt);
		const alarm = alarmOf(receipt);
		return [`${mark} ${text}`, ...(alarm === undefined ? [] : [`${alarm.tone} ${alarm.text}`])];
	};
	const ended = (conclusion: string, certain = true) => [runOf({ conclusion, certain })];
	const under = (status: string, certain = true) => [runOf({ status, conclusion: null, certain })];

	it.each<[string, string | null, readonly Run[], readonly string[]]>([
		["no word at all", null, [], ["unknown unknown"]],
		["following that is off", "off", [], ["unknown not followed"]],
		["a search", "looking", [], ["now looking"]],
		["a run that waits", "running", under("queued"), ["now queued"]],
		["a run under way", "running", under("in_progress"), ["now running"]],
		["a run that is likely", "running", under("in_progress", false), ["now likely running"]],
		["a success", "concluded", ended("success"), ["done succeeded"]],
		["a failure", "concluded", ended("failure"), ["failed failed", "lost run failed"]],
		["a cancelled run", "concluded", ended("cancelled"), ["failed cancelled", "lost run cancelled"]],
		["a run out of time", "concluded", ended("timed_out"), ["failed timed out", "lost run timed out"]],
		["a word that is new", "concluded", ended("blown_up"), ["failed blown up", "lost run blown up"]],
		["a skipped run", "concluded", ended("skipped"), ["unknown skipped"]],
		["a likely success", "concluded", ended("success", false), ["unknown likely succeeded"]],
		["a likely failure", "concluded", ended("failure", false), ["stuck likely failed", "delayed run likely failed"]],
		["no run", "none", [], ["failed none", "lost no run"]],
		["what cannot be told", "cannot tell", [], ["stuck cannot tell", "delayed run: cannot tell"]],
		["a following that is new", "dreaming", ended("success"), ["unknown dreaming"]],
		["an end without a run", "concluded", [], ["unknown unknown"]],
		["two runs", "concluded", [...ended("success"), ...ended("failure")], ["failed failed, of 2", "lost run failed"]],
		["one that goes on", "running", [...ended("success"), ...under("queued")], ["now queued, of 2"]],
	])("tells of %s", (_, following, runs, told) => {
		expect(step(following, runs)).toEqual(told);
	});

	it("is never done but for a run that is certain and has succeeded", () => {
		for (const state of RECEIPT_STATES) {
			for (const following of [null, "looking", "running", "concluded", "none", "cannot tell", "off", "x"]) {
				for (const runs of [[], ended("success", false), ended("failure"), ended("skipped"), under("queued")])
					for (const windowState of [null, "dispatched", "dead", "paused"] as const)
						expect(runStep(receiptOf({ state, windowState, following, runs })).mark).not.toBe("done");
			}
		}
	});

	it.each([
		["https://github.com/a/b/actions/runs/1", "https://github.com/a/b/actions/runs/1"],
		["javascript:alert(1)", undefined],
		[" \njavascript:alert(1)//https://github.com", undefined],
		["data:text/html,<script>alert(1)</script>", undefined],
		["http://github.com/", undefined],
		["https://github.com@evil.example/", undefined],
		["//github.com/", undefined],
		["", undefined],
		[null, undefined],
	])("makes of %j the link %j", (url, link) => {
		expect(linkOf(url)).toBe(link);
	});
});

describe("short names", () => {
	it.each([
		["Microsoft.Storage.BlobCreated", "BlobCreated"],
		["Contoso", "Contoso"],
		["ends.", "ends."],
		["", "no type"],
	])("the type %j is %j", (type, short) => {
		expect(shortType(type)).toBe(short);
	});

	it.each([
		["/blobServices/default/containers/training/blobs/2026/a.csv", "training/2026/a.csv"],
		["/blobServices/default/containers/training", "/blobServices/default/containers/training"],
		["", "/the/source"],
	])("the subject %j is %j", (subject, short) => {
		expect(shortSubject({ ...receiptOf({}).event, subject })).toBe(short);
	});

	it("without a subject or a source an event is its id", () => {
		expect(shortSubject({ ...receiptOf({}).event, subject: "", source: "" })).toBe("the-id");
	});
});
