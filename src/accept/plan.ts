import pMap from "p-map";
import { byReference, toBlob } from "../destinations/client-payload.ts";
import type { Destinations } from "../destinations/list.ts";
import { isMeantAsEvent } from "../event/envelopes.ts";
import { writeJson } from "../event/json.ts";
import { factsOfElement, idOf, readEvent } from "../event/read-event.ts";
import type { Rejected } from "../ledger/dead-letters.ts";
import type { IgnoredEvent } from "../ledger/ignored.ts";
import type { BridgeEvent, Delivery, EventFacts, Outcome } from "../model.ts";
import { type Coalesce, groupId, idempotencyKey } from "../route/route.ts";
import type { Match, Router } from "../route/router.ts";
import { isStorageError } from "../storage/storage.ts";

/** What a result is about: an event at one destination, or an element that has none. */
export interface Subject {
	readonly id: string | null;
	readonly event?: BridgeEvent;
	readonly match?: Match;
}

/** How it ended. */
export interface Ending {
	readonly outcome: Outcome;
	readonly key?: string | undefined;
	readonly reason?: string | undefined;
}

export interface PlanOptions {
	readonly route: Router;
	/** Called for each event that no route takes. It never throws, and no one waits for it. */
	readonly ignored: (ignored: IgnoredEvent) => void;
	/** Of grid-dispatch. */
	readonly version: string;
	readonly destinations: Pick<Destinations, "build" | "laneOf">;
	/** Stores data that is too large to be sent. Answers its URL. */
	readonly store: (blob: string, content: Buffer) => Promise<string>;
}

/** What decides how one delivery is planned. */
export type DeliveryOptions = Pick<PlanOptions, "version" | "destinations" | "store">;

/** What is to be done about one element at one destination: nothing more, a dead letter, or a delivery. */
export type Plan = Subject & { readonly element: unknown } & ({ readonly ending: Ending } | PlannedDelivery);

/** The delivery of an event to one destination, or the reason why it can never be sent. */
export type PlannedDelivery = { readonly delivery: Delivery } | { readonly refusal: string };

/** How many elements are planned at once: large requests become blobs then. */
const AT_ONCE = 64;
/** After so many elements others have their turn. */
const ELEMENTS_A_TURN = 100;

/** Reads and routes the elements of a request. Never rejects: a failure belongs to its element. */
export async function planAll(
	elements: readonly unknown[],
	onlyRepository: string | undefined,
	options: PlanOptions,
): Promise<readonly Plan[]> {
	if (elements.length > 1 && !elements.some(isMeantAsEvent)) return [withoutEvents(elements)];
	/** All that come after wait for it, not only one of those that are planned at once. */
	let turn: Promise<unknown> | undefined;
	const plan = async (element: unknown, index: number) => {
		if (index % ELEMENTS_A_TURN === ELEMENTS_A_TURN - 1) turn = new Promise(setImmediate);
		await turn;
		return planElement(element, onlyRepository, options);
	};
	return (await pMap(elements, plan, { concurrency: AT_ONCE })).flat();
}

async function planElement(
	element: unknown,
	onlyRepository: string | undefined,
	options: PlanOptions,
): Promise<readonly Plan[]> {
	try {
		const read = readEvent(element);
		if (!read.ok) return [{ element, id: read.id, refusal: read.reason }];
		const { event } = read;
		const routed = options.route(event, onlyRepository);
		if (!("reason" in routed))
			return await Promise.all(routed.matches.map((match) => planMatch(element, event, match, options)));
		const { reason, missed } = routed;
		options.ignored({ event: factsOfEvent(event), reason, missed });
		return [{ element, id: event.id, event, ending: { outcome: "ignored", reason } }];
	} catch (error) {
		return [{ element, id: idOf(element), refusal: unexpected(error) }];
	}
}

async function planMatch(element: unknown, event: BridgeEvent, match: Match, options: PlanOptions): Promise<Plan> {
	const subject = { element, id: event.id, event, match };
	try {
		return { ...subject, ...(await planDelivery(event, match, options)) };
	} catch (error) {
		if (isStorageError(error) && !error.refusesContent) return { ...subject, ending: notDurable(error) };
		return { ...subject, refusal: unexpected(error) };
	}
}

