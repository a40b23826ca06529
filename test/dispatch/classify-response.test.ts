import { describe, expect, it } from "@jest/globals";
import { classifyResponse, type GitHubResponse, type Verdict } from "../../src/dispatch/classify-response.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const NOW_SECONDS = NOW / 1000;
const MINUTE = 60_000;

function classify(status: number, headers: GitHubResponse["headers"] = {}, message = ""): Verdict {
	return classifyResponse({ status, headers, message }, NOW);
}

function reasonOf(verdict: Verdict): string {
	if (!("reason" in verdict)) throw new Error(`${verdict.kind} gives no reason`);
	return verdict.reason;
}

describe("an answer of success", () => {
	it.each([200, 201, 202, 204, 299])("%d means dispatched", (status) => {
		expect(classify(status)).toEqual({ kind: "dispatched" });
	});

	it("stays one whatever its headers say", () => {
		expect(classify(204, { "retry-after": "60", "x-ratelimit-remaining": "0", location: "/x" })).toEqual({
			kind: "dispatched",
		});
	});
});

describe("an answer that asks to slow down", () => {
	it.each<[string, number, GitHubResponse["headers"], string, number]>([
		["429 without a time: a minute", 429, {}, "", NOW + MINUTE],
		["429 with retry-after", 429, { "retry-after": "7" }, "", NOW + 7_000],
		["429 with a numeric retry-after", 429, { "retry-after": 7 }, "", NOW + 7_000],
		["429 with a retry-after of nothing", 429, { "retry-after": "0" }, "", NOW],
		["403 with retry-after", 403, { "retry-after": "120" }, "", NOW + 120_000],
		["403 with spaces around retry-after", 403, { "retry-after": " 120 " }, "", NOW + 120_000],
		["403 with a blank retry-after", 403, { "retry-after": "" }, "", NOW + MINUTE],
		["429 with a blank retry-after", 429, { "retry-after": " " }, "", NOW + MINUTE],
		["429 with a date for retry-after", 429, { "retry-after": "Tue, 26 May 2026 12:00:05 GMT" }, "", NOW + MINUTE],
		["429 with a negative retry-after", 429, { "retry-after": "-5" }, "", NOW + MINUTE],
		["429 with a broken retry-after", 429, { "retry-after": "1.5" }, "", NOW + MINUTE],
		["403 with remaining 0 and no reset", 403, { "x-ratelimit-remaining": "0" }, "", NOW + MINUTE],
		[
			"403 with remaining 0 and a reset",
			403,
			{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS + 900) },
			"",
			NOW + 900_000,
		],
		[
			"403 with both as numbers",
			403,
			{ "x-ratelimit-remaining": 0, "x-ratelimit-reset": NOW_SECONDS + 900 },
			"",
			NOW + 900_000,
		],
		[
			"429 with remaining 0 and a reset",
			429,
			{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS + 900) },
			"",
			NOW + 900_000,
		],
		["an absurd retry-after: a day", 429, { "retry-after": "9999999999999" }, "", NOW + 1_440 * MINUTE],
		[
			"a reset that has passed: a minute",
			403,
			{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS - 5) },
			"",
			NOW + MINUTE,
		],
		["a blank reset: a minute", 403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "" }, "", NOW + MINUTE],
		[
			"retry-after and a later reset: retry-after goes first",
			403,
			{ "retry-after": "5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS + 900) },
			"",
			NOW + 5_000,
		],
		[
			"a blank retry-after and a reset: the reset",
			403,
			{ "retry-after": "", "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS + 900) },
			"",
			NOW + 900_000,
		],
		[
			"a reset that does not apply, since something remains: a minute",
			429,
			{ "x-ratelimit-remaining": "12", "x-ratelimit-reset": String(NOW_SECONDS + 900) },
			"",
			NOW + MINUTE,
		],
		["a secondary limit by its message", 403, {}, "You have exceeded a secondary rate limit.", NOW + MINUTE],
		["a secondary limit in any case", 403, {}, "SECONDARY RATE LIMIT", NOW + MINUTE],
		["the abuse detection, its older name", 403, {}, "You have triggered an abuse detection mechanism.", NOW + MINUTE],
		[
			"too many failed logins",
			403,
			{},
			"Maximum number of login attempts exceeded. Please try again later.",
			NOW + MINUTE,
		],
	])("%s", (_, status, headers, message, until) => {
		expect(classify(status, headers, message)).toMatchObject({ kind: "slow-down", until });
	});

	it("never waits into the past for a reset that is over", () => {
		const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS - 900) };
		const verdict = classify(403, headers);
		expect(verdict.kind).toBe("slow-down");
		expect((verdict as { until: number }).until).toBeGreaterThanOrEqual(NOW);
	});

	it.each<[string, GitHubResponse["headers"], boolean]>([
		["retry-after", { "retry-after": "7" }, true],
		["a reset to come", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS + 9) }, true],
		["a reset that has passed", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS - 9) }, false],
		["nothing", {}, false],
	])("tells whether GitHub has named the time: %s", (_, headers, named) => {
		expect(classify(429, headers)).toMatchObject({ kind: "slow-down", named });
	});

	it("is told with status, GitHub's own words and the time", () => {
		expect(reasonOf(classify(403, { "retry-after": "30" }, "You have exceeded a secondary rate limit."))).toBe(
			"GitHub asks to slow down (403: You have exceeded a secondary rate limit.); until 2026-05-26T12:00:30.000Z",
		);
		expect(reasonOf(classify(429))).toBe("GitHub asks to slow down (429); until 2026-05-26T12:01:00.000Z");
	});
});

