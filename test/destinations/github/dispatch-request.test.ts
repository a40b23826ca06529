import { describe, expect, it } from "@jest/globals";
import { type ClientPayload, toClientPayload } from "../../../src/destinations/client-payload.ts";
import { type DispatchRequest, toDispatchRequest } from "../../../src/destinations/github/dispatch-request.ts";
import { asBridgeEvent, exampleOf } from "../../../support/example-events.ts";

const to = { repository: "contoso/fraud-model", dispatchType: "storage-blobcreated" };
const KB_64 = 65_536;

function payloadOf(data: unknown): ClientPayload {
	const event = asBridgeEvent(exampleOf("BlobCreated"), { data });
	return toClientPayload(event, { version: "1.2.3", route: "everything", key: "k" });
}

function requestOf(destination: Parameters<typeof toDispatchRequest>[0], data: unknown): DispatchRequest {
	const built = toDispatchRequest(destination, payloadOf(data));
	if (!built.ok) throw new Error(built.reason);
	return built.request;
}

function reasonOf(destination: typeof to, data: unknown): string {
	const built = toDispatchRequest(destination, payloadOf(data));
	if (built.ok) throw new Error("was built");
	return built.reason;
}

/** A text that makes the whole body so many bytes long, when each of its characters takes `width` of them. */
function filling(bytes: number, character = "x"): string {
	const width = Buffer.byteLength(character);
	const rest = bytes - Buffer.byteLength(requestOf(to, "").body);
	return character.repeat(Math.floor(rest / width)) + "x".repeat(rest % width);
}

describe("a dispatch request", () => {
	it("is the body that GitHub documents, for the repository's owner and name", () => {
		const { body, ...rest } = requestOf(to, { api: "PutBlob" });
		expect(rest).toEqual({ owner: "contoso", repo: "fraud-model" });
		expect(JSON.parse(body)).toEqual({
			event_type: "storage-blobcreated",
			client_payload: payloadOf({ api: "PutBlob" }),
		});
	});

	it("says null where the event has no data", () => {
		expect(JSON.parse(requestOf(to, undefined).body)).toMatchObject({ client_payload: { data: null } });
	});

	it("passes on the name of the route's own token, and has no such key without one", () => {
		expect(requestOf({ ...to, token: "other-secret" }, {}).token).toBe("other-secret");
		expect(requestOf(to, {})).not.toHaveProperty("token");
	});

	it.each([
		["plain text", "x"],
		["characters of two bytes", "é"],
		["characters of three bytes", "漢"],
		["characters of four bytes", "😀"],
	])("may take one byte less than 64 KB, and no byte more, in %s", (_, character) => {
		const fits = requestOf(to, filling(KB_64 - 1, character));
		expect(Buffer.byteLength(fits.body)).toBe(KB_64 - 1);
		expect(JSON.parse(fits.body)).toMatchObject({ client_payload: { data: filling(KB_64 - 1, character) } });
		expect(reasonOf(to, filling(KB_64, character))).toBe(
			"the client payload would take 65536 bytes, GitHub takes less than 65536",
		);
	});

	it("says whether less of the event would fit", () => {
		const refused = (destination: typeof to, data: unknown) => toDispatchRequest(destination, payloadOf(data));
		expect(refused(to, filling(KB_64))).toMatchObject({ ok: false, tooLarge: true });
		expect(refused({ ...to, dispatchType: "t".repeat(101) }, {})).toMatchObject({ ok: false, tooLarge: false });
	});

	it("counts what escaping adds", () => {
		const quotes = '"'.repeat(Math.ceil(KB_64 / 2));
		expect(reasonOf(to, quotes)).toMatch(/^the client payload would take \d+ bytes/);
	});

	it("may name a dispatch type of 1 to 100 characters, and no longer one", () => {
		const named = (dispatchType: string) => ({ ...to, dispatchType });
		expect(JSON.parse(requestOf(named("t"), {}).body)).toMatchObject({ event_type: "t" });
		expect(JSON.parse(requestOf(named("t".repeat(100)), {}).body)).toMatchObject({ event_type: "t".repeat(100) });
		expect(JSON.parse(requestOf(named("😀".repeat(100)), {}).body)).toMatchObject({ event_type: "😀".repeat(100) });
		expect(reasonOf(named("t".repeat(101)), {})).toBe(
			"the dispatch type has 101 characters, GitHub takes 100; give the route a dispatchType",
		);
		expect(reasonOf(named("😀".repeat(101)), {})).toContain("has 101 characters");
	});

	it("is refused without a dispatch type", () => {
		expect(reasonOf({ ...to, dispatchType: "" }, {})).toBe("the event type leaves nothing for a dispatch type");
	});

	it.each([" ", "\t\n "])("is refused with nothing but blanks for a dispatch type: %j", (dispatchType) => {
		expect(reasonOf({ ...to, dispatchType }, {})).toBe("the event type leaves nothing for a dispatch type");
	});

	it("has U+FFFD for half a character", () => {
		expect(requestOf(to, { half: "\ud83d" }).body).toContain('"data":{"half":"\uFFFD"}');
	});

	it("is refused with a reason when data is nested more deeply than can be written", () => {
		const depth = 200_000;
		const data = JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown;
		expect(reasonOf(to, data)).toMatch(/nested too deeply|would take \d+ bytes/);
		const gaveUp = {
			toJSON: () => {
				throw new RangeError("Maximum call stack size exceeded");
			},
		};
		expect(reasonOf(to, gaveUp)).toBe("data is nested too deeply to be written as JSON");
	});

	it("does not hide a mistake of ours behind a reason", () => {
		expect(() => toDispatchRequest(to, payloadOf({ size: 5n }))).toThrow(TypeError);
	});
});
