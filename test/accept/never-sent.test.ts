import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { webhook } from "../../src/functions/webhook.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";

/** Deeper than `JSON.stringify` can write. */
const DEEP = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;

/** What of an event can never be sent, and words of the reason. */
const NEVER_SENT: readonly (readonly [string, object, string])[] = [
	["a type that leaves nothing for a dispatch type", { type: "Microsoft." }, "no dispatch type can be made"],
	["a type that leaves a blank", { type: "Microsoft. " }, "no dispatch type can be made"],
	[
		"a type that is too long for a dispatch type",
		{ type: `Contoso.${"x".repeat(100)}` },
		"give the route a dispatchType",
	],
	["a type of 40,000 characters", { type: "x".repeat(40_000) }, "give the route a dispatchType"],
	["a type of 70,000 characters", { type: "x".repeat(70_000) }, "give the route a dispatchType"],
	["a time with 25,000 digits", { time: `2026-03-14T08:15:30.${"1".repeat(25_000)}Z` }, "a time may have at most 64"],
	["a time with 40,000 digits", { time: `2026-03-14T08:15:30.${"1".repeat(40_000)}Z` }, "a time may have at most 64"],
	["data nested 5,000 levels", { type: "Contoso.Deep", data: "DEEP" }, "nested too deeply"],
];

const to = { repository: "contoso/fraud-model" };
const ROUTES = {
	"a route that sends each event": { to },
	"a route that gathers": { to, coalesce: { quietSeconds: 600, maxSeconds: 3600 } },
} as const;

let fixture: BridgeFixture;
beforeAll(async () => {
	fixture = await startFixture();
});
afterAll(() => fixture.github.close());

describe.each(Object.entries(ROUTES))("at %s", (_, route) => {
	let bridge: Bridge;
	beforeAll(() => {
		bridge = fixture.bridge({ BRIDGE_ROUTES: JSON.stringify({ routes: [route] }) });
	});
	const send = async (body: unknown) => {
		const door = webhook("events", async () => bridge, readHandshakeRules({}));
		return callFunction(door, { body: JSON.stringify(body).replace('"DEEP"', DEEP) });
	};

	it.each(NEVER_SENT)("%s is rejected and kept, and its neighbour is accepted", async (_, change, reason) => {
		const bad = { ...asCloudEvent(exampleOf("BlobCreated")), id: randomUUID(), ...change };
		const good = { ...asCloudEvent(exampleOf("BlobCreated")), id: randomUUID() };
		const { status, json } = await send([bad, good]);
		expect({ status, json }).toMatchObject({
			status: expect.any(Number),
			json: {
				events: [
					{ id: bad.id, outcome: "rejected", key: expect.any(String), reason: expect.stringContaining(reason) },
					{ id: good.id, outcome: expect.stringMatching(/^(dispatched|accepted)$/) },
				],
			},
		});
		expect([200, 202]).toContain(status);
		expect((await bridge.receipts({ limit: 10, find: bad.id })).receipts).toMatchObject([{ state: "rejected" }]);
		expect((await send([bad])).status).toBe(400);
	});
});
