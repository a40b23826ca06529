import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { TokenConfig } from "./dispatch/open-tokens.ts";
import { isLoopback } from "./is-loopback.ts";
import { isRepository, readRoutes } from "./route/read-routes.ts";
import type { Route } from "./route/route.ts";

/** Everything that the environment decides, checked and frozen. */
export interface Config {
	/** Without a slash at its end. */
	readonly githubApiUrl: string;
	readonly routes: readonly Route[];
	readonly token: TokenConfig;
	/** What works, but should be looked at. */
	readonly warnings: readonly string[];
}

/** One thing that is wrong: the setting, and what to do about it. */
export interface Problem {
	readonly setting: string;
	readonly problem: string;
}

/** The configuration cannot be used; holds every problem, not just the first. */
export class ConfigError extends Error {
	override readonly name = "ConfigError";
	readonly problems: readonly Problem[];

	constructor(problems: readonly Problem[]) {
		super(problems.map(({ setting, problem }) => `${setting}: ${problem}`).join("\n"));
		this.problems = problems;
	}
}

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads the configuration.
 * @param env the app's settings
 * @param appRoot the folder that holds `host.json`; the file that BRIDGE_ROUTES names is looked for from there
 * @throws ConfigError with every problem
 */
export function readConfig(env: Env, appRoot: string): Config {
	const problems: Problem[] = [];
	const warnings: string[] = [];
	const unresolved = new Set<string>();
	/** A setting's text; whitespace around it, such as a pasted line break, never counts. */
	const setting = (name: string): string | undefined => {
		const value = env[name]?.trim();
		if (!value?.startsWith("@Microsoft.KeyVault(")) return value === "" ? undefined : value;
		unresolved.add(name);
		return undefined;
	};
	const check: Check = {
		setting,
		report: (name, problem) => void (unresolved.has(name) || problems.push({ setting: name, problem })),
	};

	const config = {
		githubApiUrl: readApiUrl(check),
		routes: readRouting(check, appRoot),
		token: readToken(check, env, warnings, unresolved),
		warnings,
	};
	if (config.token.kind === "fixed") refuseNamedTokens(config, check, warnings);
	for (const { name, coalesce } of config.routes) {
		if (coalesce !== undefined)
			warnings.push(`route "${name}": coalesce is not at work in this version; every event is dispatched`);
	}
	problems.unshift(...[...unresolved].map((name) => ({ setting: name, problem: UNRESOLVED_REFERENCE })));
	if (problems.length > 0) throw new ConfigError(problems);
	return deepFreeze(config);
}

interface Check {
	readonly setting: (name: string) => string | undefined;
	readonly report: (setting: string, problem: string) => void;
}

const UNRESOLVED_REFERENCE =
	"still reads @Microsoft.KeyVault(…): the platform could not resolve the reference. Check that the identity may read the secret, or set KEY_VAULT_URL and let the bridge read it itself";

function readApiUrl({ setting, report }: Check): string {
	const text = setting("GITHUB_API_URL") ?? "https://api.github.com";
	const url = checkUrl(text, "https://api.github.com, or https://HOST/api/v3 for Enterprise Server");
	if (typeof url === "string") report("GITHUB_API_URL", url);
	return text.replace(/\/+$/, "");
}

/** A URL that may be called, or what is wrong with it. */
function checkUrl(text: string, example: string): URL | string {
	if (!URL.canParse(text)) return `"${text}" is not a URL; expected ${example}`;
	const url = new URL(text);
	if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))) return url;
	return `"${text}" must be https (plain http is taken on loopback only); expected ${example}`;
}

function readRouting(check: Check, appRoot: string): readonly Route[] {
	const table = check.setting("BRIDGE_ROUTES");
	if (table !== undefined) return readTable(table, check, appRoot);
	const repository = check.setting("GITHUB_REPOSITORY");
	if (repository === undefined) {
		check.report(
			"GITHUB_REPOSITORY",
			"is not set; give it the repository to dispatch to, as owner/name, or set BRIDGE_ROUTES",
		);
		return [];
	}
	if (!isRepository(repository)) {
		check.report("GITHUB_REPOSITORY", `"${repository}" is not owner/name, such as contoso/fraud-model`);
	}
	return [{ name: "default", to: { repository } }];
}

