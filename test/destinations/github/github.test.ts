import { beforeEach, describe, expect, it } from "@jest/globals";
import type { RawResponse } from "../../../src/config/bounded-fetch.ts";
import { TokenUnavailable } from "../../../src/config/secrets.ts";
import { createGitHub, type GitHubOptions } from "../../../src/destinations/github/github.ts";
import type { TokenFor } from "../../../src/destinations/github/github-app.ts";
import { fixedToken, type TokenSource } from "../../../src/destinations/github/tokens.ts";
import type { Answer, Destination } from "../../../src/model.ts";
import { repositoryDispatch } from "../../../support/destinations.ts";
import { fetchBy, type Sent } from "./client.ts";

const API = "https://api.github.com";
const URL_OF_REQUEST = `${API}/repos/contoso/fraud-model/dispatches`;
const TO = repositoryDispatch("contoso/fraud-model", "t");
const BODY = '{"event_type":"t"}';
/** Far more than any of these tests takes. */
const AMPLE_MS = 60_000;

type Fetch = typeof globalThis.fetch;
type Scripted = Partial<RawResponse> | ((call: Sent) => Promise<RawResponse>);

/** A `fetch` that takes one answer after the other, and fails beyond the last. */
function script(...answers: Scripted[]) {
	const calls: Sent[] = [];
	const fetch = fetchBy(async (call) => {
		calls.push(call);
		const answer = answers[calls.length - 1];
		if (answer === undefined) throw new Error("called more often than expected");
		return typeof answer === "function" ? answer(call) : { status: 204, headers: {}, text: "", ...answer };
	});
	return { fetch, calls };
}

/** An answer that never comes; the call ends as fetch does, when its signal says so. */
function silence({ signal }: Sent): Promise<RawResponse> {
	return new Promise((_, reject) => {
		if (signal.aborted) reject(signal.reason);
		signal.addEventListener("abort", () => reject(signal.reason), { once: true });
	});
}

const failing = (error: unknown) => () => Promise.reject(error);

/** One token after the other: `get` gives the first, each `refresh` the next. */
function changingTokens(...tokens: string[]): TokenSource & { readonly refreshed: [string, string | undefined][] } {
	const refreshed: [string, string | undefined][] = [];
	return {
		refreshed,
		get: async () => tokens[0] ?? "",
		refresh: async (stale, { token }) => {
			refreshed.push([stale, token]);
			return tokens[refreshed.length] ?? "";
		},
	};
}

function dispatch(fetch: Fetch, options: Partial<GitHubOptions> = {}, to: Destination = TO): Promise<Answer> {
	const github = createGitHub({
		apiUrl: API,
		tokens: fixedToken("t"),
		version: "9.9.9",
		fetch,
		now: () => 0,
		sleep: async () => {},
		timeoutMs: AMPLE_MS,
		...options,
	});
	return github.send(to, BODY);
}

function reasonOf({ classification }: Answer): string {
	return "reason" in classification ? classification.reason : "";
}

