import { describe, expect, it } from "@jest/globals";
import type { RawResponse } from "../../../src/config/bounded-fetch.ts";
import { createGitHub } from "../../../src/destinations/github/github.ts";
import { fetchBy, TO } from "./client.ts";

const START = Date.parse("2026-05-26T12:00:00Z");
const UNKNOWN = { status: 403, text: '{"message":"Resource not accessible by integration"}' };
const REFUSED = { status: 401, text: '{"message":"Bad credentials"}' };
const CUT = "cut";

interface Given {
	/** What GitHub answers; the last one for ever. */
	readonly answers: readonly (Partial<RawResponse> | typeof CUT)[];
	readonly ageMs?: number;
	readonly timeoutMs?: number;
	readonly token?: string;
}

/** Dispatches with an app's token, and tells with which tokens, and how long it has slept before each further call. */
async function dispatch({ answers, ageMs = 0, timeoutMs = 60_000, token = "first" }: Given) {
	let now = START;
	const slept: number[] = [];
	const sent: string[] = [];
	const fetch = fetchBy(async (request) => {
		sent.push(request.token);
		const answer = answers[Math.min(sent.length, answers.length) - 1] ?? {};
		if (answer === CUT) throw new Error("socket hang up");
		return { status: 204, headers: {}, text: "", ...answer };
	});
	const github = createGitHub({
		apiUrl: "https://api.github.com",
		version: "9.9.9",
		fetch,
		tokens: { get: async () => token, refresh: async () => "second", issuedAt: () => START - ageMs },
		now: () => now,
		sleep: async (ms) => {
			slept.push(ms);
			now += ms;
		},
		timeoutMs,
	});
	return { answer: await github.send(TO, "{}"), sent, slept };
}

describe("a token that was just made", () => {
	it.each([
		[59_999 - 7_000, [1_000, 2_000, 4_000]],
		[59_000, [1_000]],
		[59_999, [1_000]],
		[60_000, []],
		[3_600_000, []],
	])("is young for a minute: of %d ms it is tried again after %j", async (ageMs, waits) => {
		expect((await dispatch({ answers: [UNKNOWN], ageMs })).slept).toEqual(waits);
	});

	it.each([
		[1_999, []],
		[2_000, [1_000]],
		[3_999, [1_000]],
		[4_000, [1_000, 2_000]],
		[7_999, [1_000, 2_000]],
		[8_000, [1_000, 2_000, 4_000]],
	])("is tried again only where a second is left for the call: of %d ms after %j", async (timeoutMs, waits) => {
		expect((await dispatch({ answers: [UNKNOWN], timeoutMs })).slept).toEqual(waits);
	});

	it("is refused, tried again and replaced, and the new one is tried again after 2 and 4 s", async () => {
		const { sent, slept, answer } = await dispatch({ answers: [REFUSED] });
		expect(sent).toEqual(["first", "first", "second", "second", "second"]);
		expect(slept).toEqual([1_000, 2_000, 4_000]);
		expect(answer.classification.kind).toBe("unauthorized");
	});

	it.each<[string, Given["answers"][number], RegExp]>([
		["an answer that may follow a start", { ...UNKNOWN, status: 500 }, /^GitHub answered 500/],
		["another refusal with the same words", { ...UNKNOWN, status: 404 }, /^GitHub answered 404/],
		["another 403", { status: 403, text: '{"message":"Forbidden"}' }, /^GitHub answered 403/],
		["a page", { ...REFUSED, text: "<html>", headers: { "content-type": "text/html" } }, /not an answer of its API/],
		["no answer", CUT, /^no answer from GitHub \(socket hang up\)/],
	])("is not tried again after %s", async (_, first, reason) => {
		const { sent, slept, answer } = await dispatch({ answers: [first] });
		expect([sent, slept]).toEqual([["first"], []]);
		expect(answer.classification).toMatchObject({ reason: expect.stringMatching(reason) });
	});

	it("is not sent, and not waited for, where it is no token", async () => {
		const { sent, slept } = await dispatch({ answers: [{}], token: "two words" });
		expect([sent, slept]).toEqual([["second"], []]);
	});
});
