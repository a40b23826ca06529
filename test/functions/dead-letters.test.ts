import { describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { discard, replay } from "../../src/functions/dead-letters.ts";
import { WrongContinue } from "../../src/ledger/receipt-query.ts";
import { LEDGER, StorageError } from "../../src/storage/storage.ts";
import { callFunction } from "../helpers/call-function.ts";

const DOORS = { replay, discard };

/** Answers also what the bridge was asked to do, and as which of the two. */
async function ask(door: keyof typeof DOORS, body: unknown, failure?: Error, query = "") {
	const asked: unknown[] = [];
	const does = (name: string) => async (request: unknown) => {
		asked.push([name, request]);
		if (failure !== undefined) throw failure;
		return { done: true };
	};
	const bridge = { replay: does("replay"), discard: does("discard") } as unknown as Bridge;
	const { status, json } = await callFunction(
		DOORS[door](async () => bridge),
		{ path: `/api/receipts/${door}${query}`, body },
	);
	return { status, json: json as { error: string }, asked };
}

describe("what ends dead letters", () => {
	it.each([
		["replay", { key: "k".repeat(300) }],
		["replay", { find: "a", state: "dead" }],
		["discard", { find: "a", state: "rejected", continue: "b" }],
		["replay", { container: "dead-letters", prefix: "", continue: "b" }],
		["replay", { container: "dead-letters", prefix: "x".repeat(1_024) }],
	] as const)("takes for a %s what may be asked: %j", async (door, body) => {
		expect(await ask(door, body)).toEqual({ status: 200, json: { done: true }, asked: [[door, body]] });
	});

	it.each(["replay", "discard"] as const)("asks a %s of all without a word for all", async (door) => {
		expect((await ask(door, { all: true, state: "dead" })).asked).toEqual([[door, { state: "dead" }]]);
	});

	it.each([
		["{", "the body must be JSON"],
		["[]", "the body must be JSON"],
		[{}, "the body must be JSON"],
		[{ key: "a", find: "b" }, "the body must be JSON"],
		[{ find: "a", faster: true }, 'the member "faster" does not exist; the body'],
		[{ find: "a", ["y".repeat(101)]: 1 }, `the member "${"y".repeat(100)}" does not exist; the body`],
		[{ key: "a", state: "dead" }, '"state" cannot be used with "key", so nothing was done; the body'],
		[{ key: "" }, '"key" must be a text of at most 300 characters; the body'],
		[{ key: "k".repeat(301) }, '"key" must be a text of at most 300 characters; the body'],
		[{ find: "" }, '"find" must be a text; the body'],
		[{ find: ["a"] }, '"find" must be a text; the body'],
		[{ find: { length: 1 } }, '"find" must be a text; the body'],
		[{ all: 1 }, '"all" must be true; the body'],
		[{ all: true, state: "" }, '"state" must be "dead" or "rejected"; the body'],
		...[1234, null, "A", "azure-webjobs-hosts", LEDGER.container, LEDGER.payloads, LEDGER.deadLetters].map(
			(container) => [{ container }, '"container" must be the name of the blob container'] as const,
		),
	] as const)("refuses %j, does nothing, and says what is wrong", async (body, beginning) => {
		const { status, json, asked } = await ask("replay", body);
		expect({ status, asked }).toEqual({ status: 400, asked: [] });
		expect(json.error.slice(0, beginning.length)).toBe(beginning);
	});

	it.each(["replay", "discard"] as const)("refuses a %s with parameters, which would narrow nothing", async (door) => {
		const { status, json, asked } = await ask(door, { all: true }, undefined, "?state=rejected");
		expect({ status, asked }).toEqual({ status: 400, asked: [] });
		expect(json.error).toMatch(/^the parameter "state" does not exist, so nothing was done; the body must be JSON/);
		expect((await ask(door, { all: true }, undefined, "?code=k&clientId=default")).status).toBe(200);
	});

	const away = (status: number) => new StorageError("it is away", status);
	it.each([
		["a continue of another question", { all: true }, new WrongContinue(), 400, "continue: "],
		["a container that is not there", { container: "letters" }, away(404), 404, 'account has no container "letters"'],
		["a container that may not be read", { container: "letters" }, away(403), 503, "it is away"],
		["a table that is not there", { all: true }, away(404), 503, "it is away"],
		["another error", { container: "letters" }, Object.assign(new Error("a bug"), { status: 404 }), 503, "a bug"],
	])("answers to %s with a status and the reason", async (_, body, failure, status, error) => {
		expect(await ask("replay", body, failure)).toMatchObject({
			status,
			json: { error: expect.stringContaining(error) },
		});
	});
});