describe("a dispatch", () => {
	it("is one POST of the very body to the repository, with the token", async () => {
		const { fetch, calls } = script({ status: 204, headers: { "x-github-request-id": "ABCD:1" } });
		await expect(dispatch(fetch)).resolves.toEqual({
			classification: { kind: "taken" },
			status: 204,
			requestId: "ABCD:1",
			ms: 0,
			calls: [0],
		});
		expect(calls).toMatchObject([{ url: URL_OF_REQUEST, body: BODY, token: "t" }]);
	});

	it("keeps the path of an Enterprise Server's API", async () => {
		const { fetch, calls } = script({});
		await dispatch(fetch, { apiUrl: "https://github.contoso.com/api/v3" });
		expect(calls[0]?.url).toBe("https://github.contoso.com/api/v3/repos/contoso/fraud-model/dispatches");
	});

	it("asks for the token that the destination names", async () => {
		const names: (string | undefined)[] = [];
		const get = async ({ token }: TokenFor) => {
			names.push(token);
			return token ?? "default";
		};
		const { fetch, calls } = script({}, {});
		const tokens = { get, refresh: async () => "" };
		await dispatch(fetch, { tokens });
		await dispatch(fetch, { tokens }, { ...TO, token: "other-secret" });
		expect(names).toEqual([undefined, "other-secret"]);
		expect(calls.map(({ token }) => token)).toEqual(["default", "other-secret"]);
	});

	it("says how long it took by the clock that it was given", async () => {
		let clock = 1_000;
		const { fetch } = script(async () => {
			clock += 250;
			return { status: 204, headers: {}, text: "" };
		});
		await expect(dispatch(fetch, { now: () => clock })).resolves.toMatchObject({ ms: 250 });
	});

	it("reads times in GitHub's answer by the clock that it was given", async () => {
		const { fetch } = script({ status: 429, headers: { "retry-after": "30" } });
		await expect(dispatch(fetch, { now: () => 5_000 })).resolves.toMatchObject({
			classification: { kind: "rate-limited", until: 35_000 },
		});
	});

	it("says when GitHub's primary limit is used up, although this call was taken", async () => {
		const used = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "900" };
		await expect(dispatch(script({ headers: used }).fetch)).resolves.toMatchObject({
			classification: { kind: "taken" },
			exhaustedUntil: 900_000,
		});
		const left = { ...used, "x-ratelimit-remaining": "1" };
		expect((await dispatch(script({ headers: left }).fetch)).exhaustedUntil).toBeUndefined();
	});

	it.each([
		["2026-12-01 00:00:00 UTC", "2026-12-01T00:00:00.000Z"],
		["2026-12-01 02:00:00 +0200", "2026-12-01T00:00:00.000Z"],
		["2026-11-30 19:00:00 -0500", "2026-12-01T00:00:00.000Z"],
	])("says when the token ends, which GitHub writes as %s", async (header, iso) => {
		const headers = { "github-authentication-token-expiration": header };
		await expect(dispatch(script({ headers }).fetch)).resolves.toMatchObject({ tokenExpiresAt: iso });
	});

	it.each([
		"soon",
		"",
		"20261201",
		"2026-13-41 00:00:00 UTC",
		"2026-12-01",
		"2026-12-01 00:00:00",
		"on 2026-12-01 00:00:00 UTC",
		"2026-12-01 00:00:00 UTC (or so)",
		"2026-12-01 00:00:00 +02000",
	])("does not guess when a token ends from %j", async (header) => {
		const headers = { "github-authentication-token-expiration": header };
		expect((await dispatch(script({ headers }).fetch)).tokenExpiresAt).toBeUndefined();
	});

	it.each([
		[400, "unavailable"],
		[403, "unavailable"],
		[404, "unavailable"],
		[422, "permanent"],
		[500, "uncertain"],
		[503, "uncertain"],
	])("tries once where GitHub answers %d", async (status, kind) => {
		const { fetch, calls } = script({ status, text: '{"message":"Words of GitHub"}' });
		const attempt = await dispatch(fetch);
		expect(attempt).toMatchObject({ status, classification: { kind } });
		expect(reasonOf(attempt)).toContain("(Words of GitHub)");
		expect(calls).toHaveLength(1);
	});

	it.each([
		["nothing", ""],
		["null", "null"],
		["HTML", "<html>"],
		["another message", '{"message":{"a":1}}'],
	])("copes with an error's body that is %s", async (_, text) => {
		const attempt = await dispatch(script({ status: 502, text }).fetch);
		expect(reasonOf(attempt)).toBe("GitHub answered 502: server error at GitHub");
		expect(attempt.requestId).toBeUndefined();
	});
});

describe("a dispatch whose token is refused", () => {
	it("is tried again with a fresh token", async () => {
		const { fetch, calls } = script({ status: 401 }, { status: 204, headers: { "x-github-request-id": "2" } });
		const tokens = changingTokens("old", "new");
		const attempt = await dispatch(fetch, { tokens }, { ...TO, token: "other-secret" });
		expect(attempt).toMatchObject({ classification: { kind: "taken" }, status: 204, requestId: "2" });
		expect(calls).toMatchObject([
			{ url: URL_OF_REQUEST, body: BODY, token: "old" },
			{ url: URL_OF_REQUEST, body: BODY, token: "new" },
		]);
		expect(tokens.refreshed).toEqual([["old", "other-secret"]]);
	});

	it("is tried once more at most", async () => {
		const { fetch, calls } = script({ status: 401 }, { status: 401, headers: { "x-github-request-id": "2" } });
		const tokens = changingTokens("old", "new", "newer");
		const attempt = await dispatch(fetch, { tokens });
		expect(attempt).toMatchObject({ classification: { kind: "unauthorized" }, status: 401, requestId: "2" });
		expect(calls.map(({ token }) => token)).toEqual(["old", "new"]);
	});

	it("is not tried again with the same token, which would add up to a block", async () => {
		const { fetch, calls } = script({ status: 401, headers: { "x-github-request-id": "1" } });
		const attempt = await dispatch(fetch, { tokens: changingTokens("same", "same") });
		expect(attempt).toMatchObject({ classification: { kind: "unauthorized" }, status: 401, requestId: "1" });
		expect(calls).toHaveLength(1);
	});

	it("does not ask for a fresh token where the first one did", async () => {
		const tokens = changingTokens("good", "other");
		await dispatch(script({ status: 403 }).fetch, { tokens });
		expect(tokens.refreshed).toEqual([]);
	});

	it("tells what the fresh token's answer means, not the first one", async () => {
		const { fetch } = script({ status: 401 }, { status: 404 });
		await expect(dispatch(fetch, { tokens: changingTokens("old", "new") })).resolves.toMatchObject({
			classification: { kind: "unavailable" },
			status: 404,
		});
	});

	it("is refused behind a redirect, too, and begins at the beginning then", async () => {
		const moved = { status: 307, headers: { location: `${API}/repositories/1/dispatches` } };
		const { fetch, calls } = script(moved, { status: 401 }, moved, { status: 204 });
		const attempt = await dispatch(fetch, { tokens: changingTokens("old", "new") });
		expect(attempt.classification.kind).toBe("taken");
		expect(calls.map(({ url, token }) => [url, token])).toEqual([
			[URL_OF_REQUEST, "old"],
			[`${API}/repositories/1/dispatches`, "old"],
			[URL_OF_REQUEST, "new"],
			[`${API}/repositories/1/dispatches`, "new"],
		]);
	});
});

