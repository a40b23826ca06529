import { generateKeyPairSync } from "node:crypto";
import { beforeEach, describe, expect, it } from "@jest/globals";
import { TokenUnavailable } from "../../../src/config/secrets.ts";
import type { InstallationTokens } from "../../../src/destinations/github/github-app.ts";
import { appTokens, type TokenSource } from "../../../src/destinations/github/tokens.ts";
import { asked } from "../../helpers/asked.ts";

const newKey = (type: "pkcs1" | "pkcs8") =>
	generateKeyPairSync("rsa", {
		modulusLength: 2048,
		privateKeyEncoding: { type, format: "pem" },
		publicKeyEncoding: { type: "spki", format: "pem" },
	}).privateKey;
const [OLD, NEW] = [newKey("pkcs8"), newKey("pkcs8")];

/** A vault, and what it was asked anew for; the clients that were opened, and what they were asked. */
let secrets: Record<string, string>;
let refreshed: string[];
let opened: string[];
let asks: string[];
/** What the opening of a client waits for, and what a client answers. */
let opening: (key: string) => Promise<void>;
let answer: (key: string) => string;
let tokens: TokenSource;
beforeEach(() => {
	secrets = { "app-key": OLD, "other-token": "pat" };
	[refreshed, opened, asks] = [[], [], []];
	opening = async () => {};
	answer = () => "token";
	const vault = {
		get: async (name: string) => secrets[name] ?? "",
		refresh: async (stale: string, name: string) => {
			refreshed.push(stale === OLD ? name : `${name} instead of ${stale}`);
			return secrets[name] ?? "";
		},
	};
	tokens = appTokens({ secrets: vault, keyName: "app-key", open });
});

async function open(key: string): Promise<InstallationTokens> {
	opened.push(key);
	await opening(key);
	return {
		token: async (_, fresh) => {
			asks.push(fresh ? "new token" : "token");
			return answer(key);
		},
		inspect: async () => {
			asks.push("inspect");
		},
		issuedAt: (token) => (token === answer(key) ? 5 : undefined),
	};
}

const refusal = (kind: "unauthorized" | "unavailable" | "transient") =>
	new TokenUnavailable({ kind, reason: `GitHub says: ${kind}` });
const thrown = (error: Error) => () => {
	throw error;
};

describe("the client of an app", () => {
	it("is opened once for a key, though many ask at once", async () => {
		expect(await Promise.all([tokens.get(asked()), tokens.get(asked()), tokens.refresh("x", asked())])).toEqual(
			Array(3).fill("token"),
		);
		expect(opened).toEqual([OLD]);
	});

	it("that could not be loaded is loaded by the next who asks; all that asked at once are told why", async () => {
		const cause = new Error("EMFILE");
		opening = () => Promise.reject(cause);
		const message = "the GitHub App's client could not be loaded: EMFILE";
		const failed = { status: "rejected", reason: { name: "TokenUnavailable", kind: "transient", message, cause } };
		expect(await Promise.allSettled([tokens.get(asked()), tokens.get(asked())])).toMatchObject([failed, failed]);
		opening = async () => {};
		expect(await tokens.get(asked())).toBe("token");
		expect([opened, refreshed]).toEqual([[OLD, OLD], []]);
	});

	it("stays, though that of an older key fails late", async () => {
		let fail = (_: Error) => {};
		opening = (key) => (key === NEW ? Promise.resolve() : new Promise((_, reject) => (fail = reject)));
		const late = tokens.get(asked());
		await new Promise(setImmediate);
		secrets["app-key"] = NEW;
		expect(await tokens.get(asked())).toBe("token");
		fail(new Error("EMFILE"));
		await expect(late).rejects.toMatchObject({ kind: "transient" });
		expect(await tokens.get(asked())).toBe("token");
		expect(opened).toEqual([OLD, NEW]);
	});

	it("knows when a token was made; before it is opened, nothing of any", async () => {
		expect(tokens.issuedAt?.("token")).toBeUndefined();
		await tokens.get(asked());
		expect(["token", "another"].map((token) => tokens.issuedAt?.(token))).toEqual([5, undefined]);
	});
});

