import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { clipText } from "../src/log.ts";

const anyText = fc.string({ unit: "binary", maxLength: 40 });
const withHalves = fc
	.array(fc.constantFrom("a", "é", "😀", "\ud83d", "\ude00"), { maxLength: 40 })
	.map((parts) => parts.join(""));

describe("a text that is clipped", () => {
	it("is never longer than its bound, and holds no half of a character", () => {
		fc.assert(
			fc.property(fc.oneof(anyText, withHalves), fc.integer({ min: 1, max: 40 }), (text, max) => {
				const clipped = clipText(text, max);
				expect(clipped.length).toBeLessThanOrEqual(max);
				expect(clipped.isWellFormed()).toBe(true);
			}),
			{ numRuns: 2_000 },
		);
	});

	it("stays as it is where it is whole and short enough", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme" }), (text) => expect(clipText(text, text.length || 1)).toBe(text)),
		);
	});

	it("loses a character that would be cut in the middle", () => {
		expect(clipText("a😀b", 2)).toBe("a");
		expect(clipText("a😀b", 3)).toBe("a😀");
	});
});
