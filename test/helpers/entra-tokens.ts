/** Tokens that Event Grid, and others, may send: a table for the check alone, and for the webhook over HTTP. */
import {
	APPLICATION,
	claimsOfV1,
	claimsOfV2,
	EVENT_GRID,
	newKey,
	OTHER_TENANT,
	published,
	ROLE,
	STRANGER,
	TENANT,
	tokenOf,
	unsigned,
} from "./entra-stand-in.ts";

/** The tenant's key. */
export const key = newKey("key-1");
const strangersKey = newKey("key-1");
const unknownKey = newKey("key-9");
const now = () => Math.floor(Date.now() / 1000);

export const v1 = (claims: object = {}, header: object = {}) =>
	tokenOf(key, { ...claimsOfV1(), ...claims }, { ...header });
const without = (...names: string[]) =>
	Object.fromEntries(Object.entries(claimsOfV1()).filter(([name]) => !names.includes(name)));
const publicPem = String(key.publicKey.export({ type: "spki", format: "pem" }));
const [head = "", body = "", signature = ""] = v1().split(".");

/** Tokens that are taken, by the authority of their tenant. */
export const GENUINE: readonly (readonly [string, (authority: string) => string])[] = [
	["version 1.0", () => v1()],
	["version 2.0", (authority) => tokenOf(key, claimsOfV2(authority))],
	["version 1.0, asked for by the application's URI", () => v1({ aud: `api://${APPLICATION}` })],
	["Event Grid without the role", () => tokenOf(key, without("roles"))],
	["Event Grid of Azure Government", () => v1({ appid: "54316b56-3481-47f9-8f30-0300f5542a7b", roles: [] })],
	["another application that holds the role", () => v1({ appid: STRANGER, roles: ["Other", ROLE] })],
	["a clock that goes half a minute ahead of ours", () => v1({ nbf: now() + 30 })],
	["an end half a minute ago", () => v1({ exp: now() - 30 })],
	["a header with members that do not count", () => v1({}, { x5t: "key-1", jku: "https://evil.example/keys" })],
];

