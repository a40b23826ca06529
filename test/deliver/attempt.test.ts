import { describe, expect, it } from "@jest/globals";
import { Attempts, type AttemptsOptions } from "../../src/deliver/attempt.ts";
import type { SeenRun } from "../../src/destinations/destination.ts";
import type { LaneLease } from "../../src/ledger/lane-lease.ts";
import { NEW_LANE, toColumns } from "../../src/ledger/lane-state.ts";
import type { Entry } from "../../src/ledger/outbox.ts";
import { type Limit, parsePace } from "../../src/ledger/pace.ts";
import { STATE_KEY } from "../../src/ledger/rows.ts";
import type { Answer, Classification, Doubt, NotDispatched } from "../../src/model.ts";
import { StorageError } from "../../src/storage/storage.ts";
import { repositoryDispatch, destinations as unset } from "../../support/destinations.ts";
import { delivery } from "../helpers/deliveries.ts";
import { ADDRESS, type HarnessOptions, LANE, type LaneHarness, START, startLane } from "../helpers/lane-harness.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const { key } = delivery(1);
const destination = "contoso/fraud-model#contoso-test";
const large = JSON.stringify({ client_payload: { id: "event-1", fill: "x".repeat(61 * 1024) } });
const uncertain: Classification = { kind: "uncertain", reason: "502" };
const transient: Classification = { kind: "transient", reason: "no route" };
const closed: Classification = { kind: "unavailable", reason: "404" };
const refused: Classification = { kind: "permanent", reason: "422" };

async function waitingLane(options: HarnessOptions = {}, deliveries = [delivery(1)]): Promise<LaneHarness> {
	const lane = await startLane(options);
	await lane.instance.accept(...deliveries);
	return lane;
}

/** What tries the deliveries of a lane, and the first of them. */
interface Trying {
	readonly lease: LaneLease;
	readonly attempts: Attempts;
	readonly entry: Entry;
}

async function trying(lane: LaneHarness, options: Partial<AttemptsOptions> = {}): Promise<Trying> {
	const lease = await lane.instance.acquire();
	const { entries } = await lease.read(() => true);
	const limits = parsePace("1/s") as readonly Limit[];
	const policy = { address: ADDRESS, formerAddress: undefined, limits, concurrency: 1 };
	const nothing = async () => {};
	const attempts = new Attempts({
		storage: lane.instance.storage,
		destinations: { ...unset, policyOf: () => policy },
		giveUpMs: DAY,
		looksUp: true,
		follow: { isOn: false, resends: () => false, before: nothing, after: nothing },
		now: () => lane.now,
		random: () => 1,
		...options,
	});
	return { lease, attempts, entry: entries[0] as Entry };
}

/** Lines of the log about deliveries, without those about the lane. */
const linesOf = (lane: LaneHarness) =>
	lane.logged.lines.filter(({ stage }) => stage === "dispatch" || stage === "dead-letter");

describe("the log of a call", () => {
	const call = { stage: "dispatch", lane: LANE, key, route: "r", destination, ms: 250, waitedMs: 2 * SECOND };

	it.each<[string, Partial<Answer>, object]>([
		[
			"was taken",
			{ requestId: "ABCD:1" },
			{ level: "info", classification: "taken", outcome: "dispatched", status: 204, requestId: "ABCD:1" },
		],
		[
			"is tried again",
			{ classification: transient, status: 503 },
			{ level: "warn", classification: "transient", outcome: "deferred", status: 503, reason: "no route" },
		],
		[
			"became a dead letter",
			{ classification: refused, status: 422 },
			{ level: "error", classification: "permanent", outcome: "dead-lettered", status: 422, reason: "422" },
		],
	])(
		"says of a delivery that %s what was called, how long it took, and why it did not succeed",
		async (_, answer, line) => {
			const answers = [answer];
			const lane = await waitingLane({ latencyMs: 250, answer: () => answers.shift() });
			lane.now += 2 * SECOND;
			await lane.wakeAll(() => lane.sent.length === 1);
			const bytes = Buffer.byteLength((lane.sent[0] as { body: string }).body);
			expect(linesOf(lane)[0]).toEqual({ ...call, bytes, ...line });
		},
	);

	it("says of a request that is gone that nothing was sent, and the pace does not count it", async () => {
		const lane = await waitingLane({}, [delivery(1, { how: { body: large } })]);
		const { names } = await lane.ledger.storage.names("requests/");
		for (const name of names) await lane.ledger.storage.remove(name);
		await lane.wakeAll();
		expect(linesOf(lane)).toMatchObject([{ level: "error", outcome: "dead-lettered", bytes: 0, ms: 0 }]);
		expect((await lane.state()).calls).toEqual([]);
	});
});

