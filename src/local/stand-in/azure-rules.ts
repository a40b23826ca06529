import type { IncomingHttpHeaders } from "node:http";
import type { Answer, Call } from "./calls.ts";

/** What an error is about. */
type About =
	| "project"
	| "pipeline"
	| "run"
	| "page"
	| "method"
	| "version"
	| "body"
	| "validation"
	| "denied"
	| "fault";

interface Kind {
	/** Assembly and namespace of the exception. */
	readonly from: string;
	readonly key: string;
	readonly message: (what: string) => string;
}

const BUILD = "Microsoft.TeamFoundation.Build.WebApi";
const CORE = "Microsoft.TeamFoundation.Core.WebApi";
const SERVICES = "Microsoft.VisualStudio.Services.WebApi";
const PIPELINES = "Microsoft.Azure.Pipelines.WebApi";

/**
 * Azure DevOps documents the form of its errors, but not their words. These are the ones that its users quote, by the
 * codes of its services (TF200016, TF215106, TF215016).
 */
const KINDS: Readonly<Record<About, Kind>> = {
	project: {
		from: CORE,
		key: "ProjectDoesNotExistWithNameException",
		message: (name) =>
			`TF200016: The following project does not exist: ${name}. Verify that the name of the project is correct and that the project exists on the specified Azure DevOps Server.`,
	},
	pipeline: {
		from: BUILD,
		key: "DefinitionNotFoundException",
		message: (id) => `TF215016: The build pipeline ${id} does not exist. Specify a valid build pipeline and try again.`,
	},
	run: {
		from: BUILD,
		key: "BuildNotFoundException",
		message: (id) => `The requested build ${id} could not be found.`,
	},
	page: {
		from: SERVICES,
		key: "VssResourceNotFoundException",
		message: (path) => `The controller for path '${path}' was not found or does not implement IController.`,
	},
	method: {
		from: SERVICES,
		key: "VssRequestException",
		message: (method) => `The requested resource does not support http method '${method}'.`,
	},
	version: {
		from: SERVICES,
		key: "VssVersionNotSpecifiedException",
		message: (method) =>
			`No api-version was supplied for the "${method}" request. The version must be supplied either as part of the Accept header (e.g. "application/json; api-version=1.0") or as a query parameter (e.g. "?api-version=1.0").`,
	},
	body: { from: SERVICES, key: "VssPropertyValidationException", message: (what) => what },
	validation: { from: PIPELINES, key: "PipelineValidationException", message: (what) => what },
	denied: {
		from: BUILD,
		key: "AccessDeniedException",
		message: (permission) =>
			`TF215106: Access denied. The identity needs ${permission} permissions for the pipeline to perform the action. For more information, contact the Azure DevOps Server administrator.`,
	},
	fault: { from: SERVICES, key: "VssServiceException", message: (what) => what },
};

/** An error as Azure DevOps words it. */
export function azureError(status: number, about: About, what: string): Answer {
	const { from, key, message } = KINDS[about];
	const body = {
		$id: "1",
		innerException: null,
		message: message(what),
		typeName: `${from}.${key}, ${from}`,
		typeKey: key,
		errorCode: 0,
		eventId: 3000,
	};
	return { status, body };
}

/** The page that a caller without a valid token is sent to (302), or is shown as if it were the answer (203). */
export function signIn(status: 203 | 302, url: string): Answer {
	const headers = { "content-type": "text/html; charset=utf-8" };
	return status === 203
		? { status, headers, body: SIGN_IN_PAGE }
		: { status, headers: { ...headers, location: `${url}/_signin?realm=dev.azure.com` }, body: SIGN_IN_PAGE };
}

const SIGN_IN_PAGE =
	"<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head><body></body></html>";

/** What a caller over a limit is answered. Source: learn.microsoft.com, "Rate and usage limits", Azure DevOps. */
export function throttled(at: number): Answer {
	const headers = {
		"retry-after": "30",
		"x-ratelimit-resource": "Pipelines",
		"x-ratelimit-delay": "30",
		"x-ratelimit-limit": "200",
		"x-ratelimit-remaining": "0",
		"x-ratelimit-reset": String(Math.ceil(at / 1000) + 30),
	};
	const message =
		"TF400733: The request has been canceled: Request was blocked due to exceeding usage of resource 'Pipelines' in namespace 'User'.";
	return { ...azureError(429, "fault", message), headers };
}

/**
 * What Azure DevOps answers a caller before it looks at the request: a caller without a token is sent to the sign-in
 * page, one with a wrong personal access token is shown it, and one with a wrong bearer token is unauthorized.
 * @param tokens those that are valid; undefined: all are
 */
export function checkAzureCaller({ headers, url }: Call, tokens: ReadonlySet<string> | undefined): Answer | undefined {
	const given = azureTokenOf(headers);
	if (given === undefined) return signIn(302, url);
	if (tokens === undefined || tokens.has(given.token)) return undefined;
	if (given.scheme === "basic") return signIn(203, url);
	const challenge =
		'Bearer authorization_uri="https://login.microsoftonline.com/", Basic realm="https://dev.azure.com/"';
	return { status: 401, headers: { "www-authenticate": challenge, "content-length": "0" } };
}

/** The token of a request: the password of Basic, whatever the user is called, or a bearer token. */
export function azureTokenOf({ authorization }: IncomingHttpHeaders) {
	const [, scheme, value] = /^(basic|bearer) +(\S+)$/i.exec(authorization ?? "") ?? [];
	if (scheme === undefined || value === undefined) return undefined;
	if (scheme.toLowerCase() === "bearer") return { scheme: "bearer", token: value } as const;
	const pair = Buffer.from(value, "base64").toString("utf8");
	return { scheme: "basic", token: pair.slice(pair.indexOf(":") + 1) } as const;
}
