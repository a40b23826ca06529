import { describe, expect, it } from "@jest/globals";
import { classifyResponse, type Meaning } from "../../../src/destinations/github/classify-response.ts";
import type { ServiceResponse } from "../../../src/destinations/service-response.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const NOW_SECONDS = NOW / 1000;
const MINUTE = 60_000;

/** As GitHub's API answers: JSON, or nothing. */
function classify(status: number, headers: ServiceResponse["headers"] = {}, message = ""): Meaning {
	return classifyResponse({ status, headers, message, body: status < 400 ? "none" : "json" }, NOW);
}

function reasonOf(classification: Meaning): string {
	if (!("reason" in classification)) throw new Error(`${classification.kind} gives no reason`);
	return classification.reason;
}

describe("an answer of success", () => {
	it.each([200, 201, 202, 204, 299])("%d means dispatched", (status) => {
		expect(classify(status)).toEqual({ kind: "taken" });
	});

	it("stays one whatever its headers say", () => {
		expect(classify(204, { "retry-after": "60", "x-ratelimit-remaining": "0", location: "/x" })).toEqual({
			kind: "taken",
		});
	});
});

describe("an answer that asks to slow down", () => {
	it.each<[string, number, ServiceResponse["headers"], string, number]>([
		["429 without a time: a minute", 429, {}, "", NOW + MINUTE],
		["429 with retry-after", 429, { "retry-after": "7" }, "", NOW + 7_000],
		["429 with a retry-after of nothing: a minute", 429, { "retry-after": "0" }, "", NOW + MINUTE],
		["403 with retry-after", 403, { "retry-after": "120" }, "", NOW + 120_000],
		["403 with spaces around retry-after", 403, { "retry-after": " 120 " }, "", NOW + 120_000],
		["403 with a blank retry-after", 403, { "retry-after": "" }, "", NOW + MINUTE],
		["429 with a blank retry-after", 429, { "retry-after": " " }, "", NOW + MINUTE],
		["429 with a date for retry-after", 429, { "retry-after": "Tue, 26 May 2026 12:00:05 GMT" }, "", NOW + 5_000],
		["429 with a negative retry-after", 429, { "retry-after": "-5" }, "", NOW + MINUTE],
		["429 with a broken retry-after", 429, { "retry-after": "1.5" }, "", NOW + MINUTE],
		["403 with spaces around remaining 0", 403, { "x-ratelimit-remaining": " 0 " }, "", NOW + MINUTE],
		["403 with remaining 0 and no reset", 403, { "x-ratelimit-remaining": "0" }, "", NOW + MINUTE],
		[
			"403 with remaining 0 and a reset",
			403,
			{ "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS + 900) },
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
		["an endpoint that was spammed", 422, {}, "Validation Failed, or the endpoint has been spammed.", NOW + MINUTE],
		[
			"an endpoint that was spammed by a provided value",
			422,
			{},
			"Spam: provided value x. The endpoint has been spammed.",
			NOW + MINUTE,
		],
		["the abuse detection, its older name", 403, {}, "You have triggered an abuse detection mechanism.", NOW + MINUTE],
		[
			"too many failed logins",
			403,
			{},
			"Maximum number of login attempts exceeded. Please try again later.",
			NOW + MINUTE,
		],
	])("%s", (_, status, headers, message, until) => {
		expect(classify(status, headers, message)).toMatchObject({ kind: "rate-limited", until });
	});

	it("never waits into the past for a reset that is over", () => {
		const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS - 900) };
		const classification = classify(403, headers);
		expect(classification.kind).toBe("rate-limited");
		expect((classification as { until: number }).until).toBeGreaterThanOrEqual(NOW);
	});

	it.each<[string, ServiceResponse["headers"], boolean]>([
		["retry-after", { "retry-after": "7" }, true],
		["a reset to come", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS + 9) }, true],
		["a reset that has passed", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW_SECONDS - 9) }, false],
		["nothing", {}, false],
	])("tells whether GitHub has named the time: %s", (_, headers, named) => {
		expect(classify(429, headers)).toMatchObject({ kind: "rate-limited", named });
	});

	it("is told with status and GitHub's own words; until when, the lane says", () => {
		expect(reasonOf(classify(403, { "retry-after": "30" }, "You have exceeded a secondary rate limit."))).toBe(
			"GitHub asks to slow down (403: You have exceeded a secondary rate limit.)",
		);
		expect(reasonOf(classify(429))).toBe("GitHub asks to slow down (429)");
	});
});

