import type { RawResponse } from "../../config/bounded-fetch.ts";
import { type Answered, readResponse } from "../service-response.ts";
import {
	isCredential,
	NO_CREDENTIAL,
	noAnswer,
	type Reach,
	type ServiceRequest,
	sendOnce,
	type Try,
} from "../try-calls.ts";
import { type Asked, type AzureResponse, classifyResponse } from "./classify-response.ts";
import type { Token } from "./tokens.ts";

export interface CallOptions extends Reach {
	/** Without a slash at its end; paths are appended. */
	readonly url: string;
}

export interface ApiRequest {
	/** Below the address, such as `/contoso/ml/_apis/pipelines/12`. */
	readonly path: string;
	/** The bytes to send, by POST; left out, it is a GET. */
	readonly body?: string;
	readonly asked: Asked;
}

/** Makes one call. Never rejects: no answer is a verdict, too. */
type Call = (request: ApiRequest, token: Token, trying: Try) => Promise<Answered>;

/** A hundred runs of a list; a run with its parameters has less. */
const MOST_BYTES = 256 * 1024;
export const API_VERSION = "api-version=7.1";

/** Where Azure DevOps is, unless a server of one's own is meant. That may have a path, such as `/tfs`. */
export const CLOUD_URL = "https://dev.azure.com";

/**
 * The one way to Azure DevOps' API. A redirect is never followed: the API has none, and Azure DevOps leads a caller whose
 * token it does not know to its sign-in page.
 */
export function createCall(options: CallOptions): Call {
	async function ask({ path, body, asked }: ApiRequest, authorization: string, trying: Try): Promise<Answered> {
		const isRead = body === undefined;
		const sent: ServiceRequest = {
			method: isRead ? "GET" : "POST",
			url: `${options.url}${path}?${API_VERSION}`,
			headers: {
				accept: "application/json",
				authorization,
				...(isRead ? {} : { "content-type": "application/json" }),
			},
			body,
			kind: isRead ? "read" : "write",
			mostBytes: MOST_BYTES,
		};
		const raw = await sendOnce(options, sent, trying);
		const json = parseJson(raw.text);
		const response = readAzureResponse(raw, json, trying.secrets);
		return { classification: classifyResponse(response, asked, options.now()), response, text: raw.text, json };
	}

	return async (request, { scheme, value }, trying) => {
		if (!isCredential(value)) return { classification: NO_CREDENTIAL };
		const sent = scheme === "Bearer" ? value : Buffer.from(`:${value}`).toString("base64");
		for (const secret of [value, sent]) trying.secrets.add(secret);
		try {
			return await ask(request, `${scheme} ${sent}`, trying);
		} catch (error) {
			return { classification: noAnswer("Azure DevOps", error, trying) };
		}
	};
}

function readAzureResponse(raw: RawResponse, json: unknown, secrets: Iterable<string>): AzureResponse {
	const { headers, text } = raw;
	const isJson = /^\s*[{[]/.test(text) && !/html/i.test(headers["content-type"] ?? "");
	const body = text.trim() === "" ? "none" : isJson ? "json" : "other";
	const { typeKey } = (json ?? {}) as { readonly typeKey?: unknown };
	return { ...readResponse(raw, json, body, secrets), typeKey, isSignIn: isSignIn(raw) };
}

/** Undefined if the text was cut off or is not JSON. */
export function parseJson(text: string): unknown {
	try {
		return JSON.parse(text) as unknown;
	} catch {
		return undefined;
	}
}

/**
 * A caller without a valid token is led to a sign-in page (302), or shown it as if it were the answer (203, or even 200).
 * Source: learn.microsoft.com, "Use personal access tokens", Azure DevOps.
 */
function isSignIn({ status, headers: { location }, text }: RawResponse): boolean {
	if (status === 203) return true;
	if (location !== undefined) return status >= 300 && status < 400 && /signin|login|\boauth2?\b/i.test(location);
	return status < 300 && /^\s*</.test(text) && /sign\s?-?in/i.test(text);
}
