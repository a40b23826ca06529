import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import { classifyResponse } from "../../src/destinations/github/classify-response.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { httpStatus, MAX_BODY_BYTES, webhook } from "../../src/functions/webhook.ts";
import { OUTCOMES, type Outcome } from "../../src/model.ts";
import { eventually } from "../../support/eventually.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";
import { newNames, openFileStorage } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { codesIn, readText, tableOf } from "./read-docs.ts";

const PAGE = "docs/outcomes.md";
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The rows of the table of GitHub's answers, one for each status and hint that they name. */
const answers = tableOf(PAGE, "GitHub answers").flatMap(
	([answer = "", classification = "", outcome = "", receipt = ""]) => {
		const codes = codesIn(answer);
		const headers: Record<string, string>[] = [];
		if (codes.includes("retry-after")) headers.push({ "retry-after": "30" });
		if (codes.includes("x-ratelimit-remaining: 0")) headers.push({ "x-ratelimit-remaining": "0" });
		if (codes.includes("location")) headers.push({ location: "/repos/contoso/renamed/dispatches" });
		const statuses = codes.filter((code) => /^\d{3}$/.test(code)).map(Number);
		return statuses.flatMap((status) =>
			(headers.length > 0 ? headers : [{}]).map((hint) => ({
				status,
				headers: hint as Readonly<Record<string, string>>,
				classification: codesIn(classification)[0],
				outcome: codesIn(outcome)[0],
				state: codesIn(receipt)[0],
			})),
		);
	},
);

const runCompleted = inEventGridSchema(exampleOf("RunCompleted"));

let fixture: BridgeFixture;
beforeAll(async () => {
	fixture = await startFixture({ tokenExpiresAt: new Date(Date.now() + 10 * DAY_MS) });
});
afterAll(() => fixture.github.close());

describe.each([PAGE, "README.md"])("the outcomes in %s", (page) => {
	const rows = tableOf(page, "Outcome").map(([outcome = "", , http]) => [codesIn(outcome)[0], http]);

	it("are those that the code can answer, each with its status", () => {
		expect(rows).toEqual(Object.entries(OUTCOMES).map(([outcome, { http }]) => [outcome, String(http)]));
	});

	it("make a request's status as the code does", () => {
		const of = (...outcomes: Outcome[]) =>
			httpStatus(outcomes.map((outcome) => ({ outcome, id: null, route: null, key: null, reason: null })));
		expect(of("dispatched", "accepted", "unavailable", "rejected")).toBe(503);
		expect(of("rejected", "rejected")).toBe(400);
		expect(of("rejected", "accepted", "duplicate")).toBe(202);
		expect(of("rejected", "ignored", "duplicate")).toBe(200);
	});
});

describe("the reasons of what is accepted", () => {
	const reasons = tableOf(PAGE, "Reason").map(([reason = ""]) => codesIn(reason)[0]?.replace("…", "") ?? "");
	const gathering = {
		routes: [{ to: { repository: "contoso/fraud-model" }, coalesce: { quietSeconds: 60, maxSeconds: 60 } }],
	};

	it.each([
		["it waits for its turn", { GITHUB_PACE: "1/h" }, undefined],
		["it is in a window (coalesce)", { BRIDGE_ROUTES: JSON.stringify(gathering) }, undefined],
		["paused until", {}, { status: 503 }],
		["parked until", {}, { status: 404 }],
	])("%s stands on the page, and in the answer", async (words, env, fault) => {
		const bridge = fixture.bridge(env);
		const { log } = logLines();
		if (words.endsWith("turn")) await bridge.accept([runCompleted], { log });
		if (fault !== undefined) fixture.github.script.set(fault);
		const [result] = await bridge.accept([{ ...runCompleted, id: "waits" }], { log });
		expect(result?.outcome).toBe("accepted");
		const reason = reasons.find((one) => one.startsWith(words)) ?? "not on the page";
		expect(result?.reason).toContain(reason);
	});

	it("are no more than those", () => {
		expect(reasons).toHaveLength(4);
	});
});

