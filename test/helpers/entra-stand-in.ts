import { createHmac, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { serve } from "../../src/local/serve.ts";

export const TENANT = "5f3c1d2e-0000-4000-8000-00000000000a";
export const OTHER_TENANT = "5f3c1d2e-0000-4000-8000-00000000000b";
/** The webhook's application. */
export const APPLICATION = "5f3c1d2e-0000-4000-8000-0000000000aa";
export const EVENT_GRID = "4962773b-9cdb-44cf-a8bf-237846a00ab7";
export const STRANGER = "5f3c1d2e-0000-4000-8000-0000000000ff";
export const ROLE = "AzureEventGridSecureWebhookSubscriber";

export interface SigningKey {
	readonly kid: string;
	readonly privateKey: KeyObject;
	readonly publicKey: KeyObject;
}

/** An RSA key as Entra signs with. */
export function newKey(kid: string): SigningKey {
	return { kid, ...generateKeyPairSync("rsa", { modulusLength: 2048 }) };
}

/** A key as Entra publishes it. */
export function published({ kid, publicKey }: SigningKey): object {
	return { kty: "RSA", use: "sig", kid, x5t: kid, ...publicKey.export({ format: "jwk" }) };
}

type Members = Readonly<Record<string, unknown>>;

/** A token, made by hand: no library of the bridge has a part in it. */
export function tokenOf(key: SigningKey, claims: Members, header: Members = {}): string {
	const signed = [{ typ: "JWT", alg: "RS256", kid: key.kid, ...header }, claims].map(encoded).join(".");
	return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key.privateKey, "base64url")}`;
}

/** A token without a signature, or with one by a text that everybody knows. */
export function unsigned(claims: Members, header: Members, secret?: string | Buffer): string {
	const signed = [{ typ: "JWT", ...header }, claims].map(encoded).join(".");
	return `${signed}.${secret === undefined ? "" : createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

function encoded(part: unknown): string {
	return Buffer.from(JSON.stringify(part)).toString("base64url");
}

const seconds = (ms: number) => Math.floor(ms / 1000);

/** What Event Grid's token of version 1.0 says. */
export function claimsOfV1(now = Date.now()): Members {
	const [iat, exp] = [seconds(now) - 5, seconds(now) + 3_600];
	const times = { iat, nbf: iat, exp };
	const issuer = { iss: `https://sts.windows.net/${TENANT}/`, tid: TENANT, ver: "1.0" };
	return { aud: APPLICATION, ...issuer, ...times, appid: EVENT_GRID, appidacr: "2", roles: [ROLE] };
}

/** What its token of version 2.0 says. */
export function claimsOfV2(authority: string, now = Date.now()): Members {
	const { appid: azp, appidacr: azpacr, ...common } = claimsOfV1(now);
	return { ...common, iss: `${authority}/${TENANT}/v2.0`, ver: "2.0", azp, azpacr };
}

/** Entra, as far as a receiver of tokens asks it. */
export interface EntraStandIn {
	/** The authority, without a slash at its end. */
	readonly url: string;
	/** What it publishes from now on. */
	publish(...keys: readonly SigningKey[]): void;
	/** How it answers from now on, whatever it is asked; undefined: with its keys. */
	answer(
		how: { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string } | undefined,
	): void;
	/** How often its keys were asked for. */
	readonly asked: () => number;
	close(): Promise<void>;
}

export async function startEntra(...keys: readonly SigningKey[]): Promise<EntraStandIn> {
	let [shown, asked] = [keys, 0];
	let script: Parameters<EntraStandIn["answer"]>[0];
	const { url, close } = await serve(0, (request, response) => {
		const isKeys = request.method === "GET" && request.url === `/${TENANT}/discovery/v2.0/keys`;
		if (isKeys) asked += 1;
		if (script !== undefined) return void response.writeHead(script.status ?? 200, script.headers).end(script.body);
		if (!isKeys) return void response.writeHead(400).end('{"error":"invalid_tenant"}');
		response.writeHead(200, { "content-type": "application/json" });
		response.end(JSON.stringify({ keys: shown.map(published) }));
	});
	return {
		url,
		close,
		asked: () => asked,
		publish: (...anew) => {
			shown = anew;
		},
		answer: (how) => {
			script = how;
		},
	};
}
