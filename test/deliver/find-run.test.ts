import { describe, expect, it } from "@jest/globals";
import { asideFor, doubtAfter, judgeDoubt, LAG_MS, type Listing } from "../../src/deliver/find-run.ts";
import { keyOfTitle, type RunsAnswer, type SeenRun } from "../../src/destinations/destination.ts";
import type { Classification, Doubt } from "../../src/model.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const TRIED = Date.parse("2026-05-26T12:00:00Z");
/** When it is due for the first time. */
const DUE = TRIED + LAG_MS;
const KEY = "0123456789abcdef0123456789abcdef";
const OTHER = "fedcba9876543210fedcba9876543210";

function run(id: string, title: string, createdAt = TRIED + SECOND): SeenRun {
	const url = `https://github.com/contoso/fraud-model/actions/runs/${id}`;
	return { id, url, workflow: "retrain", status: "queued", conclusion: null, attempt: 1, title, createdAt };
}

/** What a service answers that lists these, and no others since the delivery was first tried. */
function runs(...listed: readonly SeenRun[]): RunsAnswer {
	return { kind: "runs", runs: listed, complete: true, serverTime: DUE };
}

const many = (count: number) =>
	Array.from({ length: count }, (_, index) => run(String(index + 10), `retrain ${OTHER}`));
const long = run("1", `retrain ${OTHER}`, TRIED - HOUR);
const doubtful: Doubt = { since: TRIED, from: TRIED };
const entry = { key: KEY, notBefore: DUE, failures: 1, doubt: doubtful };
const look = (
	answer: RunsAnswer,
	more: Partial<typeof entry> = {},
	{ at = DUE, from = 0 }: Partial<Listing> = {},
	now = DUE,
) => judgeDoubt({ ...entry, ...more }, { answer, at, from }, now);

describe("a delivery whose run is listed", () => {
	it("was taken, and the run is certain", () => {
		const found = look(runs(run("7", `retrain ${KEY}`), run("6", `retrain ${OTHER}`)));
		const { title: _, createdAt: __, ...shown } = run("7", "");
		expect(found).toEqual({ kind: "found", run: { ...shown, certain: true } });
	});

	it.each<[string, SeenRun, boolean]>([
		["with the key in upper case", run("7", KEY.toUpperCase()), true],
		["with the key in brackets", run("7", `retrain [${KEY}] again`), true],
		["made a minute before the call, by a clock that is behind", run("7", KEY, TRIED - MINUTE), true],
		["made longer before it", run("7", KEY, TRIED - MINUTE - 1), false],
		["of the same key, from long before: that of a replay's first life", run("7", KEY, TRIED - HOUR), false],
		["whose title has another key first, and this one in an event's text", run("7", `${OTHER} ${KEY}`), false],
		["whose title has the key within a longer word", run("7", `a${KEY}`), false],
		["whose title has the key and one digit more", run("7", `${KEY}0`), false],
	])("is %s: %#", (_, listed, isFound) => {
		expect(look(runs(listed, long)).kind === "found").toBe(isFound);
	});

	it("is shown with the first of its runs, where several workflows listen", () => {
		const later = run("8", KEY, TRIED + 5 * SECOND);
		expect(look(runs(later, run("7", KEY, TRIED + SECOND)))).toMatchObject({ kind: "found", run: { id: "7" } });
	});

	it("is found in a list that was read too early to say that it is missing, and in one that is not complete", () => {
		expect(look(runs(run("7", KEY)), {}, { at: DUE - MINUTE })).toMatchObject({ kind: "found" });
		expect(look({ ...runs(run("7", KEY)), complete: false } as RunsAnswer)).toMatchObject({ kind: "found" });
	});

	it("is found though an earlier look has excluded its calls: a run may come late", () => {
		expect(look(runs(run("7", KEY)), { doubt: { since: TRIED, from: TRIED + HOUR } })).toMatchObject({ kind: "found" });
	});
});