describe("an answer that says that GitHub fails", () => {
	it.each([500, 501, 502, 503, 504, 520, 599, 408])("%d may have been taken all the same", (status) => {
		expect(classify(status)).toEqual({
			kind: "uncertain",
			reason: `GitHub answered ${status}: server error at GitHub`,
		});
	});

	it.each<[string, number]>([
		["15", 15_000],
		["Tue, 26 May 2026 12:00:05 GMT", 5_000],
		["31536000", 1_440 * MINUTE],
		["99999999999999", 1_440 * MINUTE],
	])("hands on the time that it asks for, a day at most: %j", (header, retryAfterMs) => {
		expect(classify(503, { "retry-after": header })).toMatchObject({ kind: "uncertain", retryAfterMs });
	});

	it.each(["", " ", "0", "soon", "-1", "1.5", "1m0s", "Tue, 26 May 2026 11:59:55 GMT"])(
		"names no time for a retry-after of %j",
		(header) => {
			expect(classify(503, { "retry-after": header })).toEqual(
				expect.not.objectContaining({ retryAfterMs: expect.anything() }),
			);
		},
	);

	it("is told with GitHub's own words", () => {
		expect(reasonOf(classify(502, {}, "Server Error"))).toBe(
			"GitHub answered 502 (Server Error): server error at GitHub",
		);
	});
});

describe("an answer that refuses the token", () => {
	it("is a 401, and names the repair", () => {
		expect(classify(401, {}, "Bad credentials")).toEqual({
			kind: "unauthorized",
			reason:
				"GitHub answered 401 (Bad credentials): the token is wrong, revoked or expired; replace it with a valid one",
		});
	});

	it("is a 401 even where it comes with the headers of a limit", () => {
		expect(classify(401, { "x-ratelimit-remaining": "0", "retry-after": "9" }).kind).toBe("unauthorized");
	});
});

describe("an answer that closes a destination", () => {
	it.each<[string, number, ServiceResponse["headers"], string]>([
		["403 without a sign of a limit", 403, {}, "Resource not accessible by personal access token"],
		["403 with calls remaining", 403, { "x-ratelimit-remaining": "4999" }, ""],
		["403 with many times ten calls remaining", 403, { "x-ratelimit-remaining": "10" }, ""],
		["403 that speaks of rates in passing", 403, {}, "Your plan has no rate limit increase"],
		["404", 404, {}, "Not Found"],
		["404 with remaining 0", 404, { "x-ratelimit-remaining": "0" }, "Not Found"],
		["410", 410, {}, "Gone"],
	])("is a %s", (_, status, headers, message) => {
		expect(classify(status, headers, message).kind).toBe("unavailable");
	});

	it("is a 400 too: what we send is JSON, so something on the way may have changed it", () => {
		expect(reasonOf(classify(400, {}, "Problems parsing JSON"))).toBe(
			"GitHub answered 400 (Problems parsing JSON): GitHub does not understand the request; check whether a proxy changes it",
		);
	});

	it.each([402, 405, 406, 407, 409, 411, 412, 414, 415, 416, 418, 421, 423, 424, 426, 428, 431, 451, 499])(
		"is a %d too, which GitHub does not document: it is tried again, not given up",
		(status) => {
			expect(classify(status)).toEqual({
				kind: "unavailable",
				reason: `GitHub answered ${status}: GitHub does not document this answer for a dispatch; the bridge tries again later`,
			});
		},
	);

	it.each([100, 300, 303, 304, 305])("is a %d, which is neither success nor a move", (status) => {
		expect(classify(status, { location: "https://api.github.com/x" }).kind).toBe("unavailable");
	});

	it.each([301, 302, 307, 308])("is a %d that does not say where to", (status) => {
		expect(classify(status).kind).toBe("unavailable");
	});

	it("names for a 403 of unknown cause those that are likely, and Contents: write where GitHub names no permission", () => {
		const reason = reasonOf(classify(403, {}, "Forbidden"));
		expect(reason).toContain("GitHub answered 403 (Forbidden): ");
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
		expect(reasonOf(classify(410))).toBe(
			"GitHub answered 410: the repository no longer exists, or Actions are off in it",
		);
	});
});

