import { describe, expect, it } from "@jest/globals";
import { isLoopback, readEventQueue, Settings } from "../../src/config/settings.ts";

const REFERENCE = "@Microsoft.KeyVault(SecretUri=https://x)";

describe("a setting that is a number", () => {
	it.each<[string | undefined, number, string | undefined]>([
		[undefined, 5, undefined],
		["", 5, undefined],
		[" 7\n", 7, undefined],
		["1", 1, undefined],
		["9", 9, undefined],
		["0", 5, '"0" is not a whole number from 1 to 9'],
		["10", 5, '"10" is not a whole number from 1 to 9'],
		["1.5", 5, '"1.5" is not a whole number from 1 to 9'],
		["many", 5, '"many" is not a whole number from 1 to 9'],
	])("reads %j as %d: what is refused is not used", (A, expected, problem) => {
		const settings = new Settings({ A });
		expect(settings.number("A", 5, { from: 1, to: 9, whole: true })).toBe(expected);
		expect(settings.problems().map((one) => one.problem)).toEqual(problem === undefined ? [] : [problem]);
	});

	it("may have a part of a whole where it need not be whole", () => {
		const settings = new Settings({ A: "1.5", B: "0.5" });
		expect(settings.number("A", 5, { from: 1, to: 9 })).toBe(1.5);
		expect(settings.number("B", 5, { from: 1, to: 9 })).toBe(5);
		expect(settings.problems()).toEqual([{ setting: "B", problem: '"0.5" is not a number from 1 to 9' }]);
	});
});

describe("a setting that is on or off", () => {
	it.each<[string | undefined, boolean, boolean]>([
		[undefined, true, true],
		[undefined, false, false],
		["on", false, true],
		[" ON ", false, true],
		["off", true, false],
		["Off", true, false],
	])("reads %j, usually %j, as %j", (A, usual, expected) => {
		const settings = new Settings({ A });
		expect(settings.flag("A", usual)).toBe(expected);
		expect(settings.problems()).toEqual([]);
	});

	it.each(["yes", "true", "0"])("refuses %j", (A) => {
		const settings = new Settings({ A });
		settings.flag("A", true);
		expect(settings.problems()).toEqual([{ setting: "A", problem: `"${A}" must be on or off` }]);
	});
});

describe("a setting that is an address", () => {
	const problemOf = (text: string) => {
		const settings = new Settings({});
		const url = settings.url("A", text, "https://x");
		expect(url === undefined).toBe(settings.problems().length > 0);
		return settings.problems()[0]?.problem;
	};

	it.each(["https://api.github.com", "https://host/api/v3", "http://127.0.0.1:7072", "http://localhost"])(
		"may be %s",
		(text) => expect(problemOf(text)).toBeUndefined(),
	);

	it.each([
		["api.github.com", "api.github.com", /is not a URL; expected https:\/\/x$/],
		["http://host", "http://host", /must be https/],
		["ftp://127.0.0.1", "ftp://127.0.0.1", /must be https/],
		["https://user:pw@host/a", "https://[redacted]@host/a", /credentials/],
		["https://:pw@host", "https://[redacted]@host", /credentials/],
		["HTTPS://user@host", "HTTPS://[redacted]@host", /credentials/],
		["https://host/?code=pw", "https://host/", /a query or a fragment/],
		["https://host/#pw\nmore", "https://host/", /a query or a fragment/],
		["user:p@w@host", "user:[redacted]@host", /is not a URL|must be https/],
		["//user\npw@host", "[redacted]@host", /is not a URL/],
	])("is refused as %j, and shown as %j", (text, shown, why) => {
		expect(problemOf(text)).toMatch(why);
		expect(problemOf(text)?.startsWith(`"${shown}" `)).toBe(true);
	});

	it.each([
		["http://127.0.0.1", true],
		["http://127.1.22.254", true],
		["http://[::1]", true],
		["http://localhost", true],
		["http://127.0.0.1.example", false],
		["http://x127.0.0.1.example", false],
		["http://10.127.0.1", false],
		["http://128.0.0.1", false],
	])("%s is on this machine: %j", (text, expected) => {
		expect(isLoopback(new URL(text))).toBe(expected);
	});
});

describe("what is wrong with the settings", () => {
	it("is said once, however many read the setting, and with all that is wrong with it", () => {
		const settings = new Settings({});
		for (const problem of ["one", "two", "one"]) settings.refuse("A", problem);
		settings.refuse("B", "one");
		expect(settings.problems()).toEqual([
			{ setting: "A", problem: "one" },
			{ setting: "A", problem: "two" },
			{ setting: "B", problem: "one" },
		]);
	});

	it("is no more than that of a reference that the platform could not resolve", () => {
		const settings = new Settings({ A: REFERENCE, B: "b" });
		expect([settings.get("A"), settings.isUnresolved("A", "B"), settings.isUnresolved("B")]).toEqual([
			undefined,
			true,
			false,
		]);
		settings.refuse("A", "is not set");
		expect(settings.problems()).toEqual([{ setting: "A", problem: expect.stringContaining("still reads") }]);
	});
});

describe("the queue of events", () => {
	it.each<[string | undefined, boolean]>([
		[undefined, false],
		["", false],
		["events", true],
		[" a-1-b ", true],
		["abc", true],
		["ab", false],
		["a".repeat(56), true],
		["a".repeat(57), false],
		["Events", false],
		["a--b", false],
		["-ab", false],
		["ab-", false],
		["grid-dispatch", false],
		["grid-dispatch-follow", false],
		["events-poison", false],
	])("may be called %j: %j", (EVENT_QUEUE, isTaken) => {
		expect(readEventQueue({ EVENT_QUEUE })).toBe(isTaken ? EVENT_QUEUE?.trim() : undefined);
	});
});
