import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { cachedSecrets } from "../../../src/config/secrets.ts";
import type { Client } from "../../../src/destinations/destination.ts";
import { createCall } from "../../../src/destinations/github/call-github.ts";
import { createGitHub } from "../../../src/destinations/github/github.ts";
import { createInstallationTokens } from "../../../src/destinations/github/github-app.ts";
import { appTokens } from "../../../src/destinations/github/tokens.ts";
import { type GitHubStandIn, type StandInOptions, startGitHubStandIn } from "../../../src/local/github-stand-in.ts";
import type { Fault } from "../../../src/local/stand-in/script.ts";
import { repositoryDispatch } from "../../../support/destinations.ts";

const APP_ID = "1234567";
const MINUTE_MS = 60_000;
const pair = (type: "pkcs1" | "pkcs8" = "pkcs1") =>
	generateKeyPairSync("rsa", {
		modulusLength: 2048,
		privateKeyEncoding: { type, format: "pem" },
		publicKeyEncoding: { type: "spki", format: "pem" },
	});
const { privateKey, publicKey } = pair();
const other = pair("pkcs8");
const ecKey = generateKeyPairSync("ec", {
	namedCurve: "P-256",
	privateKeyEncoding: { type: "pkcs8", format: "pem" },
	publicKeyEncoding: { type: "spki", format: "pem" },
}).privateKey;

const never = () => new Promise<never>(() => {});

let standIn: GitHubStandIn;
let secrets: Record<string, string>;
/** The client's clock goes so far ahead; nobody waits in earnest. */
let clock: { aheadMs: number; slept: number[] };
beforeEach(async () => {
	clock = { aheadMs: 0, slept: [] };
	secrets = { "github-app-key": privateKey };
	await start();
});
afterEach(() => standIn.close());

const now = () => Date.now() + clock.aheadMs;

async function start(options: StandInOptions = {}): Promise<void> {
	standIn = await startGitHubStandIn({ tokens: ["pat"], app: { id: APP_ID, key: publicKey }, ...options });
}

async function restart(options: StandInOptions): Promise<void> {
	await standIn.close();
	await start(options);
}

/** The client as the bridge wires it, but for the vault, which is a record. */
function client({ appId = APP_ID, path = "" } = {}): Client {
	const sleep = async (ms: number) => {
		clock.slept.push(ms);
		clock.aheadMs += ms;
	};
	const options = { apiUrl: `${standIn.url}${path}`, version: "9.9.9", fetch: globalThis.fetch, now, sleep };
	const read = async (name: string) => secrets[name] ?? "";
	const call = createCall(options);
	const open = async (key: string) => createInstallationTokens({ appId, privateKey: key, call, now });
	const tokens = appTokens({ secrets: cachedSecrets(read, () => 0, never), keyName: "github-app-key", open });
	return createGitHub({ ...options, tokens, timeoutMs: 10_000 });
}

const BODY = JSON.stringify({ event_type: "t", client_payload: {} });
const to = (owner: string, token?: string) => repositoryDispatch(`${owner}/fraud-model`, "t", token);
const paths = () => standIn.calls.map(({ path }) => path);
const appCalls = () => standIn.calls.filter(({ path }) => !path.endsWith("/dispatches"));