describe("the log of a delivery that was not called", () => {
	const line = { lane: LANE, key };

	it("warns where its run is to be looked for again, and names the run where it is found", async () => {
		let looks = 0;
		const url = "https://github.com/contoso/fraud-model/actions/runs/7";
		const run: SeenRun = {
			...{ id: "7", url, workflow: "retrain", status: "queued", conclusion: null, attempt: 1 },
			...{ title: key, createdAt: START },
		};
		const lane: LaneHarness = await waitingLane({
			answer: () => ({ classification: uncertain }),
			runs: async () => {
				looks += 1;
				lane.now += 400;
				if (looks === 1) return { kind: "unavailable", reason: "503" };
				return { kind: "runs", runs: [run], complete: true, serverTime: lane.now };
			},
		});
		await lane.wakeAll();
		const [first, again, found] = linesOf(lane);
		const looksFor = "502; the bridge looks for its run before it sends it again";
		expect(first).toMatchObject({ level: "warn", classification: "uncertain", outcome: "deferred", reason: looksFor });
		const reason = "the service may have taken it, and the runs cannot be read at the moment: 503";
		expect(again).toEqual({ ...line, level: "warn", stage: "dispatch", outcome: "deferred", reason });
		const why = `not sent again: its run was found, so it had been taken before: ${url}`;
		expect(found).toMatchObject({ level: "info", classification: "taken", outcome: "dispatched", reason: why });
		const { attempts } = await lane.receipt(key);
		expect(attempts).toMatchObject([{ reason: "502" }, { status: null, ms: 400, reason: why }]);
	});

	it("calls it an error where storage does not return the request", async () => {
		let reads = 0;
		const lane = await waitingLane(
			{
				around: async ({ method }, make) => {
					if (method === "read" && reads++ === 0) throw new StorageError("busy", 503);
					return make();
				},
			},
			[delivery(1, { how: { body: large } })],
		);
		await lane.wakeAll();
		const reason = "the request could not be read from storage: busy";
		expect(linesOf(lane)[0]).toEqual({ ...line, level: "error", stage: "dispatch", outcome: "deferred", reason });
	});

	it("calls it an error where it is given up without a call", async () => {
		const lane = await waitingLane({ giveUpMs: HOUR, answer: () => ({ classification: closed }) }, [
			delivery(1),
			delivery(2),
		]);
		await lane.wakeAll();
		const reason = "given up after 0.04 days; the last reason: 404";
		const dead = { level: "error", stage: "dead-letter", lane: LANE, destination, reason };
		const given = linesOf(lane).filter(({ stage }) => stage === "dead-letter");
		expect(given).toContainEqual({ ...dead, key: delivery(2).key });
	});
});