describe("an answer that our request can never succeed", () => {
	it.each([413, 422])("is a %d, told with GitHub's own words", (status) => {
		expect(classify(status, { "retry-after": "5" }, "Invalid request.")).toEqual({
			kind: "permanent",
			reason: `GitHub answered ${status} (Invalid request.): this request can never succeed`,
		});
	});

	it("is no other status of all", () => {
		const statuses = Array.from({ length: 500 }, (_, index) => 100 + index);
		expect(statuses.filter((status) => classify(status).kind === "permanent")).toEqual([413, 422]);
	});
});

describe("an answer that the repository has moved", () => {
	it.each([301, 302, 307, 308])("is a %d with a location", (status) => {
		expect(classify(status, { location: "https://api.github.com/repositories/1/dispatches" })).toEqual({
			kind: "redirected",
			location: "https://api.github.com/repositories/1/dispatches",
		});
	});
});

describe("an answer that is not the API's", () => {
	const page = (status: number, headers: ServiceResponse["headers"] = {}) =>
		classifyResponse(
			{ status, headers: { "content-type": "text/html; charset=utf-8", ...headers }, message: "", body: "other" },
			NOW,
		);

	it.each([200, 201, 202, 203, 206, 226, 299, 400, 401, 402, 403, 404, 405, 407, 409, 410, 415, 418, 422, 451])(
		"closes the destination and names the address, whatever it claims: a page with %d",
		(status) => {
			const classification = page(status);
			expect(classification.kind).toBe("unavailable");
			expect(reasonOf(classification)).toBe(
				`GitHub answered ${status} as text/html; charset=utf-8, which is not an answer of its API: check GITHUB_API_URL ` +
					"(Enterprise Server: https://HOST/api/v3; is /api/v3 missing?) and proxies",
			);
		},
	);

	it("is never taken for success, nor for the event's own fault, unless the event is too large", () => {
		const statuses = Array.from({ length: 800 }, (_, index) => 200 + index);
		const kinds = statuses.filter((status) => status !== 413).map((status) => page(status).kind);
		expect(new Set(kinds)).toEqual(new Set(["unavailable", "rate-limited", "uncertain"]));
		expect(page(413).kind).toBe("permanent");
	});

	it("is a limit all the same where it is a 429, or a 403 with retry-after", () => {
		expect(page(429).kind).toBe("rate-limited");
		expect(page(403, { "retry-after": "5" })).toMatchObject({ kind: "rate-limited", until: NOW + 5_000 });
	});

	it("is a 203 with JSON, too: something on the way has changed it", () => {
		expect(classifyResponse({ status: 203, headers: {}, message: "", body: "json" }, NOW).kind).toBe("unavailable");
	});

	it.each([300, 303, 304, 305, 399])("is a %d that leads nowhere, with JSON, too", (status) => {
		const classification = classifyResponse({ status, headers: {}, message: "", body: "json" }, NOW);
		expect(reasonOf(classification)).toMatch(
			new RegExp(`^GitHub answered ${status}, which is not an answer of its API: check GITHUB_API_URL`),
		);
	});

	it("is a 422 that says nothing", () => {
		expect(classifyResponse({ status: 422, headers: {}, message: "", body: "none" }, NOW).kind).toBe("unavailable");
	});

	it.each(["json", "none"] as const)("is no 2xx with a body of the kind %s", (body) => {
		for (const status of [200, 201, 202, 204])
			expect(classifyResponse({ status, headers: {}, message: "", body }, NOW)).toEqual({ kind: "taken" });
	});
});

