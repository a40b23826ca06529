import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { appTokens } from "../../src/dispatch/app-tokens.ts";
import { createCall } from "../../src/dispatch/call-github.ts";
import { createGitHub, type GitHub } from "../../src/dispatch/github.ts";
import { createInstallationTokens } from "../../src/dispatch/github-app.ts";
import { createSend } from "../../src/dispatch/octokit.ts";
import { cachedSecrets } from "../../src/dispatch/secrets.ts";
import { type GitHubStandIn, type StandInOptions, startGitHubStandIn } from "../../src/local/github-stand-in.ts";

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

async function start(options: StandInOptions = {}): Promise<void> {
	standIn = await startGitHubStandIn({ tokens: ["pat"], app: { id: APP_ID, key: publicKey }, ...options });
}

/** The client as the bridge wires it, but for the vault, which is a record. */
function client({ appId = APP_ID, path = "" } = {}): GitHub {
	const now = () => Date.now() + clock.aheadMs;
	const sleep = async (ms: number) => {
		clock.slept.push(ms);
		clock.aheadMs += ms;
	};
	const reach = { apiUrl: `${standIn.url}${path}`, userAgent: "test", fetch: globalThis.fetch };
	const options = { apiUrl: reach.apiUrl, loadSend: async () => createSend(reach), now, sleep };
	const read = async (name: string) => secrets[name] ?? "";
	const call = createCall(options);
	const open = async (key: string) => createInstallationTokens({ appId, privateKey: key, call, now });
	const tokens = appTokens({ secrets: cachedSecrets(read, () => 0, never), keyName: "github-app-key", open });
	return createGitHub({ ...options, tokens, timeoutMs: 10_000 });
}

const to = (owner: string, token?: string) => ({
	owner,
	repo: "fraud-model",
	body: JSON.stringify({ event_type: "t", client_payload: {} }),
	...(token === undefined ? {} : { token }),
});
const paths = () => standIn.calls.map(({ path }) => path);
const appCalls = () => standIn.calls.filter(({ path }) => !path.endsWith("/dispatches"));

describe("a GitHub App", () => {
	it("dispatches with the token of its installation, looked up and created once", async () => {
		const github = client();
		for (let count = 0; count < 3; count++) {
			expect(await github.dispatch(to("contoso"))).toMatchObject({
				verdict: { kind: "dispatched" },
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
		await github.dispatch(to("contoso"));
		await github.dispatch(to("fabrikam"));
		await github.dispatch(to("Contoso"));
		expect(standIn.received.map(({ repository }) => repository)).toHaveLength(3);
		expect(appCalls()).toHaveLength(4);
		expect(
			new Set(standIn.calls.filter(({ path }) => path.endsWith("/dispatches")).map(({ token }) => token)).size,
		).toBe(2);
	});

	it("looks its installation up once for events that come together", async () => {
		const github = client();
		const attempts = await Promise.all([1, 2, 3, 4].map(() => github.dispatch(to("contoso"))));
		expect(attempts.map(({ status }) => status)).toEqual([204, 204, 204, 204]);
		expect(appCalls()).toHaveLength(2);
	});

	it("looks it up again after a failure", async () => {
		const github = client();
		standIn.script.set({ status: 503 });
		expect(await github.dispatch(to("contoso"))).toMatchObject({ verdict: { kind: "trouble" } });
		expect(await github.dispatch(to("contoso"))).toMatchObject({ status: 204 });
	});

	it("appends its paths to Enterprise Server's base", async () => {
		expect(await client({ path: "/api/v3" }).dispatch(to("contoso"))).toMatchObject({ status: 204 });
		expect(paths().every((path) => path.startsWith("/api/v3/"))).toBe(true);
	});

	it("gets a new token when GitHub refuses the old one, and dispatches in the same call", async () => {
		const github = client();
		await github.dispatch(to("contoso"));
		clock.aheadMs += MINUTE_MS;
		standIn.revokeInstallationTokens();
		expect(await github.dispatch(to("contoso"))).toMatchObject({ verdict: { kind: "dispatched" } });
		expect(standIn.received).toHaveLength(2);
	});

	it("dispatches with another secret where the route names one", async () => {
		secrets["other-token"] = "pat";
		await client().dispatch(to("contoso", "other-token"));
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
		expect(await client().dispatch(to("contoso"))).toMatchObject({ status: 204 });
	});

	it("takes up a replaced key without a restart", async () => {
		const github = client();
		secrets["github-app-key"] = other.privateKey;
		expect(await github.dispatch(to("contoso"))).toMatchObject({ verdict: { kind: "bad-token" } });
		secrets["github-app-key"] = privateKey;
		expect(await github.dispatch(to("contoso"))).toMatchObject({ verdict: { kind: "dispatched" } });
	});
});

describe("a GitHub App that cannot get a token", () => {
	const verdictOf = async (options = {}) => (await client(options).dispatch(to("contoso"))).verdict;

	it("closes only the destination where it is not installed, and names the repair", async () => {
		await standIn.close();
		await start({ app: { id: APP_ID, key: publicKey, owners: ["fabrikam"] } });
		expect(await verdictOf()).toMatchObject({
			kind: "closed",
			reason: expect.stringContaining("install it for contoso"),
		});
		expect(await client().dispatch(to("fabrikam"))).toMatchObject({ status: 204 });
	});

	it("looks the installation up again after it was removed", async () => {
		const github = client();
		await github.dispatch(to("contoso"));
		clock.aheadMs += MINUTE_MS;
		standIn.revokeInstallationTokens();
		standIn.script.set([{ status: 401 }, { status: 404 }]);
		expect(await github.dispatch(to("contoso"))).toMatchObject({ verdict: { kind: "closed" } });
		expect(await github.dispatch(to("contoso"))).toMatchObject({ status: 204 });
		expect(paths().filter((path) => path.endsWith("/installation"))).toHaveLength(2);
	});

	it.each([
		["an id that is not its own", { appId: "7654321" }, privateKey, "check GITHUB_APP_ID"],
		["another app's key", {}, other.privateKey, "check GITHUB_APP_ID"],
		["a secret that holds no key", {}, "ghp_sometoken", '"github-app-key" does not hold a private key'],
		["half a key", {}, privateKey.slice(0, 400), "does not hold a private key"],
		["an empty secret", {}, "", '"github-app-key" is empty'],
	])("says what to repair with %s", async (_, options, key, words) => {
		secrets["github-app-key"] = key;
		expect(await verdictOf(options)).toMatchObject({ kind: "bad-token", reason: expect.stringContaining(words) });
	});

	it("waits for GitHub's trouble to pass", async () => {
		standIn.script.set({ status: 503 });
		expect(await verdictOf()).toMatchObject({ kind: "trouble" });
		expect(await verdictOf()).toMatchObject({ kind: "dispatched" });
	});

	it("tries again after its client could not be loaded", async () => {
		let loads = 0;
		const tokens = appTokens({
			secrets: cachedSecrets(
				async () => privateKey,
				() => 0,
				never,
			),
			keyName: "k",
			open: async () => {
				loads += 1;
				if (loads === 1) throw new Error("EMFILE");
				return { token: async () => "token", inspect: async () => {}, issuedAt: () => undefined };
			},
		});
		const wanted = { owner: "contoso", repo: "a" };
		await expect(tokens.get(wanted)).rejects.toMatchObject({
			kind: "trouble",
			message: expect.stringContaining("EMFILE"),
		});
		await expect(tokens.get(wanted)).resolves.toBe("token");
	});
});