describe("what is to be sent", () => {
	it("is gone where its row is", async () => {
		const { attempts, entry } = await trying(await waitingLane());
		const { body: _, ...light } = entry;
		expect(await attempts.read(LANE, { ...light, rowKey: "e-0" })).toEqual({
			entry: { ...light, rowKey: "e-0" },
			body: undefined,
		});
	});

	it("is read from its blob without another look at its row", async () => {
		let rows = 0;
		const lane = await waitingLane(
			{
				around: ({ method, args }, make) => {
					if (method === "get" && String(args[1]).startsWith("e-")) rows += 1;
					return make();
				},
			},
			[delivery(1, { how: { body: large } })],
		);
		const { attempts, entry } = await trying(lane);
		expect(await attempts.read(LANE, entry)).toEqual({ entry, body: large });
		expect(rows).toBe(0);
	});

	it("leaves in doubt what was in doubt, while storage does not return it", async () => {
		const { attempts, entry } = await trying(await waitingLane());
		const doubt = { since: START - MINUTE, from: START - MINUTE };
		expect(await attempts.send({ entry: { ...entry, doubt, failures: 3 }, reason: "busy" })).toMatchObject({
			disposition: { kind: "deferred", reason: "busy", doubt, failures: 3, notBefore: START + MINUTE },
		});
	});

	it("is given up where storage has not returned it for as long as a delivery may fail", async () => {
		const lane = await waitingLane(
			{
				giveUpMs: HOUR,
				around: async ({ method }, make) => {
					if (method === "read") throw new StorageError("busy", 503);
					return make();
				},
			},
			[delivery(1, { how: { body: large } }), delivery(2)],
		);
		await lane.wakeAll();
		expect(lane.sent.map(({ id }) => id)).toEqual(["event-2"]);
		expect(lane.now - START).toBeGreaterThan(HOUR);
		expect(lane.now - START).toBeLessThan(HOUR + 5 * MINUTE);
		expect(await lane.receipt(key)).toMatchObject({
			state: "dead",
			reason: "given up after 0.04 days; the last reason: the request could not be read from storage: busy",
		});
	});

	it("is kept with a dead letter, also of one that was given up before its body was read", async () => {
		const to = (name: string) => ({ to: repositoryDispatch(`contoso/${name}`, "t") });
		const ofA = Array.from({ length: 40 }, (_, number) => delivery(number, to("a")));
		const ofB = [50, 51].map((number) => delivery(number, to("b")));
		const lane = await waitingLane({ giveUpMs: DAY }, ofA);
		lane.now += 1;
		await lane.instance.accept(...ofB);
		lane.now += 2 * DAY;
		// A drainer looks past the first ones, which are not due, and reads what comes behind them without bodies.
		const breakers = {
			"contoso/a": { since: lane.now, probeAt: lane.now + HOUR, reason: "404" },
			"contoso/b": { since: START, probeAt: lane.now, reason: "404" },
		};
		const columns = toColumns({ ...NEW_LANE, breakers });
		await lane.ledger.storage.commit(LANE, [{ kind: "upsert", rowKey: STATE_KEY, columns }]);
		await lane.wakeNext();
		const dead = await lane.ledger.rows(LANE, "x-");
		const texts = dead.map(({ columns: { body } }) => (body instanceof Uint8Array ? Buffer.from(body).toString() : ""));
		expect(texts.sort()).toEqual(ofB.map(({ how }) => ("body" in how ? how.body : "")).sort());
	});
});

