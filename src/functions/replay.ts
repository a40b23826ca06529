import type { HttpFunctionOptions, HttpResponseInit } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { isWrongContinue } from "../ledger/continue-token.ts";
import type { ReplayRequest } from "../operate/replay.ts";
import { isStorageError, LEDGER } from "../storage/storage.ts";
import { toLog } from "./to-log.ts";

const HELP =
	'the body is JSON: {"key": "…"} for one dead letter, {"find": "…"} for those that mention it, {"all": true} for all, each of these two with "state": "dead" or "rejected" if only those are meant; or {"container": "…", "prefix": "…"} for the blobs of Event Grid\'s own dead letters; and "continue": "…" of an answer to go on behind it';

/** What may stand beside each choice. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
	key: ["continue"],
	find: ["state", "continue"],
	all: ["state", "continue"],
	container: ["prefix", "continue"],
};

/** Those of the platform hold no dead letters of Event Grid. */
const CONTAINER = /^(?!azure-webjobs)(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])*$/;
/** What the ledger holds is fed back by its receipts. */
const OF_THE_LEDGER = [LEDGER.container, LEDGER.payloads, LEDGER.deadLetters];

/** Feeds dead letters back, after a repair: `POST /api/receipts/replay`. */
export function replay(theBridge: TheBridge): HttpFunctionOptions {
	return {
		route: "receipts/replay",
		methods: ["POST"],
		authLevel: "function",
		async handler(request, context): Promise<HttpResponseInit> {
			const asked = readRequest(await request.text());
			if (typeof asked === "string") return { status: 400, jsonBody: { error: asked } };
			try {
				return { status: 200, jsonBody: await (await theBridge()).replay(asked, toLog(context)) };
			} catch (error) {
				if (isWrongContinue(error)) return { status: 400, jsonBody: { error: error.message } };
				if (!(isStorageError(error) && error.status === 404 && "container" in asked)) {
					return { status: 503, jsonBody: { error: (error as Error).message } };
				}
				const problem = `there is no container "${asked.container}" in the function app's storage account`;
				return { status: 404, jsonBody: { error: problem } };
			}
		},
	};
}

function readRequest(text: string): ReplayRequest | string {
	const body = parse(text);
	if (body === undefined) return HELP;
	const { key, find, all, state, container, prefix, continue: next, ...unknown } = body;
	const [stranger] = Object.keys(unknown);
	if (stranger !== undefined) return `there is no "${stranger}"; ${HELP}`;
	const [choice = "", ...others] = Object.keys(BESIDE).filter((name) => body[name] !== undefined);
	if (choice === "" || others.length > 0) return HELP;
	const misplaced = Object.keys(body).find((name) => name !== choice && !BESIDE[choice]?.includes(name));
	if (misplaced !== undefined) return `"${misplaced}" does not go with "${choice}", and nothing was done; ${HELP}`;
	if (next !== undefined && typeof next !== "string") return `continue is a text; ${HELP}`;
	const beside = next === undefined ? {} : { continue: next };
	if (state !== undefined && state !== "dead" && state !== "rejected") return `state is "dead" or "rejected"; ${HELP}`;
	if (container !== undefined) {
		if (typeof container !== "string" || !CONTAINER.test(container) || OF_THE_LEDGER.includes(container))
			return `container is the name of a blob container of Event Grid's dead letters; ${HELP}`;
		if (prefix !== undefined && typeof prefix !== "string") return `prefix is a text; ${HELP}`;
		return { container, ...(prefix === undefined ? {} : { prefix }), ...beside };
	}
	if (key !== undefined) return typeof key === "string" && key !== "" ? { key, ...beside } : `key is a text; ${HELP}`;
	const which: { state?: "dead" | "rejected"; continue?: string } = {
		...(state === undefined ? {} : { state }),
		...beside,
	};
	if (all !== undefined) return all === true ? which : `all is true; ${HELP}`;
	return typeof find === "string" && find !== "" ? { find, ...which } : `find is a text; ${HELP}`;
}

function parse(text: string): Record<string, unknown> | undefined {
	try {
		const body: unknown = JSON.parse(text);
		return typeof body === "object" && body !== null && !Array.isArray(body)
			? (body as Record<string, unknown>)
			: undefined;
	} catch {
		return undefined;
	}
}
