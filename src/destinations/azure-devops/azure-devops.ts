import type { Answer, Destination } from "../../model.ts";
import type { RouteTo } from "../../route/route.ts";
import type { Client, TokenCheck } from "../destination.ts";
import { factsOf } from "../service-response.ts";
import { type Trace, type Tried, tryWithin } from "../try-calls.ts";
import { type Answered, type ApiRequest, type CallOptions, createCall } from "./call-azure-devops.ts";
import { pauseMs } from "./classify-response.ts";
import { pathOf } from "./pipeline-run.ts";
import { type Question, readList, readOne, toRun } from "./runs.ts";
import type { TokenSource } from "./tokens.ts";

export interface AzureDevOpsOptions extends CallOptions {
	readonly tokens: TokenSource;
	/** For one delivery in all. */
	readonly timeoutMs: number;
}

/**
 * The client for runs of pipelines. To ask about a token is to look at the route's pipeline: that needs what following its
 * runs needs, and is answered for every kind of token.
 */
export function createAzureDevOps({ tokens, timeoutMs, ...options }: AzureDevOpsOptions): Client {
	const { url, now } = options;
	const call = createCall(options);

	/** Repeats once after a 401, with the token read anew. */
	async function withToken(secretName: string | undefined, request: ApiRequest, signal: AbortSignal, trace: Trace) {
		const token = await tokens.get(secretName);
		const first = await call(request, token, signal, trace);
		if (first.classification.kind !== "unauthorized") return first;
		const fresh = await tokens.refresh(token, secretName);
		return fresh.value === token.value ? first : call(request, fresh, signal, trace);
	}

	const ask = ({ token }: RouteTo, request: ApiRequest): Promise<Tried<Answered>> =>
		tryWithin({ service: "Azure DevOps", timeoutMs, now }, (signal, trace) => withToken(token, request, signal, trace));

	const read = (to: Destination, below: string) =>
		ask(to, { path: pathOf(to, below), asked: { permission: "View builds", to } });
	const question = (to: Destination): Question => ({ to, url, now: now() });

	return {
		async send(to, body) {
			const asked = { permission: "Queue builds", to } as const;
			const tried = await ask(to, { path: pathOf(to, "/runs"), body, asked });
			return {
				classification: tried.classification,
				ms: tried.ms,
				calls: tried.calls,
				...factsOfAzure(tried, question(to)),
			};
		},
		async listRuns(to, since, _, page) {
			return readList(await read(to, "/runs"), question(to), since, page);
		},
		async readRun(to, id) {
			return readOne(await read(to, `/runs/${encodeURIComponent(id)}`), question(to), id);
		},
		getToken: ({ token }) => tokens.get(token),
		async checkToken(to) {
			return judgeToken(await read(to as Destination, ""));
		},
	};
}

function factsOfAzure({ classification, response, json }: Answered, question: Question): Partial<Answer> {
	if (response === undefined) return {};
	const { headers } = response;
	const { now } = question;
	const facts = factsOf(response, headers["x-vss-e2eid"] ?? headers["activityid"], pauseMs(headers, now), now);
	const run = classification.kind === "taken" ? toRun(json, question) : undefined;
	return { ...facts, ...(run === undefined ? {} : { run }) };
}

/**
 * What the look at a pipeline says of the token. That it is refused is a fact of the token; a missing permission, a pipeline
 * that is gone, a limit and an outage are not.
 */
function judgeToken({ classification }: Answered): TokenCheck {
	const reason = "reason" in classification ? classification.reason : null;
	const state = classification.kind === "taken" ? "ok" : classification.kind === "unauthorized" ? "refused" : "unknown";
	return { state, expiresAt: null, reason };
}
