import { describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import type { SenderCheck, Verdict } from "../../src/config/entra-token.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { webhook } from "../../src/functions/webhook.ts";
import { callFunction } from "../helpers/call-function.ts";

const ORIGIN = { "webhook-request-origin": "eventgrid.azure.net" };
const TOKEN = { authorization: "Bearer a.b.c" };
const UNKNOWN: Verdict = { ok: false, status: 401, reason: "the token is not sound" };
const LATER: Verdict = { ok: false, status: 503, reason: "the keys cannot be read" };

/** Calls a door that Entra protects. Also answers what the check was asked, and what came to the bridge. */
async function call(verdict: Verdict, method: string, headers: Record<string, string>) {
	const asked: (string | null)[] = [];
	const accepted: unknown[] = [];
	const check: SenderCheck = async (authorization) => {
		asked.push(authorization);
		return verdict;
	};
	const bridge: Pick<Bridge, "accept"> = {
		async accept(elements) {
			accepted.push(...elements);
			return [];
		},
	};
	const door = webhook("events", async () => bridge as Bridge, readHandshakeRules({}), check);
	const body = method === "POST" ? { body: { id: "1" } } : {};
	return { ...(await callFunction(door, { method, headers, ...body })), asked, accepted };
}

describe("the webhook behind Microsoft Entra", () => {
	it.each([
		["POST", {}, "receive", "Bearer"],
		["POST", TOKEN, "receive", 'Bearer error="invalid_token"'],
		["OPTIONS", { ...ORIGIN, ...TOKEN }, "handshake", 'Bearer error="invalid_token"'],
	])("refuses %s with the headers %j, says which token it wants, and writes a line", async (...row) => {
		const [method, headers, stage, challenge] = row;
		const { status, json, headers: answered, logged, accepted, asked } = await call(UNKNOWN, method, headers);
		expect({ status, json, answered }).toEqual({
			status: 401,
			json: { error: "the token is not sound" },
			answered: { "WWW-Authenticate": challenge },
		});
		expect(asked).toEqual(["authorization" in headers ? TOKEN.authorization : null]);
		expect(logged).toEqual([["error", expect.stringContaining(`"stage":"${stage}","status":401`)]]);
		expect(accepted).toEqual([]);
	});

	it("asks for no other token while it cannot judge one: the sender is to try again", async () => {
		const { status, json, headers } = await call(LATER, "POST", TOKEN);
		expect({ status, json, headers }).toEqual({ status: 503, json: { error: LATER.reason }, headers: undefined });
	});

	it("lets a sender in whose token is sound", async () => {
		expect(await call({ ok: true }, "POST", TOKEN)).toMatchObject({ status: 200, accepted: [{ id: "1" }] });
		expect(await call({ ok: true }, "OPTIONS", { ...ORIGIN, ...TOKEN })).toMatchObject({ status: 200, accepted: [] });
	});

	it("answers a handshake without a token, since that takes no event", async () => {
		expect(await call(UNKNOWN, "OPTIONS", ORIGIN)).toMatchObject({ status: 200, asked: [] });
	});
});