describe("a delivery whose run is not listed", () => {
	const repeat = { kind: "repeat", doubt: { since: TRIED } };

	it.each<[string, RunsAnswer]>([
		["a run of another delivery has its key", runs(run("6", OTHER))],
		["there was no run since, and an earlier one has its key", runs(long)],
		["a run without a key is older than the call", runs(run("6", "retrain", TRIED - MINUTE - 1), long)],
	])("was not taken, and is repeated at once, where %s", (_, answer) => {
		expect(look(answer)).toEqual(repeat);
	});

	it("is looked for once more where the list was read for others, and reaches back to their calls only", () => {
		expect(look(runs(long), {}, { from: TRIED })).toMatchObject({ kind: "wait", until: DUE + 30 * SECOND });
	});

	it("is looked for once more where the list was read before the run could be in it", () => {
		const at = DUE - 10 * SECOND;
		expect(look(runs(long), {}, { at })).toEqual({
			kind: "wait",
			until: at + 30 * SECOND,
			reason: "the service may have taken it; the bridge looks for its run once more before it sends it again",
			doubt: doubtful,
		});
		// That took long to read: the next one is asked for a second later at the earliest.
		expect(look(runs(long), {}, { at: DUE - 30 * SECOND })).toMatchObject({ until: DUE + SECOND });
	});

	it.each<[string, RunsAnswer, string]>([
		["no run has a key", runs(run("6", "retrain")), "bridge.key"],
		["there is no run at all", runs(), "bridge.key"],
		["a run since then has no key", runs(run("6", "retrain"), long), "run 6"],
		[
			"a run without a key is a minute older, by a clock that is behind",
			runs(run("6", "", TRIED - MINUTE), long),
			"run 6",
		],
		["a run since then has the key behind another", runs(run("6", `${OTHER} ${KEY}`), long), "run 6"],
		["the list does not reach back to the call", { ...runs(...many(100)), complete: false } as RunsAnswer, "back to"],
		[
			"a run of the list could not be read",
			{ ...runs(...many(9), long), complete: false, unreadable: 1 } as RunsAnswer,
			"cannot be read",
		],
		["the token may not read runs", { kind: "refused", reason: "needs Actions: read" }, "Actions: read"],
		["the repository is gone", { kind: "gone", reason: "404" }, "404"],
		["the list is said to be unchanged", { kind: "unchanged", serverTime: DUE }, "did not list"],
	])("cannot be known where %s: the fourth try waits 135 s in all, and the reason says why", (_, answer, why) => {
		const found = look(answer, { failures: 4 });
		expect(found).toMatchObject({ kind: "wait", until: DUE + 105 * SECOND, doubt: { ...doubtful } });
		const reason = found.kind === "wait" ? found.reason : "";
		expect(reason).toContain("cannot know whether");
		expect(reason).toContain(why);
		// When that is over, it is repeated, whatever the runs say.
		const doubt = found.kind === "wait" ? found.doubt : doubtful;
		expect(doubt.reason).toContain(why);
		const due = { failures: 4, doubt, notBefore: DUE + 105 * SECOND };
		expect(look(answer, due, { at: due.notBefore }, due.notBefore)).toEqual({ kind: "repeat", doubt });
	});

	it("is repeated at once where that cannot be known, and the long pause is shorter than the one it had", () => {
		expect(look(runs())).toMatchObject({ kind: "repeat", doubt: { from: TRIED, reason: expect.any(String) } });
	});

	it("can be known again after a repair", () => {
		expect(look(runs(long), { doubt: { ...doubtful, reason: "needs Actions: read" } })).toEqual(repeat);
	});
});

describe("runs that cannot be read at the moment", () => {
	const failing: RunsAnswer = { kind: "unavailable", reason: "GitHub answered 502" };

	it("are asked for again every half minute, ten times, and then count as not to be known", () => {
		let doubt: Doubt = doubtful;
		let now = DUE;
		for (let looks = 1; looks < 10; looks++) {
			const found = look(failing, { doubt, notBefore: now }, { at: now }, now);
			expect(found).toMatchObject({ kind: "wait", until: now + 30 * SECOND, doubt: { looks } });
			if (found.kind !== "wait") return;
			expect(found.reason).toContain("502");
			({ doubt, until: now } = found);
		}
		expect(look(failing, { doubt, notBefore: now }, { at: now }, now)).toEqual({
			kind: "repeat",
			doubt: { ...doubtful, reason: "GitHub answered 502" },
		});
	});

	it.each([
		["as late as the service says", 10 * MINUTE, 10 * MINUTE],
		["after an hour at most", 24 * HOUR, HOUR],
		["after half a minute at least", -HOUR, 30 * SECOND],
	])("are asked for again %s", (_, named, waited) => {
		expect(look({ ...failing, retryAt: DUE + named } as RunsAnswer)).toMatchObject({ until: DUE + waited });
	});
});

describe("what an answer leaves in doubt", () => {
	const uncertain: Classification = { kind: "uncertain", reason: "502" };
	const limited: Classification = { kind: "rate-limited", until: DUE, named: true, reason: "429" };

	it.each<[string, Doubt | undefined, Classification, Doubt | undefined]>([
		["the first uncertain call", undefined, uncertain, { since: DUE, from: DUE }],
		["another one, from the first on", doubtful, uncertain, doubtful],
		["one after those that were excluded", { since: TRIED }, uncertain, { since: TRIED, from: DUE }],
		["when the first call began, where all were excluded", { since: TRIED }, limited, { since: TRIED }],
		["what was in doubt before another answer", doubtful, limited, doubtful],
		["why nothing can be known", { ...doubtful, reason: "x" }, uncertain, { ...doubtful, reason: "x" }],
		["no looks of before the call", { ...doubtful, looks: 3 }, uncertain, doubtful],
		["nothing of an answer that is certain", undefined, limited, undefined],
	])("is %s", (_, before, classification, after) => {
		expect(doubtAfter(before, { classification }, DUE, undefined)).toEqual(after);
	});
});

describe("the pause after an uncertain answer", () => {
	const blind: Doubt = { ...doubtful, reason: "x" };
	it.each<[string, number, Doubt | undefined, number]>([
		["the time by which the list lags", 0, doubtful, 30],
		["the same after many", 9, doubtful, 30],
		["no shorter where nothing can be known", 0, blind, 30],
		["a growing one where nothing can be known", 3, blind, 135],
		["an hour at most", 99, blind, 3_600],
		["5 s where runs are not looked for", 0, undefined, 5],
		["a growing one where runs are not looked for", 2, undefined, 45],
	])("is %s", (_, failures, doubt, seconds) => {
		expect(asideFor(failures, doubt)).toBe(seconds * SECOND);
	});
});

describe("the key of a title", () => {
	it.each([
		[`retrain ${KEY}`, KEY],
		[`${KEY} ${OTHER}`, KEY],
		["d41d8cd98f00b204e9800998ecf8427e0 is no key", undefined],
		["", undefined],
	])("is the first word of 32 hexadecimal digits: %j", (title, key) => {
		expect(keyOfTitle(title)).toBe(key);
	});
});
