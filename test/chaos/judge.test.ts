import { describe, expect, it } from "@jest/globals";
import type { ReceiptFacts } from "../../chaos/evidence.ts";
import { type Judgement, judge } from "../../chaos/judge.ts";
import { RETIRED } from "../../chaos/routes.ts";
import { type CalmEvidence, calmEvidence, START } from "./calm-evidence.ts";

/** What the judges say when something is not as it was. */
async function judged(falsify: (evidence: CalmEvidence) => void): Promise<Judgement> {
	const evidence = calmEvidence();
	falsify(evidence);
	return judge(evidence);
}

async function rules(falsify: (evidence: CalmEvidence) => void): Promise<readonly string[]> {
	return [...new Set((await judged(falsify)).findings.map(({ rule }) => rule))];
}

/** Another event in the dispatch with that key. */
function payload(evidence: CalmEvidence, key: string, change: object): void {
	evidence.received = evidence.received.map((taken) =>
		taken.key === key ? { ...taken, event: { ...taken.event, ...change } } : taken,
	);
}

function receipt(evidence: CalmEvidence, key: string, change: Partial<ReceiptFacts>): void {
	evidence.receipts = evidence.receipts.map((one) => (one.key === key ? { ...one, ...change } : one));
}

function told(evidence: CalmEvidence, id: string, change: Partial<CalmEvidence["told"][number]>): void {
	const index = evidence.plan.events.findIndex((event) => event.id === id);
	evidence.told = evidence.told.map((one, at) => (at === index ? { ...one, ...change } : one));
}

/** The same dispatch once more, two seconds later. */
function repeat(evidence: CalmEvidence, key: string): void {
	const taken = evidence.received.find((one) => one.key === key);
	const call = evidence.calls.find((one) => one.key === key);
	if (taken === undefined || call === undefined) throw new Error(`there is no dispatch ${key}`);
	evidence.received = [...evidence.received, { ...taken, at: new Date(Date.parse(taken.at) + 2_000).toISOString() }];
	evidence.calls = [...evidence.calls, { ...call, at: call.at + 2_000 }];
}

function without(evidence: CalmEvidence, key: string): void {
	evidence.received = evidence.received.filter((taken) => taken.key !== key);
}

const LOST = "what was acknowledged is never lost";
const DIFFERS = "what arrives is what was sent";
const UNSENT = "nothing arrives that was not sent";
const WINDOW = "a window is told of as it is";
const REPEAT = "a repeat has an excuse";
const LIMITS = "the bridge obeys GitHub's limits";
const CLAIM = "what an answer says is so";

