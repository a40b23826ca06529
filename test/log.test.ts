import { describe, expect, it } from "@jest/globals";
import { redact, report } from "../src/log.ts";
import { logLines } from "./helpers/log-lines.ts";

describe("redaction", () => {
	it.each([
		["a classic token", "ghp_0123456789abcdefghijklmnopqrstuvwxyz"],
		["a fine-grained token", "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz0123456789"],
		["an installation token", "ghs_0123456789abcdefghijklmnopqrstuvwxyz"],
		["a new installation token", "ghs_123456_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjMifQ.c2lnbmF0dXJl"],
		["a JWT", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjMifQ.c2lnbmF0dXJl"],
	])("takes out %s", (_, secret) => {
		expect(redact(`before ${secret} after`)).toBe("before [redacted] after");
	});

	it.each([
		["a bearer header", "Authorization: Bearer abcdefghijklmnop", "Authorization: Bearer [redacted]"],
		["a function key", "https://x/api/events?code=AbCd1234==&x=1", "https://x/api/events?code=[redacted]&x=1"],
		["a SAS signature", "https://x/y?sv=1&sig=a%2Fb%3D", "https://x/y?sv=1&sig=[redacted]"],
	])("takes out the secret of %s and leaves the rest", (_, text, clean) => {
		expect(redact(text)).toBe(clean);
	});

	it("leaves ordinary text alone", () => {
		const text = "experiments/fraud-model/runs/train-7 of contoso/fraud-model, code=3";
		expect(redact(text)).toBe(text);
	});

	it("leaves a line whole when a secret stands at the end of a JSON string", () => {
		const { log, lines } = logLines();
		log("info", redact(JSON.stringify({ stage: "accept", subject: "https://x/y?sig=abc", outcome: "dispatched" })));
		expect(lines[0]).toMatchObject({ subject: "https://x/y?sig=[redacted]", outcome: "dispatched" });
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
