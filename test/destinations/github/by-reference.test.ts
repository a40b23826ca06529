import { createHash } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { byReference, toBlob } from "../../../src/destinations/client-payload.ts";

const reference = { url: "https://a/b.json", sha256: "0".repeat(64), bytes: 7 };

describe("data by reference", () => {
	it("keeps the short members, which are the ones that workflows read", () => {
		const data = { runId: "r", ok: true, size: 7, nothing: null, deep: { a: 1 }, list: [1], long: "x".repeat(501) };
		expect(byReference(data, reference)).toEqual({ runId: "r", ok: true, size: 7, reference });
	});

	it("keeps a text of 500 characters, and a name of no more", () => {
		const data = { text: "x".repeat(500), ["k".repeat(500)]: 1, ["k".repeat(501)]: 1 };
		expect(Object.keys(byReference(data, reference))).toEqual(["text", "k".repeat(500), "reference"]);
	});

	it("keeps forty members at most", () => {
		const data = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`key${index}`, index]));
		expect(Object.keys(byReference(data, reference))).toHaveLength(41);
	});

	it("never hides where the whole lies behind a member of that name", () => {
		expect(byReference({ reference: "mine" }, reference)).toEqual({ reference });
	});

	it.each([
		["an array", [1, 2]],
		["a text", "long"],
		["null", null],
		["nothing", undefined],
	])("is the reference alone for %s", (_, data) => {
		expect(byReference(data, reference)).toEqual({ reference });
	});

	it("lies in a blob exactly as it would have been sent", () => {
		const data = { text: "é", list: [1, null] };
		const content = Buffer.from(JSON.stringify(data));
		const sha256 = createHash("sha256").update(content).digest("hex");
		expect(toBlob(data)).toEqual({ content, sha256 });
		expect(toBlob(undefined).content.toString()).toBe("null");
	});
});
