import { generateKeyPairSync } from "node:crypto";
import { beforeEach, describe, expect, it } from "@jest/globals";
import { TokenUnavailable } from "../../../src/config/secrets.ts";
import type { Call } from "../../../src/destinations/github/call-github.ts";
import { createInstallationTokens, type InstallationTokens } from "../../../src/destinations/github/github-app.ts";
import type { Answered } from "../../../src/destinations/service-response.ts";
import { NOT_KNOWN } from "../../../src/destinations/try-calls.ts";
import type { Classification } from "../../../src/model.ts";
import { asked } from "../../helpers/asked.ts";

const { privateKey } = generateKeyPairSync("rsa", {
	modulusLength: 2048,
	privateKeyEncoding: { type: "pkcs8", format: "pem" },
	publicKeyEncoding: { type: "spki", format: "pem" },
});

const MINUTE_MS = 60_000;
const START = Date.parse("2026-03-01T12:00:00Z");
const after = (ms: number) => new Date(START + ms).toISOString();
const fabrikam = { owner: "fabrikam", repo: "churn" };

/** The clock stands still until it is moved. GitHub answers what stands first in its list, and else what is proper. */
let clock: number;
let calls: string[];
let lookUps: Answered[];
let creations: Answered[];
let tokens: InstallationTokens;
beforeEach(() => {
	clock = START;
	calls = [];
	lookUps = [];
	creations = [];
	let made = 0;
	const call: Call = async ({ method, path }) => {
		calls.push(`${method} ${path}`);
		if (method === "GET") return lookUps.shift() ?? answered(200, { id: path.includes("contoso") ? 1 : 2 });
		made += 1;
		return creations.shift() ?? answered(201, { token: `token-${made}`, expires_at: after(60 * MINUTE_MS) });
	};
	tokens = createInstallationTokens({ appId: "1234567", privateKey, call, now: () => clock });
});

function answered(
	status: number,
	json: unknown,
	classification: Classification = { kind: "taken" },
	headers: Readonly<Record<string, string>> = {},
): Answered {
	return { classification, response: { status, headers, message: "Some words", body: "json" }, json };
}

const noAnswer = (classification: Classification): Answered => ({ classification });

describe("the end of a token", () => {
	const HOUR = 60 * MINUTE_MS;
	it.each<[unknown, number]>([
		[after(10 * MINUTE_MS), 9 * MINUTE_MS],
		[after(HOUR - 1), HOUR - 1 - MINUTE_MS],
		[after(HOUR), 59 * MINUTE_MS],
		[after(MINUTE_MS + 1), 1],
		[after(MINUTE_MS), 59 * MINUTE_MS],
		[after(0), 59 * MINUTE_MS],
		[after(-HOUR), 59 * MINUTE_MS],
		[after(HOUR + 1), 59 * MINUTE_MS],
		["9999-12-31T23:59:59Z", 59 * MINUTE_MS],
		["soon", 59 * MINUTE_MS],
		[1e300, 59 * MINUTE_MS],
		[undefined, 59 * MINUTE_MS],
	])("that GitHub names as %j: it is used for %i ms, and then no more", async (expires_at, usedMs) => {
		creations.push(answered(201, { token: "first", expires_at }));
		expect(await tokens.token(asked(), false)).toBe("first");
		clock = START + usedMs - 1;
		expect(await tokens.token(asked(), false)).toBe("first");
		clock += 1;
		expect(await tokens.token(asked(), false)).toBe("token-2");
		expect(calls).toHaveLength(3);
	});

	it("does not matter to one that GitHub refuses: the new one is shared, and used from then on", async () => {
		expect(await tokens.token(asked(), false)).toBe("token-1");
		const both = [tokens.token(asked(), true), tokens.token({ ...asked(), repo: "other" }, true)];
		expect(await Promise.all(both)).toEqual(["token-2", "token-2"]);
		expect(await tokens.token(asked(), false)).toBe("token-2");
	});
});

it("knows of each token when it was made, and nothing of another", async () => {
	const first = await tokens.token(asked(), false);
	clock += 5_000;
	const second = await tokens.token(fabrikam, false);
	expect([first, second, "another"].map(tokens.issuedAt)).toEqual([START, START + 5_000, undefined]);
});

