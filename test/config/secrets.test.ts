import { describe, expect, it } from "@jest/globals";
import { cachedSecrets, TokenUnavailable } from "../../src/config/secrets.ts";
import { fixedToken, vaultTokens } from "../../src/destinations/github/tokens.ts";
import { eventually } from "../../support/eventually.ts";
import { asked } from "../helpers/asked.ts";

/** Patience without an end. */
const sleep = () => new Promise<void>(() => {});
/** Longer than any token stays in the cache. */
const LATER = 3_600_000;

/**
 * A vault whose clock stands still until it is moved, and whose readings end when they are told to.
 * `vault.readings` are those under way, oldest first.
 */
function scriptedVault() {
	const reads: string[] = [];
	const readings: { name: string; resolve: (token: string) => void; reject: (error: unknown) => void }[] = [];
	const clock = { now: 1_000 };
	const read = (name: string) =>
		new Promise<string>((resolve, reject) => {
			reads.push(name);
			readings.push({ name, resolve, reject });
		});
	const slept: { ms: number; wake: () => void }[] = [];
	const patience = (ms: number) => new Promise<void>((wake) => slept.push({ ms, wake }));
	const tokens = vaultTokens(
		cachedSecrets(read, () => clock.now, patience),
		"github-token",
	);
	return { tokens, reads, readings, clock, slept };
}

/** A vault that answers at once: each reading takes the next of the answers, and a function's answer is thrown. */
function answeringVault(...answers: (string | Error)[]) {
	const reads: string[] = [];
	const clock = { now: 1_000 };
	const read = async (name: string) => {
		reads.push(name);
		const answer = answers.shift();
		if (answer === undefined) throw new Error("read more often than expected");
		if (typeof answer !== "string") throw answer;
		return answer;
	};
	return {
		tokens: vaultTokens(
			cachedSecrets(read, () => clock.now, sleep),
			"github-token",
		),
		reads,
		clock,
	};
}

async function failureOf(promise: Promise<unknown>): Promise<TokenUnavailable> {
	const error = await promise.then(
		() => new Error("was answered"),
		(reason: unknown) => reason,
	);
	if (!(error instanceof TokenUnavailable)) throw error;
	return error;
}

describe("a token from the environment", () => {
	it("is always the same, whichever name is asked for", async () => {
		const tokens = fixedToken("t");
		await expect(tokens.get(asked())).resolves.toBe("t");
		await expect(tokens.get(asked("other"))).resolves.toBe("t");
		await expect(tokens.refresh("t", asked())).resolves.toBe("t");
	});
});

describe("tokens from a vault", () => {
	it("are read under the default name, or under the name that is asked for", async () => {
		const { tokens, reads } = answeringVault("default", "other");
		await expect(tokens.get(asked())).resolves.toBe("default");
		await expect(tokens.get(asked("other-secret"))).resolves.toBe("other");
		await expect(tokens.get(asked("github-token"))).resolves.toBe("default");
		expect(reads).toEqual(["github-token", "other-secret"]);
	});

	it("are read when they are first needed, not before", () => {
		expect(answeringVault().reads).toEqual([]);
	});

	it("are kept for five minutes, and read anew then", async () => {
		const { tokens, reads, clock } = answeringVault("first", "second");
		await tokens.get(asked());
		clock.now += 5 * 60_000 - 1;
		await expect(tokens.get(asked())).resolves.toBe("first");
		expect(reads).toHaveLength(1);
		clock.now += 1;
		await expect(tokens.get(asked())).resolves.toBe("second");
		expect(reads).toHaveLength(2);
		clock.now += 5 * 60_000 - 1;
		await expect(tokens.get(asked())).resolves.toBe("second");
	});

	it("are read once for all who ask at the same time", async () => {
		const { tokens, reads, readings } = scriptedVault();
		const waiting = [tokens.get(asked()), tokens.get(asked()), tokens.get(asked("github-token"))];
		readings[0]?.resolve("shared");
		await expect(Promise.all(waiting)).resolves.toEqual(["shared", "shared", "shared"]);
		expect(reads).toEqual(["github-token"]);
	});

	it("do not wait for one another under different names", async () => {
		const { tokens, readings } = scriptedVault();
		const slow = tokens.get(asked("slow"));
		const quick = tokens.get(asked("quick"));
		readings.find(({ name }) => name === "quick")?.resolve("q");
		await expect(quick).resolves.toBe("q");
		readings.find(({ name }) => name === "slow")?.resolve("s");
		await expect(slow).resolves.toBe("s");
	});

	it("fail together when the one reading fails, and are read again by the next who asks", async () => {
		const { tokens, reads, readings } = scriptedVault();
		const waiting = [tokens.get(asked()), tokens.get(asked())];
		readings[0]?.reject(new Error("offline"));
		await expect(Promise.allSettled(waiting)).resolves.toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
		const again = tokens.get(asked());
		readings[1]?.resolve("t");
		await expect(again).resolves.toBe("t");
		expect(reads).toHaveLength(2);
	});

	it("keep a newer reading when an older one fails late", async () => {
		const { tokens, reads, readings, clock } = scriptedVault();
		const older = tokens.get(asked());
		clock.now += LATER;
		const newer = tokens.get(asked());
		readings[1]?.resolve("new");
		await expect(newer).resolves.toBe("new");
		readings[0]?.reject(new Error("late"));
		await expect(older).rejects.toThrow("late");
		await expect(tokens.get(asked())).resolves.toBe("new");
		expect(reads).toHaveLength(2);
	});
});

