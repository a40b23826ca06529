import { type Env, isLoopback, type Settings } from "./settings.ts";

/** Whose bearer tokens the webhook takes. */
export interface EntraConfig {
	/** A GUID in small letters. */
	readonly tenantId: string;
	/** What a token's `aud` may be: each of them means the webhook's application. */
	readonly audiences: readonly string[];
	/** The only applications that may send. Undefined: Event Grid's own, and each with the role. */
	readonly applications: readonly string[] | undefined;
	/** `iss` of the tenant's tokens, by their version. */
	readonly issuers: { readonly v1: string; readonly v2: string };
	/** Where the tenant publishes its signing keys. */
	readonly keysUrl: string;
}

/** Each of these says that the webhook is to be protected. So a slip in one of them opens it for no one. */
const PROTECTING = ["ENTRA_TENANT_ID", "ENTRA_AUDIENCE", "ENTRA_APPLICATIONS"];

/** Whether a setting asks for the webhook's protection, be it sound or not. */
export function isProtected(env: Env): boolean {
	return PROTECTING.some((name) => env[name]?.trim());
}

/**
 * Entra in each cloud: the authority that issues tokens of version 2.0, and the one that issues those of version 1.0.
 * `login.chinacloudapi.cn` is the name by which Azure Resource Manager knows the Chinese one.
 * Source: learn.microsoft.com, "National clouds", and there Q&A 1190472, "token issuers for the sovereign cloud".
 */
const CHINA = ["https://login.partner.microsoftonline.cn", "https://sts.chinacloudapi.cn"] as const;
const CLOUDS: Readonly<Record<string, readonly [string, string]>> = {
	"https://login.microsoftonline.com": ["https://login.microsoftonline.com", "https://sts.windows.net"],
	"https://login.microsoftonline.us": ["https://login.microsoftonline.us", "https://sts.windows.net"],
	"https://login.partner.microsoftonline.cn": CHINA,
	"https://login.chinacloudapi.cn": CHINA,
};
const [PUBLIC = ""] = Object.keys(CLOUDS);

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const URI = /^[a-z][a-z0-9+.-]*:[^\s,]+$/i;

/** Reads the settings of Entra; undefined where none is set, or where one of them is wrong. */
export function readEntra(settings: Settings): EntraConfig | undefined {
	const [tenant, audience, applications] = PROTECTING.map((name) => settings.get(name));
	const authority = readAuthority(settings);
	const isAnySet = tenant !== undefined || audience !== undefined || applications !== undefined;
	if (!isAnySet && !settings.isUnresolved(...PROTECTING)) return undefined;
	const tenantId = tenant?.toLowerCase() ?? "";
	const together = "is not set, but another setting of Entra is, and they belong together";
	if (tenant === undefined) settings.refuse("ENTRA_TENANT_ID", `${together}; give the tenant's id`);
	else if (!GUID.test(tenantId)) settings.refuse("ENTRA_TENANT_ID", `"${tenant}" is not the id of a tenant (a GUID)`);
	if (audience === undefined)
		settings.refuse("ENTRA_AUDIENCE", `${together}; give the id of the webhook's application`);
	else if (!GUID.test(audience.toLowerCase()) && !URI.test(audience))
		settings.refuse(
			"ENTRA_AUDIENCE",
			`"${audience}" is neither the id (a GUID) nor the URI (api://…) of an application`,
		);
	const allowed = readApplications(settings, applications);
	if (authority === undefined || tenant === undefined || audience === undefined || settings.problems().length > 0)
		return undefined;
	const [issuer, issuerOfV1] = authority;
	return {
		tenantId,
		audiences: audiencesOf(audience),
		applications: allowed,
		issuers: { v1: `${issuerOfV1}/${tenantId}/`, v2: `${issuer}/${tenantId}/v2.0` },
		keysUrl: `${issuer}/${tenantId}/discovery/v2.0/keys`,
	};
}

/**
 * A token of version 2.0 has the application's id as `aud`, one of version 1.0 what was asked for: the id or the URI,
 * which is `api://ID` where it was not chosen otherwise.
 */
function audiencesOf(audience: string): readonly string[] {
	const id = audience.toLowerCase().replace(/^api:\/\//, "");
	return GUID.test(id) ? [id, `api://${id}`] : [audience];
}

function readApplications(settings: Settings, text: string | undefined): readonly string[] | undefined {
	const ids = text
		?.toLowerCase()
		.split(",")
		.map((id) => id.trim())
		.filter((id) => id !== "");
	const wrong = ids?.length === 0 ? text : ids?.find((id) => !GUID.test(id));
	if (wrong !== undefined)
		settings.refuse("ENTRA_APPLICATIONS", `"${wrong}" is not the id of an application (GUIDs, separated by commas)`);
	return ids;
}

/** @returns the issuers of tokens of version 2.0 and 1.0, without a slash at their ends */
function readAuthority(settings: Settings): readonly [string, string] | undefined {
	const text = settings.get("ENTRA_AUTHORITY") ?? PUBLIC;
	const url = settings.url("ENTRA_AUTHORITY", text, PUBLIC);
	if (url === undefined) return undefined;
	// On this machine it is a test's.
	if (isLoopback(url)) return [url.origin, "https://sts.windows.net"];
	const cloud = url.pathname === "/" ? CLOUDS[url.origin] : undefined;
	if (cloud === undefined)
		settings.refuse(
			"ENTRA_AUTHORITY",
			`"${text}" is not an address of Entra; expected one of ${Object.keys(CLOUDS).join(", ")}`,
		);
	return cloud;
}