describe("a clock that differs from GitHub's", () => {
	const refusal: Classification = { kind: "unauthorized", reason: "x" };
	const refusedAt = (seconds: number) =>
		answered(401, {}, refusal, { date: new Date(clock + seconds * 1_000).toUTCString() });

	it.each([
		[0, 1],
		[20, 1],
		[-20, 1],
		[21, 2],
		[-21, 2],
		[86_400, 2],
		[1e9, 1],
	])("by %i s: GitHub is asked %i times", async (seconds, times) => {
		lookUps.push(refusedAt(seconds), refusedAt(seconds));
		await expect(tokens.token(asked(), false)).rejects.toMatchObject({ kind: "unauthorized" });
		expect(calls).toHaveLength(times);
	});

	it("is learned once, and learned anew where the difference becomes another", async () => {
		lookUps.push(refusedAt(1_200));
		expect(await tokens.token(asked(), false)).toBe("token-1");
		expect(calls).toHaveLength(3);
		lookUps.push(refusedAt(1_210));
		await expect(tokens.inspect(asked())).rejects.toMatchObject({ kind: "unauthorized" });
		expect(calls).toHaveLength(4);
		lookUps.push(refusedAt(0));
		await tokens.inspect(asked());
		expect(calls).toHaveLength(6);
	});

	it("is no reason to ask again where the refusal has no date", async () => {
		lookUps.push(answered(401, {}, refusal));
		await expect(tokens.inspect(asked())).rejects.toMatchObject({ kind: "unauthorized" });
		expect(calls).toHaveLength(1);
	});
});

describe("an answer that gives no token", () => {
	const NONE = "no token for the GitHub App:";
	const EMPTY = `${NONE} GitHub's answer contains no token; check GITHUB_API_URL, and any proxy on the way`;
	const NOT_INSTALLED =
		"the GitHub App is not installed for contoso/fraud-model; install it for contoso, with this repository, and Contents: write (workflows of routes: Actions: write)";
	/** What no refusal has; it must not be used all the same. */
	const GIFT = { id: 7, token: "gift", expires_at: after(60 * MINUTE_MS) };
	const reason = "GitHub's words";

	const cases: [string, Answered, Classification][] = [
		[
			"a refusal of the app",
			answered(401, GIFT, { kind: "unauthorized", reason }),
			{
				kind: "unauthorized",
				reason:
					"GitHub does not recognise the app (401: Some words); check GITHUB_APP_ID, and whether the private key belongs to the app",
			},
		],
		[
			"a limit",
			answered(429, GIFT, { kind: "rate-limited", until: START + 1, named: true, reason }),
			{ kind: "rate-limited", until: START + 1, named: true, reason },
		],
		["no connection", noAnswer({ kind: "transient", reason }), { kind: "transient", reason: `${NONE} ${reason}` }],
		[
			"no answer in time",
			noAnswer({ kind: "uncertain", reason: reason + NOT_KNOWN }),
			{ kind: "transient", reason: `${NONE} ${reason}; nothing was dispatched` },
		],
		[
			"an outage with a time",
			answered(503, GIFT, { kind: "uncertain", reason: reason + NOT_KNOWN, retryAfterMs: 5_000 }),
			{ kind: "transient", reason: `${NONE} ${reason}; nothing was dispatched`, retryAfterMs: 5_000 },
		],
		[
			"a redirect elsewhere",
			noAnswer({ kind: "unavailable", reason }),
			{ kind: "unavailable", wide: true, reason: `${NONE} ${reason}` },
		],
		[
			"a refusal of the request",
			answered(422, GIFT, { kind: "permanent", reason }),
			{ kind: "unavailable", wide: true, reason: `${NONE} ${reason}` },
		],
		[
			"a forbidden one",
			answered(403, GIFT, { kind: "unavailable", reason }),
			{ kind: "unavailable", wide: true, reason: `${NONE} ${reason}` },
		],
		["a 404", answered(404, GIFT, { kind: "unavailable", reason }), { kind: "unavailable", reason: NOT_INSTALLED }],
		["nothing", answered(201, undefined), { kind: "unavailable", wide: true, reason: EMPTY }],
		["a list", answered(201, []), { kind: "unavailable", wide: true, reason: EMPTY }],
		["another kind", answered(201, { id: "7", token: 7 }), { kind: "unavailable", wide: true, reason: EMPTY }],
		["an empty token", answered(201, { token: "" }), { kind: "unavailable", wide: true, reason: EMPTY }],
		["words for a token", answered(201, { token: "try later" }), { kind: "unavailable", wide: true, reason: EMPTY }],
	];

	it.each(cases)("says why, at the look-up and at the token: %s", async (_, answer, classification) => {
		lookUps.push(answer);
		const error = await tokens.token(asked(), false).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(TokenUnavailable);
		expect((error as TokenUnavailable).classification).toEqual(classification);
		creations.push(answer);
		await expect(tokens.token(asked(), false)).rejects.toMatchObject({ classification });
		// It may have been removed, and installed anew under another id.
		lookUps.push(answered(200, { id: 99 }));
		expect(await tokens.token(asked(), false)).toBe("token-2");
		expect(calls.at(-1)).toBe("POST /app/installations/99/access_tokens");
	});
});
