import { ANSWER_BYTES, type RawResponse } from "../../config/bounded-fetch.ts";
import { readJsonOrText } from "../../event/json.ts";
import { clipLine, REASON_CHARACTERS } from "../../log.ts";
import type { Classification } from "../../model.ts";
import { type Answered, readResponse, type ServiceResponse } from "../service-response.ts";
import {
	isCredential,
	NO_CREDENTIAL,
	noAnswer,
	type Reach,
	type ServiceRequest,
	sendOnce,
	type Try,
} from "../try-calls.ts";
import { type Asked, classifyResponse, notFromApi } from "./classify-response.ts";

export interface CallOptions extends Reach {
	/** Without a slash at its end; paths are appended, so Enterprise Server's `/api/v3` stays. */
	readonly apiUrl: string;
}

/** One request of GitHub's API. */
export interface ApiRequest {
	readonly method: "GET" | "POST";
	/** Below the API's address, such as `/repos/contoso/fraud-model/dispatches`. */
	readonly path: string;
	/** A token, or the JWT of an app. */
	readonly token: string;
	/** The bytes to send. */
	readonly body?: string;
	/** It only reads: it is not counted for the pace of writes, and its answer may be large. */
	readonly reads?: true;
	/** Of an earlier answer: an unchanged one is answered with a 304. */
	readonly etag?: string | undefined;
	/** What its refusals mean; left out, those of a repository dispatch. */
	readonly asked?: Asked;
}

/** Makes one call, redirects included. Never rejects: no answer is a verdict, too. */
export type Call = (request: ApiRequest, trying: Try) => Promise<Answered>;

/** A renamed repository answers with one redirect; more than a few are a loop. */
const MAX_REDIRECTS = 3;

/** A run has up to 20 KB, and a list has a hundred runs. */
const READ_BYTES = 8 * 1024 * 1024;

/** The version of GitHub's REST API that we speak; Enterprise Server knows it too. */
const API_VERSION = "2022-11-28";

/**
 * The one way to GitHub's API: whatever is asked for, its answer is classified by the same rules. Nothing is repeated
 * here: waiting belongs to the caller.
 */
export function createCall(options: CallOptions): Call {
	const { apiUrl, now } = options;

	async function follow(asking: ApiRequest, trying: Try): Promise<Answered> {
		const first = apiUrl + asking.path;
		let url = first;
		for (let redirects = 0; ; redirects++) {
			const raw = await sendOnce(options, requestTo(url, asking), trying);
			const json = readJsonOrText(raw.text);
			const response = readResponse(raw, json, bodyOf(raw), trying.secrets);
			const classification = classifyResponse(response, now(), asking.asked);
			if (classification.kind !== "redirected") return { classification, response, text: raw.text, json };
			const next = whereTo(classification.location, url, apiUrl) ?? notFromApi(response);
			if (typeof next !== "string") return { classification: next, response };
			if (redirects === MAX_REDIRECTS) {
				return { classification: closed(`GitHub redirects in circles from ${first}`), response };
			}
			url = next;
		}
	}

	return async (request, trying) => {
		if (!isCredential(request.token)) return { classification: NO_CREDENTIAL };
		trying.secrets.add(request.token);
		try {
			return await follow(request, trying);
		} catch (error) {
			return { classification: noAnswer("GitHub", error, trying) };
		}
	};
}

function requestTo(url: string, { method, token, body, reads, etag }: ApiRequest): ServiceRequest {
	return {
		method,
		url,
		headers: {
			accept: "application/vnd.github+json",
			authorization: `Bearer ${token}`,
			"x-github-api-version": API_VERSION,
			...(etag === undefined ? {} : { "if-none-match": etag }),
			...(body === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
		},
		body,
		kind: reads === true ? "read" : "write",
		mostBytes: reads === true ? READ_BYTES : ANSWER_BYTES,
	};
}

/**
 * Where a redirect leads, if the same request may go there: on the same host, below the API's repositories.
 * @returns the address, or why not; undefined for a path that is not the API's, such as a sign-in page
 */
function whereTo(location: string, from: string, apiUrl: string): string | Classification | undefined {
	const next = URL.canParse(location, from) ? new URL(location, from) : undefined;
	const api = new URL(apiUrl);
	if (next?.origin !== api.origin) {
		return closed(`GitHub redirects to another host (${clipLine(location, 120)}); the bridge does not follow it`);
	}
	const base = api.pathname.replace(/\/$/, "");
	const isApi = ["/repos/", "/repositories/"].some((below) => next.pathname.startsWith(base + below));
	return isApi ? next.href : undefined;
}

/** A JSON that is longer than what is read, or cut off, is one, too. Only what has no body, or the JSON `null`, is nothing. */
export function bodyOf({ headers, text }: RawResponse): ServiceResponse["body"] {
	const contentType = headers["content-type"] ?? "";
	const isJson = /\bjson\b/i.test(contentType);
	if (text === "" || (isJson && text.trim() === "null")) return /html/i.test(contentType) ? "other" : "none";
	return (contentType === "" || isJson) && /^\s*[{[]/.test(text) ? "json" : "other";
}

function closed(reason: string): Classification {
	return { kind: "unavailable", reason: clipLine(reason, REASON_CHARACTERS) };
}
