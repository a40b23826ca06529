import type { HttpFunctionOptions, HttpResponseInit } from "@azure/functions";
import type { Bridge, TheBridge } from "../bridge.ts";
import { isObject, readJsonOrText } from "../event/json.ts";
import { isWrongContinue } from "../ledger/receipt-query.ts";
import { type Log, toLog } from "../log.ts";
import type { ReceiptsRequest } from "../operate/dead-letters.ts";
import type { ReplayRequest } from "../operate/replay.ts";
import { isStorageError, LEDGER } from "../storage/storage.ts";
import { unknownParameter } from "./receipts.ts";

/** The ways to say which dead letters are meant, each with what may stand beside it, and all of them in words. */
interface Choices {
	readonly beside: Readonly<Record<string, readonly string[]>>;
	readonly help: string;
}

/** Which dead letters of the ledger. */
const OF_RECEIPTS: Choices["beside"] = {
	key: ["continue"],
	find: ["state", "continue"],
	all: ["state", "continue"],
};

/** The words for those. */
const RECEIPTS_HELP =
	'the body must be JSON: {"key": "…"} for one dead letter, {"find": "…"} for those that contain a text, or {"all": true} for all; with "find" or "all" you may add "state": "dead" or "rejected"';
/** The words that end the help. */
const CONTINUE_HELP = 'add "continue": "…" from an answer to continue after it';

const REPLAYED: Choices = {
	beside: { ...OF_RECEIPTS, container: ["prefix", "continue"] },
	help: `${RECEIPTS_HELP}; or {"container": "…", "prefix": "…"} for the blobs with Event Grid's own dead letters; ${CONTINUE_HELP}`,
};

const DISCARDED: Choices = { beside: OF_RECEIPTS, help: `${RECEIPTS_HELP}; ${CONTINUE_HELP}` };

/** Feeds dead letters back, after a repair: `POST /api/receipts/replay`. */
export function replay(theBridge: TheBridge): HttpFunctionOptions {
	return endDeadLetters<ReplayRequest>("receipts/replay", REPLAYED, theBridge, (bridge, asked, log) =>
		bridge.replay(asked, log),
	);
}

/** Discards dead letters that no run is to start for: `POST /api/receipts/discard`. */
export function discard(theBridge: TheBridge): HttpFunctionOptions {
	return endDeadLetters<ReceiptsRequest>("receipts/discard", DISCARDED, theBridge, (bridge, asked, log) =>
		bridge.discard(asked, log),
	);
}

function endDeadLetters<Request extends ReplayRequest>(
	route: string,
	choices: Choices,
	theBridge: TheBridge,
	end: (bridge: Bridge, asked: Request, log: Log) => Promise<unknown>,
): HttpFunctionOptions {
	return {
		route,
		methods: ["POST"],
		authLevel: "function",
		async handler(request, context): Promise<HttpResponseInit> {
			// A parameter that was meant to narrow what the body names would be overlooked, and a discard cannot be undone.
			const unknown = unknownParameter(request.query, []);
			if (unknown !== undefined)
				return { status: 400, jsonBody: { error: `${unknown}, so nothing was done; ${choices.help}` } };
			const asked = readDeadLetters<Request>(await request.text(), choices);
			if (typeof asked === "string") return { status: 400, jsonBody: { error: asked } };
			try {
				return { status: 200, jsonBody: await end(await theBridge(), asked, toLog(context)) };
			} catch (error) {
				if (isWrongContinue(error)) return { status: 400, jsonBody: { error: error.message } };
				if (!(isStorageError(error) && error.status === 404 && "container" in asked)) {
					return { status: 503, jsonBody: { error: (error as Error).message } };
				}
				const problem = `the function app's storage account has no container "${asked.container}"`;
				return { status: 404, jsonBody: { error: problem } };
			}
		},
	};
}

/** Those of the platform hold no dead letters of Event Grid. */
const CONTAINER = /^(?!azure-webjobs)(?=.{3,63}$)[a-z0-9](?:-?[a-z0-9])*$/;
/** What the ledger holds is told by its receipts. */
const OF_THE_LEDGER = [LEDGER.container, LEDGER.payloads, LEDGER.deadLetters];

/** Far longer than any key is. */
const MAX_KEY = 300;
/** Source: learn.microsoft.com, "Naming and referencing containers, blobs, and metadata". */
const MAX_BLOB_NAME = 1_024;

/** What a member may be, and how that is told. What storage could not be asked is refused here. */
const MEMBERS: Readonly<Record<string, { readonly fits: (value: unknown) => boolean; readonly is: string }>> = {
	key: { fits: (value) => isText(value, MAX_KEY) && value !== "", is: `a text of at most ${MAX_KEY} characters` },
	find: { fits: (value) => isText(value) && value !== "", is: "a text" },
	all: { fits: (value) => value === true, is: "true" },
	container: {
		fits: isContainer,
		is: "the name of the blob container with Event Grid's dead letters, and not one of the bridge's own containers",
	},
	state: { fits: (value) => value === "dead" || value === "rejected", is: '"dead" or "rejected"' },
	prefix: { fits: (value) => isText(value, MAX_BLOB_NAME), is: `a text of at most ${MAX_BLOB_NAME} characters` },
	continue: { fits: isText, is: "a text" },
};

/** Reads a body that says which dead letters are meant. Answers what is wrong with it, as a text. */
function readDeadLetters<Request>(text: string, { beside, help }: Choices): Request | string {
	const body = readJsonOrText(text);
	if (!isObject(body)) return help;
	const names = Object.keys(body);
	const known = new Set(Object.entries(beside).flat(2));
	const stranger = names.find((name) => !known.has(name));
	if (stranger !== undefined) return `the member "${stranger.slice(0, MAX_QUOTED)}" does not exist; ${help}`;
	const [chosen, ...others] = Object.entries(beside).filter(([name]) => Object.hasOwn(body, name));
	if (chosen === undefined || others.length > 0) return help;
	const [choice, companions] = chosen;
	const misplaced = names.find((name) => name !== choice && !companions.includes(name));
	if (misplaced !== undefined) return `"${misplaced}" cannot be used with "${choice}", so nothing was done; ${help}`;
	const wrong = Object.entries(MEMBERS).find(([name, { fits }]) => Object.hasOwn(body, name) && !fits(body[name]));
	if (wrong !== undefined) return `"${wrong[0]}" must be ${wrong[1].is}; ${help}`;
	const { all: _, ...request } = body;
	return request as Request;
}

const MAX_QUOTED = 100;

/** Half a character has no place in an address. */
function isText(value: unknown, most = Number.POSITIVE_INFINITY): boolean {
	return typeof value === "string" && value.length <= most && value.isWellFormed();
}

function isContainer(value: unknown): boolean {
	return typeof value === "string" && CONTAINER.test(value) && !OF_THE_LEDGER.includes(value);
}
