import type { HttpFunctionOptions, HttpResponseInit } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { isObject } from "../event/json.ts";
import { isWrongContinue } from "../ledger/receipt-query.ts";
import { toLog } from "../log.ts";
import type { ReplayRequest } from "../operate/replay.ts";
import { isStorageError, LEDGER } from "../storage/storage.ts";

const HELP =
	'the body is JSON: {"key": "…"} for one dead letter, {"find": "…"} for those that mention it, {"all": true} for all, each of these two with "state": "dead" or "rejected" if only those are meant; or {"container": "…", "prefix": "…"} for the blobs of Event Grid\'s own dead letters; and "continue": "…" of an answer to go on behind it';

/** Those of the platform hold no dead letters of Event Grid. */
const CONTAINER = /^(?!azure-webjobs)(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])*$/;
/** What the ledger holds is fed back by its receipts. */
const OF_THE_LEDGER = [LEDGER.container, LEDGER.payloads, LEDGER.deadLetters];

/** What a member may be, and how that is told. */
const MEMBERS: Readonly<Record<string, { readonly fits: (value: unknown) => boolean; readonly is: string }>> = {
	key: { fits: isText, is: "a text" },
	find: { fits: isText, is: "a text" },
	all: { fits: (value) => value === true, is: "true" },
	container: { fits: isContainer, is: "the name of a blob container of Event Grid's dead letters" },
	state: { fits: (value) => value === "dead" || value === "rejected", is: '"dead" or "rejected"' },
	prefix: { fits: (value) => typeof value === "string", is: "a text" },
	continue: { fits: (value) => typeof value === "string", is: "a text" },
};

/** Each choice, and what may stand beside it. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
	key: ["continue"],
	find: ["state", "continue"],
	all: ["state", "continue"],
	container: ["prefix", "continue"],
};

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
	const names = Object.keys(body);
	const stranger = names.find((name) => !Object.hasOwn(MEMBERS, name));
	if (stranger !== undefined) return `there is no "${stranger}"; ${HELP}`;
	const [choice = "", ...others] = names.filter((name) => Object.hasOwn(BESIDE, name));
	if (choice === "" || others.length > 0) return HELP;
	const misplaced = names.find((name) => name !== choice && !BESIDE[choice]?.includes(name));
	if (misplaced !== undefined) return `"${misplaced}" does not go with "${choice}", and nothing was done; ${HELP}`;
	const wrong = names.find((name) => MEMBERS[name]?.fits(body[name]) !== true);
	if (wrong !== undefined) return `${wrong} is ${MEMBERS[wrong]?.is}; ${HELP}`;
	const { all: _, ...request } = body;
	return request as ReplayRequest;
}

function isText(value: unknown): boolean {
	return typeof value === "string" && value !== "";
}

function isContainer(value: unknown): boolean {
	return typeof value === "string" && CONTAINER.test(value) && !OF_THE_LEDGER.includes(value);
}

function parse(text: string): Record<string, unknown> | undefined {
	try {
		const body: unknown = JSON.parse(text);
		return isObject(body) ? body : undefined;
	} catch {
		return undefined;
	}
}
