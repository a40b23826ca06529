import { generateKeyPairSync, sign } from "node:crypto";
import { Agent } from "node:http";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { type GitHubStandIn, type StandInOptions, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { type Call, type Called, call, postJson } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";

const TOKEN = "a-valid-token";
const REPOSITORY = "contoso/fraud-model";
const CALLER = {
	"user-agent": "a-test",
	authorization: `Bearer ${TOKEN}`,
	"x-github-api-version": "2022-11-28",
};
const DISPATCH = { event_type: "storage-blobcreated", client_payload: { id: "1" } };

let github: GitHubStandIn;

/** Starts the stand-in of one test. */
async function start(options: StandInOptions = {}): Promise<void> {
	github = await startGitHubStandIn({ tokens: [TOKEN], repositories: [REPOSITORY], ...options });
}

/** Posts a dispatch; `more` replaces what is special about it. */
function post(more: Call & { readonly path?: string } = {}): Promise<Called> {
	const { path = `/repos/${REPOSITORY}/dispatches`, ...rest } = more;
	return call(`${github.url}${path}`, { method: "POST", headers: CALLER, body: JSON.stringify(DISPATCH), ...rest });
}

/** The caller's headers but one. */
function without(name: keyof typeof CALLER): Record<string, string> {
	const { [name]: _, ...rest } = CALLER;
	return rest;
}

function script(faults: unknown): Promise<Called> {
	return postJson(`${github.url}/_script`, faults);
}

function message(answer: Called): unknown {
	return (answer.json() as { message: unknown }).message;
}

afterEach(() => github.close());

describe("the GitHub stand-in takes a dispatch", () => {
	beforeEach(() => start());

	it("answers 204 without a body", async () => {
		const answer = await post();
		expect(answer).toMatchObject({ status: 204, text: "" });
		expect(answer.headers["content-type"]).toBeUndefined();
	});

	it("lists it at /_received, without the credentials", async () => {
		await post();
		const listed = await call(`${github.url}/_received`);
		expect(listed.status).toBe(200);
		expect(listed.json()).toMatchObject([{ ...DISPATCH, repository: REPOSITORY, headers: { "user-agent": "a-test" } }]);
		expect(listed.text).not.toContain(TOKEN);
	});

	it("lists several in the order of their arrival, with the time of each", async () => {
		await github.close();
		let now = Date.UTC(2026, 2, 14, 8, 15, 30);
		await start({ now: () => now });
		await post({ body: JSON.stringify({ event_type: "one" }) });
		now += 1000;
		await post({ body: JSON.stringify({ event_type: "two" }) });
		expect(github.received).toMatchObject([
			{ event_type: "one", at: "2026-03-14T08:15:30.000Z" },
			{ event_type: "two", at: "2026-03-14T08:15:31.000Z" },
		]);
	});

	it("forgets what it took at DELETE /_received, and says how many", async () => {
		await post();
		await post();
		const forgotten = await call(`${github.url}/_received`, { method: "DELETE" });
		expect(forgotten.json()).toEqual({ forgotten: 2 });
		expect((await call(`${github.url}/_received`)).json()).toEqual([]);
	});

	it("takes it under /api/v3, where Enterprise Server has its API", async () => {
		expect((await post({ path: `/api/v3/repos/${REPOSITORY}/dispatches` })).status).toBe(204);
		expect(github.received).toMatchObject([{ repository: REPOSITORY }]);
	});

	it("does not mind the case of a repository", async () => {
		expect((await post({ path: "/repos/Contoso/Fraud-Model/dispatches" })).status).toBe(204);
	});

	it.each(["Bearer", "bearer", "token"])("takes a token as %s", async (scheme) => {
		expect((await post({ headers: { ...CALLER, authorization: `${scheme} ${TOKEN}` } })).status).toBe(204);
	});

	it.each([
		["no payload", { event_type: "a" }],
		["ten keys", { event_type: "a", client_payload: Object.fromEntries([..."0123456789"].map((key) => [key, 1])) }],
		["an event type of 100 characters", { event_type: "a".repeat(100) }],
	])("takes one with %s", async (_, body) => {
		expect((await post({ body: JSON.stringify(body) })).status).toBe(204);
	});

	it("takes a body of one byte less than 64 KB, and not one more", async () => {
		const sized = (bytes: number) => {
			const frame = JSON.stringify({ event_type: "a", client_payload: { fill: "" } });
			return frame.replace('""', `"${"x".repeat(bytes - frame.length)}"`);
		};
		expect((await post({ body: sized(65_535) })).status).toBe(204);
		expect((await post({ body: sized(65_536) })).status).toBe(422);
	});

	it("takes any token and any repository where none were named", async () => {
		await github.close();
		github = await startGitHubStandIn();
		const headers = { ...CALLER, authorization: "Bearer whatever" };
		expect((await post({ headers, path: "/repos/any/thing/dispatches" })).status).toBe(204);
	});

	it("takes other tokens from one moment to the next", async () => {
		github.setTokens(["the-next-token"]);
		expect((await post()).status).toBe(401);
		expect((await post({ headers: { ...CALLER, authorization: "Bearer the-next-token" } })).status).toBe(204);
		expect(github.calls).toMatchObject([
			{ path: `/repos/${REPOSITORY}/dispatches`, token: TOKEN, status: 401 },
			{ path: `/repos/${REPOSITORY}/dispatches`, token: "the-next-token", status: 204 },
		]);
	});

	it("counts connections, not requests", async () => {
		await post();
		await post();
		expect(github.connections()).toBe(2);
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		for (let request = 0; request < 3; request++) await post({ agent });
		agent.destroy();
		expect(github.connections()).toBe(3);
	});
});

describe("the GitHub stand-in refuses a call", () => {
	beforeEach(() => start());
	afterEach(() => expect(github.received).toEqual([]));

	it("with 401 without a token", async () => {
		const answer = await post({ headers: without("authorization") });
		expect(answer.status).toBe(401);
		expect(message(answer)).toBe("Requires authentication");
	});

	it("with 401 for a wrong token", async () => {
		const answer = await post({ headers: { ...CALLER, authorization: "Bearer wrong" } });
		expect(answer.status).toBe(401);
		expect(message(answer)).toBe("Bad credentials");
	});

	it("with 401 for credentials of another kind", async () => {
		expect((await post({ headers: { ...CALLER, authorization: "Basic YTpi" } })).status).toBe(401);
	});

	it("with 403 without a User-Agent", async () => {
		const answer = await post({ headers: without("user-agent") });
		expect(answer.status).toBe(403);
		expect(message(answer)).toContain("User-Agent");
	});

	it("with 400 for an API version that does not exist", async () => {
		const answer = await post({ headers: { ...CALLER, "x-github-api-version": "2019-01-01" } });
		expect(answer.status).toBe(400);
		expect(message(answer)).toContain("2019-01-01");
	});

	it.each([
		["is cut off", '{"event_type":', "Problems parsing JSON"],
		["is missing", "", "Problems parsing JSON"],
		["is an array", "[]", "Body should be a JSON object"],
		["is null", "null", "Body should be a JSON object"],
		["is a text", '"storage-blobcreated"', "Body should be a JSON object"],
	])("with 400 for a body that %s", async (_, body, wording) => {
		const answer = await post({ body });
		expect(answer.status).toBe(400);
		expect(message(answer)).toBe(wording);
	});

	it.each([
		["to an unknown repository", { path: "/repos/contoso/elsewhere/dispatches" }],
		["with a slash at the end of its path", { path: `/repos/${REPOSITORY}/dispatches/` }],
		["by another method", { method: "PUT" }],
		["to another path", { path: `/repos/${REPOSITORY}` }],
		["to the root", { path: "/" }],
	])("with 404 when it goes %s", async (_, more) => {
		const answer = await post(more);
		expect(answer.status).toBe(404);
		expect(answer.json()).toMatchObject({ message: "Not Found", status: "404" });
	});

	it.each([
		["no event type", {}, { field: "event_type", code: "missing_field" }],
		["an empty event type", { event_type: "" }, { field: "event_type", code: "missing_field" }],
		["an event type of 101 characters", { event_type: "a".repeat(101) }, { field: "event_type", code: "invalid" }],
		["a payload that is no object", { event_type: "a", client_payload: [] }, { field: "client_payload" }],
		[
			"a payload of 64 KB",
			{ event_type: "a", client_payload: { fill: "x".repeat(65_536) } },
			{ field: "client_payload" },
		],
	])("with 422 for %s", async (_, body, error) => {
		const answer = await post({ body: JSON.stringify(body) });
		expect(answer.status).toBe(422);
		expect(answer.json()).toMatchObject({ message: "Validation Failed", errors: [error] });
	});

	it("with 422 for more than ten keys, in GitHub's own words", async () => {
		const client_payload = Object.fromEntries([..."0123456789abcd"].map((key) => [key, 1]));
		const answer = await post({ body: JSON.stringify({ event_type: "a", client_payload }) });
		expect(answer.status).toBe(422);
		expect(message(answer)).toContain("No more than 10 properties are allowed; 14 were supplied.");
	});

	it("and lists every call with its answer, but not what was asked of the stand-in itself", async () => {
		await post({ headers: without("authorization") });
		await post({ path: "/repos/contoso/elsewhere/dispatches" });
		await call(`${github.url}/_received`);
		expect(github.calls).toMatchObject([
			{ path: `/repos/${REPOSITORY}/dispatches`, token: undefined, status: 401 },
			{ path: "/repos/contoso/elsewhere/dispatches", token: TOKEN, status: 404 },
		]);
	});
});

describe("the GitHub stand-in's rate limits", () => {
	const START = Date.UTC(2026, 2, 14, 8, 0, 0);
	let now: number;

	beforeEach(() => {
		now = START;
	});

	it("are told with every answer to a token, with a request id", async () => {
		await start({ now: () => now });
		const { headers } = await post();
		expect(headers).toMatchObject({
			"x-ratelimit-limit": "5000",
			"x-ratelimit-remaining": "4999",
			"x-ratelimit-used": "1",
			"x-ratelimit-reset": String(START / 1000 + 3600),
			"x-ratelimit-resource": "core",
			"x-github-request-id": expect.stringMatching(/^[0-9A-F]+:[0-9A-F]+$/),
		});
		const missing = await post({ path: "/repos/contoso/elsewhere/dispatches" });
		expect(missing.headers["x-ratelimit-remaining"]).toBe("4998");
		const invalid = await post({ body: "{}" });
		expect(invalid.headers["x-ratelimit-remaining"]).toBe("4997");
		expect(invalid.headers["x-github-request-id"]).not.toBe(headers["x-github-request-id"]);
	});

	it("answer 403 with nothing remaining over the primary limit, until the hour is over", async () => {
		await start({ now: () => now, limits: { perHour: 2, contentPerMinute: 80, contentPerHour: 500 } });
		expect([(await post()).status, (await post()).status]).toEqual([204, 204]);
		const refused = await post();
		expect(refused.status).toBe(403);
		expect(message(refused)).toContain("API rate limit exceeded");
		expect(refused.headers).toMatchObject({
			"x-ratelimit-remaining": "0",
			"x-ratelimit-reset": String(START / 1000 + 3600),
		});
		expect(refused.headers["retry-after"]).toBeUndefined();
		now = START + 3_600_000;
		expect((await post()).status).toBe(204);
		expect(github.received).toHaveLength(3);
	});

	it("answer 403 with Retry-After over the secondary limit, and take the request after that time", async () => {
		await start({ now: () => now, limits: { perHour: 5000, contentPerMinute: 2, contentPerHour: 500 } });
		await post();
		now += 10_000;
		await post();
		const refused = await post();
		expect(refused.status).toBe(403);
		expect(message(refused)).toContain("secondary rate limit");
		expect(refused.headers).toMatchObject({ "retry-after": "50", "x-ratelimit-remaining": "4997" });
		now += 50_000;
		expect((await post()).status).toBe(204);
	});

	it("answer 403 with Retry-After 1 to a dispatch too soon after another, where a second has a limit", async () => {
		const limits = { perHour: 5000, contentPerMinute: 80, contentPerHour: 500, contentPerSecond: 1 };
		await start({ now: () => now, limits });
		await post();
		now += 749;
		const refused = await post();
		expect(refused.status).toBe(403);
		expect(message(refused)).toContain("secondary rate limit");
		expect(refused.headers["retry-after"]).toBe("1");
		now += 1;
		expect((await post()).status).toBe(204);
	});

	it("count arrivals, also while an earlier call waits for its answer", async () => {
		const limits = { perHour: 5000, contentPerMinute: 80, contentPerHour: 500, contentPerSecond: 1 };
		await start({ now: () => now, limits });
		await script({ delayMs: 300 });
		const slow = post();
		await eventually("the slow call", () => github.calls[0]);
		now += 749;
		expect((await post()).status).toBe(403);
		now += 1;
		expect((await post()).status).toBe(204);
		expect(github.calls[0]?.status).toBeNull();
		expect((await slow).status).toBe(204);
		expect(github.calls.map(({ at, status }) => [at - START, status])).toEqual([
			[0, 204],
			[749, 403],
			[750, 204],
		]);
	});

	it("are answered at /rate_limit, which counts towards none and is told over the limit, too", async () => {
		await start({ now: () => now, limits: { perHour: 1, contentPerMinute: 80, contentPerHour: 500 } });
		const look = async () => {
			const answer = await call(`${github.url}/rate_limit`, { headers: CALLER });
			const { resources, rate } = answer.json() as { resources: { core: object }; rate: object };
			expect(answer.status).toBe(200);
			expect(resources.core).toEqual(rate);
			return rate;
		};
		const reset = START / 1000 + 3600;
		expect(await look()).toEqual({ limit: 1, used: 0, remaining: 1, reset });
		await post();
		expect(await look()).toEqual({ limit: 1, used: 1, remaining: 0, reset });
		expect((await post()).status).toBe(403);
		expect(await look()).toEqual({ limit: 1, used: 1, remaining: 0, reset });
		expect((await call(`${github.url}/rate_limit`, { headers: without("authorization") })).status).toBe(401);
	});

	it("count each token on its own", async () => {
		const limits = { perHour: 1, contentPerMinute: 80, contentPerHour: 500 };
		await start({ now: () => now, limits, tokens: [TOKEN, "another"] });
		expect([(await post()).status, (await post()).status]).toEqual([204, 403]);
		expect((await post({ headers: { ...CALLER, authorization: "Bearer another" } })).status).toBe(204);
	});
});

describe("the GitHub stand-in's latency", () => {
	/** A timer may fire a little early. */
	const [LATENCY_MS, TOLERANCE_MS] = [150, 5];

	/** How long a call took. */
	async function timed(called: Promise<unknown>): Promise<number> {
		const before = performance.now();
		await called.catch(() => {});
		return performance.now() - before;
	}

	beforeEach(() => start({ latencyMs: LATENCY_MS }));

	it.each([
		["a dispatch", undefined, {}],
		["a refusal", undefined, { headers: without("authorization") }],
		["a scripted answer", { status: 500 }, {}],
		["a broken connection", { cut: "before" }, {}],
		["a fault with a shorter delay", { delayMs: 1 }, {}],
	])("is the least that %s takes", async (_, fault, more) => {
		if (fault !== undefined) await script(fault);
		expect(await timed(post(more))).toBeGreaterThanOrEqual(LATENCY_MS - TOLERANCE_MS);
	});

	it("does not add to a longer delay of a fault", async () => {
		await script({ delayMs: 400 });
		const took = await timed(post());
		expect(took).toBeGreaterThanOrEqual(400 - TOLERANCE_MS);
		expect(took).toBeLessThan(400 + LATENCY_MS);
	});

	it("passes for calls side by side, each of which is taken when it arrives", async () => {
		const both = [post(), post()];
		await eventually("two dispatches", () => github.received[1]);
		expect(github.calls).toMatchObject([{ status: null }, { status: null }]);
		expect((await Promise.all(both)).map(({ status }) => status)).toEqual([204, 204]);
	});

	it("does not delay what is asked of the stand-in itself", async () => {
		const waiting = post();
		await eventually("the call", () => github.calls[0]);
		await call(`${github.url}/_received`);
		expect(github.calls[0]?.status).toBeNull();
		await waiting;
	});
});

describe("the GitHub stand-in's token expiry", () => {
	const HEADER = "github-authentication-token-expiration";

	it("is told in GitHub's form with every answer to a valid token, and with no other", async () => {
		const limits = { perHour: 3, contentPerMinute: 80, contentPerHour: 500 };
		await start({ tokenExpiresAt: "2026-12-01", limits });
		const answers = [
			await post(),
			await post({ path: "/repos/contoso/elsewhere/dispatches" }),
			await post({ body: "{}" }),
			await post(),
			await post({ headers: { ...CALLER, authorization: "Bearer wrong" } }),
			await post({ headers: without("authorization") }),
		];
		const told = "2026-12-01 00:00:00 UTC";
		expect(answers.map(({ status, headers }) => [status, headers[HEADER]])).toEqual([
			[204, told],
			[404, told],
			[422, told],
			[403, told],
			[401, undefined],
			[401, undefined],
		]);
	});

	it("is not told where none is set, and can be set and taken away later", async () => {
		await start();
		expect((await post()).headers[HEADER]).toBeUndefined();
		github.setTokenExpiry(new Date(Date.UTC(2026, 10, 30, 17, 4, 5, 678)));
		expect((await post()).headers[HEADER]).toBe("2026-11-30 17:04:05 UTC");
		github.setTokenExpiry("2026-12-01T01:00:00+02:00");
		expect((await post()).headers[HEADER]).toBe("2026-11-30 23:00:00 UTC");
		github.setTokenExpiry();
		expect((await post()).headers[HEADER]).toBeUndefined();
	});

	it("is not told with an installation token, which has an expiry of its own", async () => {
		const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
		const key = publicKey.export({ type: "spki", format: "pem" }).toString();
		await start({ app: { id: "7", key }, tokenExpiresAt: "2026-12-01" });
		const at = Math.floor(Date.now() / 1000);
		const parts = [{ alg: "RS256" }, { iss: "7", iat: at, exp: at + 60 }].map((part) =>
			Buffer.from(JSON.stringify(part)).toString("base64url"),
		);
		const signature = sign("RSA-SHA256", Buffer.from(parts.join(".")), privateKey).toString("base64url");
		const headers = { ...CALLER, authorization: `Bearer ${[...parts, signature].join(".")}` };
		const installation = await call(`${github.url}/repos/${REPOSITORY}/installation`, { headers });
		const { id } = installation.json() as { id: number };
		const issued = await post({ path: `/app/installations/${id}/access_tokens`, headers });
		const { token } = issued.json() as { token: string };
		const taken = await post({ headers: { ...CALLER, authorization: `Bearer ${token}` } });
		expect([taken.status, taken.headers[HEADER]]).toEqual([204, undefined]);
		expect((await post()).headers[HEADER]).toBeDefined();
	});

	it("must be a time", async () => {
		await start();
		expect(() => github.setTokenExpiry("soon")).toThrow(RangeError);
	});
});

describe("the GitHub stand-in's list of calls", () => {
	const AT = Date.UTC(2026, 2, 14, 8, 15, 30);
	const [method, path, token, at] = ["POST", `/repos/${REPOSITORY}/dispatches`, TOKEN, AT];

	/** Posts a dispatch with a delivery's key, whatever becomes of it. */
	async function postKey(key: unknown, more: Call = {}): Promise<void> {
		const body = JSON.stringify({ event_type: "a", client_payload: { bridge: { key } } });
		await post({ body, ...more }).catch(() => {});
	}

	beforeEach(() => start({ now: () => AT }));

	it("tells the arrival, the key and the status of a call without a fault, and of a fault in its place", async () => {
		await postKey("one");
		await script([{ status: 503 }, { headers: { "x-late": "yes" } }]);
		await postKey("two");
		await postKey("three");
		expect(github.calls).toEqual([
			{ at, method, path, token, key: "one", status: 204 },
			{ at, method, path, token, key: "two", status: 503, fault: 503 },
			{ at, method, path, token, key: "three", status: 204 },
		]);
	});

	it("tells a lost answer from a call that GitHub never took", async () => {
		await script([{ cut: "before" }, { cut: "after" }]);
		for (let attempt = 0; attempt < 3; attempt++) await postKey("one");
		expect(github.calls).toEqual([
			{ at, method, path, token, key: "one", status: null, fault: "cut before" },
			{ at, method, path, token, key: "one", status: null, fault: "cut after" },
			{ at, method, path, token, key: "one", status: 204 },
		]);
		expect(github.received).toHaveLength(2);
	});

	it("tells a call that hangs, and has no status for one whose caller gave up before its answer", async () => {
		await script([{ hang: true }, { delayMs: 200 }]);
		const client = new AbortController();
		const both = [postKey("one", { signal: client.signal })];
		await eventually("the first call", () => github.calls[0]);
		both.push(postKey("two", { signal: client.signal }));
		await eventually("the second call", () => github.calls[1]);
		client.abort();
		await Promise.all(both);
		await setTimeout(300);
		expect(github.calls).toEqual([
			{ at, method, path, token, key: "one", status: null, fault: "hang" },
			{ at, method, path, token, key: "two", status: null },
		]);
		expect(github.received).toMatchObject([{ client_payload: { bridge: { key: "two" } } }]);
	});

	it.each([
		["a key that is no text", '{"client_payload":{"bridge":{"key":1}}}'],
		["a payload without a bridge", JSON.stringify(DISPATCH)],
		["a body of null", "null"],
		["a body that is no JSON", "{"],
	])("has no key for %s", async (_, body) => {
		await post({ body });
		expect(github.calls).toEqual([{ at, method, path, token, status: expect.any(Number) }]);
	});
});

describe("the GitHub stand-in's scripted faults", () => {
	beforeEach(() => start());

	it("of one repository serve its calls only, under /api/v3 and for its installation, too", async () => {
		await github.close();
		await start({ repositories: [] });
		await script([{ status: 503, repository: REPOSITORY, times: 3 }, { status: 500 }]);
		const paths = [
			"/repos/contoso/churn/dispatches",
			"/repos/contoso/churn/dispatches",
			`/repos/${REPOSITORY}/dispatches`,
			"/app/installations/1/access_tokens",
			`/api/v3/repos/${REPOSITORY}/dispatches`,
			`/repos/${REPOSITORY}/installation`,
			`/repos/${REPOSITORY}/dispatches`,
		];
		const statuses = [];
		for (const path of paths) statuses.push((await post({ path })).status);
		expect(statuses).toEqual([500, 204, 503, 404, 503, 503, 204]);
	});

	it("redirect the calls of a renamed repository, and leave the address they are sent to alone", async () => {
		await github.close();
		await start({ repositories: ["contoso/renamed"] });
		const location = `${github.url}/repos/contoso/renamed/dispatches`;
		await script({ status: 307, headers: { location }, repository: REPOSITORY, times: 2 });
		const redirected = await post();
		expect([redirected.status, redirected.headers.location]).toEqual([307, location]);
		expect((await post({ path: "/repos/contoso/renamed/dispatches" })).status).toBe(204);
		expect((await post()).status).toBe(307);
	});

	it("answer a status in GitHub's form instead of taking the dispatch, once, and tell how many there are", async () => {
		expect((await script({ status: 502 })).json()).toEqual({ faults: 1 });
		const answer = await post();
		expect(answer.status).toBe(502);
		expect(answer.json()).toMatchObject({ message: "A scripted fault", status: "502" });
		expect(github.received).toEqual([]);
		expect((await post()).status).toBe(204);
	});

	it("answer the headers and the body that the script gives", async () => {
		await script({ status: 403, headers: { "retry-after": "60" }, body: { message: "abuse detection" } });
		const answer = await post();
		expect(answer.headers["retry-after"]).toBe("60");
		expect(answer.json()).toEqual({ message: "abuse detection" });
	});

	it("answer null where the body is null", async () => {
		await script({ status: 500, body: null });
		expect((await post()).text).toBe("null");
	});

	it("redirect where a location is given", async () => {
		const location = `${github.url}/repos/contoso/renamed/dispatches`;
		await script({ status: 307, headers: { location } });
		const answer = await post();
		expect(answer.status).toBe(307);
		expect(answer.headers.location).toBe(location);
	});

	it("add headers to the proper answer where no status is given", async () => {
		await script({ headers: { "x-ratelimit-remaining": "0" } });
		const answer = await post();
		expect(answer.status).toBe(204);
		expect(answer.headers["x-ratelimit-remaining"]).toBe("0");
	});

	it("give the proper answer late with delayMs, while another request gets its own at once", async () => {
		await script({ delayMs: 300, headers: { "x-late": "yes" } });
		const ends: unknown[] = [];
		const both = [post(), post()].map(async (answer) => {
			const { status, headers } = await answer;
			ends.push([status, headers["x-late"]]);
		});
		await Promise.all(both);
		expect(ends).toEqual([
			[204, undefined],
			[204, "yes"],
		]);
	});

	it("come in their order, each as often as its times says", async () => {
		expect((await script([{ status: 500, times: 2 }, { status: 429 }])).json()).toEqual({ faults: 3 });
		const statuses = [];
		for (let request = 0; request < 4; request++) statuses.push((await post()).status);
		expect(statuses).toEqual([500, 500, 429, 204]);
	});

	it("break the connection before the dispatch is taken", async () => {
		await script({ cut: "before" });
		await expect(post()).rejects.toThrow(/socket hang up|ECONNRESET/);
		expect(github.received).toEqual([]);
		expect(github.calls).toMatchObject([{ status: null }]);
	});

	it("break the connection after the dispatch was taken, so that its 204 is lost", async () => {
		await script({ cut: "after" });
		await expect(post()).rejects.toThrow(/socket hang up|ECONNRESET/);
		expect(github.received).toHaveLength(1);
		expect(github.calls).toMatchObject([{ status: null }]);
	});

	it("never answer with hang, and live on when the client gives up", async () => {
		await script({ hang: true });
		const client = new AbortController();
		const waiting = post({ signal: client.signal });
		await eventually("the call", () => github.calls[0]);
		client.abort();
		await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
		expect(github.received).toEqual([]);
		expect((await post()).status).toBe(204);
	});

	it.each([200, 400, 403, 500, 502, 503])(
		"take the dispatch and answer %d all the same, with taken",
		async (status) => {
			await script([{ status, taken: true }, { status }]);
			expect([(await post()).status, (await post()).status]).toEqual([status, status]);
			expect(github.received).toHaveLength(1);
			expect(github.calls).toMatchObject([
				{ fault: status, status, taken: true },
				{ fault: status, status },
			]);
			expect(github.calls[1]?.taken).toBeUndefined();
		},
	);

	it("take nothing that would be refused without them, with taken", async () => {
		await script({ status: 502, taken: true, times: 3 });
		await post({ body: "{}" });
		await post({ path: "/repos/contoso/elsewhere/dispatches" });
		await post({ headers: { ...CALLER, authorization: "Bearer wrong" } });
		expect(github.received).toEqual([]);
	});

	it("take the dispatch and never answer, with taken and hang", async () => {
		await script({ hang: true, taken: true });
		const controller = new AbortController();
		const waiting = fetch(`${github.url}/repos/${REPOSITORY}/dispatches`, {
			method: "POST",
			headers: CALLER,
			body: JSON.stringify(DISPATCH),
			signal: controller.signal,
		});
		await eventually("the dispatch", () => github.received[0]);
		controller.abort();
		await expect(waiting).rejects.toThrow();
		expect(github.calls).toMatchObject([{ fault: "hang", taken: true, status: null }]);
	});

	it("answer a text as it stands where the script says that it is no JSON", async () => {
		await script([
			{ status: 200, headers: { "Content-Type": "text/html" }, body: "<title>Sign in</title>" },
			{ status: 200, body: "text" },
		]);
		expect(await post()).toMatchObject({ text: "<title>Sign in</title>", headers: { "content-type": "text/html" } });
		expect((await post()).json()).toBe("text");
	});

	it("do not keep the stand-in from closing while they hang", async () => {
		await script({ hang: true });
		const waiting = post();
		const lost = expect(waiting).rejects.toThrow(/socket hang up|ECONNRESET/);
		await eventually("the call", () => github.calls[0]);
		await github.close();
		await lost;
	});

	it("do not touch /_received and /_script", async () => {
		await script({ status: 500 });
		expect((await call(`${github.url}/_received`)).status).toBe(200);
		expect((await post()).status).toBe(500);
	});

	it("are replaced by the next script, and gone with an empty one", async () => {
		await script({ status: 500, times: 9 });
		await script({ status: 429 });
		expect((await post()).status).toBe(429);
		await script({ status: 500, times: 9 });
		expect((await script([])).json()).toEqual({ faults: 0 });
		expect((await post()).status).toBe(204);
	});

	it("stay as they were when a new script is wrong, which is answered 400 with what is wrong", async () => {
		await script({ status: 429 });
		const refused = await script([{ status: 500 }, { status: 99 }]);
		expect(refused.status).toBe(400);
		expect(refused.json()).toEqual({ error: "script[1].status must be from 200 to 599" });
		expect((await post()).status).toBe(429);
	});

	it("are answered 400 where the script is no JSON", async () => {
		const refused = await call(`${github.url}/_script`, { method: "POST", body: "{status: 500}" });
		expect(refused.status).toBe(400);
		expect(refused.json()).toMatchObject({ error: expect.stringContaining("JSON") });
	});

	it.each([
		["GET", "/_script"],
		["POST", "/_received"],
		["GET", "/_other"],
	])("are not behind %s %s, which is answered with what there is", async (method, path) => {
		const answer = await call(`${github.url}${path}`, { method });
		expect(answer.status).toBe(404);
		expect(answer.text).toContain("POST /_script");
	});
});
