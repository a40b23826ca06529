import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { receipts } from "../../src/functions/receipts.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";
import { newNames } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";

let fixture: BridgeFixture;
let bridge: Bridge;
beforeEach(async () => {
	fixture = await startFixture();
	bridge = fixture.bridge({}, {}, newNames());
});
afterEach(() => fixture.github.close());

const event = (id: string, more: object = {}) => ({ ...asCloudEvent(exampleOf("RunCompleted")), id, ...more });

/** Makes an event a dead letter: GitHub calls its request impossible. */
async function die(id: string, more: object = {}): Promise<void> {
	fixture.github.script.set({ status: 422 });
	await bridge.accept([event(id, more)], logLines());
}

async function ask(query: string) {
	const { status, json } = await callFunction(
		receipts(async () => bridge),
		{ method: "GET", path: `/api/receipts${query}` },
	);
	return { status, ...(json as { receipts: Record<string, unknown>[]; error: string }) };
}

describe("what a replay would send", () => {
	it("is shown of a dead letter where it was asked for, exactly as it was refused", async () => {
		await die("one");
		const { receipts: found } = await ask("?find=one&requests=true&limit=5");
		const { line, text, bytes, whole } = (found[0]?.["sends"] ?? {}) as Record<string, string>;
		expect(line).toMatch(/^POST http.*\/repos\/contoso\/fraud-model\/dispatches$/);
		expect({ whole, bytes }).toEqual({ whole: true, bytes: Buffer.byteLength(text ?? "") });
		expect(JSON.parse(text ?? "")).toMatchObject({ client_payload: { id: "one" } });
		expect((await ask("?find=one&limit=5")).receipts[0]?.["sends"]).toBeUndefined();
	});

	it("is cut where it is long, and null for what has no request", async () => {
		await die("long", { data: { ...exampleOf("RunCompleted").data, text: "\u00e4".repeat(20_000) } });
		fixture.github.script.set([]);
		await bridge.accept([event("sent"), event("unsound", { data: {} })], logLines());
		const sends = async (id: string) => (await ask(`?find=${id}&requests=true&limit=5`)).receipts[0]?.["sends"];
		const { text, bytes, whole } = (await sends("long")) as { text: string; bytes: number; whole: boolean };
		expect([text.length, bytes > 40_000, whole]).toEqual([4_000, true, false]);
		expect([await sends("sent"), await sends("unsound")]).toEqual([null, null]);
	});

	it("is read for few receipts at a time", async () => {
		expect(await ask("?requests=true")).toMatchObject({ status: 400, error: expect.stringContaining("limit of 20") });
		expect(await ask("?requests=maybe&limit=5")).toMatchObject({
			status: 400,
			error: expect.stringContaining("requests"),
		});
	});
});

describe("the group of a window", () => {
	it("is the same in its events' receipts and in health, and another for another window of the route", async () => {
		const coalesce = { quietSeconds: 600, maxSeconds: 900, by: "container" };
		const routes = [
			{ name: "gather", filter: { subjectBeginsWith: "/blob" }, to: { repository: "contoso/a" }, coalesce },
			{ name: "send", filter: { subjectBeginsWith: "experiments" }, to: { repository: "contoso/a" } },
		];
		bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes }) }, {}, newNames());
		const blob = asCloudEvent(exampleOf("BlobCreated"));
		const inContainer = (container: string, id: string) => ({
			...blob,
			id,
			subject: `/blobServices/default/containers/${container}/blobs/${id}`,
		});
		// A lane is known as soon as something was sent through it.
		await bridge.accept([event("sent")], logLines());
		await bridge.accept([inContainer("a", "1"), inContainer("a", "2"), inContainer("b", "3")], logLines());
		const { receipts: found } = await ask("?limit=10");
		const groupOf = (id: string) => found.find((one) => (one["event"] as { id: string }).id === id)?.["group"];
		expect(groupOf("1")).toBe(groupOf("2"));
		expect(groupOf("1")).not.toBe(groupOf("3"));
		const { gathering } = await bridge.health();
		expect(new Set(gathering.map(({ group }) => group))).toEqual(new Set([groupOf("1"), groupOf("3")]));
	});
});
