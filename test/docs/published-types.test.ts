import { describe, expect, it } from "@jest/globals";
import payloadSchema from "../../docs/client-payload.schema.json";
import type { Manifest, WindowSummary } from "../../src/coalesce/manifest.ts";
import type { BridgeFacts, ClientPayload, Reference } from "../../src/destinations/client-payload.ts";
import type { ReceiptJson } from "../../src/functions/receipts.ts";
import type { ReceiptState } from "../../src/ledger/receipt.ts";
import type { Attempt, EventResult, Outcome } from "../../src/model.ts";
import type { Health } from "../../src/operate/check-health.ts";
import type { ReplayAnswer } from "../../src/operate/replay.ts";
import type { Coalesce, Route, SubscriptionFilter } from "../../src/route/route.ts";
import routesSchema from "../../src/route/routes.schema.json";
import { requiredOf, sameType } from "../helpers/same-type.ts";

// A member of these types that is renamed breaks workflows, scripts and alerts of users. Then `tsc` fails here.

describe("the client payload", () => {
	const { properties, required, definitions } = payloadSchema;

	it("has the members that its published schema has", () => {
		sameType<keyof ClientPayload, keyof typeof properties>();
		sameType<keyof BridgeFacts, keyof typeof properties.bridge.properties>();
	});

	it("tells of a window and of large data by the members that the schema has", () => {
		const { manyEvents, largeData } = definitions;
		sameType<keyof WindowSummary["data"] | "events" | "manifest", keyof typeof manyEvents.properties>();
		sameType<keyof Manifest, keyof typeof manyEvents.properties.manifest.properties>();
		sameType<keyof Reference, keyof typeof largeData.properties.reference.properties>();
		const always = { count: true, firstTime: true, lastTime: true, totalBytes: true, sample: true } as const;
		expect(manyEvents.required.toSorted()).toEqual(requiredOf<WindowSummary["data"]>(always));
	});

	it("always has those that the schema requires", () => {
		expect(required.toSorted()).toEqual(
			requiredOf<ClientPayload>({
				id: true,
				type: true,
				source: true,
				subject: true,
				time: true,
				data: true,
				event_source: true,
				bridge: true,
			}),
		);
		expect(properties.bridge.required.toSorted()).toEqual(
			requiredOf<BridgeFacts>({ version: true, route: true, key: true }),
		);
	});
});

describe("the routes table", () => {
	const { route, coalesce, filter } = routesSchema.definitions;

	it("has the members that its published schema has", () => {
		sameType<keyof Route, keyof typeof route.properties>();
		sameType<keyof Coalesce, keyof typeof coalesce.properties>();
		sameType<keyof SubscriptionFilter, keyof typeof filter.properties>();
	});

	it("always has those that the schema requires, and a name that it is given", () => {
		expect([...route.required, "name"].toSorted()).toEqual(requiredOf<Route>({ name: true, to: true }));
		expect(coalesce.required.toSorted()).toEqual(requiredOf<Coalesce>({ quietSeconds: true, maxSeconds: true }));
		expect(requiredOf<SubscriptionFilter>({})).toEqual([]);
	});

	it("knows the groups of the schema", () => {
		const groups: Readonly<Record<NonNullable<Coalesce["by"]>, true>> = {
			route: true,
			source: true,
			container: true,
			directory: true,
		};
		expect(coalesce.properties.by.enum).toEqual(Object.keys(groups));
	});
});

describe("the answers", () => {
	it("tell of an event by these members, in these outcomes", () => {
		interface Published {
			readonly id: string | null;
			readonly outcome: "dispatched" | "accepted" | "duplicate" | "ignored" | "rejected" | "unavailable";
			readonly route: string | null;
			readonly key: string | null;
			readonly reason: string | null;
		}
		sameType<EventResult, Published>();
		sameType<Outcome, Published["outcome"]>();
	});

	it("tell of a receipt by these members, in these states", () => {
		type Event = "id" | "type" | "source" | "subject" | "time";
		type Times = "acceptedAt" | "finishedAt" | "replayedAt" | "changedAt";
		sameType<
			keyof ReceiptJson,
			| "key"
			| "state"
			| "event"
			| "route"
			| "to"
			| Times
			| "attempts"
			| "reason"
			| "replay"
			| "arrived"
			| "sends"
			| "group"
			| "window"
			| "windowState"
			| "runs"
			| "following"
			| "followingReason"
			| "page"
		>();
		sameType<keyof ReceiptJson["event"], Event>();
		sameType<ReceiptJson["attempts"][number], Attempt>();
		sameType<keyof Attempt, "at" | "status" | "ms" | "requestId" | "reason">();
		sameType<
			ReceiptState,
			| "accepted"
			| "paused"
			| "parked"
			| "coalescing"
			| "dispatched"
			| "coalesced"
			| "dead"
			| "rejected"
			| "ignored"
			| "discarded"
		>();
	});

	it("tell of a replay and of health by these members", () => {
		sameType<keyof ReplayAnswer, "replayed" | "more" | "continue" | "problems">();
		sameType<keyof ReplayAnswer["replayed"][number], "key" | "outcome" | "reason">();
		sameType<
			keyof Health,
			| "status"
			| "problems"
			| "warnings"
			| "routes"
			| "storage"
			| "tokens"
			| "lanes"
			| "waiting"
			| "paused"
			| "parked"
			| "oldest"
			| "windows"
			| "gathering"
			| "pace"
			| "deadLetters"
			| "ignored"
			| "missed"
		>();
		sameType<Health["status"], "healthy" | "degraded" | "unhealthy">();
	});
});
