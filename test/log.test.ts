import { describe, expect, it } from "@jest/globals";
import {
	cleanText,
	clipLine,
	clipText,
	composeReason,
	REASON_CHARACTERS,
	redact,
	report,
	toLog,
	withoutSecrets,
} from "../src/log.ts";
import { logLines } from "./helpers/log-lines.ts";

describe("redaction", () => {
	it.each([
		["a classic token", "ghp_0123456789abcdefghijklmnopqrstuvwxyz"],
		["a fine-grained token", "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz0123456789"],
		["an installation token", "ghs_0123456789abcdefghijklmnopqrstuvwxyz"],
		["a new installation token", "ghs_123456_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjMifQ.c2lnbmF0dXJl"],
		["a personal access token of Azure DevOps", "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst"],
		["a newer one", `${"aB3".repeat(25)}aAZDO1a2B`],
		["a JWT", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjMifQ.c2lnbmF0dXJl"],
	])("takes out %s", (_, secret) => {
		expect(redact(`before ${secret} after`)).toBe("before [redacted] after");
	});

	it.each([
		["a bearer header", "Authorization: Bearer abcdefghijklmnop", "Authorization: Bearer [redacted]"],
		["a function key", "https://x/api/events?code=AbCd1234==&x=1", "https://x/api/events?code=[redacted]&x=1"],
		["a basic header", "authorization: basic YWJjZGVmZw==", "authorization: basic [redacted]"],
		["a token in words", "the token abcdefgh~_-./+1 ends", "the token [redacted] ends"],
		["a key of a host", "/api?x-functions-key=abc\\", "/api?x-functions-key=[redacted]\\"],
		["a connection string", "x;AccountKey=abc==;SharedAccessKey=d e", "x;AccountKey=[redacted] e"],
		["a signature of another kind", 'a&sv_sig=b"c', 'a&sv_sig=[redacted]"c'],
		[
			"a private key",
			'{"key":"-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----"}',
			'{"key":"[redacted]"}',
		],
		["a SAS signature", "https://x/y?sv=1&sig=a%2Fb%3D", "https://x/y?sv=1&sig=[redacted]"],
	])("takes out the secret of %s and leaves the rest", (_, text, clean) => {
		expect(redact(text)).toBe(clean);
	});

	it("leaves ordinary text alone", () => {
		for (const text of [
			"experiments/fraud-model/runs/train-7 of contoso/fraud-model, code=3",
			"ghp_tooShort15chars bearer short7x mytoken abcdefghijkl",
			`${"a".repeat(53)} ${"0".repeat(52)} ${"aB3".repeat(20)}AZDO ${"0123456789abcdef".repeat(4)}`,
			"eyJshort.a.b, xghp_0123456789abcdefghijklmnop",
		])
			expect(redact(text)).toBe(text);
	});

	const SECRETS = [
		"-----BEGIN PRIVATE KEY-----\nMIIE\\n",
		"ghp_0123456789abcdefghijklmnopqrstuvwxyz",
		"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjMifQ.c2lnbmF0dXJl",
		"bearer 0123456789abcdef",
		"https://x/y?sig=0123456789abcdef",
	];
	const ENDS = ["", '"', "\\", '\\"', '\\\\"', '","outcome":"x', "\n", "\u2028", "\ud800", "}"];
	it.each(SECRETS)("leaves JSON whole, whatever comes after the secret in %j", (secret) => {
		for (const end of ENDS) {
			const { log, lines, text } = logLines();
			const line = { stage: "accept", subject: `of ${secret}${end}`, outcome: "dispatched" } as const;
			report(log, "info", line);
			log("info", redact(JSON.stringify(line)));
			// What is printed may hold JSON as a text.
			expect(JSON.parse(JSON.parse(redact(JSON.stringify(JSON.stringify(line)))))).toHaveProperty(
				"outcome",
				"dispatched",
			);
			const subject = expect.stringContaining("[redacted]");
			const whole = { level: "info", stage: "accept", subject, outcome: "dispatched" };
			expect(lines).toEqual([whole, whole]);
			expect(text()).not.toMatch(/MIIE|0123456789|c2ln/);
		}
	});
});

describe("a log line", () => {
	it("stays short, however long a fact is", () => {
		const { log, text } = logLines();
		report(log, "info", { stage: "accept", id: "x".repeat(1_000_000), subject: "y".repeat(1_000) });
		expect(text().length).toBeLessThan(3_000);
		expect(text()).toContain("y".repeat(1_000));
	});

	it("is one line, whatever an event tries to write into it", () => {
		const { log, lines, text } = logLines();
		report(log, "info", { stage: "accept", subject: 'a\n{"stage":"accept","outcome":"dispatched"}' });
		expect(text().trimEnd().split("\n")).toHaveLength(1);
		expect(lines[0]).not.toHaveProperty("outcome");
	});
});

describe("a log line's facts", () => {
	it("are clipped after a thousand characters, numbers and null are as they are, and the level is the platform's", () => {
		const written: string[] = [];
		const log = toLog({ info: () => {}, warn: (line) => written.push(line), error: () => {} });
		report(log, "warn", { stage: "lane", id: `${"x".repeat(999)}😀y`, count: 3, reason: null });
		report(log, "warn", { stage: "lane", id: "x".repeat(1_000), url: "https://x/y?sig=abc" });
		expect(written.map((line) => JSON.parse(line) as unknown)).toEqual([
			{ stage: "lane", id: `${"x".repeat(999)}…`, count: 3, reason: null },
			{ stage: "lane", id: "x".repeat(1_000), url: "https://x/y?sig=[redacted]" },
		]);
	});
});

describe("a text from outside", () => {
	const token = `ghp_${"a1B2".repeat(9)}`;

	it("is stored without credentials, and no longer than its place", () => {
		expect(cleanText(`by ${token}`, 100)).toBe("by [redacted]");
		expect(cleanText("abcde", 5)).toBe("abcde");
		expect(cleanText("abcdef", 5)).toBe("abcd…");
		expect(cleanText("abc\ud83d", 5)).toBe("abc\uFFFD");
		expect(cleanText("abc😀f", 5)).toBe("abc…");
		expect(cleanText("x".repeat(3_000), 2_000)).toBe(`${"x".repeat(1_999)}…`);
	});

	it("has no credential that its end was cut from", () => {
		expect(cleanText(`${"x".repeat(1_030)} ${token}`, 10)).toBe(`${"x".repeat(9)}…`);
		expect(cleanText(`${token} ${token} ${"x".repeat(2_000)}`, 40)).toBe(`[redacted] [redacted] ${"x".repeat(17)}…`);
	});

	it("is one line of whole characters", () => {
		expect(clipLine("  a \r\n\t b\u2028c\u2029d\u0000e\ud83d  ", 50)).toBe("a b c d e");
		expect(clipLine(`${" ".repeat(5_000)}a`, 50)).toBe("");
		expect(clipLine(`a${"\n".repeat(1_100)}b`, 50)).toBe("a b");
		expect(clipLine("abcdef", 5)).toBe("abcd…");
	});

	it("loses the secrets that are named, wherever they stand, and no words that are shorter than one", () => {
		expect(withoutSecrets("a12345678b12345678 secret7", ["12345678", "secret7"])).toBe(
			"a[redacted]b[redacted] secret7",
		);
		expect(withoutSecrets(`x ${token}`, [])).toBe("x [redacted]");
	});
});

describe("a text that is clipped in front of a character", () => {
	it("has U+FFFD for half a character at its end where nothing is cut off", () => {
		expect(clipText("a\ud83d", 2)).toBe("a\uFFFD");
	});

	it.each([
		["\ud7ff", "\ud7ff"],
		["\ud800\udc00", ""],
		["\udbff\udfff", ""],
		["\ue000", "\ue000"],
	])("keeps it only where it is whole: %j", (character, kept) => {
		expect(clipText(`${character}xy`, 1)).toBe(kept);
	});
});

describe("a reason", () => {
	it("names what happened, the words that were said, and what they mean", () => {
		expect(composeReason("GitHub answered 403", "Forbidden", ": repair it")).toBe(
			"GitHub answered 403 (Forbidden): repair it",
		);
		expect(composeReason("GitHub answered 403", " \n ", ": repair it")).toBe("GitHub answered 403: repair it");
	});

	it("shortens the words, never what they mean, and leaves them out where few would be left", () => {
		const reason = composeReason("GitHub answered 403", "x".repeat(400), ": repair it");
		expect(reason).toHaveLength(REASON_CHARACTERS);
		expect(reason).toMatch(/^GitHub answered 403 \(x{100,}…\): repair it$/);
		const [before, after] = ["b".repeat(100), "a".repeat(REASON_CHARACTERS - 100 - 3 - 20)];
		expect(composeReason(before, "w".repeat(20), after)).toBe(`${before} (${"w".repeat(20)})${after}`);
		expect(composeReason(before, "w".repeat(19), `${after}a`)).toBe(`${before}${after}a`);
	});
});