describe("the result of a try", () => {
	const answered = (classification: Classification, more: Partial<Answer> = {}): Answer => ({
		...{ classification, status: 502, ms: 0, calls: [] },
		...more,
	});
	const finish = ({ attempts, lease, entry }: Trying, lane: LaneHarness, answer: Answer, more: Partial<Entry> = {}) =>
		attempts.finish(lease, { entry: { ...entry, ...more }, at: lane.now, answer }, false, lane.logged.log);

	const deferred: NotDispatched = { kind: "deferred", reason: "busy", failures: 0, notBefore: START + MINUTE };
	const dead: NotDispatched = { kind: "dead-lettered", reason: "busy" };

	it.each<[string, boolean, NotDispatched, number | null]>([
		["clears the record of the lane's wake-up where the last one leaves the lane", true, dead, null],
		["leaves the record where it stays in the lane", true, deferred, START + MINUTE],
		["leaves the record where it is not the last one", false, dead, START + MINUTE],
	])("%s", async (_, isLast, disposition, at) => {
		const lane = await waitingLane();
		const { attempts, lease, entry } = await trying(lane);
		await lease.commit({ ...lease.state(), wake: { last: 7, at: START + MINUTE } }, []);
		const tried = { entry, at: lane.now, disposition, uncalled: "unread" } as const;
		await attempts.finish(lease, tried, isLast, lane.logged.log);
		expect((await lane.state()).wake).toEqual({ last: 7, at });
	});

	it("says since when it is in doubt by the service's clock, however late it is written", async () => {
		const lane = await waitingLane();
		const world = await trying(lane);
		const ahead = 5 * HOUR;
		const at = lane.now;
		// It took nine seconds, and its result waited for another one's.
		lane.now += 2 * MINUTE;
		const answer = answered(uncertain, { ms: 9 * SECOND, serverTime: at + 9 * SECOND + ahead });
		const tried = { entry: world.entry, at, answer };
		const first = await world.attempts.finish(world.lease, tried, false, lane.logged.log);
		expect(first).toMatchObject({ doubt: { since: at + ahead, from: at + ahead } });
		// No answer came to the next one.
		const next = await finish(world, lane, answered(uncertain, { ms: 9 * SECOND }));
		expect(next).toMatchObject({ doubt: { since: lane.now + ahead, from: lane.now + ahead } });
	});

	const doubt: Doubt = { since: START, from: START };

	it.each<[string, Classification, Partial<Entry>, object]>([
		[
			"what is done about an answer that leaves it open",
			uncertain,
			{},
			{ kind: "deferred", reason: "502; the bridge looks for its run before it sends it again" },
		],
		[
			"a certain answer alone, though an earlier one has left it open",
			transient,
			{ doubt },
			{ kind: "deferred", reason: "no route", doubt },
		],
		[
			"of one that is given up that it was, and nothing of what would be done next",
			uncertain,
			{ doubt, failingSince: START - 2 * DAY },
			{ kind: "dead-lettered", reason: "given up after 1 days; the last reason: 502" },
		],
	])("says %s; the call's own line says what the service answered", async (_, classification, more, disposition) => {
		const lane = await waitingLane();
		expect(await finish(await trying(lane), lane, answered(classification), more)).toMatchObject(disposition);
		const { attempts } = await lane.receipt(key);
		expect(attempts).toMatchObject([{ reason: "reason" in classification ? classification.reason : null }]);
	});

	it("says at once that nothing can be known where the destination's runs can never be listed", async () => {
		const reason = "a hook does not say what it starts";
		const lane = await waitingLane({
			answer: () => ({ classification: uncertain }),
			runs: async () => ({ kind: "refused", reason }),
			whyNoRuns: reason,
		});
		await lane.wakeAll(() => lane.sent.length === 1);
		expect(await lane.receipt(key)).toMatchObject({
			state: "accepted",
			reason: `502; the bridge cannot know whether it was taken, and a repeat may start a second run, so the bridge waits longer before it repeats: ${reason}`,
		});
		await lane.wakeAll(() => lane.sent.length === 3);
		const [first, second, third] = lane.sent.map(({ at }) => at - START);
		expect([first, second, third]).toEqual([
			expect.any(Number),
			(first ?? 0) + 30 * SECOND,
			(second ?? 0) + 30 * SECOND,
		]);
	});

	it("keeps the end of the token from the last answer that took it", async () => {
		const end = "2026-06-30T00:00:00Z";
		const lane = await waitingLane({}, [delivery(1), delivery(2)]);
		const ends: (string | null)[] = [];
		const answers: Partial<Answer>[] = [{ tokenExpiresAt: end }, { classification: transient }, {}];
		lane.answer = async () => {
			ends.push((await lane.state()).tokenExpiresAt);
			return answers.shift();
		};
		await lane.wakeAll();
		expect([...ends, (await lane.state()).tokenExpiresAt]).toEqual([null, end, end, null]);
	});

	it("wakes the follower before and after what was taken is written, and not for another result", async () => {
		const steps: string[] = [];
		const lane: LaneHarness = await waitingLane(
			{
				answer: ({ id }) => (id === "event-1" ? { classification: refused } : undefined),
				follow: {
					isOn: true,
					before: async (name) => void steps.push(`before ${name}, ${await lane.entries()} left`),
					after: async (name) => void steps.push(`after ${name}, ${await lane.entries()} left`),
				},
			},
			[delivery(1), delivery(2)],
		);
		await lane.wakeAll();
		expect(steps).toEqual([`before ${LANE}, 1 left`, `after ${LANE}, 0 left`]);
	});

	it("tells that a breaker has closed, though storage cannot count what waits behind it", async () => {
		let down = false;
		const lane = await waitingLane({
			around: async ({ method, args }, make) => {
				const [, range] = args as [string, { select?: readonly string[] } | undefined];
				// It counts rows by their keys alone.
				if (down && method === "list" && range?.select?.join() === "key") throw new StorageError("busy", 503);
				return make();
			},
		});
		lane.answer = () => ({ classification: closed });
		await lane.wakeNext();
		lane.answer = () => undefined;
		down = true;
		await lane.wakeAll();
		expect(lane.logged.lines).toContainEqual(expect.objectContaining({ change: "opened", waiting: null }));
		expect(await lane.receipt(key)).toMatchObject({ state: "dispatched" });
	});

	it("pauses the lane for a limit that is used up only where the token was taken: else it may be another's limit", async () => {
		const exhaustedUntil = START + 10 * MINUTE;
		const lane = await waitingLane({}, [delivery(1), delivery(2), delivery(3)]);
		const answers: Partial<Answer>[] = [{ classification: refused, exhaustedUntil }, { exhaustedUntil }];
		lane.answer = () => answers.shift();
		await lane.wakeNext();
		expect(lane.sent.map(({ id }) => id)).toEqual(["event-1", "event-2"]);
		expect((await lane.state()).pause).toEqual({
			until: exhaustedUntil,
			reason: "the token's primary rate limit is used up",
		});
	});
});