describe("a GitHub App", () => {
	it("dispatches with the token of its installation, looked up and created once", async () => {
		const github = client();
		for (let count = 0; count < 3; count++) {
			expect(await github.send(to("contoso"), BODY)).toMatchObject({
				classification: { kind: "taken" },
				status: 204,
			});
		}
		expect(paths()).toEqual([
			"/repos/contoso/fraud-model/installation",
			expect.stringMatching(/^\/app\/installations\/\d+\/access_tokens$/),
			...Array(3).fill("/repos/contoso/fraud-model/dispatches"),
		]);
	});

	it("uses another owner's own installation", async () => {
		const github = client();
		await github.send(to("contoso"), BODY);
		await github.send(to("fabrikam"), BODY);
		await github.send(to("Contoso"), BODY);
		expect(standIn.received.map(({ repository }) => repository)).toHaveLength(3);
		expect(appCalls()).toHaveLength(4);
		expect(
			new Set(standIn.calls.filter(({ path }) => path.endsWith("/dispatches")).map(({ token }) => token)).size,
		).toBe(2);
	});

	it("looks its installation up once for events that come together", async () => {
		const github = client();
		const attempts = await Promise.all([1, 2, 3, 4].map(() => github.send(to("contoso"), BODY)));
		expect(attempts.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
		expect(appCalls()).toHaveLength(2);
	});

	it("looks it up again after a failure", async () => {
		const github = client();
		standIn.script.set({ status: 503 });
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "transient" } });
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ status: 204 });
	});

	it.each([20 * MINUTE_MS, -20 * MINUTE_MS, 86_400_000])(
		"is known to GitHub though the clock of the bridge is off by %i ms, and learns that once",
		async (ms) => {
			standIn.advance(ms);
			expect(await client().send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "taken" } });
			expect(appCalls().map(({ status }) => status)).toEqual([401, 200, 201]);
		},
	);

	it("appends its paths to Enterprise Server's base", async () => {
		expect(await client({ path: "/api/v3" }).send(to("contoso"), BODY)).toMatchObject({ status: 204 });
		expect(paths().every((path) => path.startsWith("/api/v3/"))).toBe(true);
	});

	it("gets a new token when GitHub refuses the old one, and dispatches in the same call", async () => {
		const github = client();
		await github.send(to("contoso"), BODY);
		clock.aheadMs += MINUTE_MS;
		standIn.revokeInstallationTokens();
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "taken" } });
		expect(standIn.received).toHaveLength(2);
	});

	it("dispatches with another secret where the route names one", async () => {
		secrets["other-token"] = "pat";
		await client().send(to("contoso", "other-token"), BODY);
		expect(standIn.calls).toMatchObject([{ path: "/repos/contoso/fraud-model/dispatches", token: "pat", status: 204 }]);
	});

	it.each([
		["PKCS#8", other.privateKey],
		["PKCS#1", privateKey],
		["spaces where a form has taken the line breaks", privateKey.replaceAll("\n", " ")],
		["\\n where a shell has left it", privateKey.replaceAll("\n", "\\n")],
	])("reads its key as %s", async (_, key) => {
		secrets["github-app-key"] = key;
		await standIn.close();
		await start({ app: { id: APP_ID, key: key === other.privateKey ? other.publicKey : publicKey } });
		expect(await client().send(to("contoso"), BODY)).toMatchObject({ status: 204 });
	});

	it("takes up a replaced key without a restart", async () => {
		const github = client();
		secrets["github-app-key"] = other.privateKey;
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "unauthorized" } });
		secrets["github-app-key"] = privateKey;
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "taken" } });
	});
});

