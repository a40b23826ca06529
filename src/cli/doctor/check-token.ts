import { EXPIRY_WARNING_MS } from "../../operate/lane-health.ts";
import { type Check, checksOf, NOT_THE_BRIDGES } from "./check.ts";
import type { Target } from "./find-target.ts";
import { type GitHubAnswer, reasonOf } from "./github.ts";

const KINDS: readonly (readonly [prefix: string, kind: string])[] = [
	["github_pat_", "fine-grained personal access token"],
	["ghp_", "classic personal access token"],
	["gho_", "OAuth token"],
	["ghu_", "user token of a GitHub App"],
	["ghs_", "installation token"],
];

const DAY_MS = 86_400_000;

/** What an answer tells about the token that was sent with it; nothing of the token itself is shown. */
export function checkToken(target: Target, token: string, answer: GitHubAnswer, now: number): readonly Check[] {
	const { ok, cannotTell, ofToken } = checksOf("token");
	if (answer.status === 0) return [cannotTell("GitHub did not answer", "repair the connection to GitHub first")];
	if (answer.classification.kind === "unauthorized") {
		const repair =
			"make a new token with its permissions, and replace this token with it (docs/settings.md, The token)";
		return [ofToken(target.tokenIsBridges, "error")(reasonOf(answer), repair)];
	}
	const kind = KINDS.find(([prefix]) => token.startsWith(prefix))?.[1] ?? "unknown kind";
	return [ok(`GitHub accepts the token (${kind})`), ...scopesOf(target, answer), expiryOf(target, answer, now)];
}

/** Classic and OAuth tokens only: GitHub names what they may do. */
function scopesOf({ tokenIsBridges }: Target, answer: GitHubAnswer): Check[] {
	const lacking = lacksScope(answer);
	if (lacking === undefined) return [];
	const { error, cannotTell } = checksOf("token", "scopes");
	const what = `the token does not have the scope repo; its scopes are: ${lacking}`;
	if (tokenIsBridges) return [error(what, "add the scope repo to the token on github.com/settings/tokens")];
	return [cannotTell(what + NOT_THE_BRIDGES, "run doctor with the bridge's token")];
}

/** What a token has in place of the scope that a dispatch needs; undefined where it has it, or is of another kind. */
export function lacksScope({ headers, json }: GitHubAnswer): string | undefined {
	const told = headers.get("x-oauth-scopes");
	const scopes = (told ?? "").split(",").map((scope) => scope.trim());
	const isPublic = (json as { private?: unknown } | null | undefined)?.private === false;
	if (told === null || scopes.includes("repo") || (isPublic && scopes.includes("public_repo"))) return undefined;
	return scopes.filter(Boolean).join(", ") || "none";
}

function expiryOf({ tokenIsBridges }: Target, { headers }: GitHubAnswer, now: number): Check {
	const { ok, ofToken } = checksOf("token", "expiry");
	const expiresAt = momentOf(headers.get("github-authentication-token-expiration"));
	if (expiresAt === undefined) return ok("GitHub reports no expiry date");
	const when = `it expires on ${new Date(expiresAt).toISOString().slice(0, 10)}, in ${Math.max(0, Math.floor((expiresAt - now) / DAY_MS))} days`;
	if (expiresAt - now > EXPIRY_WARNING_MS) return ok(when);
	const repair =
		"make a new token, and replace this token with it; if the token is in a key vault, no restart is needed";
	return ofToken(tokenIsBridges, "warning")(when, repair);
}

/** GitHub writes `2026-12-01 00:00:00 UTC`, or an offset such as `+0200` for UTC. */
function momentOf(text: string | null): number | undefined {
	const [, date, time, zone] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (UTC|[+-]\d{4})$/.exec(text ?? "") ?? [];
	const moment = Date.parse(`${date}T${time}${zone === "UTC" ? "Z" : zone}`);
	return Number.isNaN(moment) ? undefined : moment;
}