/** A request that contains no event at all is one dead letter, as large as it may be. */
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
	const facts = event === undefined ? factsOfElement(element) : factsOfEvent(event);
	return { element, event: facts, route: match?.route ?? null, to: match?.to ?? null, reason };
}

/** Plans a delivery: the exact request, or the window to join. */
export async function planDelivery(
	event: BridgeEvent,
	match: Match,
	options: DeliveryOptions,
): Promise<PlannedDelivery> {
	const { coalesce } = match;
	return coalesce === undefined ? planRequest(event, match, options) : planJoin(event, match, coalesce, options);
}

async function planRequest(event: BridgeEvent, match: Match, options: DeliveryOptions): Promise<PlannedDelivery> {
	const { route, to } = match;
	const key = idempotencyKey(event, to.id);
	const { destinations } = options;
	const delivery = deliveryFor(event, match, key, options);
	const facts = { version: options.version, route, key };
	const whole = destinations.build(to, event, facts);
	if (whole.ok) return { delivery: { ...delivery, how: whole } };
	if (!whole.tooLarge) return { refusal: whole.reason };
	const { content, sha256 } = toBlob(event.data);
	const referring = (url: string) => {
		const data = byReference(event.data, { url, sha256, bytes: content.length });
		return destinations.build(to, { ...event, data, wholeData: event.data }, facts);
	};
	// What would not fit even so is not worth a blob.
	const proof = referring(LONGEST_URL);
	if (!proof.ok) return { refusal: proof.reason };
	const blob = `payloads/${key}-${sha256.slice(0, 16)}.json`;
	const built = referring(await options.store(blob, content));
	if (!built.ok) return { refusal: built.reason };
	return { delivery: { ...delivery, how: built, blobs: [blob] } };
}

function planJoin(event: BridgeEvent, match: Match, coalesce: Coalesce, options: DeliveryOptions): PlannedDelivery {
	const { route, to } = match;
	const group = groupId(event, route, to, coalesce);
	const key = idempotencyKey(event, group);
	// The window may be this event's alone, or begin with it: then its dispatch has this type.
	const facts = { version: options.version, route, key };
	const proof = options.destinations.build(to, leastWindow(event), facts);
	if (!proof.ok) return { refusal: proof.reason };
	const { id, type, source, subject, time, data = null, extensions } = event;
	const line = writeJson({ id, type, source, subject, time, data, extensions });
	const { quietSeconds, maxSeconds, maxEvents } = coalesce;
	const how = { group, quietMs: quietSeconds * 1000, maxMs: maxSeconds * 1000, maxEvents, line };
	return { delivery: { ...deliveryFor(event, match, key, options), how } };
}

function deliveryFor(event: BridgeEvent, { route, to }: Match, key: string, { destinations }: DeliveryOptions) {
	return { key, lane: destinations.laneOf(to), event: factsOfEvent(event), route, to };
}

/** A window's dispatch with all left out that can be, and the rest as long as it can become. */
function leastWindow({ type }: BridgeEvent): BridgeEvent {
	const most = Number.MAX_SAFE_INTEGER;
	const [firstTime, lastTime] = ["x".repeat(64), "x".repeat(64)];
	const manifest = { url: LONGEST_URL, sha256: "x".repeat(64), bytes: most, count: most };
	const data = { count: most, firstTime, lastTime, totalBytes: Number.MAX_VALUE, sample: [], manifest };
	return { id: "x".repeat(32), type, source: "", subject: "", time: lastTime, data, attributes: {} };
}

const LONGEST_URL = "x".repeat(300);

/** What of an event a receipt has. */
function factsOfEvent({ id, type, source, subject, time, data }: BridgeEvent): EventFacts {
	const run = (data as { runId?: unknown } | null | undefined)?.runId;
	return { id, type, source, subject, time, ...(typeof run === "string" ? { run: run.toWellFormed() } : {}) };
}

/** The ending if the event may not be stored: its next delivery finds out. */
export function notDurable(error: unknown): Ending {
	const reason = error instanceof Error ? error.message : String(error);
	return { outcome: "unavailable", reason: `it could not be stored: ${reason}` };
}
