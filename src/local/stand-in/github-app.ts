import { createPublicKey, verify } from "node:crypto";
import type { Answer } from "./calls.ts";
import { githubError } from "./github-rules.ts";
import { ownerAnswer } from "./repository-answers.ts";

/** A GitHub App as the stand-in knows it. */
export interface StandInApp {
	readonly id: string;
	/** PEM, public or private. */
	readonly key: string;
	/** The owners that have installed it; none given, all have. */
	readonly owners?: readonly string[];
	/** A new token is refused for so long, as if it were none: it takes seconds until all of GitHub knows it. */
	readonly unknownForMs?: number;
}

/** Installation tokens live one hour. Source: docs.github.com, "Generating an installation access token". */
const TOKEN_LIFE_MS = 3_600_000;
/** A JWT may be valid for ten minutes at the most; GitHub allows a minute of drift. */
const JWT_LIFE_SECONDS = 600;
const DRIFT_SECONDS = 60;

/** The part of GitHub's API that only an app may call, as documented. */
export interface AppRules {
	/**
	 * Answers a call of that part; undefined where the path is another's.
	 * @param url of the stand-in
	 */
	answer(method: string, path: string, jwt: string, url: string): Answer | undefined;
	/** Whether a token was issued here, is known by now, and has not ended. */
	isValid(token: string): boolean;
	/** What a token of a suspended installation is answered, whatever it asks for. */
	refuseSuspended(token: string): Answer | undefined;
	/** Ends every token that was issued. */
	revoke(): void;
	/** Suspends the installations of these owners, and no others. */
	suspend(owners: readonly string[]): void;
}

const PERMISSIONS = { contents: "write", metadata: "read" };
const INSTALLED_AT = "2026-01-05T08:00:00Z";

/** @param now epoch milliseconds */
export function createAppRules(app: StandInApp, now: () => number): AppRules {
	const issued = new Map<string, { owner: string; at: number }>();
	const installations = new Map<string, number>();
	let suspended = new Map<string, string>();
	let count = 0;

	function installation(owner: string, url: string): Answer {
		const id = installations.get(owner) ?? 4_000_000 + installations.size;
		installations.set(owner, id);
		const suspendedAt = suspended.get(owner) ?? null;
		const body = {
			id,
			account: ownerAnswer(url, owner),
			app_id: Number(app.id),
			app_slug: "grid-dispatch",
			target_id: 1,
			target_type: "Organization",
			repository_selection: "all",
			access_tokens_url: `${url}/app/installations/${id}/access_tokens`,
			repositories_url: `${url}/installation/repositories`,
			html_url: `https://github.com/organizations/${owner}/settings/installations/${id}`,
			permissions: PERMISSIONS,
			events: [],
			single_file_name: null,
			created_at: INSTALLED_AT,
			updated_at: INSTALLED_AT,
			suspended_by: suspendedAt === null ? null : ownerAnswer(url, owner),
			suspended_at: suspendedAt,
		};
		return { status: 200, body };
	}

	function issue(owner: string): Answer {
		if (suspended.has(owner)) return githubError(403, SUSPENDED);
		const at = now();
		const token = `ghs_${app.id}_${String(++count).padStart(30, "0")}`;
		issued.set(token, { owner, at });
		const expires_at = isoSeconds(at + TOKEN_LIFE_MS);
		return { status: 201, body: { token, expires_at, permissions: PERMISSIONS, repository_selection: "all" } };
	}

	return {
		answer(method, path, jwt, url) {
			const [, owner] = /^\/(?:api\/v3\/)?repos\/([^/]+)\/[^/]+\/installation$/.exec(path) ?? [];
			const [, id] = /^\/(?:api\/v3\/)?app\/installations\/(\d+)\/access_tokens$/.exec(path) ?? [];
			if (owner === undefined && id === undefined) return undefined;
			const problem = checkJwt(jwt, app, Math.floor(now() / 1000));
			if (problem !== undefined) return githubError(401, problem);
			if (owner !== undefined && method === "GET") {
				return isInstalled(app, owner) ? installation(owner.toLowerCase(), url) : githubError(404, "Not Found");
			}
			const [known] = [...installations].find(([, installed]) => installed === Number(id)) ?? [];
			return method === "POST" && known !== undefined ? issue(known) : githubError(404, "Not Found");
		},
		isValid(token) {
			const { at = Number.NEGATIVE_INFINITY } = issued.get(token) ?? {};
			return now() >= at + (app.unknownForMs ?? 0) && now() < at + TOKEN_LIFE_MS;
		},
		refuseSuspended(token) {
			const { owner } = issued.get(token) ?? {};
			return owner !== undefined && suspended.has(owner) ? githubError(403, SUSPENDED) : undefined;
		},
		revoke: () => issued.clear(),
		suspend(owners) {
			suspended = new Map(owners.map((owner) => [owner.toLowerCase(), isoSeconds(now())]));
		},
	};
}

/** In GitHub's words. */
const SUSPENDED = "This installation has been suspended";

function isoSeconds(time: number): string {
	return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}

function isInstalled({ owners }: StandInApp, owner: string): boolean {
	return owners === undefined || owners.some((name) => name.toLowerCase() === owner.toLowerCase());
}

function checkJwt(jwt: string, app: StandInApp, now: number): string | undefined {
	const [header, payload, signature] = jwt.split(".");
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
