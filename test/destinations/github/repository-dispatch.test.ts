import { describe, expect, it } from "@jest/globals";
import { type ClientPayload, toClientPayload } from "../../../src/destinations/client-payload.ts";
import {
	buildDispatch,
	type RepositoryDispatch,
	resolveDispatch,
} from "../../../src/destinations/github/repository-dispatch.ts";
import { asBridgeEvent, exampleOf } from "../../../support/example-events.ts";

const to = resolveDispatch({ repository: "contoso/fraud-model" }, "Microsoft.Storage.BlobCreated");
const FACTS = { version: "1.2.3", route: "everything", key: "k" };
const KB_64 = 65_536;

const eventOf = (data: unknown) => asBridgeEvent(exampleOf("BlobCreated"), { data });
const payloadOf = (data: unknown): ClientPayload => toClientPayload(eventOf(data), FACTS);
const build = (destination: RepositoryDispatch, data: unknown) => buildDispatch(destination, eventOf(data), FACTS);

function bodyOf(destination: RepositoryDispatch, data: unknown): string {
	const built = build(destination, data);
	if (!built.ok) throw new Error(built.reason);
	return built.body;
}

function reasonOf(destination: RepositoryDispatch, data: unknown): string {
	const built = build(destination, data);
	if (built.ok) throw new Error("was built");
	return built.reason;
}

/** A text that makes the whole body so many bytes long, when each of its characters takes `width` of them. */
function filling(bytes: number, character = "x"): string {
	const width = Buffer.byteLength(character);
	const rest = bytes - Buffer.byteLength(bodyOf(to, ""));
	return character.repeat(Math.floor(rest / width)) + "x".repeat(rest % width);
}

describe("a dispatch request", () => {
	it("is the body that GitHub documents, and nothing of where it goes", () => {
		expect(JSON.parse(bodyOf({ ...to, token: "other-secret" }, { api: "PutBlob" }))).toEqual({
			event_type: "storage-blobcreated",
			client_payload: payloadOf({ api: "PutBlob" }),
		});
	});

	it("says null where the event has no data", () => {
		expect(JSON.parse(bodyOf(to, undefined))).toMatchObject({ client_payload: { data: null } });
	});

	it.each([
		["plain text", "x"],
		["characters of two bytes", "é"],
		["characters of three bytes", "漢"],
		["characters of four bytes", "😀"],
	])("may take one byte less than 64 KB, and no byte more, in %s", (_, character) => {
		const fits = bodyOf(to, filling(KB_64 - 1, character));
		expect(Buffer.byteLength(fits)).toBe(KB_64 - 1);
		expect(JSON.parse(fits)).toMatchObject({ client_payload: { data: filling(KB_64 - 1, character) } });
		expect(reasonOf(to, filling(KB_64, character))).toBe(
			"the client payload would have 65536 bytes, but GitHub accepts less than 65536",
		);
	});

	it("says whether less of the event would fit", () => {
		expect(build(to, filling(KB_64))).toMatchObject({ ok: false, tooLarge: true });
		expect(build({ ...to, dispatchType: "t".repeat(101) }, {})).toMatchObject({ ok: false, tooLarge: false });
	});

	it("that is refused comes with the body that would have been sent", () => {
		const refused = [build(to, filling(KB_64)), build({ ...to, dispatchType: "" }, "few")];
		expect(refused.map((built) => JSON.parse(built.body ?? ""))).toEqual([
			{ event_type: "storage-blobcreated", client_payload: payloadOf(filling(KB_64)) },
			{ event_type: "", client_payload: payloadOf("few") },
		]);
	});

	it("counts what escaping adds", () => {
		const quotes = '"'.repeat(Math.ceil(KB_64 / 2));
		expect(reasonOf(to, quotes)).toMatch(/^the client payload would have \d+ bytes/);
	});

	it("may name a dispatch type of 1 to 100 characters, and no longer one", () => {
		const named = (dispatchType: string) => ({ ...to, dispatchType });
		expect(JSON.parse(bodyOf(named("t"), {}))).toMatchObject({ event_type: "t" });
		expect(JSON.parse(bodyOf(named("t".repeat(100)), {}))).toMatchObject({ event_type: "t".repeat(100) });
		expect(JSON.parse(bodyOf(named("😀".repeat(100)), {}))).toMatchObject({ event_type: "😀".repeat(100) });
		expect(reasonOf(named("t".repeat(101)), {})).toBe(
			"the dispatch type has 101 characters, but GitHub accepts at most 100; give the route a dispatchType",
		);
		expect(reasonOf(named("😀".repeat(101)), {})).toContain("has 101 characters");
	});

	it.each([[[]], ["id"], [null]])("is refused where its stored payload is damaged: %j", (payload) => {
		const damaged = { ...to, payload } as unknown as RepositoryDispatch;
		expect(reasonOf(damaged, {})).toBe("its row in storage is damaged: payload");
	});

	it("is refused without a dispatch type", () => {
		expect(reasonOf({ ...to, dispatchType: "" }, {})).toBe(
			"no dispatch type can be made from the event type; give the route a dispatchType",
		);
	});

	it.each([" ", "\t\n "])("is refused with nothing but blanks for a dispatch type: %j", (dispatchType) => {
		expect(reasonOf({ ...to, dispatchType }, {})).toBe(
			"no dispatch type can be made from the event type; give the route a dispatchType",
		);
	});

	it("has U+FFFD for half a character", () => {
		expect(bodyOf(to, { half: "\ud83d" })).toContain('"data":{"half":"\uFFFD"}');
	});

	it("does not hide a mistake of ours behind a reason", () => {
		expect(() => build(to, { size: 5n })).toThrow(TypeError);
	});
});

describe("a route's destination, with nothing left open", () => {
	const type = "Microsoft.Storage.BlobCreated";
	const repository = "Contoso/Fraud-Model";

	it("has the dispatch type of the event where the route names none, and then the id has it, too", () => {
		expect(resolveDispatch({ repository }, type)).toEqual({
			id: "contoso/fraud-model#storage-blobcreated",
			repository,
			dispatchType: "storage-blobcreated",
		});
		expect(resolveDispatch({ repository }, "Contoso.Other").id).toBe("contoso/fraud-model#contoso-other");
	});

	it("has the route's own dispatch type as it is written, and its token", () => {
		expect(resolveDispatch({ repository, dispatchType: "Retrain", token: "Other" }, type)).toEqual({
			id: "contoso/fraud-model#Retrain",
			repository,
			dispatchType: "Retrain",
			token: "Other",
		});
	});

	it("is the same only where repository and dispatch type are: the repository in any case, the token whichever", () => {
		const idOf = (to: object) => resolveDispatch({ repository, dispatchType: "Retrain", ...to }, type).id;
		expect(idOf({ repository: "CONTOSO/fraud-model", token: "t" })).toBe(idOf({}));
		expect(idOf({ dispatchType: "retrain" })).not.toBe(idOf({}));
		expect(idOf({ repository: "contoso/other" })).not.toBe(idOf({}));
	});

	it("is stored without what the route leaves out", () => {
		const stored = JSON.parse(JSON.stringify(resolveDispatch({ repository }, type))) as object;
		expect(Object.keys(stored).sort()).toEqual(["dispatchType", "id", "repository"]);
	});
});
