import { describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { counts, receipts } from "../../src/functions/receipts.ts";
import { callFunction } from "../helpers/call-function.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
const iso = (at: number) => new Date(at).toISOString();

/** Answers also what the bridge was asked; undefined where the question was refused. */
async function ask(
	make: typeof receipts | typeof counts,
	parameters: Record<string, string> | string,
	more: object = {},
) {
	let asked: unknown;
	const answers = (found: object) => async (query: unknown) => {
		asked = query;
		return { ...found, problems: [], ...more };
	};
	const bridge = {
		receipts: answers({ receipts: [], complete: true }),
		counts: answers({ minutes: [], complete: true }),
	} as unknown as Bridge;
	const called = make(
		async () => bridge,
		() => NOW,
	);
	const path = `/api/receipts?${new URLSearchParams(parameters)}`;
	const { status, json, headers } = await callFunction(called, { method: "GET", path });
	return { status, json: JSON.parse(JSON.stringify(json)) as { error?: string }, headers, asked };
}

describe("a question for receipts", () => {
	it.each([
		[{}, { limit: 50 }],
		[{ limit: "1" }, { limit: 1 }],
		[{ limit: " 500 " }, { limit: 500 }],
		[
			{ limit: "20", requests: "true" },
			{ limit: 20, requests: true },
		],
		[{ state: " dead " }, { limit: 50, states: ["dead"] }],
		[
			{ find: " a b ", continue: " c " },
			{ limit: 50, find: "a b", continue: "c" },
		],
		[{ find: " ", state: "", since: " " }, { limit: 50 }],
		[
			{ since: iso(NOW), until: iso(NOW), changedSince: iso(NOW + 1) },
			{ limit: 50, since: NOW, until: NOW, changedSince: NOW + 1 },
		],
		[{ until: "0000-01-01T00:00:00Z" }, { limit: 50, until: Date.parse("0000-01-01T00:00:00Z") }],
	] as [Record<string, string>, object][])("in %j asks for %j", async (parameters, query) => {
		const { status, asked } = await ask(receipts, parameters);
		expect(status).toBe(200);
		expect(asked).toEqual(query);
	});

	it.each([
		[{ limit: "0" }, 'limit: "0" is not a number from 1 to 500'],
		[{ limit: "1.5" }, 'limit: "1.5" is not a number from 1 to 500'],
		[{ limit: "501" }, 'limit: "501" is not a number from 1 to 500'],
		[{ limit: "21", requests: "true" }, "requests: ask with a limit of 20 at most"],
		[{ requests: "yes" }, 'requests: "yes" is not true'],
		[{ state: "constructor" }, 'state: "constructor" is not one of accepted, paused, parked, '],
		[{ since: iso(NOW + 1), until: iso(NOW) }, "since is later than until"],
	] as [Record<string, string>, string][])("in %j is refused: %s", async (parameters, beginning) => {
		const { status, json, asked } = await ask(receipts, parameters);
		expect({ status, asked }).toEqual({ status: 400, asked: undefined });
		expect(json.error?.slice(0, beginning.length)).toBe(beginning);
	});
});

describe("a question's parameters", () => {
	it.each([
		[
			receipts,
			"staet=dead",
			'the parameter "staet" does not exist; use limit, state, find, since, until, changedSince',
		],
		[receipts, "State=dead&limit=5", 'the parameter "State" does not exist; use limit, state, find, '],
		[receipts, `${"y".repeat(101)}=1`, `the parameter "${"y".repeat(100)}" does not exist; use limit, `],
		[receipts, "=dead", 'the parameter "" does not exist; use limit, '],
		[receipts, "constructor=1", 'the parameter "constructor" does not exist; use limit, '],
		[receipts, "state=dead&state=rejected", 'the parameter "state" is given twice; give it once'],
		[counts, "state=dead", 'the parameter "state" does not exist; use since, until'],
		[counts, "since=&since=", 'the parameter "since" is given twice; give it once'],
	])("are refused where one is none or is given twice", async (make, parameters, beginning) => {
		const { status, json, headers, asked } = await ask(make, parameters);
		expect({ status, asked }).toEqual({ status: 400, asked: undefined });
		expect(json.error?.slice(0, beginning.length)).toBe(beginning);
		expect(headers?.["Cache-Control"]).toBe("no-store");
	});

	it.each([receipts, counts])("may have those of the platform and of API Management beside them", async (make) => {
		expect((await ask(make, "code=k&clientId=default&Code=k&clientid=x&subscription-key=s")).status).toBe(200);
	});
});

describe("a question for counts", () => {
	it.each([
		["the last hour", {}, NOW - HOUR_MS, NOW],
		["all from then until now", { since: iso(NOW - WEEK_MS) }, NOW - WEEK_MS, NOW],
		["the hour that ends then", { until: ` ${iso(NOW - 5)} ` }, NOW - 5 - HOUR_MS, NOW - 5],
		["a time to come, and no time before it", { since: iso(NOW + 7) }, NOW + 7, NOW + 7],
		["both times", { since: ` ${iso(1)} `, until: iso(2) }, 1, 2],
	] as [string, Record<string, string>, number, number][])("asks for %s", async (_, parameters, since, until) => {
		expect((await ask(counts, parameters)).asked).toEqual({ since, until });
	});

	it("covers seven days and no more", async () => {
		expect(await ask(counts, { since: iso(NOW - WEEK_MS - 1) })).toMatchObject({ status: 400, asked: undefined });
	});
});

describe.each([
	["receipts", receipts, { receipts: [], complete: true }],
	["counts", counts, { minutes: [], complete: true }],
])("the answer with %s", (_, make, found) => {
	it("has problems only where there are some, and is kept by no one", async () => {
		expect(await ask(make, {})).toMatchObject({ status: 200, headers: { "Cache-Control": "no-store" } });
		expect((await ask(make, {})).json).toEqual(found);
		expect((await ask(make, {}, { problems: ["a lane"] })).json).toEqual({ ...found, problems: ["a lane"] });
	});
});

it("a list of receipts that was cut says how it goes on", async () => {
	expect((await ask(receipts, {}, { complete: false, continue: "next" })).json).toEqual({
		receipts: [],
		complete: false,
		continue: "next",
	});
});