describe("a GitHub App that cannot get a token", () => {
	const classificationOf = async (options = {}) => (await client(options).send(to("contoso"), BODY)).classification;

	it("closes only the destination where it is not installed, and names the repair", async () => {
		await standIn.close();
		await start({ app: { id: APP_ID, key: publicKey, owners: ["fabrikam"] } });
		expect(await classificationOf()).toMatchObject({
			kind: "unavailable",
			reason: expect.stringContaining("install it for contoso"),
		});
		expect(await client().send(to("fabrikam"), BODY)).toMatchObject({ status: 204 });
	});

	it("looks the installation up again after it was removed", async () => {
		const github = client();
		await github.send(to("contoso"), BODY);
		clock.aheadMs += MINUTE_MS;
		standIn.revokeInstallationTokens();
		standIn.script.set([{ status: 401 }, { status: 404 }]);
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "unavailable" } });
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ status: 204 });
		expect(paths().filter((path) => path.endsWith("/installation"))).toHaveLength(2);
	});

	it.each([
		["an id that is not its own", { appId: "7654321" }, privateKey, "check GITHUB_APP_ID"],
		["another app's key", {}, other.privateKey, "check GITHUB_APP_ID"],
		["a secret that holds no key", {}, "ghp_sometoken", '"github-app-key" does not contain a private key'],
		["a key of another kind", {}, ecKey, "does not contain a private key"],
		["half a key", {}, privateKey.slice(0, 400), "does not contain a private key"],
		["an empty secret", {}, "", '"github-app-key" is empty'],
	])("says what to repair with %s", async (_, options, key, words) => {
		secrets["github-app-key"] = key;
		expect(await classificationOf(options)).toMatchObject({
			kind: "unauthorized",
			reason: expect.stringContaining(words),
		});
	});

	it("looks up each repository, so that one that is not covered closes no other of its owner", async () => {
		const github = client();
		standIn.script.set({ status: 404, repository: "contoso/fraud-model", times: 9 });
		const [bad, good] = await Promise.all([
			github.send(to("contoso"), BODY),
			github.send(repositoryDispatch("contoso/churn", "t"), BODY),
		]);
		expect(bad).toMatchObject({
			classification: { kind: "unavailable", reason: expect.stringContaining("not installed") },
		});
		expect(bad.classification).toEqual(expect.not.objectContaining({ wide: expect.anything() }));
		expect(good.classification).toEqual({ kind: "taken" });
	});

	it("closes the lane while its installation is suspended, and opens it after that", async () => {
		const github = client();
		const suspended = { kind: "unavailable", wide: true, reason: expect.stringMatching(/suspended.*unsuspend/) };
		await github.send(to("contoso"), BODY);
		standIn.suspendInstallations(["Contoso"]);
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ classification: suspended });
		clock.aheadMs += 3_600_000;
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ classification: suspended });
		expect(await client().send(to("contoso"), BODY)).toMatchObject({ classification: suspended });
		expect(await client().send(to("fabrikam"), BODY)).toMatchObject({ classification: { kind: "taken" } });
		standIn.suspendInstallations([]);
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "taken" } });
	});

	const page = { headers: { "content-type": "text/html" }, body: "<title>Sign in</title>" };
	it.each<[string, Fault, object]>([
		["a secondary limit", { status: 403, headers: { "retry-after": "30" } }, { kind: "rate-limited", named: true }],
		["a limit without a time", { status: 429 }, { kind: "rate-limited", named: false }],
		[
			"an outage with a time",
			{ status: 503, headers: { "retry-after": "30" } },
			{ kind: "transient", retryAfterMs: 30_000 },
		],
		["an outage", { status: 500 }, { kind: "transient" }],
		["a connection that breaks", { cut: "before" }, { kind: "transient" }],
		["an answer that is lost", { cut: "after" }, { kind: "transient" }],
		["a refusal of the request", { status: 422 }, { kind: "unavailable", wide: true }],
		["a request that is too large", { status: 413 }, { kind: "unavailable", wide: true }],
		["a forbidden one", { status: 403 }, { kind: "unavailable", wide: true }],
		["a page", { status: 200, ...page }, { kind: "unavailable", wide: true }],
		["a page with 404", { status: 404, ...page }, { kind: "unavailable", wide: true }],
		["JSON without what is asked for", { status: 200, body: { id: "x" } }, { kind: "unavailable", wide: true }],
		["JSON that is null", { status: 201, body: null }, { kind: "unavailable", wide: true }],
		[
			"an API version",
			{ status: 400, body: { message: "x is not a supported version" } },
			{ kind: "unavailable", wide: true },
		],
	])("takes %s for what it is, at the look-up and at the token", async (_, fault, classification) => {
		for (const before of [0, 1]) {
			standIn.script.set([...(before === 1 ? [{ delayMs: 1 }] : []), fault]);
			const attempt = await client().send(to("contoso"), BODY);
			expect(attempt.classification).toMatchObject(classification);
			expect("wide" in attempt.classification).toBe("wide" in classification);
			expect(attempt.calls).toHaveLength(before + 1);
		}
		expect(standIn.received).toEqual([]);
	});

	it("counts its calls for the pace", async () => {
		const github = client();
		expect((await github.send(to("contoso"), BODY)).calls).toHaveLength(3);
		expect((await github.send(to("contoso"), BODY)).calls).toHaveLength(1);
		clock.aheadMs += 3_600_000;
		expect((await github.send(to("contoso"), BODY)).calls).toHaveLength(2);
	});

	it("waits while GitHub is down and its token has ended, and goes on with a new one", async () => {
		const github = client();
		await github.send(to("contoso"), BODY);
		clock.aheadMs += 3_600_000;
		standIn.script.set({ status: 502 });
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "transient" } });
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ status: 204 });
	});

	it.each(["soon", "2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z", null])(
		"uses a token for an hour that ends at %j, as no token does",
		async (expires_at) => {
			const github = client();
			standIn.script.set([{ delayMs: 1 }, { status: 201, body: { token: "pat", expires_at } }]);
			await github.send(to("contoso"), BODY);
			clock.aheadMs += 58 * MINUTE_MS;
			expect((await github.send(to("contoso"), BODY)).calls).toHaveLength(1);
			clock.aheadMs += 2 * MINUTE_MS;
			expect((await github.send(to("contoso"), BODY)).calls).toHaveLength(2);
		},
	);

	it("waits for the end of GitHub's failure", async () => {
		standIn.script.set({ status: 503 });
		expect(await classificationOf()).toMatchObject({ kind: "transient" });
		expect(await classificationOf()).toMatchObject({ kind: "taken" });
	});

	it.each<[string, Fault]>([
		["a cut", { cut: "after" }],
		["a 502", { status: 502 }],
	])(
		"says of a dispatch that was not sent, since GitHub made no token, nothing that is not known: %s",
		async (_, fault) => {
			standIn.script.set([fault]);
			const { classification } = await client().send(to("contoso"), BODY);
			expect(classification).toMatchObject({
				kind: "transient",
				reason: expect.stringMatching(/^no token for the GitHub App: (?!.*it is not known)/),
			});
		},
	);
});