describe("the judges", () => {
	it("find nothing where nothing is wrong", async () => {
		const { findings, deliveries, gathered } = await judged(() => {});
		expect(findings).toEqual([]);
		expect(deliveries).toMatchObject({ acknowledged: 5, dispatched: 2, coalesced: 2, dead: 0, lost: 0 });
		expect(gathered.windows).toBe(1);
	});

	it.each<[string, readonly string[], (evidence: CalmEvidence) => void]>([
		["a dispatch is missing", [LOST], (evidence) => without(evidence, "key-alone")],
		["a window's dispatch is missing", [LOST], (evidence) => without(evidence, "window")],
		[
			"a manifest is gone",
			[LOST, WINDOW],
			(evidence) =>
				(evidence.blob = async (place) =>
					place.startsWith("p") ? Buffer.from(JSON.stringify({ text: "x".repeat(100) })) : undefined),
		],
		["data differs", [DIFFERS], (evidence) => payload(evidence, "key-alone", { data: { runId: "run-2" } })],
		["a subject differs", [DIFFERS], (evidence) => payload(evidence, "key-alone", { subject: "another" })],
		["a time differs", [DIFFERS], (evidence) => payload(evidence, "key-alone", { time: "2026-03-14T08:15:31Z" })],
		[
			"a reference is wrong",
			[DIFFERS],
			(evidence) =>
				payload(evidence, "key-large", { data: { reference: { url: "payloads/large.json", sha256: "0", bytes: 1 } } }),
		],
		["the wrong event arrives", [LOST, UNSENT], (evidence) => payload(evidence, "key-alone", { id: "unknown" })],
		[
			"an ignored event arrives",
			[LOST, DIFFERS, UNSENT],
			(evidence) => payload(evidence, "key-alone", { id: "ignored" }),
		],
		["a window counts wrong", [WINDOW], (evidence) => payload(evidence, "window", { data: { count: 3, events: [] } })],
		[
			"a window leaves its events out",
			[WINDOW],
			(evidence) => payload(evidence, "window", { data: { count: 2, events: [] } }),
		],
		["a window is about something else", [WINDOW], (evidence) => payload(evidence, "window", { subject: "elsewhere" })],
		[
			"a receipt is not final",
			["every receipt is final in the end"],
			(evidence) => receipt(evidence, "key-alone", { state: "accepted" }),
		],
		["a row waits", ["nothing waits in the end"], (evidence) => (evidence.waiting = ["default e-1"])],
		["a message is poisoned", ["no message is poisoned"], (evidence) => (evidence.poisoned = 1)],
		[
			"an event was never taken",
			["everything is taken in the end"],
			(evidence) => told(evidence, "alone", { acknowledgedAt: undefined }),
		],
		[
			"a good event was refused",
			["no good event is refused"],
			(evidence) => told(evidence, "alone", { refused: true }),
		],
		[
			"a rejected event is not kept",
			["what is rejected is a dead letter"],
			(evidence) => receipt(evidence, "key-rejected", { reason: "" }),
		],
		["something is dispatched twice", [REPEAT], (evidence) => repeat(evidence, "key-alone")],
		[
			"an answer said too much",
			[CLAIM],
			(evidence) =>
				told(evidence, "first", { claims: [{ outcome: "dispatched", key: "key-first", at: START + 9_000 }] }),
		],
		[
			"an answer said it too early",
			[CLAIM],
			(evidence) => told(evidence, "large", { claims: [{ outcome: "dispatched", key: "key-large", at: START }] }),
		],
		[
			"a receipt shows another delivery's run",
			["a receipt shows its own run"],
			(evidence) => receipt(evidence, "key-large", { runs: ["30000001"] }),
		],
		[
			"a limit was hit",
			[LIMITS],
			(evidence) => (evidence.calls = evidence.calls.map((call) => ({ ...call, status: 403 }))),
		],
	])("notice when %s", async (_, expected, falsify) => {
		expect((await rules(falsify)).toSorted()).toEqual(expected.toSorted());
	});

	it("count dispatches against the pace, and no look at runs", async () => {
		const look = {
			at: START + 1,
			method: "GET",
			path: "/repos/contoso/fraud-model/actions/runs",
			token: "token",
			status: 200,
		};
		const { pace } = await judged((evidence) => (evidence.calls = [...evidence.calls, look]));
		expect(pace.fullestMinute).toBe(calmEvidence().calls.length);
	});

	it("take a dead letter with a reason for an end, and none without", async () => {
		const deadLetter = (reason: string) => (evidence: CalmEvidence) => {
			without(evidence, "key-alone");
			receipt(evidence, "key-alone", { state: "dead", reason, statuses: [422] });
			evidence.deadLetters = new Set(["key-alone", "key-rejected"]);
		};
		expect((await judged(deadLetter("422"))).deliveries).toMatchObject({ dead: 1, lost: 0, findings: [] });
		expect(await rules(deadLetter(""))).toEqual([LOST]);
	});

	it("ask why a dead letter is one, and count those that were given up", async () => {
		const giveUp = (to: string) => (evidence: CalmEvidence) => {
			const more = { id: "another", key: "key-another", to, state: "dead", statuses: [404], runs: [] };
			const reason = "given up after 0 days; the last reason: Not Found";
			evidence.receipts = [...evidence.receipts, { ...(evidence.receipts[0] as ReceiptFacts), ...more, reason }];
		};
		const { findings, deliveries } = await judged(giveUp(`${RETIRED}#order`));
		expect(findings).toEqual([]);
		expect(deliveries.givenUp).toBe(1);
		expect(await rules(giveUp("contoso/fraud-model#run-completed"))).toEqual(["a dead letter has a cause"]);
		const dead = (evidence: CalmEvidence) => {
			without(evidence, "key-alone");
			receipt(evidence, "key-alone", { state: "dead", reason: "a bug", statuses: [] });
			evidence.deadLetters = new Set(["key-alone", "key-rejected"]);
		};
		expect(await rules(dead)).toEqual(["a dead letter has a cause"]);
	});

	it("take a dead letter of a window for the end of all its events", async () => {
		const { findings, deliveries } = await judged((evidence) => {
			without(evidence, "window");
			receipt(evidence, "window", { state: "dead", reason: "422", statuses: [422] });
			evidence.deadLetters = new Set(["window", "key-rejected"]);
		});
		expect(findings).toEqual([]);
		expect(deliveries).toMatchObject({ dead: 2, coalesced: 0 });
	});

	it.each<[string, (evidence: CalmEvidence) => void]>([
		[
			"answer lost",
			(evidence) =>
				(evidence.calls = evidence.calls.map((call) =>
					call.at === START ? { ...call, fault: "cut after", status: null } : call,
				)),
		],
		[
			"taken, though the answer said otherwise",
			(evidence) =>
				(evidence.calls = evidence.calls.map((call) =>
					call.at === START ? { ...call, fault: 502, taken: true, status: 502 } : call,
				)),
		],
		["killed before the result was written", (evidence) => (evidence.kills = [START + 500])],
		[
			"storage gone before the result was written",
			(evidence) => (evidence.outages = [{ from: START + 500, to: START + 3_000 }]),
		],
		["lease forgotten by Azurite", (evidence) => (evidence.outages = [{ from: START - 9_000, to: START - 2_000 }])],
	])("excuse a repeat: %s", async (excuse, falsify) => {
		const { findings, duplicates } = await judged((evidence) => {
			repeat(evidence, "key-alone");
			falsify(evidence);
		});
		expect(findings).toEqual([]);
		expect(duplicates).toMatchObject({ unexplained: 0, explained: { [excuse]: 1 } });
	});

	it("excuse no more repeats than there were losses, and none that was written", async () => {
		const twice = await judged((evidence) => {
			repeat(evidence, "key-alone");
			repeat(evidence, "key-alone");
			evidence.kills = [START - 1_000];
		});
		expect(twice.duplicates.unexplained).toBe(2);
		const written = await judged((evidence) => {
			repeat(evidence, "key-alone");
			evidence.kills = [START + 500];
			receipt(evidence, "key-alone", { statuses: [204, 204] });
		});
		expect(written.duplicates.unexplained).toBe(1);
	});

	it("notice an event in two windows, which nothing excuses", async () => {
		const { gathered, findings } = await judged((evidence) => {
			const window = evidence.receipts.find(({ key }) => key === "window");
			if (window !== undefined)
				evidence.receipts = [...evidence.receipts, { ...window, key: "again", id: "again", statuses: [] }];
			evidence.kills = [START + 10];
		});
		expect(gathered.twice).toBe(2);
		expect(findings.map(({ rule }) => rule)).toContain("an event is in one window");
	});

	it("notice a call in a time that GitHub has asked for, unless its asking could be forgotten", async () => {
		const ask = (evidence: CalmEvidence) => {
			const faults = [{ status: 429, headers: { "retry-after": "4" } }];
			evidence.played = [{ at: START - 1_000, weather: { at: 0, kind: "faults", faults } }];
			evidence.calls = [
				{
					at: START - 500,
					method: "POST",
					path: "/repos/contoso/fraud-model/dispatches",
					token: "token",
					fault: 429,
					status: 429,
				},
				...evidence.calls,
			];
		};
		expect((await judged(ask)).pace.impatient).toBe(2);
		const killed = (evidence: CalmEvidence) => {
			ask(evidence);
			evidence.kills = [START - 400];
		};
		expect((await judged(killed)).findings).toEqual([]);
	});
});