function readTable(setting: string, { report }: Check, appRoot: string): readonly Route[] {
	const inline = setting.startsWith("{") || setting.startsWith("[");
	const where = inline ? "" : `${setting}: `;
	try {
		const read = readRoutes(JSON.parse(inline ? setting : readFileSync(resolve(appRoot, setting), "utf8")));
		if (read.ok) return read.routes;
		for (const problem of read.problems) report("BRIDGE_ROUTES", where + problem);
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		const missing = `there is no file "${setting}" beside host.json; give its path from there, or the table itself as JSON`;
		report("BRIDGE_ROUTES", code === "ENOENT" ? missing : `${where}${message}`);
	}
	return [];
}

/** Key Vault goes before GITHUB_TOKEN, and that before the predecessor's PAT_TOKEN. */
function readToken(
	{ setting, report }: Check,
	env: Env,
	warnings: string[],
	unresolved: ReadonlySet<string>,
): TokenConfig {
	const vaultUrl = setting("KEY_VAULT_URL");
	const secretName = setting("GITHUB_TOKEN_SECRET_NAME") ?? "github-token";
	const [token, patToken] = [setting("GITHUB_TOKEN"), setting("PAT_TOKEN")];
	if (vaultUrl !== undefined) {
		const url = checkUrl(vaultUrl, "https://NAME.vault.azure.net");
		if (typeof url === "string") report("KEY_VAULT_URL", url);
		else if (url.protocol !== "https:") report("KEY_VAULT_URL", `"${vaultUrl}" must be https`);
		if (!/^[0-9a-zA-Z-]{1,127}$/.test(secretName)) {
			report("GITHUB_TOKEN_SECRET_NAME", `"${secretName}" is not the name of a secret (letters, digits and dashes)`);
		}
		const clientId = setting("AZURE_CLIENT_ID");
		const managedIdentity = env["IDENTITY_ENDPOINT"] !== undefined;
		return {
			kind: "key-vault",
			secretName,
			vault: { vaultUrl, managedIdentity, ...(clientId === undefined ? {} : { clientId }) },
		};
	}
	if (token === undefined && patToken !== undefined) {
		warnings.push(
			"PAT_TOKEN is the predecessor's name; call it GITHUB_TOKEN, or better keep the token in a key vault (KEY_VAULT_URL)",
		);
	}
	const fixed = token ?? patToken;
	if (fixed === undefined) {
		// A token setting that is an unresolved reference has been reported as that.
		if (!["GITHUB_TOKEN", "PAT_TOKEN"].some((name) => unresolved.has(name))) {
			report("GITHUB_TOKEN", "is not set, and neither is KEY_VAULT_URL: there is no token to dispatch with");
		}
	} else if (/\s/.test(fixed)) {
		report(token === undefined ? "PAT_TOKEN" : "GITHUB_TOKEN", "has white space inside; paste the token alone");
	}
	return { kind: "fixed", token: fixed ?? "" };
}

/** Without a vault there is one token for all; that is good enough only where nothing but a stand-in sees it. */
function refuseNamedTokens(
	config: Pick<Config, "githubApiUrl" | "routes">,
	{ report }: Check,
	warnings: string[],
): void {
	const local = URL.canParse(config.githubApiUrl) && isLoopback(new URL(config.githubApiUrl));
	for (const { name, to } of config.routes) {
		if (to.token === undefined) continue;
		if (local)
			warnings.push(`route "${name}": its token "${to.token}" is not read, since GITHUB_API_URL is on this machine`);
		else report("KEY_VAULT_URL", `is not set, but the route "${name}" takes its token from the secret "${to.token}"`);
	}
}

function deepFreeze<T>(value: T): T {
	if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
		Object.freeze(value);
		for (const member of Object.values(value)) deepFreeze(member);
	}
	return value;
}
