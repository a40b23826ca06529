import { once } from "../../config/once.ts";
import { readJsonOrText } from "../../event/json.ts";
import { clipLine, REASON_CHARACTERS } from "../../log.ts";
import type { Classification } from "../../model.ts";
import { type Answered, type RawResponse, readResponse, type ServiceResponse } from "../service-response.ts";
import { isCredential, NO_CREDENTIAL, noAnswer, noteCall, type Try } from "../try-calls.ts";
import { type Asked, classifyResponse, notFromApi } from "./classify-response.ts";
import type { GitHubRequest, Send } from "./octokit.ts";

export interface CallOptions {
	/** Without a slash at its end; paths are appended, so Enterprise Server's `/api/v3` stays. */
	readonly apiUrl: string;
	/** Loads the client when it is first needed. */
	readonly loadSend: () => Promise<Send>;
	/** Epoch milliseconds. */
	readonly now: () => number;
}

/** A request below the API's address, such as `/repos/contoso/fraud-model/dispatches`. */
export type ApiRequest = Omit<GitHubRequest, "url"> & {
	readonly path: string;
	/** What its refusals mean; left out, those of a repository dispatch. */
	readonly asked?: Asked;
};

/** Makes one call, redirects included. Never rejects: no answer is a verdict, too. */
export type Call = (request: ApiRequest, trying: Try) => Promise<Answered>;

/** A renamed repository answers with one redirect; more than a few are a loop. */
const MAX_REDIRECTS = 3;

/** The one way to GitHub's API: whatever is asked for, its answer is classified by the same rules. */
export function createCall({ apiUrl, loadSend, now }: CallOptions): Call {
	const load = once(loadSend);

	async function follow(send: Send, asking: ApiRequest, trying: Try): Promise<Answered> {
		const { path, asked, ...request } = asking;
		const first = apiUrl + path;
		const kind = request.reads === true ? "read" : "write";
		let url = first;
		for (let redirects = 0; ; redirects++) {
			trying.signal.throwIfAborted();
			const raw = await noteCall(trying, now, () => send({ ...request, url }, trying.signal), kind);
			const json = readJsonOrText(raw.text);
			const response = readResponse(raw, json, bodyOf(raw), trying.secrets);
			const classification = classifyResponse(response, now(), asked);
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
			return await follow(await load(), request, trying);
		} catch (error) {
			return { classification: noAnswer("GitHub", error, trying) };
		}
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
	const contentType = String(headers["content-type"] ?? "");
	const isJson = /\bjson\b/i.test(contentType);
	if (text === "" || (isJson && text.trim() === "null")) return /html/i.test(contentType) ? "other" : "none";
	return (contentType === "" || isJson) && /^\s*[{[]/.test(text) ? "json" : "other";
}

function closed(reason: string): Classification {
	return { kind: "unavailable", reason: clipLine(reason, REASON_CHARACTERS) };
}
