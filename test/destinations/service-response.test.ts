import { describe, expect, it } from "@jest/globals";
import { assert, constantFrom, double, integer, oneof, property, string } from "fast-check";
import { classifyResponse } from "../../src/destinations/github/classify-response.ts";
import { resetMs, retryAfterMs, serverTimeOf } from "../../src/destinations/service-response.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Headers, without those that are undefined. */
function given(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
	return JSON.parse(JSON.stringify(headers)) as Record<string, string>;
}

describe("retry-after", () => {
	it.each<[string | undefined, number | undefined]>([
		["1", 1_000],

		[" 120 ", 120_000],
		["007", 7_000],
		["86400", DAY],
		["86401", DAY],
		["31536000", DAY],
		["99999999999999", DAY],
		["9".repeat(400), DAY],
		["Tue, 26 May 2026 12:00:05 GMT", 5_000],
		["Tuesday, 26-May-26 12:00:05 GMT", 5_000],
		["Tue May 26 12:00:05 2026", 5_000],
		["Wed, 26 May 2027 12:00:00 GMT", DAY],
		["Tue, 26 May 2026 12:00:00 GMT", undefined],
		["Tue, 26 May 2026 11:59:00 GMT", undefined],
		["Tue, 99 Foo 2026 12:00:05 GMT", undefined],
		[undefined, undefined],
		["", undefined],
		["  ", undefined],
		["0", undefined],
		["-5", undefined],
		["1.5", undefined],
		["1e3", undefined],
		["1m0s", undefined],
		["soon 5", undefined],
		["5, 10", undefined],
		["2026-05-26T12:00:05Z", undefined],
		["26 May 2026 12:00:05 GMT", undefined],
		["x Tue, 26 May 2026 12:00:05 GMT", undefined],
		["Tue, 26 May 2026 12:00:05 GMT (x)", undefined],
		["x Tuesday, 26-May-26 12:00:05 GMT", undefined],
		["Tuesday, 26-May-26 12:00:05 GMT (x)", undefined],
		["x Tue May 26 12:00:05 2026", undefined],
		["Tue May 26 12:00:05 2026 (x)", undefined],
	])("of %j is a wait of %j ms", (header, ms) => {
		expect(retryAfterMs(given({ "retry-after": header }), NOW)).toBe(ms);
	});

	it("of less than a second is a second", () => {
		expect(retryAfterMs({ "retry-after": "Tue, 26 May 2026 12:00:01 GMT" }, NOW + 900)).toBe(1_000);
	});
});

describe("x-ratelimit-reset, where nothing remains", () => {
	const seconds = NOW / 1_000;

	it.each<[string, string | undefined, number | undefined]>([
		["seconds", String(seconds + 900), 900_000],
		["milliseconds", String(NOW + 900_000), 900_000],
		["two hours ahead: an hour, which is as long as the limit lasts", String(seconds + 7_200), HOUR],
		["a year ahead", String(seconds + 31_536_000), HOUR],
		["milliseconds, a year ahead", "1811000000000", HOUR],
		["14 digits", "99999999999999", HOUR],
		["the smallest number of milliseconds, which has passed", "100000000000", undefined],
		["400 digits", "9".repeat(400), HOUR],
		["now", String(seconds), undefined],
		["the past", String(seconds - 900), undefined],
		["0", "0", undefined],
		["blank", "", undefined],
		["none", undefined, undefined],
		["a negative one", "-1", undefined],
		["decimals", `${seconds + 9}.5`, undefined],
		["a date", "Tue, 26 May 2026 12:00:05 GMT", undefined],
	])("as %s", (_, reset, ms) => {
		expect(resetMs(given({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset }), NOW)).toBe(ms);
	});

	it.each(["1", "4999", "", undefined, "00", "-1"])("does not count where %j remain", (remaining) => {
		const headers = given({ "x-ratelimit-remaining": remaining, "x-ratelimit-reset": String(seconds + 900) });
		expect(resetMs(headers, NOW)).toBeUndefined();
	});
});

describe("the date of an answer", () => {
	it.each([
		["Tue, 26 May 2026 12:00:05 GMT", "2026-05-26T12:00:05Z"],
		["Tuesday, 26-May-26 12:00:05 GMT", "2026-05-26T12:00:05Z"],
		["Tue May 26 12:00:05 2026", "2026-05-26T12:00:05Z"],
		["Wed, 30 Jun 2027 12:00:00 GMT", "2027-06-30T12:00:00Z"],
		["Mon, 21 Apr 2025 12:00:00 GMT", "2025-04-21T12:00:00Z"],
	])("is the service's time: %j", (date, time) => {
		expect(serverTimeOf({ date }, NOW)).toBe(Date.parse(time));
	});

	it.each([
		undefined,
		"",
		"soon",
		"0",
		"2026-05-26T12:00:00Z",
		"Wed, 30 Jun 2027 12:00:01 GMT",
		"Mon, 21 Apr 2025 11:59:59 GMT",
		"Thu, 01 Jan 1970 00:00:00 GMT",
	])("is none where it is no HTTP date, or more than 400 days off: %j", (date) => {
		expect(serverTimeOf(given({ date }), NOW)).toBeUndefined();
	});
});

describe("whatever GitHub's headers say", () => {
	const dates = integer({ min: -1e12, max: 9e12 }).map((ms) => new Date(NOW + ms).toUTCString());
	const header = oneof(
		integer({ min: -1e15, max: 1e15 }).map(String),
		integer({ min: 0, max: 100_000 }).map(String),
		double().map(String),
		integer({ min: 1, max: 400 }).map((length) => "9".repeat(length)),
		dates,
		string(),
		constantFrom("", " ", "0", "1m0s", "null", "Infinity", "0x10"),
	);
	const status = oneof(integer({ min: 100, max: 599 }), constantFrom(204, 403, 408, 429, 500, 502, 503));

	it("a wait is from a second to a day, and a time is one that can be written", () => {
		assert(
			property(status, header, header, header, (code, retryAfter, remaining, reset) => {
				const headers = {
					"retry-after": retryAfter,
					"x-ratelimit-remaining": remaining === "" ? "0" : remaining,
					"x-ratelimit-reset": reset,
				};
				const classification = classifyResponse({ status: code, headers, message: "", body: "json" }, NOW);
				const waits = [resetMs(headers, NOW), retryAfterMs(headers, NOW)];
				if (classification.kind === "rate-limited") waits.push(classification.until - NOW);
				if (classification.kind === "uncertain") waits.push(classification.retryAfterMs);
				for (const wait of waits.filter((one) => one !== undefined)) {
					expect(wait).toBeGreaterThanOrEqual(1_000);
					expect(wait).toBeLessThanOrEqual(DAY);
					expect(() => new Date(NOW + wait).toISOString()).not.toThrow();
				}
			}),
			{ numRuns: 2_000 },
		);
	});
});
