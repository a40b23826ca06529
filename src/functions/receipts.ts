import type { HttpFunctionOptions, HttpResponseInit } from "@azure/functions";
import type { TheBridge } from "../bridge.ts";
import { readInstant } from "../event/instant.ts";
import type { ReceiptState } from "../ledger/receipt.ts";
import type { ReceiptQuery } from "../ledger/receipt-query.ts";
import { isWrongContinue } from "../ledger/receipt-query.ts";
import type { ShownReceipt } from "../operate/operate.ts";

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
const PARAMETERS = ["limit", "state", "find", "since", "until", "continue"] as const;

/**
 * What became of events, the newest first: `GET /api/receipts?limit=&state=&find=&since=&until=&continue=` →
 * `{ "receipts", "complete", "continue"?, "problems"? }`. A list that was cut says how it goes on; what could not be read
 * is named, and the rest is answered.
 */
export function receipts(theBridge: TheBridge): HttpFunctionOptions {
	return {
		route: "receipts",
		methods: ["GET"],
		authLevel: "function",
		async handler(request) {
			const query = readQuery(request.query);
			if (typeof query === "string") return answer(400, { error: query });
			try {
				const { receipts: found, complete, continue: next, problems } = await (await theBridge()).receipts(query);
				return answer(200, {
					receipts: found.map(toJson),
					complete,
					...(next === undefined ? {} : { continue: next }),
					...(problems.length === 0 ? {} : { problems }),
				});
			} catch (error) {
				return answer(isWrongContinue(error) ? 400 : 503, { error: (error as Error).message });
			}
		},
	};
}

/** All that `state` can be. */
export const RECEIPT_STATES = Object.keys(STATES) as readonly ReceiptState[];

function readQuery(parameters: URLSearchParams): ReceiptQuery | string {
	const given = Object.fromEntries(PARAMETERS.map((name) => [name, parameters.get(name)?.trim() || undefined]));
	const { limit, state, find, since, until, continue: next } = given;
	const count = limit === undefined ? USUAL_LIMIT : Number(limit);
	if (!Number.isInteger(count) || count < 1 || count > MOST)
		return `limit: "${limit}" is not a number from 1 to ${MOST}`;
	if (state !== undefined && !Object.hasOwn(STATES, state)) {
		return `state: "${state}" is none of ${RECEIPT_STATES.join(", ")}`;
	}
	const [from, to] = [readTime(since), readTime(until)];
	if (since !== undefined && from === undefined) return `since: "${since}" ${NO_TIME}`;
	if (until !== undefined && to === undefined) return `until: "${until}" ${NO_TIME}`;
	if (from !== undefined && to !== undefined && from > to) return "since is later than until: no event can be between";
	return {
		limit: count,
		...(state === undefined ? {} : { states: [state as ReceiptState] }),
		...(find === undefined ? {} : { find }),
		...(from === undefined ? {} : { since: from }),
		...(to === undefined ? {} : { until: to }),
		...(next === undefined ? {} : { continue: next }),
	};
}

/** RFC 3339, section 5.6. A `+` that was not escaped arrives as a space. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+\- ]\d\d:\d\d)$/i;

/** As events' times are read, so that a bound means for them what it says. */
function readTime(text: string | undefined): number | undefined {
	return text !== undefined && TIME.test(text) ? readInstant(text.replace(" ", "+"))?.epochMs : undefined;
}

const NO_TIME = "is not a time such as 2026-03-14T08:15:00Z (RFC 3339)";

/** What is answered of a receipt, and of its event. */
const SHOWN = [
	"key",
	"state",
	"event",
	"route",
	"to",
	"acceptedAt",
	"finishedAt",
	"attempts",
	"reason",
	"window",
	"runs",
	"following",
	"followingReason",
	"page",
] as const;
const EVENT_SHOWN = ["id", "type", "source", "subject", "time"] as const;

/** A receipt as it is answered. */
export type ReceiptJson = ReturnType<typeof toJson>;

function toJson(receipt: ShownReceipt) {
	return { ...pick(receipt, SHOWN), event: pick(receipt.event, EVENT_SHOWN) };
}

function pick<T, Name extends keyof T>(from: T, names: readonly Name[]): Pick<T, Name> {
	return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, Name>;
}

function answer(status: number, jsonBody: unknown): HttpResponseInit {
	return { status, jsonBody, headers: { "Cache-Control": "no-store" } };
}
