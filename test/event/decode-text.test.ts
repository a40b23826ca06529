import { describe, expect, it } from "@jest/globals";
import { decodeText } from "../../src/event/json.ts";

const TEXT = '{"name":"größer 😀"}';
const littleEndian = Buffer.from(TEXT, "utf16le");
const bytes = (...values: readonly number[]) => Buffer.from(values);

describe("the text of a file", () => {
	it.each([
		["UTF-8", Buffer.from(TEXT)],
		["UTF-8 with a byte-order mark", Buffer.concat([bytes(0xef, 0xbb, 0xbf), Buffer.from(TEXT)])],
		["UTF-16, as Windows PowerShell writes it", Buffer.concat([bytes(0xff, 0xfe), littleEndian])],
		["UTF-16 with the high byte first", Buffer.concat([bytes(0xfe, 0xff), Buffer.from(littleEndian).swap16()])],
	])("is read from %s, without its mark", (_, content) => {
		expect(decodeText(content)).toBe(TEXT);
	});

	it.each([
		["bytes that are no UTF-8", bytes(0x7b, 0xff, 0x7d)],
		["half a character of UTF-16", bytes(0xff, 0xfe, 0x3d, 0xd8)],
		["UTF-16 without a mark", littleEndian],
		["a zero byte", bytes(0x7b, 0x00, 0x7d)],
	])("is not there in %s", (_, content) => {
		expect(decodeText(content)).toBeUndefined();
	});

	it("is empty in an empty file", () => {
		expect(decodeText(new Uint8Array())).toBe("");
	});
});
