import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { openSenderCheck } from "../../src/config/entra.ts";
import type { SenderCheck } from "../../src/config/entra-token.ts";
import {
	APPLICATION,
	claimsOfV1,
	claimsOfV2,
	type EntraStandIn,
	newKey,
	published,
	STRANGER,
	startEntra,
	TENANT,
	tokenOf,
} from "../helpers/entra-stand-in.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const [first, second] = [newKey("key-1"), newKey("key-2")];
const withRole = { appid: STRANGER };

describe("the check of the webhook's senders", () => {
	let entra: EntraStandIn;
	let clock: number;
	let check: SenderCheck;
	let asked: () => number;

	const settings = (more: object = {}) => ({
		ENTRA_TENANT_ID: TENANT,
		ENTRA_AUDIENCE: APPLICATION,
		ENTRA_AUTHORITY: entra.url,
		...more,
	});
	const open = (env: Readonly<Record<string, string>> = settings(), fetch = globalThis.fetch) =>
		openSenderCheck(env, { fetch, now: Date.now, monotonic: () => clock }) as SenderCheck;
	const bearer = (key = first, claims: object = {}) => `Bearer ${tokenOf(key, { ...claimsOfV1(), ...claims })}`;

	beforeAll(async () => {
		entra = await startEntra(first);
	});
	beforeEach(() => {
		clock = 1_000;
		entra.publish(first);
		entra.answer(undefined);
		const before = entra.asked();
		asked = () => entra.asked() - before;
		check = open();
	});
	afterAll(() => entra.close());

	const taken = { ok: true };
	const unavailable = (reason: RegExp) => ({ ok: false, status: 503, reason: expect.stringMatching(reason) });
	const refused = (reason: RegExp) => ({ ok: false, status: 401, reason: expect.stringMatching(reason) });

	it("is not there where no setting of Entra is", () => {
		const surroundings = { fetch: globalThis.fetch, now: Date.now, monotonic: () => 0 };
		expect(
			openSenderCheck({ ENTRA_TENANT_ID: " ", ENTRA_AUTHORITY: "https://x.example" }, surroundings),
		).toBeUndefined();
	});

	it("asks for nothing before the first token, and reads the keys once for many that come together", async () => {
		expect(asked()).toBe(0);
		const verdicts = await Promise.all(Array.from({ length: 20 }, () => check(bearer())));
		expect(verdicts).toEqual(verdicts.map(() => taken));
		expect(await check(bearer())).toEqual(taken);
		expect(asked()).toBe(1);
	});

	it("does not ask Entra for what is refused without a key", async () => {
		for (const value of [null, "Basic x", "Bearer x", `Bearer ${"a".repeat(20_000)}.b.c`])
			expect(await check(value)).toMatchObject({ ok: false, status: 401 });
		expect(asked()).toBe(0);
	});

	it("takes up a new key with the first token that it has signed, and lets go of an old one within the hour", async () => {
		expect(await check(bearer(first))).toEqual(taken);
		entra.publish(first, second);
		clock += MINUTE_MS;
		expect(await check(bearer(second))).toEqual(taken);
		expect(asked()).toBe(2);
		entra.publish(second);
		clock += HOUR_MS;
		expect(await check(bearer(first))).toEqual(refused(/key is unknown/));
		expect(await check(bearer(second))).toEqual(taken);
	});

	it("reads the keys at most once a minute for unknown ones, from whatever sender", async () => {
		const strangers = ["a", "b", "c"].map((kid) => ({ ...second, kid }));
		for (let round = 0; round < 5; round += 1)
			for (const stranger of strangers) expect(await check(bearer(stranger))).toEqual(refused(/key is unknown/));
		expect(asked()).toBe(1);
		clock += MINUTE_MS;
		await Promise.all(strangers.map((stranger) => check(bearer(stranger))));
		expect(asked()).toBe(2);
		expect(await check(bearer())).toEqual(taken);
	});

	const page = { status: 200, headers: { "content-type": "text/html" }, body: "<html>Sign in</html>" };
	const broken = { ...published(first), n: "AQAB" };
	it.each<[string, Parameters<EntraStandIn["answer"]>[0], RegExp]>([
		["an error", { status: 503, body: "busy" }, /the answer was 503/],
		["an unknown tenant", { status: 400, body: '{"error":"invalid_tenant"}' }, /the answer was 400/],
		["a redirect, which is not followed", { status: 302, headers: { location: "https://evil.example/keys" } }, /302/],
		["a page of a proxy", page, /no signing keys/],
		["half an answer", { body: '{"keys":[{"kty":"RSA"' }, /no signing keys/],
		["no keys", { body: '{"keys":[]}' }, /no signing keys/],
		["keys that are none", { body: '{"keys":[null,7,{"kty":"oct","k":"c2VjcmV0","kid":"key-1"}]}' }, /no signing keys/],
		["null", { body: "null" }, /no signing keys/],
		["an endless answer", { body: `{"keys":[${" ".repeat(1_000_000)}` }, /no signing keys/],
		["a key that is too short", { body: JSON.stringify({ keys: [broken] }) }, /cannot be used/],
		[
			"two keys by one name",
			{ body: JSON.stringify({ keys: [published(first), published(first)] }) },
			/cannot be used/,
		],
	])("says 503 while Entra answers with %s, and takes tokens again after it", async (_, answer, reason) => {
		entra.answer(answer);
		expect(await check(bearer())).toEqual(unavailable(reason));
		entra.answer(undefined);
		clock += HOUR_MS;
		expect(await check(bearer())).toEqual(taken);
	});

	it("says 503 while Entra cannot be reached, and asks again after five seconds, not sooner", async () => {
		let calls = 0;
		const fails: typeof globalThis.fetch = async () => {
			calls += 1;
			throw new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND") });
		};
		check = open(settings(), fails);
		expect(await check(bearer())).toEqual(unavailable(/no answer \(getaddrinfo ENOTFOUND\)/));
		expect(await check(bearer())).toEqual(unavailable(/no answer/));
		expect(calls).toBe(1);
		clock += 5_000;
		await check(bearer());
		expect(calls).toBe(2);
	});

	it("gives up on an answer that does not come", async () => {
		const never: typeof globalThis.fetch = (_, init) =>
			new Promise((_resolve, reject) => {
				expect(init?.signal).toBeInstanceOf(AbortSignal);
				reject(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
			});
		expect(await open(settings(), never)(bearer())).toEqual(unavailable(/aborted due to timeout/));
	});

	it("uses the keys that it knows for a day while Entra does not answer, and none after it", async () => {
		expect(await check(bearer())).toEqual(taken);
		entra.answer({ status: 500 });
		clock += HOUR_MS;
		expect(await check(bearer())).toEqual(taken);
		expect(await check(bearer())).toEqual(taken);
		// It is asked once a minute meanwhile, and not by every token.
		expect(asked()).toBe(2);
		// Whether a key that is not known is one of the tenant's cannot be told now.
		expect(await check(bearer(second))).toEqual(unavailable(/the answer was 500/));
		clock += 23 * HOUR_MS;
		expect(await check(bearer())).toEqual(unavailable(/the answer was 500/));
		entra.answer(undefined);
		clock += MINUTE_MS;
		expect(await check(bearer())).toEqual(taken);
	});

	it("takes only the named applications where there are any, whatever role they hold", async () => {
		check = open(settings({ ENTRA_APPLICATIONS: ` ${STRANGER.toUpperCase()} ,${APPLICATION}` }));
		expect(await check(bearer(first, withRole))).toEqual(taken);
		expect(await check(bearer(first))).toEqual(refused(/not in ENTRA_APPLICATIONS/));
	});

	it.each([
		[APPLICATION, APPLICATION],
		[APPLICATION, `api://${APPLICATION}`],
		[`api://${APPLICATION}`, APPLICATION],
		[APPLICATION.toUpperCase(), APPLICATION],
		["api://bridge.contoso.example", "api://bridge.contoso.example"],
	])("with ENTRA_AUDIENCE %s takes the audience %s", async (audience, aud) => {
		check = open(settings({ ENTRA_AUDIENCE: audience }));
		expect(await check(bearer(first, { aud }))).toEqual(taken);
		expect(await check(bearer(first, { aud: `${aud}/` }))).toEqual(refused(/audience/));
	});

	it.each([
		["https://login.microsoftonline.com", "https://login.microsoftonline.com", "https://sts.windows.net"],
		["https://login.microsoftonline.com/", "https://login.microsoftonline.com", "https://sts.windows.net"],
		["https://login.microsoftonline.us", "https://login.microsoftonline.us", "https://sts.windows.net"],
		[
			"https://login.partner.microsoftonline.cn",
			"https://login.partner.microsoftonline.cn",
			"https://sts.chinacloudapi.cn",
		],
		["https://login.chinacloudapi.cn/", "https://login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn"],
	])("asks %s for keys, and takes its issuers alone", async (authority, issuer, issuerOfV1) => {
		const urls: string[] = [];
		const fetch: typeof globalThis.fetch = async (url) => {
			urls.push(String(url));
			return new Response(JSON.stringify({ keys: [published(first)] }));
		};
		check = open(settings({ ENTRA_AUTHORITY: authority, ENTRA_TENANT_ID: TENANT.toUpperCase() }), fetch);
		expect(await check(bearer(first, { iss: `${issuerOfV1}/${TENANT}/` }))).toEqual(taken);
		expect(await check(`Bearer ${tokenOf(first, claimsOfV2(issuer))}`)).toEqual(taken);
		expect(await check(`Bearer ${tokenOf(first, claimsOfV2(entra.url))}`)).toEqual(refused(/issuer/));
		expect(urls).toEqual([`${issuer}/${TENANT}/discovery/v2.0/keys`]);
	});

	it.each<[string, object]>([
		["ENTRA_TENANT_ID", { ENTRA_TENANT_ID: "" }],
		["ENTRA_TENANT_ID", { ENTRA_TENANT_ID: "common" }],
		["ENTRA_TENANT_ID", { ENTRA_TENANT_ID: "contoso.onmicrosoft.com" }],
		["ENTRA_TENANT_ID", { ENTRA_TENANT_ID: "@Microsoft.KeyVault(SecretUri=https://x)" }],
		["ENTRA_AUDIENCE", { ENTRA_AUDIENCE: "" }],
		["ENTRA_AUDIENCE", { ENTRA_AUDIENCE: "grid-dispatch" }],
		["ENTRA_AUDIENCE", { ENTRA_AUDIENCE: `${APPLICATION},${STRANGER}` }],
		["ENTRA_APPLICATIONS", { ENTRA_APPLICATIONS: "Event Grid" }],
		["ENTRA_APPLICATIONS", { ENTRA_APPLICATIONS: "," }],
		["ENTRA_AUTHORITY", { ENTRA_AUTHORITY: "https://login.evil.example" }],
		["ENTRA_AUTHORITY", { ENTRA_AUTHORITY: `https://login.microsoftonline.com/${TENANT}` }],
		["ENTRA_AUTHORITY", { ENTRA_AUTHORITY: "http://login.microsoftonline.com" }],
		["ENTRA_TENANT_ID, ENTRA_AUDIENCE", { ENTRA_TENANT_ID: "", ENTRA_AUDIENCE: "", ENTRA_APPLICATIONS: STRANGER }],
	])("lets no one in, and says 503, while %s is wrong: %j", async (names, wrong) => {
		check = open(settings(wrong));
		expect(await check(bearer())).toEqual(unavailable(new RegExp(`configuration is broken \\(${names}\\)`)));
		expect(await check(null)).toEqual(unavailable(/GET \/api\/health/));
		expect(asked()).toBe(0);
	});
});