describe("a failure of an app's token", () => {
	it.each([
		["GitHub is down", refusal("transient")],
		["it is not installed", refusal("unavailable")],
		["something breaks", new TypeError("undefined is not a function")],
	])("where %s says nothing of the key, which is not read anew", async (_, error) => {
		answer = thrown(error);
		await expect(tokens.get(asked())).rejects.toBe(error);
		expect([asks, refreshed]).toEqual([["token"], []]);
	});

	it("where GitHub does not know the key is told at once if the vault has no other", async () => {
		const error = refusal("unauthorized");
		answer = thrown(error);
		await expect(tokens.get(asked())).rejects.toBe(error);
		expect([asks, refreshed, opened]).toEqual([["token"], ["app-key"], [OLD]]);
	});

	it.each([
		["GitHub does not know it", OLD],
		["it is none", "ghp_sometoken"],
	])("ends with a new key in the vault, where %s", async (_, before) => {
		secrets["app-key"] = before;
		answer = (key) => {
			if (key === OLD) throw refusal("unauthorized");
			return "token";
		};
		const vaultHasNew = tokens.get(asked());
		secrets["app-key"] = NEW;
		expect(await vaultHasNew).toBe("token");
		expect(refreshed).toHaveLength(1);
	});
});

describe("a token of an app that GitHub refuses", () => {
	it("is replaced by what is known already, and made anew only where that is the refused one", async () => {
		expect(await tokens.refresh("older", asked())).toBe("token");
		expect(asks).toEqual(["token"]);
		await tokens.refresh("token", asked());
		expect(asks).toEqual(["token", "token", "new token"]);
	});

	it("is not touched by a look at the installation", async () => {
		expect(await tokens.inspect?.(asked())).toBe("token");
		expect(asks).toEqual(["inspect", "token"]);
	});

	it("is not the app's where the route names a secret: that one is read anew, and no client is opened", async () => {
		expect(await tokens.get(asked("other-token"))).toBe("pat");
		expect(await tokens.inspect?.(asked("other-token"))).toBe("pat");
		expect(await tokens.refresh("pat", asked("other-token"))).toBe("pat");
		expect([refreshed, opened]).toEqual([["other-token instead of pat"], []]);
	});
});

describe("the key of an app", () => {
	const pkcs1 = newKey("pkcs1");
	const [header = "", ...lines] = pkcs1.trim().split("\n");
	const footer = lines.pop() ?? "";
	const oneLine = `${header}${lines.join("")}${footer}`;
	it.each([
		["as it was made", pkcs1],
		["with the line breaks of Windows", pkcs1.replaceAll("\n", "\r\n")],
		["with spaces in their place", pkcs1.replaceAll("\n", " ")],
		["with \\n in their place", pkcs1.replaceAll("\n", "\\n")],
		["with \\r\\n in their place", pkcs1.replaceAll("\n", "\\r\\n")],
		["without any", oneLine],
		["below other lines", `Bag Attributes\n    friendlyName: app\n${pkcs1}`],
		["above another", `${pkcs1}${OLD}`],
	])("is read %s, and handed on as PKCS#8", async (_, pem) => {
		secrets["app-key"] = pem;
		expect(await tokens.get(asked())).toBe("token");
		expect(opened).toEqual([expect.stringMatching(/^-----BEGIN PRIVATE KEY-----\n([\w+/=]{1,64}\n)+-----END PRIVATE/)]);
	});

	const ec = generateKeyPairSync("ec", {
		namedCurve: "P-256",
		privateKeyEncoding: { type: "pkcs8", format: "pem" },
		publicKeyEncoding: { type: "spki", format: "pem" },
	});
	const encrypted = generateKeyPairSync("rsa", {
		modulusLength: 2048,
		privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
		publicKeyEncoding: { type: "spki", format: "pem" },
	});
	it.each([
		["a token", "ghp_sometoken"],
		["a key of another kind", ec.privateKey],
		["an encrypted one", encrypted.privateKey],
		["a public key", encrypted.publicKey],
		["its first half", OLD.slice(0, 900)],
		["a key without its middle", OLD.replace(/\n.+\n.+\n/, "\n")],
		["nothing between its lines", `${header}\n${footer}`],
	])("is none where the secret is %s, and that is for a person to repair", async (_, secret) => {
		secrets["app-key"] = secret;
		await expect(tokens.get(asked())).rejects.toMatchObject({
			kind: "unauthorized",
			message:
				'the secret "app-key" does not contain a private key; store the .pem file there that GitHub made for the app',
			cause: { message: expect.any(String) },
		});
		expect(opened).toEqual([]);
	});
});
