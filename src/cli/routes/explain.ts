import manifest from "../../../package.json" with { type: "json" };
import { planDelivery } from "../../accept/plan.ts";
import { windowBody } from "../../coalesce/close-window.ts";
import { summarise } from "../../coalesce/manifest.ts";
import { Settings } from "../../config/settings.ts";
import { openDestinations, resolve, SERVICES } from "../../destinations/list.ts";
import { writeJson } from "../../event/json.ts";
import { readEvent } from "../../event/read-event.ts";
import { plain } from "../../log.ts";
import { type BridgeEvent, type Delivery, type Destination, isJoin } from "../../model.ts";
import { keyReader, toFiltered } from "../../route/filtered-event.ts";
import { type Coalesce, groupId, type Route } from "../../route/route.ts";
import { createRouter, type Match } from "../../route/router.ts";
import { destinationInWords } from "../describe-receipt.ts";
import type { Io } from "../io.ts";
import { indentJson, painter } from "../print.ts";

/** What the table makes of one event. */
export type Explained =
	| { readonly event: EventFacts; readonly routes: readonly RouteVerdict[] }
	| { readonly rejected: string; readonly id: string | null };

export type EventFacts = Pick<BridgeEvent, "id" | "type" | "source" | "subject">;

export interface RouteVerdict {
	readonly route: string;
	readonly takes: boolean;
	readonly to?: Destination;
	/** Which window it would join. */
	readonly group?: (Coalesce & { readonly id: string }) | undefined;
	/** An earlier route that leads to the same place: the event is dispatched once, under that one's name. */
	readonly sameAs?: string | undefined;
	/** What would be sent; left out where nothing would. */
	readonly request?: ShownRequest;
	/** Every condition that failed; empty where it takes the event. */
	readonly failed: readonly Failure[];
}

export interface Failure {
	/** The member of the route, such as `filter.advancedFilters[0]`. */
	readonly condition: string;
	/** In the router's own words. */
	readonly reason: string;
	/** What an advanced filter found under its key; `null` where the event has none, undefined for other conditions. */
	readonly found: unknown;
}

export function explain(element: unknown, routes: readonly Route[]): Explained {
	const read = readEvent(element);
	if (!read.ok) return { rejected: read.reason, id: read.id };
	const { id, type, source, subject } = read.event;
	const seen = new Map<string, string>();
	const verdicts = routes.map((route) => {
		const [match] = createRouter([route], resolve)(read.event).matches;
		return match === undefined ? refused(route, read.event) : taken(match, read.event, seen);
	});
	return { event: { id, type, source, subject }, routes: verdicts };
}

/** The same, with the request that each destination would get. */
export async function explainRequests(element: unknown, routes: readonly Route[]): Promise<Explained> {
	const explained = explain(element, routes);
	const read = readEvent(element);
	if ("rejected" in explained || !read.ok) return explained;
	const verdicts = explained.routes.map(async (verdict, index) => {
		const [match] = createRouter(routes.slice(index, index + 1), resolve)(read.event).matches;
		if (match === undefined || verdict.sameAs !== undefined) return verdict;
		return { ...verdict, request: await requestFor(read.event, match) };
	});
	return { ...explained, routes: await Promise.all(verdicts) };
}

function taken({ route, to, coalesce }: Match, event: BridgeEvent, seen: Map<string, string>): RouteVerdict {
	const sameAs = seen.get(to.id);
	seen.set(to.id, sameAs ?? route);
	const group = coalesce && { by: "route" as const, ...coalesce, id: groupId(event, route, to, coalesce) };
	return { route, takes: true, to, group, sameAs, failed: [] };
}

function refused(route: Route, event: BridgeEvent): RouteVerdict {
	const failed = conditionsOf(route).flatMap(({ condition, part, key }) => {
		const routed = createRouter([part], resolve)(event);
		if (!("reason" in routed)) return [];
		const reason = routed.reason.slice(`no route matches: route "${route.name}": `.length);
		const found = key === undefined ? undefined : (keyReader(key)(toFiltered(event)).value ?? null);
		return [{ condition, reason, found }];
	});
	return { route: route.name, takes: false, failed };
}

interface Part {
	readonly condition: string;
	/** A route with this condition alone, so that the router itself says whether it holds, and why not. */
	readonly part: Route;
	/** Of an advanced filter. */
	readonly key?: string;
}

/** A route taken apart into its conditions, in the router's order. */
function conditionsOf({ name, to, source, filter = {}, onlyCompletedWrites }: Route): readonly Part[] {
	const bare = { name, to, onlyCompletedWrites: false };
	const { includedEventTypes, subjectBeginsWith, subjectEndsWith, advancedFilters, ...how } = filter;
	const members = Object.entries({ includedEventTypes, subjectBeginsWith, subjectEndsWith });
	return [
		...(source === undefined ? [] : [{ condition: "source", part: { ...bare, source } }]),
		...members
			.filter(([, value]) => value)
			.map(([member, value]) => ({
				condition: `filter.${member}`,
				part: { ...bare, filter: { ...how, [member]: value } },
			})),
		...(advancedFilters ?? []).map((advanced, index) => ({
			condition: `filter.advancedFilters[${index}]`,
			part: { ...bare, filter: { ...how, advancedFilters: [advanced] } },
			key: advanced.key,
		})),
		...(onlyCompletedWrites === false ? [] : [{ condition: "onlyCompletedWrites", part: { name, to } }]),
	];
}

