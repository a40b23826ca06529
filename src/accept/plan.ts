import pMap from "p-map";
import type { BridgeEvent } from "../event/bridge-event.ts";
import { isMeantAsEvent } from "../event/envelopes.ts";
import { factsOfElement, idOf, readEvent } from "../event/read-event.ts";
import type { IgnoredEvent } from "../ledger/ignored.ts";
import type { Rejected } from "../ledger/record-rejected.ts";
import type { Delivery } from "../model.ts";
import type { Match, Router } from "../route/router.ts";
import { isStorageError } from "../storage/storage.ts";
import { type Ending, notDurable, type Subject } from "./conclude.ts";
import { factsOf, type PlannedDelivery } from "./plan-delivery.ts";

export interface PlanOptions {
	readonly route: Router;
	readonly planDelivery: (event: BridgeEvent, match: Match) => Promise<PlannedDelivery>;
	/** Told of each event that no route takes. Never throws, and nobody waits for it. */
	readonly ignored: (ignored: IgnoredEvent) => void;
}

/** What is to be done about one element at one destination: nothing more, a dead letter, or a delivery. */
export type Plan = Subject & { readonly element: unknown } & (
		| { readonly ending: Ending }
		| { readonly refusal: string }
		| { readonly delivery: Delivery }
	);

/** Reads and routes the elements of a request. Never rejects: what cannot be handled is an element's own fault. */
export type Planner = (elements: readonly unknown[], onlyRepository?: string) => Promise<readonly Plan[]>;

/** How many elements are planned at once: large requests become blobs then. */
const AT_ONCE = 64;
/** After so many elements others have their turn. */
const ELEMENTS_A_TURN = 100;

export function createPlanner({ route, planDelivery, ignored }: PlanOptions): Planner {
	async function planElement(element: unknown, onlyRepository: string | undefined): Promise<readonly Plan[]> {
		try {
			const read = readEvent(element);
			if (!read.ok) return [{ element, id: read.id, refusal: read.reason }];
			const { event } = read;
			const routed = route(event, onlyRepository);
			if (!("reason" in routed))
				return await Promise.all(routed.matches.map((match) => planMatch(element, event, match)));
			const { reason } = routed;
			ignored({ event: factsOf(event), reason });
			return [{ element, id: event.id, event, ending: { outcome: "ignored", reason } }];
		} catch (error) {
			return [{ element, id: idOf(element), refusal: unexpected(error) }];
		}
	}

	async function planMatch(element: unknown, event: BridgeEvent, match: Match): Promise<Plan> {
		const subject = { element, id: event.id, event, match };
		try {
			const planned = await planDelivery(event, match);
			return planned.ok ? { ...subject, delivery: planned.delivery } : { ...subject, refusal: planned.reason };
		} catch (error) {
			if (isStorageError(error) && !error.refusesContent) return { ...subject, ending: notDurable(error) };
			return { ...subject, refusal: unexpected(error) };
		}
	}

	return async (elements, onlyRepository) => {
		if (elements.length > 1 && !elements.some(isMeantAsEvent)) return [withoutEvents(elements)];
		const plan = async (element: unknown, index: number) => {
			if (index % ELEMENTS_A_TURN === ELEMENTS_A_TURN - 1) await new Promise(setImmediate);
			return planElement(element, onlyRepository);
		};
		return (await pMap(elements, plan, { concurrency: AT_ONCE })).flat();
	};
}

/** A request that holds no event at all is one dead letter, as large as it may be. */
function withoutEvents(elements: readonly unknown[]): Plan {
	const read = readEvent(elements[0]);
	const first = read.ok ? "" : `; the first one: ${read.reason}`;
	return { element: elements, id: null, refusal: `none of the ${elements.length} elements is an event${first}` };
}

function unexpected(error: unknown): string {
	return `it cannot be handled: ${error instanceof Error ? error.message : String(error)}`;
}

/** The dead letter of an element that cannot be delivered. */
export function toRejected({ element, event, match }: Plan, reason: string): Rejected {
	const facts = event === undefined ? factsOfElement(element) : factsOf(event);
	return { element, event: facts, route: match?.route ?? null, to: match?.to ?? null, reason };
}
