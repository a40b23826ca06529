import { describe, expect, it } from "@jest/globals";
import { type LaneChange, reportBacklog, reportLane } from "../../src/deliver/report.ts";
import { type LaneState, NEW_LANE } from "../../src/ledger/lane-state.ts";
import type { Entry } from "../../src/ledger/outbox.ts";
import { logLines } from "../helpers/log-lines.ts";

const NOW = Date.parse("2026-05-26T12:00:00Z");
const breaker = (reason = "404") => ({ since: NOW - 60_000, probeAt: NOW + 180_000, reason });
const times = { since: "2026-05-26T11:59:00.000Z", probeAt: "2026-05-26T12:03:00.000Z" };

function linesFor(before: Partial<LaneState>, after: Partial<LaneState>, opened?: LaneChange["opened"]) {
	const { log, lines } = logLines();
	reportLane(log, "default", {
		before: { ...NEW_LANE, ...before },
		after: { ...NEW_LANE, ...after },
		opened,
		now: NOW,
	});
	return lines;
}

describe("the log of a lane", () => {
	it("is silent where nothing changes", () => {
		const same = { pause: { until: NOW, reason: "slow" }, parked: breaker(), breakers: { "contoso/a": breaker() } };
		expect(linesFor(same, same)).toEqual([]);
		expect(linesFor({ pause: { until: NOW, reason: "slow" } }, {})).toEqual([]);
	});

	it("warns of a pause, and of each longer one", () => {
		const line = {
			level: "warn",
			stage: "lane",
			lane: "default",
			change: "paused",
			until: "2026-05-26T12:00:00.000Z",
			reason: "slow",
		};
		expect(linesFor({}, { pause: { until: NOW, reason: "slow" } })).toEqual([line]);
		expect(linesFor({ pause: { until: NOW - 1, reason: "slow" } }, { pause: { until: NOW, reason: "slow" } })).toEqual([
			line,
		]);
	});

	it("calls a parked lane an error, with each failed probe", () => {
		const line = { level: "error", stage: "lane", lane: "default", change: "parked", ...times, reason: "401" };
		expect(linesFor({}, { parked: breaker("401") })).toEqual([line]);
		expect(linesFor({ parked: breaker("401") }, { parked: breaker("401") })).toEqual([line]);
	});

	it("calls a parked destination an error, and no other that was parked before", () => {
		const old = breaker();
		expect(
			linesFor(
				{ breakers: { "contoso/old": old } },
				{ breakers: { "contoso/old": old, "contoso/new": breaker("403") } },
			),
		).toEqual([
			{
				level: "error",
				stage: "lane",
				lane: "default",
				change: "parked",
				target: "contoso/new",
				...times,
				reason: "403",
			},
		]);
	});

	it("tells that a breaker is closed again, for how long it was open, and how much waits behind it", () => {
		expect(linesFor({ parked: breaker() }, {}, { ...breaker(), waiting: 12 })).toEqual([
			{
				level: "info",
				stage: "lane",
				lane: "default",
				change: "opened",
				since: times.since,
				closedMs: 60_000,
				waiting: 12,
				reason: "404",
			},
		]);
	});
});

describe("the log of a lane that is looked at", () => {
	function linesOf(acceptedAts: readonly number[], state: Partial<LaneState> = {}) {
		const { log, lines } = logLines();
		const entries = acceptedAts.map((acceptedAt) => ({ acceptedAt, target: "contoso/a", notBefore: 0 }) as Entry);
		reportBacklog(
			log,
			"default",
			{ windows: [], entries, complete: true, isCut: false, passedUntil: null },
			{ ...NEW_LANE, ...state },
			NOW,
		);
		return lines;
	}
	const MINUTE_MS = 60_000;

	it("is silent where nothing waits, or nothing for long", () => {
		expect(linesOf([])).toEqual([]);
		expect(linesOf([NOW - 10 * MINUTE_MS + 1])).toEqual([]);
	});

	it("warns that it is behind, by its oldest event, and says what that waits for", () => {
		const line = { level: "warn", stage: "lane", lane: "default", change: "behind" };
		const waited = { oldest: "2026-05-26T11:50:00.000Z", waitedMs: 10 * MINUTE_MS };
		expect(linesOf([NOW - 10 * MINUTE_MS, NOW])).toEqual([{ ...line, ...waited, reason: null }]);
		expect(linesOf([NOW - 10 * MINUTE_MS], { breakers: { "contoso/a": breaker("404") } })).toMatchObject([
			{ reason: "404" },
		]);
		expect(linesOf([NOW - 10 * MINUTE_MS], { parked: breaker("401") })).toMatchObject([{ reason: "401" }]);
	});
});