export function printExplained(io: Io, explained: readonly Explained[]): void {
	const paint = painter(io);
	for (const [index, one] of explained.entries()) {
		if (index > 0) io.stdout.write("\n");
		if ("rejected" in one) {
			io.stdout.write(
				`${plain(one.id ?? "an event without an id")}\n  ${paint("error", "rejected")}: ${plain(one.rejected)}\n`,
			);
			continue;
		}
		const { id, type, source, subject } = one.event;
		io.stdout.write(`${plain(`${id}  ${type}`)}\n  source  ${plain(source)}\n  subject ${plain(subject)}\n`);
		for (const verdict of one.routes) printVerdict(io, verdict, paint);
		if (!one.routes.some(({ takes }) => takes)) io.stdout.write("  ignored: no route matches\n");
	}
}

function printVerdict(
	io: Io,
	{ route, takes, to, group, sameAs, request, failed }: RouteVerdict,
	paint: ReturnType<typeof painter>,
): void {
	if (!takes) {
		io.stdout.write(`  ${paint("warning", "no ")} "${plain(route)}"\n`);
		for (const { condition, reason, found } of failed) {
			const what = found === undefined ? "" : `; found ${found === null ? "nothing" : writeJson(found)}`;
			io.stdout.write(`        ${plain(`${condition}: ${reason}${what}`)}\n`);
		}
		return;
	}
	const token = to?.token === undefined ? "" : ` with the token ${to.token}`;
	const where = `${to === undefined ? "" : destinationInWords(to)}${token}`;
	io.stdout.write(`  ${paint("ok", "yes")} "${plain(route)}": to ${plain(where)}\n`);
	if (sameAs !== undefined)
		io.stdout.write(
			`        "${plain(sameAs)}" has the same destination: the event is dispatched once, by that route\n`,
		);
	else if (group !== undefined) {
		const { by, quietSeconds, maxSeconds, id } = group;
		io.stdout.write(
			`        gathered by ${by} for ${quietSeconds} to ${maxSeconds} seconds, in the window of group ${id}\n`,
		);
		io.stdout.write("        a window with only this event, under the event's own key, would send\n");
	}
	if (request !== undefined) printRequest(io, request, paint);
}

function printRequest(io: Io, request: ShownRequest, paint: ReturnType<typeof painter>): void {
	if ("rejected" in request) {
		io.stdout.write(`        ${paint("error", "rejected")}: ${plain(request.rejected)}\n`);
		return;
	}
	const lines = [`${request.method} ${request.url}`, ...indentJson(request.body).split("\n")];
	for (const line of lines) io.stdout.write(`        ${plain(line)}\n`);
}

const { version } = manifest;

/** The request that a delivery would send; or why it would be rejected. */
type ShownRequest =
	| {
			readonly method: string;
			readonly url: string;
			/** JSON, exactly as it would be sent. */
			readonly body: string;
	  }
	| { readonly rejected: string };

/** All destinations as they are where nothing is set. Nothing is sent. */
export const destinations = openDestinations(
	SERVICES.map((service) => service.configure(new Settings({}), [])),
	{
		version,
		fetch: () => Promise.reject(new Error("nothing is sent")),
		now: Date.now,
		sleep: async () => {},
		timeoutMs: 1,
	},
);

const STORAGE = "https://ACCOUNT.blob.core.windows.net/grid-dispatch-payloads";

/**
 * The request for an event at a destination, as accepting plans it. Of an event that is gathered: that of a window which
 * holds this event alone, under the event's own key. Where a blob would be written, its account is called ACCOUNT.
 */
export async function requestFor(event: BridgeEvent, match: Match): Promise<ShownRequest> {
	const store = async (blob: string) => `${STORAGE}/${blob}`;
	const planned = await planDelivery(event, match, { version, destinations, store });
	if ("refusal" in planned) return { rejected: planned.refusal };
	const { body, refused } = bodyOf(planned.delivery);
	if (refused !== undefined) return { rejected: refused };
	const [method = "", url = ""] = destinations.requestLine(match.to).split(" ");
	return { method, url, body };
}

function bodyOf({ key, route, to, how }: Delivery): { readonly body: string; readonly refused?: string } {
	if (!isJoin(how)) return how;
	const lines = [how.line];
	const blob = { url: `${STORAGE}/manifests/${key}.jsonl`, sha256: "0".repeat(64), bytes: how.line.length, count: 1 };
	return windowBody({ key, route, to, summary: summarise(lines), lines, manifest: blob }, { version, destinations });
}
