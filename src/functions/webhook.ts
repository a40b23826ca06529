import type { HttpFunctionOptions, HttpRequest, HttpResponseInit } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import type { SenderCheck } from "../config/entra-token.ts";
import { type Log, report, toLog } from "../log.ts";
import { type EventResult, OUTCOMES } from "../model.ts";
import { answerHandshake, answerOptions, type HandshakeRules } from "./handshake.ts";
import { readBody } from "./read-body.ts";

/**
 * The HTTP door, for Event Grid webhooks in either schema and for everything else that can post.
 * @param checkSender where Microsoft Entra protects it: asked after the function key, which the platform checks
 */
export function webhook(
	route: string,
	theBridge: TheBridge,
	rules: HandshakeRules,
	checkSender?: SenderCheck,
): HttpFunctionOptions {
	return {
		route,
		methods: ["POST", "OPTIONS"],
		authLevel: "function",
		handler: async (request, context) => {
			const log = toLog(context);
			return (await refuseSender(request, log, checkSender)) ?? receive(request, log, theBridge, rules);
		},
	};
}

/**
 * The answer to a sender that may not come in. Event Grid sends its token with every message. Whether it does with the
 * `OPTIONS` of CloudEvents no page says; that handshake establishes no authentication, and takes no event. So `OPTIONS`
 * may come without a token, and one that it has must be sound.
 * Sources: learn.microsoft.com, "Deliver events to Microsoft Entra protected endpoints" and "Endpoint validation with
 * CloudEvents schema". RFC 6750, section 3, for the header of the answer.
 */
async function refuseSender(
	{ method, headers }: HttpRequest,
	log: Log,
	checkSender: SenderCheck | undefined,
): Promise<HttpResponseInit | undefined> {
	const authorization = headers.get("authorization");
	if (checkSender === undefined || (method === "OPTIONS" && authorization === null)) return undefined;
	const verdict = await checkSender(authorization);
	if (verdict.ok) return undefined;
	const { status, reason: error } = verdict;
	const challenge = authorization === null ? "Bearer" : 'Bearer error="invalid_token"';
	const refused = {
		status,
		jsonBody: { error },
		...(status === 401 ? { headers: { "WWW-Authenticate": challenge } } : {}),
	};
	return logged(refused, method === "OPTIONS" ? "handshake" : "receive", log);
}

/** Guard clauses in the order of the protocol; each refusal answers at once. */
async function receive(
	request: HttpRequest,
	log: Log,
	theBridge: TheBridge,
	rules: HandshakeRules,
): Promise<HttpResponseInit> {
	if (request.method === "OPTIONS") return logged(answerOptions(request.headers, rules), "handshake", log);
	const body = await readBody(request);
	if (!body.ok) return logged({ status: body.status, jsonBody: { error: body.error } }, "receive", log);
	const handshake = answerHandshake(request.headers, body.elements, rules);
	if (handshake !== undefined) return logged(handshake, "handshake", log);
	// Upper and lower case do not count. If the name were overlooked, all routes would get the event.
	const repoName = [...request.query].find(([name]) => name.toLowerCase() === "reponame")?.[1].trim();
	const bridge = await theBridge();
	const events = await bridge.accept(body.elements, { log, textOf: body.textOf, ...(repoName ? { repoName } : {}) });
	return { status: httpStatus(events), jsonBody: { events } };
}

/** What is answered before there is an event leaves a line, too. */
function logged(answer: HttpResponseInit, stage: "handshake" | "receive", log: Log): HttpResponseInit {
	const reason = (answer.jsonBody as { error?: string } | undefined)?.error ?? null;
	report(log, reason === null ? "info" : "error", { stage, status: answer.status, reason });
	return answer;
}

/** One answer for a request: it stands for all its events, since Event Grid delivers a batch again whole or not at all. */
export function httpStatus(results: readonly EventResult[]): 200 | 202 | 400 | 503 {
	const outcomes = new Set(results.map(({ outcome }) => outcome));
	if (outcomes.has("unavailable")) return OUTCOMES.unavailable.http;
	if (outcomes.has("rejected") && outcomes.size === 1) return OUTCOMES.rejected.http;
	return outcomes.has("accepted") ? OUTCOMES.accepted.http : OUTCOMES.dispatched.http;
}
