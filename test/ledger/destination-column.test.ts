import { describe, expect, it } from "@jest/globals";
import { destinationColumn, readDestination, shownColumn, targetOf } from "../../src/ledger/rows.ts";
import type { Destination } from "../../src/model.ts";
import { repositoryDispatch } from "../../support/destinations.ts";

const TO = repositoryDispatch("Contoso/Fraud-Model", "Retrain", "other");

describe("the destination of a row", () => {
	it("is read as it was written, whatever its members are, and by no other column", () => {
		const others: Destination[] = [
			TO,
			{ id: "x" },
			{ id: "a/b#c#d", url: "https://é.example/漢😀", n: 1, deep: { a: [null] } },
		];
		for (const to of others) {
			const columns = destinationColumn(to);
			expect(Object.keys(columns)).toEqual(["to"]);
			expect(readDestination(columns)).toEqual(to);
			expect(readDestination({ ...columns, repository: "contoso/other", dispatchType: "t" })).toEqual(to);
		}
	});

	it("takes no column where there is none", () => {
		expect(destinationColumn(null)).toEqual({});
		expect(readDestination({})).toBeUndefined();
		expect(readDestination({ to: "", token: "t", dispatchType: "t" })).toBeUndefined();
	});

	it("has texts no longer than a row can hold, and half a character is none", () => {
		const long = "😀".repeat(40_000);
		const { to } = destinationColumn({ ...TO, id: `contoso/a#${long}`, dispatchType: `x${long}` });
		expect(String(to).length).toBeLessThan(32_000);
		const read = readDestination({ to: to as string });
		expect(read).toMatchObject({ repository: TO["repository"], token: "other" });
		expect(targetOf(read)).toBe("contoso/a");
		expect([read?.id, read?.["dispatchType"]].every((text) => String(text).isWellFormed())).toBe(true);
	});

	it.each([
		["cut off", '{"id":"contoso/a#t","repository":"cont'],
		["no JSON", "contoso/a"],
		["null", "null"],
		["a number", "7"],
		["a list", "[]"],
		["without an id", '{"repository":"contoso/a","dispatchType":"t"}'],
		["with an id that is no text", '{"id":7,"repository":"contoso/a"}'],
	])("is none where what is stored is %s: it is not guessed from elsewhere", (_, to) => {
		expect(readDestination({ to })).toBeUndefined();
		expect(readDestination({ to, repository: "contoso/b", dispatchType: "t" })).toBeUndefined();
	});

	it.each([5, true, Buffer.from("{}"), new Date(0)])("is none where the column has another type: %p", (to) => {
		expect(readDestination({ to: to as never })).toBeUndefined();
	});
});

describe("the destination of a receipt", () => {
	it("is without what was mapped, which the request held", () => {
		const mapped = { ...TO, payload: { a: "data.runId" }, inputs: {}, pipeline: 7, main: true };
		expect(readDestination(shownColumn(mapped))).toEqual({ ...TO, pipeline: 7, main: true });
		expect(shownColumn(TO)).toEqual(destinationColumn(TO));
		expect(shownColumn(null)).toEqual({});
	});
});

describe("a row of version 0.1.0", () => {
	it("has the same destination as a new one, id and all", () => {
		const row = { repository: "Contoso/Fraud-Model", dispatchType: "Retrain", token: "other" };
		expect(readDestination(row)).toEqual(TO);
		const { token: _, ...without } = TO;
		expect(readDestination({ ...row, token: "" })).toEqual(without);
		expect(readDestination({ repository: row.repository, dispatchType: row.dispatchType })).toEqual(without);
	});

	it("has none where its repository is missing, as a dead letter's of no route", () => {
		expect(readDestination({ repository: "", dispatchType: "", token: "" })).toBeUndefined();
	});

	it("has one that can never be sent where its dispatch type is missing", () => {
		expect(readDestination({ repository: "contoso/a" })).toEqual({
			id: "contoso/a#",
			repository: "contoso/a",
			dispatchType: "",
		});
	});
});

describe("the target of a destination", () => {
	it.each([
		["contoso/a#t", "contoso/a"],
		["contoso/a#t#u", "contoso/a"],
		["contoso/a", "contoso/a"],
		["#t", ""],
	])("of %s is %j", (id, target) => {
		expect(targetOf({ id })).toBe(target);
	});

	it("of none is none", () => {
		expect(targetOf(undefined)).toBe("");
	});
});
