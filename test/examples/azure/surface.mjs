// @ts-check
/** What every command of the stand-in shares: its arguments, its errors, and the tokens that it needs. */

/**
 * @typedef {Record<string, any>} Options
 * @typedef {{ status: number, message?: string, prints?: string, takes?: number, does?: boolean, times?: number }} Broken
 *   how a command fails: with a status and a message; after seconds; having done its work all the same; how often
 * @typedef {{
 *   clock: number, loginAt: number | null, tokens: Record<string, number>,
 *   providers: Record<string, string>, mayRegister: boolean, roles: { role: string, principal: string, scope: string }[],
 *   group: boolean, workspace: boolean, storage: string, principal: string,
 *   jobs: Record<string, any>, models: any[], endpoints: Record<string, any>,
 *   deployment: any, vaults: string[], secrets: string[], broken: Record<string, Broken>
 * }} Azure
 */

export class AzError extends Error {
	/** @param {number} status @param {string} message */
	constructor(status, message) {
		super(message);
		this.status = status;
	}
}

/** GitHub's OIDC token; Entra's access tokens. Seconds. */
const ASSERTION_LIFE = 300;
const TOKEN_LIFE = 3600;

/** The token that `az login` itself fetches. */
export const CORE = "https://management.core.windows.net//.default";
export const ARM = "https://management.azure.com/.default";
export const ML = "https://ml.azure.com/.default";
export const STORAGE = "https://storage.azure.com/.default";

/** @param {Azure} azure */
export function login(azure) {
	azure.loginAt = azure.clock;
	azure.tokens[CORE] = azure.clock + TOKEN_LIFE;
}

/** @param {Azure} azure @param {readonly string[]} scopes */
export function needTokens(azure, ...scopes) {
	if (azure.loginAt === null) throw new AzError(1, "Please run 'az login' to setup account.");
	for (const scope of scopes) {
		if ((azure.tokens[scope] ?? 0) > azure.clock) continue;
		if (azure.clock - azure.loginAt >= ASSERTION_LIFE) {
			throw new AzError(
				1,
				"AADSTS700024: Client assertion is not within its valid time range. Interactive authentication is needed. Please run: az login",
			);
		}
		azure.tokens[scope] = azure.clock + TOKEN_LIFE;
	}
}

/** @param {Azure} azure @param {string} namespace */
export function needProvider(azure, namespace) {
	if (azure.providers[namespace] === "Registered") return;
	throw new AzError(
		1,
		`(MissingSubscriptionRegistration) The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`,
	);
}

/** @param {Azure} azure @param {string} principal @param {string} role @param {string} scope */
export function needRole(azure, principal, role, scope) {
	const has = azure.roles.some(
		(given) => given.role === role && given.principal === principal && scope.startsWith(given.scope),
	);
	if (has) return;
	throw new AzError(
		1,
		"(AuthorizationPermissionMismatch) This request is not authorized to perform this operation using this permission.",
	);
}

/**
 * The words before the first option, and the options: the last one of a name counts, several words become a list.
 * @param {readonly string[]} words
 */
export function readArguments(words) {
	const first = words.findIndex((word) => word.startsWith("-"));
	const names = words.slice(0, first === -1 ? words.length : first);
	/** @type {Options} */
	const options = {};
	let name = "";
	for (const word of words.slice(names.length)) {
		const [, option, value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
		if (option !== undefined) {
			name = option;
			options[name] = value ?? true;
		} else if (options[name] === true) options[name] = word;
		else options[name] = [options[name], word].flat();
	}
	return { names, options };
}

/**
 * The part of an answer that a query names: a path, or a path for each member of a list.
 * @param {any} answer @param {unknown} query
 * @returns {any}
 */
export function select(answer, query) {
	if (typeof query !== "string") return answer ?? null;
	const [, list, path = query] = /^(\[\]\.)?([\w.]+)$/.exec(query) ?? [];
	const at = (/** @type {any} */ value) => path.split(".").reduce((found, key) => found?.[key], value) ?? null;
	return list === undefined ? at(answer) : answer.map(at);
}