describe("a token that GitHub refused", () => {
	it("is read anew, and the new one is kept", async () => {
		const { tokens, reads } = answeringVault("old", "new");
		await tokens.get(asked());
		await expect(tokens.refresh("old", asked())).resolves.toBe("new");
		await expect(tokens.get(asked())).resolves.toBe("new");
		expect(reads).toHaveLength(2);
	});

	it("is replaced without a reading where another caller has already done so", async () => {
		const { tokens, reads } = answeringVault("old", "new");
		await tokens.get(asked());
		await tokens.refresh("old", asked());
		await expect(tokens.refresh("old", asked())).resolves.toBe("new");
		expect(reads).toHaveLength(2);
	});

	it("is replaced by the reading that is already under way", async () => {
		const { tokens, reads, readings } = scriptedVault();
		const got = tokens.get(asked());
		const refreshed = tokens.refresh("old", asked());
		readings[0]?.resolve("new");
		await expect(Promise.all([got, refreshed])).resolves.toEqual(["new", "new"]);
		expect(reads).toHaveLength(1);
	});

	it("is answered again where the vault still holds it", async () => {
		const { tokens, reads } = answeringVault("old", "old");
		await tokens.get(asked());
		await expect(tokens.refresh("old", asked())).resolves.toBe("old");
		expect(reads).toHaveLength(2);
	});

	it("is read where nothing is cached, and where the reading under way fails", async () => {
		const { tokens } = answeringVault("new");
		await expect(tokens.refresh("old", asked())).resolves.toBe("new");
		const { tokens: broken } = answeringVault(new Error("offline"), "new");
		const got = broken.get(asked());
		const refreshed = broken.refresh("old", asked());
		await expect(got).rejects.toThrow("offline");
		await expect(refreshed).resolves.toBe("new");
	});

	it("is refreshed under its own name only", async () => {
		const { tokens, reads } = answeringVault("default", "other", "other again");
		await tokens.get(asked());
		await tokens.get(asked("other-secret"));
		await expect(tokens.refresh("other", asked("other-secret"))).resolves.toBe("other again");
		await expect(tokens.get(asked())).resolves.toBe("default");
		expect(reads).toEqual(["github-token", "other-secret", "other-secret"]);
	});

	it("leaves nothing stale behind when it cannot be read anew", async () => {
		const { tokens } = answeringVault("old", new Error("offline"), "new");
		await tokens.get(asked());
		await expect(tokens.refresh("old", asked())).rejects.toThrow("offline");
		await expect(tokens.get(asked())).resolves.toBe("new");
	});
});