describe("a dispatch without a token", () => {
	it.each(["unauthorized", "transient"] as const)("makes no call and says why: %s", async (kind) => {
		const { fetch, calls } = script();
		const get = failing(new TokenUnavailable({ kind, reason: "the vault is closed" }));
		const attempt = await dispatch(fetch, { tokens: { get, refresh: get } });
		expect(attempt).toEqual({ classification: { kind, reason: "the vault is closed" }, ms: 0, calls: [] });
		expect(calls).toEqual([]);
	});

	it("says so when the fresh one cannot be read", async () => {
		const refresh = failing(new TokenUnavailable({ kind: "transient", reason: "the vault is away" }));
		const attempt = await dispatch(script({ status: 401 }).fetch, { tokens: { get: async () => "old", refresh } });
		expect(attempt.classification).toEqual({ kind: "transient", reason: "the vault is away" });
	});
});

describe("the reason of a token that cannot be had", () => {
	it("has 300 characters at most, and no token that was sent", async () => {
		const reason = `the vault knows no other token than old-token-1: ${"x".repeat(40_000)}`;
		const refresh = failing(new TokenUnavailable({ kind: "transient", reason }));
		const tokens = { get: async () => "old-token-1", refresh };
		const said = reasonOf(await dispatch(script({ status: 401 }).fetch, { tokens }));
		expect(said).toMatch(/^the vault knows no other token than \[redacted\]: x+…$/);
		expect(said.length).toBeLessThanOrEqual(300);
	});
});

describe("a dispatch to a repository that has moved", () => {
	it.each([301, 302, 307, 308])("repeats the same POST after a %d on the same host", async (status) => {
		const { fetch, calls } = script({ status, headers: { location: `${API}/repositories/1/dispatches` } }, {});
		await expect(dispatch(fetch)).resolves.toMatchObject({ classification: { kind: "taken" }, status: 204 });
		expect(calls).toMatchObject([
			{ url: URL_OF_REQUEST, body: BODY, token: "t" },
			{ url: `${API}/repositories/1/dispatches`, body: BODY, token: "t" },
		]);
	});

	it("follows a location without a host", async () => {
		const { fetch, calls } = script({ status: 301, headers: { location: "/repositories/1/dispatches" } }, {});
		await dispatch(fetch);
		expect(calls[1]?.url).toBe(`${API}/repositories/1/dispatches`);
	});

	it("follows three redirects, each from where the last one led", async () => {
		const to = (location: string) => ({ status: 307, headers: { location } });
		const { fetch, calls } = script(to("/repositories/1/a"), to("b"), to("/repos/o/c/dispatches"), {});
		expect((await dispatch(fetch)).classification.kind).toBe("taken");
		expect(calls.map(({ url }) => url)).toEqual([
			URL_OF_REQUEST,
			`${API}/repositories/1/a`,
			`${API}/repositories/1/b`,
			`${API}/repos/o/c/dispatches`,
		]);
	});

	it.each([
		"https://evil.example/repos/contoso/fraud-model/dispatches",
		"https://api.github.com.evil.example/x",
		"https://api.github.com@evil.example/x",
		"//evil.example/x",
		"http://api.github.com/x",
		"https://api.github.com:8443/x",
		"https://uploads.github.com/x",
		"data:text/plain,x",
		"http://[",
	])("does not carry the token to %s", async (location) => {
		const { fetch, calls } = script({ status: 301, headers: { location, "x-github-request-id": "1" } });
		await expect(dispatch(fetch)).resolves.toMatchObject({
			classification: {
				kind: "unavailable",
				reason: `GitHub redirects to another host (${location}); the bridge does not follow it`,
			},
			status: 301,
			requestId: "1",
		});
		expect(calls).toHaveLength(1);
	});

	it("ends where redirects go in circles", async () => {
		const there = { status: 301, headers: { location: `${API}/repositories/1/dispatches` } };
		const back = { status: 301, headers: { location: URL_OF_REQUEST } };
		const { fetch, calls } = script(there, back, there, back, there, back);
		await expect(dispatch(fetch)).resolves.toMatchObject({
			classification: { kind: "unavailable", reason: `GitHub redirects in circles from ${URL_OF_REQUEST}` },
		});
		expect(calls).toHaveLength(4);
	});
});