describe("a token that was just made", () => {
	const unknown = { status: 403, body: { message: "Resource not accessible by integration" } };
	const afterTheToken = (...faults: Fault[]) => standIn.script.set([{ delayMs: 1 }, { delayMs: 1 }, ...faults]);

	it.each([
		["401", { status: 401, body: { message: "Bad credentials" } }],
		["403, as if a permission were missing", unknown],
	])("is tried again where GitHub answers %s, in the same attempt", async (_, fault) => {
		const github = client();
		afterTheToken(fault);
		const attempt = await github.send(to("contoso"), BODY);
		expect(attempt).toMatchObject({ classification: { kind: "taken" }, status: 204 });
		expect(clock.slept).toEqual([1_000]);
		expect(attempt.calls).toHaveLength(4);
		expect(standIn.received).toHaveLength(1);
	});

	it("is sent after 1, 2 and 4 s", async () => {
		afterTheToken({ ...unknown, times: 3 });
		expect(await client().send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "taken" } });
		expect(clock.slept).toEqual([1_000, 2_000, 4_000]);
		expect(appCalls()).toHaveLength(2);
	});

	it.each([500, 1_900, 5_900])("is known to GitHub after %d ms, and sent until then", async (unknownForMs) => {
		await restart({ now, app: { id: APP_ID, key: publicKey, unknownForMs } });
		expect(await client().send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "taken" } });
	});

	it("may have ended: after a second it is replaced", async () => {
		const github = client();
		await github.send(to("contoso"), BODY);
		standIn.revokeInstallationTokens();
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "taken" } });
		expect(clock.slept).toEqual([1_000]);
	});

	it("is given up within the time of one call where GitHub goes on refusing it", async () => {
		afterTheToken({ ...unknown, times: 99 });
		expect(await client().send(to("contoso"), BODY)).toMatchObject({
			classification: { kind: "unavailable" },
			status: 403,
		});
		expect(clock.slept).toEqual([1_000, 2_000, 4_000]);
		clock.slept = [];
		await restart({ now, app: { id: APP_ID, key: publicKey, unknownForMs: MINUTE_MS } });
		expect(await client().send(to("contoso"), BODY)).toMatchObject({ classification: { kind: "unauthorized" } });
		expect(clock.slept.reduce((sum, ms) => sum + ms)).toBeLessThan(10_000);
	});

	it("is not tried again once it is a minute old, nor for another answer", async () => {
		const github = client();
		await github.send(to("contoso"), BODY);
		standIn.script.set({ status: 404 });
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ status: 404 });
		standIn.script.set({ status: 403, body: { message: "Repository was archived so is read-only." } });
		expect(await github.send(to("contoso"), BODY)).toMatchObject({ status: 403 });
		clock.aheadMs += MINUTE_MS;
		standIn.script.set(unknown);
		expect(await github.send(to("contoso"), BODY)).toMatchObject({
			classification: { kind: "unavailable" },
			status: 403,
		});
		expect(clock.slept).toEqual([]);
	});

	it("is no secret of a vault: that one is not tried again", async () => {
		secrets["other-token"] = "pat";
		standIn.script.set(unknown);
		expect(await client().send(to("contoso", "other-token"), BODY)).toMatchObject({ status: 403 });
		expect(clock.slept).toEqual([]);
	});
});

