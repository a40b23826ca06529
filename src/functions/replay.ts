import type { HttpFunctionOptions, HttpResponseInit } from "@azure/functions";
import type { Bridge, TheBridge } from "../bridge.ts";
import { isWrongContinue } from "../ledger/receipt-query.ts";
import { type Log, toLog } from "../log.ts";
import type { DiscardRequest } from "../operate/discard.ts";
import type { ReplayRequest } from "../operate/replay.ts";
import { isStorageError } from "../storage/storage.ts";
import { type Choices, CONTINUE_HELP, OF_RECEIPTS, RECEIPTS_HELP, readDeadLetters } from "./read-dead-letters.ts";

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
	return endDeadLetters<DiscardRequest>("receipts/discard", DISCARDED, theBridge, (bridge, asked, log) =>
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