describe("a dispatch that gets no answer", () => {
	const inTime = {
		kind: "uncertain",
		reason: "GitHub did not answer in time; it is not known whether the request was taken",
	};
	const notSent = { kind: "transient", reason: "no time was left to call GitHub; nothing was sent" };

	it("ends at its time limit, and owns that the dispatch may have happened", async () => {
		const attempt = await dispatch(script(silence).fetch, { timeoutMs: 5 });
		expect(attempt).toEqual({ classification: inTime, ms: 0, calls: [0] });
	});

	it("ends at the same limit when it waits for the token, or for a fresh one", async () => {
		const never = () => new Promise<string>(() => {});
		const { fetch, calls } = script({ status: 401 });
		const waiting = { get: never, refresh: never };
		await expect(dispatch(fetch, { timeoutMs: 5, tokens: waiting })).resolves.toMatchObject({
			classification: notSent,
		});
		expect(calls).toEqual([]);
		const refreshing = { get: async () => "old", refresh: never };
		await expect(dispatch(fetch, { timeoutMs: 5, tokens: refreshing })).resolves.toMatchObject({
			classification: { kind: "transient", reason: "no time was left to call GitHub again" },
		});
		expect(calls).toHaveLength(1);
	});

	it("ends at the same limit when fetch does not obey its signal", async () => {
		const never = () => new Promise<never>(() => {});
		await expect(dispatch(never, { timeoutMs: 5 })).resolves.toMatchObject({ classification: inTime });
	});

	it("has one limit for all of its calls together", async () => {
		const { fetch, calls } = script(
			{ status: 307, headers: { location: "/repositories/1/dispatches" } },
			{ status: 401 },
			{},
		);
		await dispatch(fetch, { tokens: changingTokens("old", "new") });
		expect(calls).toHaveLength(3);
		expect(new Set(calls.map(({ signal }) => signal)).size).toBe(1);
	});

	it.each([
		[
			"in the words of its cause",
			new Error("fetch failed", { cause: new Error("other side closed") }),
			"other side closed",
		],
		["without a cause", new Error("socket hang up"), "socket hang up"],
		[
			"by its code, where the cause has no words",
			new Error("x", { cause: Object.assign(new Error(""), { code: "ECONNRESET" }) }),
			"ECONNRESET",
		],
		["by its name, where there is nothing else", new TypeError(""), "TypeError"],
		["that is nothing at all", undefined, "undefined"],
		["that is null", null, "null"],
		["without a cause that has no words", new Error("reset", { cause: null }), "reset"],
		["as text, where it is no error", "odd", "odd"],
	])("tells the network's error %s", async (_, error, words) => {
		await expect(dispatch(script(failing(error)).fetch)).resolves.toEqual({
			classification: {
				kind: "uncertain",
				reason: `no answer from GitHub (${words}); it is not known whether the request was taken`,
			},
			ms: 0,
			calls: [0],
		});
	});
});

describe("the calls that a dispatch counts for the pace", () => {
	const answering =
		(ms: number, answer: Partial<RawResponse> = {}) =>
		async () => {
			clock += ms;
			return { status: 204, headers: {}, text: "", ...answer };
		};
	let clock = 0;
	beforeEach(() => {
		clock = 10_000;
	});

	it("are all it made: redirects, and the repeat after a 401", async () => {
		const moved = { status: 307, headers: { location: "/repositories/1/dispatches" } };
		const { fetch } = script(moved, { status: 401 }, moved, {});
		const { calls } = await dispatch(fetch, { tokens: changingTokens("old", "new"), now: () => 7 });
		expect(calls).toEqual([7, 7, 7, 7]);
	});

	it("stand for the moment when they had certainly arrived, less the margin of the windows", async () => {
		const quick = await dispatch(script(answering(400)).fetch, { now: () => clock });
		expect(quick.calls).toEqual([10_000]);
		clock = 10_000;
		const slow = await dispatch(script(answering(3_000)).fetch, { now: () => clock });
		expect(slow.calls).toEqual([12_500]);
	});

	it("count a call that got no answer, too", async () => {
		const { calls } = await dispatch(script(failing(new Error("reset"))).fetch, { now: () => 5 });
		expect(calls).toEqual([5]);
	});
});