describe("a token whose vault does not answer", () => {
	const away = () => Object.assign(new Error("try later"), { statusCode: 503 });

	it("is used as it was, and asked for again once a minute", async () => {
		const { tokens, reads, clock } = answeringVault("old", away(), away(), "new");
		await tokens.get(asked());
		clock.now += LATER;
		await expect(tokens.get(asked())).resolves.toBe("old");
		clock.now += 59_000;
		await expect(tokens.get(asked())).resolves.toBe("old");
		expect(reads).toHaveLength(2);
		clock.now += 1_000;
		await expect(tokens.get(asked())).resolves.toBe("old");
		expect(reads).toHaveLength(3);
		clock.now += LATER;
		await expect(tokens.get(asked())).resolves.toBe("new");
	});

	it("is used as it was after two seconds, where the vault hangs", async () => {
		const { tokens, readings, reads, clock, slept } = scriptedVault();
		const first = tokens.get(asked());
		readings[0]?.resolve("old");
		await expect(first).resolves.toBe("old");
		expect(slept).toEqual([]);
		clock.now += LATER;
		const waiting = [tokens.get(asked()), tokens.get(asked())];
		expect(slept.map(({ ms }) => ms)).toEqual([2_000, 2_000]);
		for (const { wake } of slept) wake();
		await expect(Promise.all(waiting)).resolves.toEqual(["old", "old"]);
		expect(reads).toHaveLength(2);
		readings[1]?.resolve("new");
		await expect(tokens.get(asked())).resolves.toBe("new");
	});

	it("is used as it was under its own name only", async () => {
		const { tokens } = answeringVault("default", away());
		await tokens.get(asked());
		await expect(tokens.get(asked("other-secret"))).rejects.toThrow("try later");
	});

	it("is not used any more once GitHub has refused it", async () => {
		const { tokens, reads, clock } = answeringVault("old", away(), away(), away(), "new");
		await tokens.get(asked());
		clock.now += LATER;
		await expect(tokens.get(asked())).resolves.toBe("old");
		await expect(tokens.refresh("old", asked())).rejects.toThrow("try later");
		await expect(tokens.get(asked())).rejects.toThrow("try later");
		await expect(tokens.get(asked())).resolves.toBe("new");
		expect(reads).toHaveLength(5);
	});

	it("is not used any more where GitHub refuses it while the vault is asked", async () => {
		const { tokens, readings, clock } = scriptedVault();
		const first = tokens.get(asked());
		readings[0]?.resolve("old");
		await first;
		clock.now += LATER;
		const got = tokens.get(asked());
		const refreshed = tokens.refresh("old", asked());
		readings[1]?.reject(away());
		await expect(got).resolves.toBe("old");
		await eventually("the vault is asked anew", async () => readings[2]);
		readings[2]?.reject(away());
		await expect(refreshed).rejects.toThrow("try later");
	});

	it.each([
		["the role was removed", 403, "Caller is not authorized to perform action on resource.", "Key Vault Secrets User"],
		["the secret was disabled", 403, "Operation get is not allowed on a disabled secret.", "is disabled"],
		[
			"the vault's network was closed",
			403,
			"Client address is not authorized and caller is not a trusted service.",
			"network rules",
		],
		["the secret was deleted", 404, "SecretNotFound", "has no secret"],
	])("is not meant by an answer: %s", async (_, statusCode, message, words) => {
		const { tokens, clock } = answeringVault("old", Object.assign(new Error(message), { statusCode }));
		await tokens.get(asked());
		clock.now += LATER;
		const failure = await failureOf(tokens.get(asked()));
		expect(failure).toMatchObject({ kind: "unauthorized", message: expect.stringContaining(words) });
	});
});

describe("a token that several callers find refused", () => {
	it("is read once for all of them", async () => {
		const { tokens, reads } = answeringVault("old", "new");
		await tokens.get(asked());
		await expect(Promise.all([1, 2, 3].map(() => tokens.refresh("old", asked())))).resolves.toEqual([
			"new",
			"new",
			"new",
		]);
		expect(reads).toHaveLength(2);
	});
});

describe("a token that cannot be had", () => {
	const withStatus = (statusCode: number) => Object.assign(new Error("from the vault"), { statusCode });

	it("is a person's to repair when the secret is empty", async () => {
		const { tokens, reads } = answeringVault("", "t");
		const failure = await failureOf(tokens.get(asked("other-secret")));
		expect(failure.kind).toBe("unauthorized");
		expect(failure.message).toBe('the secret "other-secret" is empty; put a value into it');
		await expect(tokens.get(asked("other-secret"))).resolves.toBe("t");
		expect(reads).toHaveLength(2);
	});

	it("is a person's to repair when the vault forbids it", async () => {
		const failure = await failureOf(answeringVault(withStatus(403)).tokens.get(asked()));
		expect(failure.kind).toBe("unauthorized");
		expect(failure.message).toContain('"github-token"');
		expect(failure.message).toContain("Key Vault Secrets User");
	});

	it("is a person's to repair when there is no such secret", async () => {
		const failure = await failureOf(answeringVault(withStatus(404)).tokens.get(asked()));
		expect(failure.kind).toBe("unauthorized");
		expect(failure.message).toContain('no secret "github-token"');
		expect(failure.message).toContain("GITHUB_TOKEN_SECRET_NAME");
	});

	it.each([
		["the vault asks to slow down", withStatus(429), "from the vault"],
		["the vault has trouble", withStatus(503), "from the vault"],
		["our own login is refused, as after a change of identity", withStatus(401), "from the vault"],
		["there is no network", new Error("getaddrinfo ENOTFOUND"), "getaddrinfo ENOTFOUND"],
	])("is a matter of time when %s", async (_, error, words) => {
		const failure = await failureOf(answeringVault(error).tokens.get(asked()));
		expect(failure.kind).toBe("transient");
		expect(failure.message).toBe(`the secret "github-token" could not be read: ${words}`);
	});

	it.each([403, 404, 500])("keeps the vault's own error %d as its cause", async (statusCode) => {
		const error = withStatus(statusCode);
		const failure = await failureOf(answeringVault(error).tokens.get(asked()));
		expect(failure.cause).toBe(error);
		expect(failure.name).toBe("TokenUnavailable");
	});

	it("says so of something that is no error at all", async () => {
		const read = () => Promise.reject("odd");
		const failure = await failureOf(
			vaultTokens(
				cachedSecrets(read, () => 0, sleep),
				"github-token",
			).get(asked()),
		);
		expect(failure).toMatchObject({ kind: "transient", message: 'the secret "github-token" could not be read: odd' });
	});
});
