import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { plain, plainJson, printable } from "../src/log.ts";

/** One of every kind that does something to a terminal. */
const HOSTILE = [
	"\u001b]8;;https://page.example\u0007link\u001b]8;;\u0007",
	"\u001b[2J\u001b[1;1H",
	"over\rwritten",
	"back\b\b\bspace",
	"\u009b31m",
	"\u0090q\u009c",
	"\u0085next line",
	"\u202edesrever",
	"\u2066isolate\u2069",
	"zero\u200bwidth\ufeff",
	"\u2028\u2029",
	"\u007f\u0000",
	"tag \u{e0041}",
];
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe("a text from outside, as a terminal may show it", () => {
	it.each(HOSTILE)("moves, hides and turns around nothing: %j", (text) => {
		expect(plain(text)).not.toMatch(HIDDEN);
		expect(plain(`${text}\n\t`)).not.toMatch(HIDDEN);
		expect(printable(text)).toBe(plain(text));
	});

	it("shows what was there", () => {
		expect(plain("a\u001b[2Jb\u{e0041}")).toBe("a\\u{1b}[2Jb\\u{e0041}");
		expect(plain("grün 文 \u{1f680}")).toBe("grün 文 \u{1f680}");
	});
});

describe("what a program prints", () => {
	it("may have lines, tabs and its own colours, and nothing else", () => {
		const own = ["\u001b[0m", "\u001b[31m"];
		const text = "\u001b[31mred\u001b[0m\n\tplain \u001b[2J\u001b[32m";
		expect(printable(text, own)).toBe("\u001b[31mred\u001b[0m\n\tplain \\u{1b}[2J\\u{1b}[32m");
		expect(printable("a\nb\r\n")).toBe("a\nb\\u{d}\n");
	});
});

describe("JSON on a terminal", () => {
	it("hides nothing, and is the same value for every parser", () => {
		const value = { texts: HOSTILE, [HOSTILE[1] ?? ""]: { deep: HOSTILE } };
		for (const indent of [undefined, "\t", "  "]) {
			const json = plainJson(value, indent);
			expect(json.replaceAll(/[\n\t]/g, "")).not.toMatch(HIDDEN);
			expect(JSON.parse(json)).toEqual(value);
		}
	});

	it("does so for any value", () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) =>
				expect(JSON.parse(plainJson(value, "\t"))).toEqual(JSON.parse(JSON.stringify(value))),
			),
		);
	});
});