describe("GitHub's answers", () => {
	it.each(["docs/events.md", "docs/why.md"])("that refuse an event for good are the same in %s", (page) => {
		const [row = ""] = readText(page).match(/^\| .*GitHub answered 4.*`dead`.*|^\| `dead`.*GitHub answered 4.*/m) ?? [];
		const permanent = answers.flatMap(({ status, classification }) => (classification === "permanent" ? [status] : []));
		expect([...new Set(row.match(/\b4\d\d\b/g)?.map(Number))].sort()).toEqual(permanent.sort());
	});

	it.each(answers)(
		"$status $headers is $classification, as the page says",
		async ({ status, headers, classification, outcome, state }) => {
			expect(classifyResponse({ status, headers, message: "", body: status === 204 ? "none" : "json" }, 0).kind).toBe(
				classification,
			);
			if (outcome === undefined) return;
			fixture.github.script.set({ status, headers });
			const { log, lines } = logLines();
			const bridge = fixture.bridge();
			expect(await bridge.accept([runCompleted], { log })).toMatchObject([{ outcome }]);
			expect(lines.find(({ stage }) => stage === "dispatch")).toMatchObject({ classification, status });
			expect((await bridge.receipts({ limit: 1 })).receipts).toMatchObject([{ state }]);
		},
	);

	it("cover every classification", () => {
		const classifications = tableOf(PAGE, "GitHub answers").map(
			([, classification = ""]) => codesIn(classification)[0],
		);
		expect(new Set(classifications)).toEqual(
			new Set([
				"taken",
				"rate-limited",
				"transient",
				"uncertain",
				"unauthorized",
				"unavailable",
				"permanent",
				"redirected",
			]),
		);
	});
});

describe("the log lines", () => {
	const seen = logLines();
	const { log } = seen;
	const linesOf = (stage: string) => seen.lines.filter((line) => line["stage"] === stage);
	const later = (ms: number) => ({ now: () => Date.now() + ms });
	// None that is recorded has a higher number.
	const wakeUp = { lane: "default", wake: 99 };

	beforeAll(async () => {
		await dispatchAndReject();
		await parkAndOpen();
		await giveUpAndReplay();
		await gather();
		await withoutEvents();
		await follow();
	});

	/** Wakes the lane until there is such a line; whoever has just accepted something may still hold it. */
	async function wakeUntil(bridge: Bridge, stage: string, changes: readonly unknown[]): Promise<void> {
		const count = () => linesOf(stage).filter(({ change }) => changes.includes(change)).length;
		const before = count();
		await eventually(`${stage} ${changes}`, async () => {
			await bridge.wake(wakeUp, log);
			return count() > before || undefined;
		});
	}

	async function dispatchAndReject() {
		const bridge = fixture.bridge();
		await bridge.accept([runCompleted, { id: "x" }], { log });
		fixture.github.script.set({ status: 503 });
		await bridge.accept([{ ...runCompleted, id: "trouble" }], { log });
		await bridge.upkeep(log);
		await bridge.deadLetter(["x"], "it could not be accepted", log);
		await bridge.discard({ state: "rejected" }, log);
		await upkeepThatFails();
	}

	/** One lane cannot be read. */
	async function upkeepThatFails() {
		const ledger = await openFileStorage();
		await ledger.lease("lanes/default", 15);
		const broken = wrapStorage(ledger, async ({ method, args }, make) => {
			if (method === "list" && args[0] === "default") throw new Error("no such luck");
			return make();
		});
		await fixture.bridge({}, { openStorage: async () => broken }).upkeep(log);
	}

	async function parkAndOpen() {
		for (const status of [401, 404]) {
			const names = newNames();
			fixture.github.script.set({ status });
			await fixture.bridge({}, {}, names).accept([runCompleted], { log });
			await wakeUntil(fixture.bridge({}, later(5 * MINUTE_MS), names), "lane", ["opened"]);
			await wakeUntil(fixture.bridge({ GITHUB_API_URL: "http://127.0.0.1:9" }, {}, names), "lane", ["foreign"]);
		}
	}

	async function giveUpAndReplay() {
		const names = newNames();
		fixture.github.script.set({ status: 404 });
		await fixture.bridge({}, {}, names).accept([runCompleted], { log });
		const bridge = fixture.bridge({}, later(8 * DAY_MS), names);
		await wakeUntil(bridge, "dead-letter", [undefined]);
		await bridge.replay({ state: "dead" }, log);
	}

	/** A window that closes, and one whose manifest cannot be written. */
	async function gather() {
		const coalesce = { quietSeconds: 1, maxSeconds: 1 };
		const routes = { BRIDGE_ROUTES: JSON.stringify({ routes: [{ to: { repository: "a/b" }, coalesce }] }) };
		for (const change of [undefined, "failed"]) {
			const names = newNames();
			await fixture.bridge(routes, {}, names).accept([runCompleted], { log });
			const storage = wrapStorage(await openFileStorage(names), async ({ method }, make) => {
				if (change === "failed" && method.startsWith("write")) throw new Error("no such luck");
				return make();
			});
			const options = { ...later(MINUTE_MS), openStorage: async () => storage };
			await wakeUntil(fixture.bridge(routes, options, names), "window", [change]);
		}
	}

	async function withoutEvents() {
		const bridge = fixture.bridge();
		await bridge.wake("no wake-up", log);
		await bridge.putBack(wakeUp, log);
		await bridge.putBack(runCompleted, log, `e${newNames().queue}`);
		const door = webhook("events", async () => bridge, readHandshakeRules({}));
		for (const call of [{ body: "no JSON" }, { method: "OPTIONS" }]) {
			const { logged } = await callFunction(door, call);
			for (const [level, line] of logged) log(level === "error" ? "error" : "info", line);
		}
	}

	/** A run that fails, and runs that cannot be read. */
	async function follow() {
		for (const fault of [{ run: { conclusion: "failure" } }, { refuse: "runs", calls: "reads" }] as const) {
			const names = newNames();
			fixture.github.script.set(fault);
			await fixture.bridge({}, {}, names).accept([runCompleted], { log });
			await fixture.bridge({}, {}, names).follow(wakeUp, log);
		}
	}

	const stages = tableOf(PAGE, "`stage`").map(
		([stage = "", , level = ""]) => [codesIn(stage)[0] ?? "", level] as const,
	);
	const fields = tableOf(PAGE, "Field").flatMap(([field = "", of = "", holds = ""]) =>
		codesIn(field).map((name) => ({ name, stages: codesIn(of), holds })),
	);

	it("have the stages that the page names", () => {
		const written = seen.lines.map(({ stage }) => stage);
		expect(new Set(written)).toEqual(new Set(stages.map(([stage]) => stage)));
	});

	it.each(stages)("of %s have the fields that the page names, and its levels", (stage, levels) => {
		const written = linesOf(stage).flatMap((line) => Object.keys(line));
		const named = fields.filter((field) => field.stages.includes(stage)).map(({ name }) => name);
		expect([...new Set(written.filter((name) => name !== "stage" && name !== "level"))].sort()).toEqual(
			[...new Set(named)].sort(),
		);
		for (const { level } of linesOf(stage)) expect(levels).toContain(level);
	});

	it.each(["lane", "window", "dead-letter", "wake-up"])("of %s have the changes that the page names", (stage) => {
		const { holds = "" } = fields.find(({ name, stages: of }) => name === "change" && of.includes(stage)) ?? {};
		const written = new Set(linesOf(stage).map(({ change }) => change));
		const named = new Set<unknown>(codesIn(holds).filter((code) => code !== "EVENT_QUEUE"));
		// A drain breaks off where storage does.
		named.delete("interrupted");
		if (stage !== "lane") named.add(undefined);
		expect(written).toEqual(named);
	});
});