/** Values of the header that are refused, and why. */
export const REFUSED: readonly (readonly [string, (authority: string) => string | undefined, RegExp])[] = [
	["no token", () => undefined, /Authorization is missing/],
	["an empty header", () => "", /exactly one bearer token/],
	["another scheme", () => `Basic ${Buffer.from("a:b").toString("base64")}`, /exactly one bearer token/],
	["the token without its scheme", () => v1(), /exactly one bearer token/],
	["a scheme without a token", () => "Bearer ", /exactly one bearer token/],
	["two tokens in one value", () => `Bearer ${v1()}, Bearer ${v1()}`, /exactly one bearer token/],
	["no JWT", () => "Bearer hello", /exactly one bearer token/],
	["two parts of a JWT", () => `Bearer ${head}.${body}`, /exactly one bearer token/],
	[
		"five parts, as if it were encrypted",
		() => `Bearer ${head}.${body}.${body}.${body}.${signature}`,
		/exactly one bearer/,
	],
	["a header that is no JSON", () => `Bearer aGVsbG8.${body}.${signature}`, /not a JWT/],
	["a payload that is no object", () => `Bearer ${tokenOf(key, [] as never)}`, /not a JWT/],
	["too much", () => `Bearer ${v1({ filler: "x".repeat(9_500) })}`, /too long/],
	["the algorithm none", () => `Bearer ${unsigned(claimsOfV1(), { alg: "none" })}`, /not signed with RS256/],
	[
		"the algorithm nOnE",
		() => `Bearer ${unsigned(claimsOfV1(), { alg: "nOnE", kid: "key-1" })}`,
		/not signed with RS256/,
	],
	[
		"HS256 by the public key's text",
		() => `Bearer ${unsigned(claimsOfV1(), { alg: "HS256", kid: "key-1" }, publicPem)}`,
		/not signed with RS256/,
	],
	[
		"HS256 by the published key",
		() => `Bearer ${unsigned(claimsOfV1(), { alg: "HS256", kid: "key-1" }, JSON.stringify(published(key)))}`,
		/not signed with RS256/,
	],
	["RS512 in the header", () => `Bearer ${v1({}, { alg: "RS512" })}`, /not signed with RS256/],
	[
		"a signature of another key by the same name",
		() => `Bearer ${tokenOf(strangersKey, claimsOfV1())}`,
		/signature is wrong/,
	],
	["no signature", () => `Bearer ${head}.${body}.`, /signature is wrong|not a JWT/],
	[
		"a payload that was changed",
		() =>
			`Bearer ${head}.${Buffer.from(JSON.stringify({ ...claimsOfV1(), appid: STRANGER })).toString("base64url")}.${signature}`,
		/signature is wrong/,
	],
	["a key that the tenant does not have", () => `Bearer ${tokenOf(unknownKey, claimsOfV1())}`, /key is unknown/],
	["no name of a key", () => `Bearer ${v1({}, { kid: undefined })}`, /names no key/],
	["a name of a key that is no text", () => `Bearer ${v1({}, { kid: ["key-1"] })}`, /names no key/],
	[
		"a key of its own in the header",
		() => `Bearer ${tokenOf(strangersKey, claimsOfV1(), { jwk: published(strangersKey), kid: "own" })}`,
		/key is unknown/,
	],
	[
		"a critical extension that is not known",
		() => `Bearer ${v1({}, { crit: ["exp2"], exp2: 1 })}`,
		/not a JWT that can be read/,
	],
	["a payload that is not encoded", () => `Bearer ${v1({}, { crit: ["b64"], b64: false })}`, /not a JWT|signature/],
	["another tenant's issuer", () => `Bearer ${v1({ iss: `https://sts.windows.net/${OTHER_TENANT}/` })}`, /issuer/],
	[
		"the tenant's issuer with a suffix",
		() => `Bearer ${v1({ iss: `https://sts.windows.net/${TENANT}/v2.0` })}`,
		/issuer/,
	],
	["the issuer without its slash", () => `Bearer ${v1({ iss: `https://sts.windows.net/${TENANT}` })}`, /issuer/],
	[
		"an issuer that begins like the tenant's",
		() => `Bearer ${v1({ iss: `https://sts.windows.net/${TENANT}/.evil.example/` })}`,
		/issuer/,
	],
	[
		"an issuer on another host",
		() => `Bearer ${v1({ iss: `https://sts.windows.net.evil.example/${TENANT}/` })}`,
		/issuer/,
	],
	["an issuer that is an array", () => `Bearer ${v1({ iss: [`https://sts.windows.net/${TENANT}/`] })}`, /issuer/],
	["no issuer", () => `Bearer ${tokenOf(key, without("iss"))}`, /iss/],
	["another tenant in tid", () => `Bearer ${v1({ tid: OTHER_TENANT })}`, /tenant/],
	["no tid", () => `Bearer ${tokenOf(key, without("tid"))}`, /tenant/],
	["another audience", () => `Bearer ${v1({ aud: STRANGER })}`, /audience/],
	["an audience that begins like ours", () => `Bearer ${v1({ aud: `${APPLICATION}.evil.example` })}`, /audience/],
	["ours and a stranger's audience", () => `Bearer ${v1({ aud: [APPLICATION, STRANGER] })}`, /audience/],
	["no audience", () => `Bearer ${tokenOf(key, without("aud"))}`, /audience/],
	["an end that has passed", () => `Bearer ${v1({ exp: now() - 90 })}`, /expired/],
	["no end", () => `Bearer ${tokenOf(key, without("exp"))}`, /claim exp/],
	["an end that is no number", () => `Bearer ${v1({ exp: "tomorrow" })}`, /claim exp/],
	["a beginning that is to come", () => `Bearer ${v1({ nbf: now() + 90 })}`, /not valid yet/],
	[
		"no word of whose it is, as an ID token has none",
		() => `Bearer ${tokenOf(key, without("appid"))}`,
		/appid is missing/,
	],
	[
		"version 2.0 with the claim appid of version 1.0",
		(authority) => `Bearer ${tokenOf(key, { ...claimsOfV2(authority), azp: undefined, appid: EVENT_GRID })}`,
		/azp is missing/,
	],
	["neither Event Grid nor the role", () => `Bearer ${v1({ appid: STRANGER, roles: [] })}`, /does not have the role/],
	[
		"another application without roles",
		() => `Bearer ${tokenOf(key, { ...without("roles"), appid: STRANGER })}`,
		/role/,
	],
	["a role that begins like ours", () => `Bearer ${v1({ appid: STRANGER, roles: [`${ROLE}2`] })}`, /role/],
	["roles that are a text", () => `Bearer ${v1({ appid: STRANGER, roles: ROLE })}`, /role/],
];
