import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { openSenderCheck } from "../../src/config/entra.ts";
import type { SenderCheck } from "../../src/config/entra-token.ts";
import { APPLICATION, type EntraStandIn, STRANGER, startEntra, TENANT } from "../helpers/entra-stand-in.ts";
import { GENUINE, key, REFUSED, v1 } from "../helpers/entra-tokens.ts";

/** In characters. */
const LONGEST = 12_288;

describe("a value of the header Authorization", () => {
	let entra: EntraStandIn;
	let check: SenderCheck;
	beforeAll(async () => {
		entra = await startEntra(key);
		const env = { ENTRA_TENANT_ID: TENANT, ENTRA_AUDIENCE: APPLICATION, ENTRA_AUTHORITY: entra.url };
		const surroundings = { fetch: globalThis.fetch, now: Date.now, monotonic: () => 0 };
		check = openSenderCheck(env, surroundings) as SenderCheck;
	});
	afterAll(() => entra.close());

	it.each(GENUINE)("is let in with a token of %s", async (_, token) => {
		expect(await check(`Bearer ${token(entra.url)}`)).toEqual({ ok: true });
	});

	it.each(REFUSED)("is refused with %s", async (_, authorization, reason) => {
		const verdict = await check(authorization(entra.url) ?? null);
		expect(verdict).toEqual({ ok: false, status: 401, reason: expect.stringMatching(reason) });
	});

	it.each([
		["in other letters, and with more spaces", (token: string) => `  bearer   ${token} `, true],
		["behind something else", (token: string) => `xBearer ${token}`, false],
		["before something else", (token: string) => `Bearer ${token} x`, false],
		["as long as it may be", (token: string) => `Bearer ${token}`.padEnd(LONGEST), true],
		["longer than that", (token: string) => `Bearer ${token}`.padEnd(LONGEST + 1), false],
	])("is read with its token %s", async (_, written, isLetIn) => {
		expect((await check(written(v1()))).ok).toBe(isLetIn);
	});

	it.each<[string, object, RegExp]>([
		["an issuer", { iss: "https://evil.example/" }, /issuer "https:\/\/evil\.example\/" is not the tenant/],
		["no issuer that is a text", { iss: 7 }, /issuer \(which is no text\)/],
		["an audience", { aud: STRANGER }, new RegExp(`audience "${STRANGER}"`)],
		["an audience that is no text", { aud: 7 }, /audience \(which is no text\)/],
		["a beginning that is no number", { nbf: "then" }, /claim nbf is missing or wrong/],
		["an application", { appid: STRANGER, roles: [] }, new RegExp(`application "${STRANGER}" is not Event Grid's`)],
	])("is refused with the reason %s, as far as the token is genuine", async (_, claims, reason) => {
		expect(await check(`Bearer ${v1(claims)}`)).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
	});
});