describe("an answer of GitHub's own trouble", () => {
	it.each([500, 501, 502, 503, 504, 520, 599, 408])("%d can pass by itself", (status) => {
		expect(classify(status)).toEqual({ kind: "trouble", reason: `GitHub answered ${status}: its own trouble` });
	});

	it.each<[unknown, number]>([
		["15", 15_000],
		[15, 15_000],
		["0", 0],
	])("hands on the time that it asks for: %j", (header, retryAfterMs) => {
		expect(classify(503, { "retry-after": header as string })).toMatchObject({ kind: "trouble", retryAfterMs });
	});

	it.each(["", " ", "soon", "-1", "Tue, 26 May 2026 12:00:05 GMT"])(
		"names no time for a retry-after of %j",
		(header) => {
			expect(classify(503, { "retry-after": header })).not.toHaveProperty("retryAfterMs");
		},
	);

	it("is told with GitHub's own words", () => {
		expect(reasonOf(classify(502, {}, "Server Error"))).toBe("GitHub answered 502 (Server Error): its own trouble");
	});
});

describe("an answer that refuses the token", () => {
	it("is a 401, and names the repair", () => {
		expect(classify(401, {}, "Bad credentials")).toEqual({
			kind: "bad-token",
			reason:
				"GitHub answered 401 (Bad credentials): the token is wrong, revoked or expired; put a valid one in its place",
		});
	});

	it("is a 401 even where it comes with the headers of a limit", () => {
		expect(classify(401, { "x-ratelimit-remaining": "0", "retry-after": "9" }).kind).toBe("bad-token");
	});
});

describe("an answer that closes a destination", () => {
	it.each<[string, number, GitHubResponse["headers"], string]>([
		["403 without a sign of a limit", 403, {}, "Resource not accessible by personal access token"],
		["403 with calls remaining", 403, { "x-ratelimit-remaining": "4999" }, ""],
		["403 with many times ten calls remaining", 403, { "x-ratelimit-remaining": 10 }, ""],
		["403 that speaks of rates in passing", 403, {}, "Your plan has no rate limit increase"],
		["404", 404, {}, "Not Found"],
		["404 with remaining 0", 404, { "x-ratelimit-remaining": "0" }, "Not Found"],
		["410", 410, {}, "Gone"],
	])("is a %s", (_, status, headers, message) => {
		expect(classify(status, headers, message).kind).toBe("closed");
	});

	it.each([402, 405, 406, 407, 409, 411, 412, 414, 415, 416, 418, 421, 423, 424, 426, 428, 431, 451, 499])(
		"is a %d too, which GitHub does not document: it is tried again, not given up",
		(status) => {
			expect(classify(status)).toEqual({
				kind: "closed",
				reason: `GitHub answered ${status}: not an answer that GitHub documents for a dispatch; tried again later`,
			});
		},
	);

	it.each([100, 300, 303, 304, 305])("is a %d, which is neither success nor a move", (status) => {
		expect(classify(status, { location: "https://api.github.com/x" }).kind).toBe("closed");
	});

	it.each([301, 302, 307, 308])("is a %d that does not say where to", (status) => {
		expect(classify(status).kind).toBe("closed");
	});

	it("names for a 403 the likely causes, and Contents: write where GitHub names no permission", () => {
		const reason = reasonOf(classify(403, {}, "Resource not accessible by integration"));
		expect(reason).toContain("GitHub answered 403 (Resource not accessible by integration): ");
		expect(reason).toContain("lacks a permission (Contents: write)");
		expect(reason).toContain("not approved by the organisation");
		expect(reason).toContain("single sign-on");
	});

	it.each([403, 404])("names for a %d the permission that GitHub asks for", (status) => {
		const reason = reasonOf(classify(status, { "x-accepted-github-permissions": "contents=write; metadata=read" }));
		expect(reason).toContain("contents=write; metadata=read, as GitHub asks");
		expect(reason).not.toContain("Contents: write");
	});

	it("names for a 404 both causes: there is none, or it cannot be seen", () => {
		expect(reasonOf(classify(404, {}, "Not Found"))).toBe(
			"GitHub answered 404 (Not Found): there is no such repository, or the token cannot see it " +
				"(private: it needs Contents: write)",
		);
	});

	it("names for a 410 that Actions may be off", () => {
		expect(reasonOf(classify(410))).toBe("GitHub answered 410: the repository is gone, or Actions are off in it");
	});
});

describe("an answer that our request can never succeed", () => {
	it.each([400, 413, 422])("is a %d, told with GitHub's own words", (status) => {
		expect(classify(status, { "retry-after": "5" }, "Invalid request.")).toEqual({
			kind: "refused",
			reason: `GitHub answered ${status} (Invalid request.): this request can never succeed`,
		});
	});

	it("is no other status of all", () => {
		const statuses = Array.from({ length: 500 }, (_, index) => 100 + index);
		expect(statuses.filter((status) => classify(status).kind === "refused")).toEqual([400, 413, 422]);
	});
});

describe("an answer that the repository has moved", () => {
	it.each([301, 302, 307, 308])("is a %d with a location", (status) => {
		expect(classify(status, { location: "https://api.github.com/repositories/1/dispatches" })).toEqual({
			kind: "moved",
			location: "https://api.github.com/repositories/1/dispatches",
		});
	});
});
