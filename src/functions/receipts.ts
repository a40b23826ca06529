import type { HttpFunctionOptions, HttpResponseInit } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import type { ReceiptQuery, ReceiptState } from "../ledger/list-receipts.ts";
import type { ShownReceipt } from "../wire.ts";

const USUAL_LIMIT = 50;
const MOST = 500;

const STATES: Readonly<Record<ReceiptState, true>> = {
	accepted: true,
	paused: true,
	parked: true,
	coalescing: true,
	dispatched: true,
	coalesced: true,
	dead: true,
	rejected: true,
	ignored: true,
};

/** What became of events, the newest first: `GET /api/receipts?limit=&state=&find=`. */
export function receipts(theBridge: TheBridge): HttpFunctionOptions {
	return {
		route: "receipts",
		methods: ["GET"],
		authLevel: "function",
		async handler(request) {
			const query = readQuery(request.query);
			if (typeof query === "string") return answer(400, { error: query });
			try {
				const { receipts: found, complete } = await (await theBridge()).receipts(query);
				return answer(200, { receipts: found.map(toJson), complete });
			} catch (error) {
				return answer(503, { error: (error as Error).message });
			}
		},
	};
}

/** All that `state` can be. */
export const RECEIPT_STATES = Object.keys(STATES) as readonly ReceiptState[];

function readQuery(query: URLSearchParams): ReceiptQuery | string {
	const [limit, state, find] = ["limit", "state", "find"].map((name) => query.get(name)?.trim() || undefined);
	const count = limit === undefined ? USUAL_LIMIT : Number(limit);
	if (!Number.isInteger(count) || count < 1 || count > MOST)
		return `limit: "${limit}" is not a number from 1 to ${MOST}`;
	if (state !== undefined && !Object.hasOwn(STATES, state)) {
		return `state: "${state}" is none of ${RECEIPT_STATES.join(", ")}`;
	}
	return {
		limit: count,
		...(state === undefined ? {} : { state: state as ReceiptState }),
		...(find === undefined ? {} : { find }),
	};
}

/** A receipt as it is answered. */
export type ReceiptJson = ReturnType<typeof toJson>;

function toJson({
	key,
	state,
	event,
	route,
	to,
	acceptedAt,
	finishedAt,
	attempts,
	reason,
	window,
	runs,
}: ShownReceipt) {
	const { id, type, source, subject, time } = event;
	return {
		key,
		state,
		event: { id, type, source, subject, time },
		route,
		to,
		acceptedAt,
		finishedAt,
		attempts,
		reason,
		window,
		runs,
	};
}

function answer(status: number, jsonBody: unknown): HttpResponseInit {
	return { status, jsonBody, headers: { "Cache-Control": "no-store" } };
}
