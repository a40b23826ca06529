import { createHash } from "node:crypto";
import type { Delivery, Join, Request } from "../../src/model.ts";
import { repositoryDispatch } from "../../support/destinations.ts";

const DAY = Date.parse("2026-05-26T00:00:00Z");

/** The delivery of an event that has that number. */
export function delivery(
	number: number,
	{ how = {}, ...more }: { how?: Partial<Request> } & Partial<Omit<Delivery, "how">> = {},
): Delivery {
	const { key, event, to, lane, route } = facts(number, more);
	const body = JSON.stringify({ event_type: to["dispatchType"], client_payload: { id: event.id, bridge: { key } } });
	return { ...more, key, lane, event, route, to, how: { body, ...how } };
}

/** The delivery of an event of that number that joins a window. */
export function joining(
	number: number,
	{ how = {}, ...more }: { how?: Partial<Join> } & Partial<Omit<Delivery, "how">> = {},
): Delivery {
	const { key, event, to, lane, route } = facts(number, more);
	const line = JSON.stringify({ ...event, data: { contentLength: number } });
	return {
		...more,
		key,
		lane,
		event,
		route,
		to,
		how: { group: "ab".repeat(16), quietMs: 30_000, maxMs: 600_000, line, ...how },
	};
}

function facts(number: number, more: Partial<Omit<Delivery, "how">>) {
	const time = new Date(DAY + number * 1_000).toISOString();
	return {
		key: createHash("sha256").update(`event ${number}`).digest("hex").slice(0, 32),
		lane: "default",
		event: { id: `event-${number}`, type: "Contoso.Test", source: "/contoso", subject: `subject/${number}`, time },
		route: "r",
		to: repositoryDispatch("contoso/fraud-model", "contoso-test"),
		...more,
	};
}
