import { afterEach, describe, expect, it } from "@jest/globals";
import { postJson } from "../../support/call.ts";
import { type BridgeWorld, startWorld, type WorldOptions } from "../helpers/bridge-world.ts";

/** How many events the large test sends: 1,000 for what a release is held to. */
const COUNT = Number(process.env["UNCERTAIN_ANSWERS"] ?? 100);
/** The first call loads what calls GitHub. */
const CALL_TIMEOUT_MS = 1_000;
const DISPATCHES = { calls: "dispatches" } as const;
const LISTENING = `name: Retrain
run-name: Retrain \${{ github.event.client_payload.subject }}
on: { repository_dispatch: {} }
jobs: { retrain: { runs-on: ubuntu-latest, steps: [{ run: "true" }] } }
`;

let world: BridgeWorld;
afterEach(() => world.close());

async function start(options: WorldOptions = {}): Promise<void> {
	const settings = { FOLLOW_RUNS: "on", ...options.settings };
	world = await startWorld({ oneClock: true, callTimeoutMs: CALL_TIMEOUT_MS, ...options, settings });
	// The workflow that listens was started before: its runs show that it names the key.
	await world.deliver([event("earlier")]);
	world.now += 60_000;
}

function event(id: string) {
	const time = "2026-05-26T11:00:00Z";
	const facts = { id, subject: `subject/${id}`, eventTime: time, dataVersion: "1", data: {} };
	return { ...facts, topic: "/contoso", eventType: "Contoso.Test" };
}

/** The ids of the events that have started runs: once for each run. */
function started(): readonly string[] {
	const ids = world.github
		.runs()
		.map(({ dispatch }) => (dispatch as unknown as { client_payload: { id: string } }).client_payload.id);
	return ids.filter((id) => id !== "earlier").sort();
}

async function receiptsOf(ids: readonly string[]) {
	const { receipts } = await world.bridge.receipts({ limit: 5_000 });
	return receipts.filter(({ event: { id } }) => ids.includes(id));
}

/** Lets time pass until a receipt says that nothing can be known. */
async function unknown(id: string) {
	for (let wakes = 0; wakes < 20; wakes++) {
		const [receipt] = await receiptsOf([id]);
		if (receipt?.reason?.includes("cannot know whether")) return receipt;
		await world.wakeAll(1);
	}
	throw new Error(`its receipt never says so: ${JSON.stringify(await receiptsOf([id]))}`);
}

const countOf = (path: RegExp) => world.github.calls.filter((call) => path.test(call.path)).length;

describe("an uncertain answer, where the runs of the repository can be read", () => {
	it.each<[string, object]>([
		["a 502 of a dispatch that was taken", { status: 502, taken: true }],
		["a 502 of a dispatch that was not taken", { status: 502 }],
		["a call that hangs, of a dispatch that was taken", { hang: true, taken: true }],
		["a call that hangs, of a dispatch that was not taken", { hang: true }],
		["a connection that is cut after the dispatch was taken", { cut: "after" }],
	])("ends in one run, and a receipt that says how: %s", async (_, fault) => {
		await start();
		world.github.script.set([{ ...DISPATCHES, ...fault }]);
		const [result] = await world.deliver([event("one")]);
		expect(result).toMatchObject({ outcome: "accepted" });
		expect(await world.wakeAll()).toBe(true);
		expect(started()).toEqual(["one"]);
		const [receipt] = await receiptsOf(["one"]);
		expect(receipt).toMatchObject({ state: "dispatched" });
		const isTaken = "taken" in fault || "cut" in fault;
		const again = isTaken ? { status: null, reason: expect.stringContaining("/actions/runs/") } : { status: 204 };
		expect(receipt?.attempts).toMatchObject([{ reason: expect.any(String) }, again]);
		expect(countOf(/\/actions\/runs$/)).toBe(1);
	});

	it("tells the caller what is done about it, and until when that takes", async () => {
		await start();
		world.github.script.set([{ ...DISPATCHES, status: 502, taken: true }]);
		const at = world.now;
		const [result] = await world.deliver([event("one")]);
		expect(result?.reason).toContain(`paused until ${new Date(at + 30_000).toISOString().slice(0, 18)}`);
		expect(result?.reason).toContain("the bridge looks for its run before it sends it again");
		const [receipt] = await receiptsOf(["one"]);
		expect(receipt).toMatchObject({ state: "paused", reason: expect.stringContaining("the bridge looks for its run") });
		await world.wakeAll();
	});

	it(`loses none of ${COUNT} events and starts none twice, with up to six uncertain answers in a row`, async () => {
		await start();
		const ids = Array.from({ length: COUNT }, (_, index) => `event-${index}`);
		const faults = [
			{ ...DISPATCHES, status: 502, taken: true },
			{ ...DISPATCHES, status: 502 },
			{ ...DISPATCHES, cut: "after" },
			{ ...DISPATCHES, status: 503 },
			{ ...DISPATCHES, status: 502, taken: true, run: { createAfterMs: 20_000 } },
			{ ...DISPATCHES, status: 504 },
		];
		const all = Array.from({ length: COUNT }, (_, index) => faults[index % faults.length] as object);
		// Then six in a row for those that were left, and more.
		world.github.script.set([...all, { ...DISPATCHES, status: 502, times: 6 }] as never);
		for (let from = 0; from < ids.length; from += 500) await world.deliver(ids.slice(from, from + 500).map(event));
		expect(await world.wakeAll(COUNT * 20)).toBe(true);
		expect(started()).toEqual([...ids].sort());
		expect((await receiptsOf(ids)).filter(({ state }) => state === "dispatched")).toHaveLength(COUNT);
	});
});

describe("an uncertain answer, where the runs cannot tell", () => {
	it("is repeated after long pauses where the token may not read runs, and the receipt names the permission", async () => {
		await start();
		world.github.script.set([
			{ ...DISPATCHES, status: 502, times: 3 },
			{ refuse: "runs", times: 1_000 },
		]);
		await world.deliver([event("one")]);
		const { state, reason } = await unknown("one");
		expect(state).toBe("paused");
		expect(reason).toContain("actions=read");
		await world.wakeAll();
		expect(started()).toEqual(["one"]);
	});

	it("is repeated after long pauses where no workflow names the key, and the receipt says what to write", async () => {
		await start();
		const workflows = { "retrain.yml": LISTENING };
		await postJson(`${world.github.url}/_repository`, { repository: "contoso/fraud-model", workflows });
		world.now += 60 * 60_000;
		world.github.script.set([{ ...DISPATCHES, status: 502, taken: true, times: 2 }]);
		await world.deliver([event("one")]);
		expect((await unknown("one")).reason).toContain("bridge.key");
		await world.wakeAll();
		// Two calls were taken, and answered as if they were not: nothing could tell.
		expect(started()).toEqual(["one", "one", "one"]);
	});

	it("is repeated at most so often in an hour, where each call is taken, and none is said to be", async () => {
		await start();
		world.github.script.set([
			{ ...DISPATCHES, status: 502, taken: true, times: 100 },
			{ refuse: "runs", times: 1_000 },
		]);
		await world.deliver([event("one")]);
		const end = world.now + 60 * 60_000;
		while (world.now < end && !(await world.wakeAll(1)));
		// At once, and after 30, 30, 45, 135, 405 and 1,215 s; the next one after an hour.
		expect(started().length).toBeLessThanOrEqual(7);
	});
});