describe("a look at a token", () => {
	const at = { repository: "contoso/fraud-model" };

	it("finds an app's token good, and asks each time whether the app is installed", async () => {
		const github = client();
		const fine = { state: "ok", expiresAt: null, reason: null };
		expect(await github.checkToken(at)).toEqual(fine);
		expect(await github.checkToken(at)).toEqual(fine);
		const installation = "/repos/contoso/fraud-model/installation";
		expect(paths().filter((path) => path === installation)).toHaveLength(2);
		expect(paths().filter((path) => path === "/rate_limit")).toHaveLength(2);
		expect(standIn.received).toEqual([]);
	});

	it("says when a personal access token ends", async () => {
		secrets["other-token"] = "pat";
		standIn.setTokenExpiry("2026-12-01T00:00:00Z");
		expect(await client().checkToken({ ...at, token: "other-token" })).toEqual({
			state: "ok",
			expiresAt: "2026-12-01T00:00:00.000Z",
			reason: null,
		});
	});

	it("finds the installation suspended, though a token of it is still there", async () => {
		const github = client();
		await github.send(to("contoso"), BODY);
		standIn.suspendInstallations(["contoso"]);
		expect(await github.checkToken(at)).toMatchObject({
			state: "refused",
			reason: expect.stringMatching(/^the GitHub App is suspended for contoso \(since .*unsuspend it/),
		});
	});

	it("finds the app not installed, and its key refused", async () => {
		await restart({ app: { id: APP_ID, key: publicKey, owners: ["fabrikam"] } });
		expect(await client().checkToken(at)).toMatchObject({
			state: "refused",
			reason: expect.stringContaining("install it for contoso"),
		});
		expect(await client({ appId: "7654321" }).checkToken(at)).toMatchObject({ state: "refused" });
	});

	it("finds a token refused that is not there, empty, or not GitHub's", async () => {
		expect(await client().checkToken({ ...at, token: "other-token" })).toMatchObject({
			state: "refused",
			reason: expect.stringContaining("is empty"),
		});
		secrets["other-token"] = "wrong";
		expect(await client().checkToken({ ...at, token: "other-token" })).toMatchObject({
			state: "refused",
			reason: expect.stringContaining("401"),
		});
	});

	it("takes a newer token from the vault where GitHub refuses the one that is known", async () => {
		secrets["other-token"] = "wrong";
		const github = client();
		await github.checkToken({ ...at, token: "other-token" });
		secrets["other-token"] = "pat";
		expect(await github.checkToken({ ...at, token: "other-token" })).toMatchObject({ state: "ok" });
	});

	it.each<[string, Fault]>([
		["a limit", { status: 429 }],
		["an outage", { status: 503 }],
		["a broken connection", { cut: "before" }],
		["a page", { status: 200, headers: { "content-type": "text/html" }, body: "<title>Sign in</title>" }],
		["a page that is not there", { status: 404, headers: { "content-type": "text/html" }, body: "<title>No</title>" }],
	])("knows nothing of a token after %s", async (_, fault) => {
		secrets["other-token"] = "pat";
		standIn.script.set(fault);
		const check = await client().checkToken({ ...at, token: "other-token" });
		const reason = expect.not.stringMatching(/whether the request was taken|^$/);
		expect(check).toEqual({ state: "unknown", expiresAt: null, reason });
	});

	it("finds a token good on an Enterprise Server that has no rate limits", async () => {
		secrets["other-token"] = "pat";
		standIn.script.set({ status: 404, body: { message: "Rate limiting is not enabled." } });
		expect(await client().checkToken({ ...at, token: "other-token" })).toMatchObject({ state: "ok" });
	});

	it("finds the token of a suspended account refused", async () => {
		secrets["other-token"] = "pat";
		standIn.script.set({ status: 403, body: { message: "Sorry. Your account was suspended." } });
		expect(await client().checkToken({ ...at, token: "other-token" })).toMatchObject({ state: "refused" });
	});
});