describe("an API version that this GitHub does not take", () => {
	it("closes the lane, since every event would fail alike", () => {
		const message =
			'The version you specified in the "X-GitHub-API-Version" request header, "2022-11-28", is not a supported version. ' +
			'The following versions are currently supported: "2026-03-10" (most recent).';
		const classification = classify(400, {}, message);
		expect(classification).toMatchObject({ kind: "unavailable", wide: true });
		expect(reasonOf(classification)).toContain("update GitHub or the bridge");
	});
});

describe("a 403 whose cause GitHub names", () => {
	it.each<[string, ServiceResponse["headers"], string, boolean]>([
		[
			"Although you appear to have the correct authorization credentials, the `contoso` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.",
			{},
			"add the app's outbound addresses",
			false,
		],
		["Repository was archived so is read-only.", {}, "unarchive it", false],
		["This installation has been suspended", {}, "unsuspend it", true],
		[
			"Sorry. Your account was suspended. Please contact GitHub support.",
			{},
			"account of the token is suspended",
			true,
		],
		[
			"Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.",
			{ "x-github-sso": "required; url=https://github.com/orgs/contoso/sso?authorization_request=ABCDEFGHIJKLMNOP" },
			"authorise it at https://github.com/orgs/contoso/sso?authorization_request=ABCDEFGHIJKLMNOP",
			false,
		],
		[
			"Resource protected by organization SAML enforcement.",
			{},
			"authorise it for the organisation in the token's settings",
			false,
		],
		[
			"Resource not accessible by personal access token",
			{ "x-accepted-github-permissions": "contents=write" },
			"lacks a permission (contents=write, as GitHub asks), or its organisation has not approved it yet",
			false,
		],
		["Resource not accessible by integration", {}, "the GitHub App lacks a permission (Contents: write)", false],
		[
			"`contoso` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a personal access token with fine-grained permissions.",
			{},
			"does not accept classic tokens",
			false,
		],
		[
			"The 'contoso' organization forbids access via a fine-grained personal access tokens if the token's lifetime is greater than 366 days.",
			{},
			"create one that expires earlier",
			false,
		],
		["Repository access blocked", {}, "blocked the repository", false],
	])("names the repair for %j", (message, headers, repair, wide) => {
		const classification = classify(403, headers, message);
		expect(classification).toMatchObject({ kind: "unavailable", wide: wide ? true : undefined });
		expect(reasonOf(classification)).toContain(repair);
		expect(reasonOf(classification)).toContain(`(${message.slice(0, 15)}`);
		expect(reasonOf(classification).length).toBeLessThanOrEqual(300);
	});

	it("shows no address that is none", () => {
		const reason = reasonOf(classify(403, { "x-github-sso": "required; url=javascript:alert(1)" }, "SAML"));
		expect(reason).not.toContain("javascript");
		expect(reason).toContain("single sign-on");
	});
});

describe("a reason", () => {
	const statuses = [200, 302, 400, 401, 403, 404, 408, 410, 413, 418, 422, 429, 500, 503];

	it("has 300 characters at most, however long the answer is, and still ends with what it means", () => {
		for (const status of statuses) {
			for (const body of ["json", "other", "none"] as const) {
				const long = "x".repeat(40_000);
				const headers = { "x-accepted-github-permissions": long, "x-github-sso": long, "content-type": long };
				const classification = classifyResponse({ status, headers, message: long, body }, NOW);
				if (!("reason" in classification)) continue;
				expect(classification.reason.length).toBeLessThanOrEqual(300);
				const short = classifyResponse({ status, headers: {}, message: "x", body }, NOW);
				// What a rate limit means stands before GitHub's words.
				if (body === "json" && ![403, 404, 429].includes(status))
					expect(classification.reason.slice(-15)).toBe(reasonOf(short).slice(-15));
			}
		}
	});

	it("is one line of whole characters, whatever GitHub's words hold", () => {
		const reason = reasonOf(classify(403, {}, `a\r\nb\u001b[31mc\u0000d\u2028e ${"😀".repeat(400)}\ud800`));
		expect(reason).toMatch(/^GitHub answered 403 \(a b \[31mc d e 😀/);
		expect(reason).not.toMatch(/\p{Cc}|\p{Cs}|\p{Zl}/u);
	});
});
