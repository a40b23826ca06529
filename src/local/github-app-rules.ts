import { createPublicKey, verify } from "node:crypto";
import { type Answer, githubError } from "./github-rules.ts";

/** A GitHub App as the stand-in knows it. */
export interface StandInApp {
	readonly id: string;
	/** PEM, public or private. */
	readonly key: string;
	/** The owners that have installed it; none given, all have. */
	readonly owners?: readonly string[];
}

/** Installation tokens live one hour. Source: docs.github.com, "Generating an installation access token". */
const TOKEN_LIFE_MS = 3_600_000;
/** A JWT may be valid for ten minutes at the most; GitHub allows a minute of drift. */
const JWT_LIFE_SECONDS = 600;
const DRIFT_SECONDS = 60;

/** The part of GitHub's API that only an app may call, as documented. */
export interface AppRules {
	/** Answers a call of that part; undefined where the path is another's. */
	answer(method: string, path: string, jwt: string | undefined): Answer | undefined;
	/** Whether a token was issued here and has not ended. */
	isValid(token: string): boolean;
	/** Ends every token that was issued. */
	revoke(): void;
}

/** @param now epoch milliseconds */
export function createAppRules(app: StandInApp, now: () => number): AppRules {
	const issued = new Map<string, number>();
	const installations = new Map<string, number>();
	let count = 0;

	function installation(owner: string): Answer {
		const id = installations.get(owner) ?? 4_000_000 + installations.size;
		installations.set(owner, id);
		return {
			status: 200,
			body: { id, app_id: Number(app.id), target_type: "Organization", account: { login: owner } },
		};
	}

	function issue(): Answer {
		const expiresAt = now() + TOKEN_LIFE_MS;
		const token = `ghs_${app.id}_${String(++count).padStart(30, "0")}`;
		issued.set(token, expiresAt);
		const permissions = { contents: "write", metadata: "read" };
		const expires_at = new Date(expiresAt).toISOString().replace(/\.\d+Z$/, "Z");
		return { status: 201, body: { token, expires_at, permissions, repository_selection: "all" } };
	}

	return {
		answer(method, path, jwt) {
			const [, owner] = /^\/(?:api\/v3\/)?repos\/([^/]+)\/[^/]+\/installation$/.exec(path) ?? [];
			const [, id] = /^\/(?:api\/v3\/)?app\/installations\/(\d+)\/access_tokens$/.exec(path) ?? [];
			if (owner === undefined && id === undefined) return undefined;
			const problem = checkJwt(jwt, app, Math.floor(now() / 1000));
			if (problem !== undefined) return githubError(401, problem);
			if (owner !== undefined && method === "GET") {
				return isInstalled(app, owner) ? installation(owner.toLowerCase()) : githubError(404, "Not Found");
			}
			const known = [...installations.values()].includes(Number(id));
			return method === "POST" && known ? issue() : githubError(404, "Not Found");
		},
		isValid: (token) => (issued.get(token) ?? 0) > now(),
		revoke: () => issued.clear(),
	};
}

function isInstalled({ owners }: StandInApp, owner: string): boolean {
	return owners === undefined || owners.some((name) => name.toLowerCase() === owner.toLowerCase());
}

function checkJwt(jwt: string | undefined, app: StandInApp, now: number): string | undefined {
	const [header, payload, signature] = jwt?.split(".") ?? [];
	if (header === undefined || payload === undefined || signature === undefined)
		return "A JSON web token could not be decoded";
	const signed = Buffer.from(`${header}.${payload}`);
	if (!verify("RSA-SHA256", signed, createPublicKey(app.key), Buffer.from(signature, "base64url"))) {
		return "A JSON web token could not be decoded";
	}
	const { iss, iat, exp } = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, number | string>;
	if (String(iss) !== app.id) return "Integration not found";
	if (Number(exp) <= now) return "'Expiration time' claim ('exp') is in the past";
	if (Number(exp) > now + JWT_LIFE_SECONDS) return "'Expiration time' claim ('exp') is too far in the future";
	return Number(iat) > now + DRIFT_SECONDS
		? "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
		: undefined;
}