describe("the limits", () => {
	it("of a body are those of the code", () => {
		expect(readText("docs/events.md")).toContain(`4 MiB (${MAX_BODY_BYTES.toLocaleString("en-GB")} bytes)`);
	});

	it.each([
		["a request waits for a slot to send in", "2 s", "src/deliver/inline.ts", "SLOT_WAIT_MS = 2_000"],
		["and after that for GitHub", "3 s", "src/deliver/inline.ts", "SERVICE_WAIT_MS = 3_000"],
		["all events of one request", "20 s", "src/bridge.ts", "acceptTimeoutMs = 20_000"],
		["one call of GitHub,", "10 s", "src/bridge.ts", "callTimeoutMs: timeoutMs = 10_000"],
		["one reading of a secret", "6 s", "src/config/key-vault.ts", "READ_TIMEOUT_MS = 6_000"],
		["records of one request that are written at once", "500", "src/accept/accept.ts", "RECORDS_AT_ONCE = 500"],
	])("of time: %s %s", (what, limit, file, code) => {
		const row = tableOf(PAGE, "What").find(([name]) => name?.startsWith(what));
		expect(row?.[1]).toMatch(new RegExp(`^${limit}\\b`));
		expect(readText(file)).toContain(code);
	});

	it("of time are no more than those", () => {
		expect(tableOf(PAGE, "What")).toHaveLength(6);
	});
});
