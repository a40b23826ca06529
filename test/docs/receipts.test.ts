import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createMisconfigured } from "../../src/bridge.ts";
import { discard, replay } from "../../src/functions/dead-letters.ts";
import { health } from "../../src/functions/open-pages.ts";
import { counts, RECEIPT_STATES, receipts } from "../../src/functions/receipts.ts";
import { upkeep } from "../../src/functions/triggers.ts";
import { FINAL_STATES } from "../../src/ledger/receipt.ts";
import { EXPIRY_WARNING_MS } from "../../src/operate/lane-health.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { type BridgeFixture, startFixture } from "../helpers/bridge-fixture.ts";
import { callFunction } from "../helpers/call-function.ts";
import { logLines } from "../helpers/log-lines.ts";
import { blocksOf, codesIn, readText, tableOf } from "./read-docs.ts";

const PAGE = "docs/receipts.md";
const firstCells = (heading: string, after = "") =>
	tableOf(PAGE, heading, after).flatMap(([cell = ""]) => codesIn(cell));

let fixture: BridgeFixture;
let bridge: ReturnType<BridgeFixture["bridge"]>;
beforeAll(async () => {
	fixture = await startFixture();
	bridge = fixture.bridge();
	const event = inEventGridSchema(exampleOf("RunCompleted"));
	const { log } = logLines();
	await bridge.accept([event], { log });
	await bridge.accept([{ id: "malformed" }], { log });
	fixture.github.script.set({ status: 404 });
	await bridge.accept([{ ...event, id: "parked" }], { log });
});
afterAll(() => fixture.github.close());

const ask = (query = "") =>
	callFunction(
		receipts(async () => bridge),
		{ method: "GET", path: `/api/receipts${query}` },
	);

describe("the page about receipts", () => {
	it("names every parameter, with its default and its bounds", async () => {
		const table = tableOf(PAGE, "Parameter");
		const rows = new Map(table.map(([name = "", ...rest]) => [codesIn(name)[0], rest]));
		const named = table.flatMap(([name = ""]) => codesIn(name));
		expect(named.sort()).toEqual(["changedSince", "continue", "find", "limit", "requests", "since", "state", "until"]);
		const [usual = "", meaning = ""] = rows.get("limit") ?? [];
		const source = readText("src/functions/receipts.ts");
		expect(source).toContain(`USUAL_LIMIT = ${usual};`);
		expect(source).toContain("MOST = 500;");
		expect(meaning).toContain("from 1 to 500");
		expect((await ask("?limit=500")).status).toBe(200);
		expect((await ask("?limit=501")).status).toBe(400);
		expect((await ask("?limit=0")).status).toBe(400);
		expect((await ask("?requests=true&limit=20")).status).toBe(200);
		expect((await ask("?requests=true&limit=21")).status).toBe(400);
	});

	it("names every state, and which are final", () => {
		const rows = tableOf(PAGE, "State", "| State | Final |").map(([state = "", final]) => [codesIn(state)[0], final]);
		expect(rows).toEqual(
			RECEIPT_STATES.map((state) => [state, FINAL_STATES.some((one) => one === state) ? "yes" : "no"]),
		);
	});

	it("names every key of a receipt, of its event, destination and attempts, and no other", async () => {
		const { json } = await ask("?find=parked&requests=true&limit=20");
		const { receipts: found } = json as { receipts: Record<string, unknown>[] };
		const [receipt = {}] = found;
		expect(firstCells("Key").sort()).toEqual(Object.keys(receipt).sort());
		const [attempt = {}] = receipt["attempts"] as object[];
		const described = tableOf(PAGE, "Key").map(([key = "", holds = ""]) => [codesIn(key)[0], codesIn(holds)] as const);
		for (const [key, parts] of [
			["event", receipt["event"]],
			["to", receipt["to"]],
			["attempts", attempt],
		] as const) {
			expect(new Map(described).get(key)).toEqual(Object.keys(parts as object));
		}
	});
});

describe("the page about replay", () => {
	const bodies = firstCells("Body").map((body) => JSON.parse(body.replaceAll("…", "abc")) as Record<string, unknown>);
	const send = (body: object) =>
		callFunction(
			replay(async () => bridge),
			{ body },
		);

	it.each(bodies.map((body) => [JSON.stringify(body), body] as const))("%s is understood", async (_, body) => {
		const answered = { status: 200, json: { replayed: expect.any(Array), more: false } };
		const missing = { status: 404, json: { error: expect.stringContaining("no container") } };
		expect(await send(body)).toMatchObject("container" in body ? missing : answered);
	});

	it("knows no other key", async () => {
		const { json } = await send({});
		const named = new Set((json as { error: string }).error.match(/(?<=")\w+(?=":)/g));
		expect(new Set([...bodies.flatMap(Object.keys), "state", "continue"])).toEqual(named);
		for (const state of ["dead", "rejected"]) expect((await send({ find: "nothing", state })).status).toBe(200);
		expect((await send({ all: true, state: "parked" })).status).toBe(400);
	});

	it("tells how many one request takes, and for how long", () => {
		expect(readText("src/operate/dead-letters.ts")).toMatch(/AT_ONCE = 200;\nexport const MAX_MS = 20_000;/);
		expect(readText(PAGE)).toContain("(it takes 200, and 20 s)");
		expect(readText(PAGE)).toContain("one request takes 200, and 20 s");
	});
});

describe("the page about discard", () => {
	const send = (body: object) =>
		callFunction(
			discard(async () => bridge),
			{ body },
		);

	it("names the bodies that are understood, and no other key", async () => {
		const section = readText(PAGE).split("## Discard")[1]?.split("\n## ")[0] ?? "";
		const bodies = codesIn(section).filter((code) => code.startsWith("{"));
		expect(bodies).toHaveLength(3);
		for (const body of bodies) {
			const asked = JSON.parse(body.replaceAll("…", "no such thing")) as object;
			if ("all" in asked) continue;
			expect(await send(asked)).toMatchObject({ status: 200, json: { discarded: [], more: false } });
		}
		const { json } = await send({});
		const named = new Set((json as { error: string }).error.match(/(?<=")\w+(?=":)/g));
		expect(named).toEqual(new Set(["key", "find", "all", "state", "continue"]));
	});
});

describe("the page about counts", () => {
	it("names every member of the answer", async () => {
		const asked = { method: "GET", path: "/api/receipts/counts" };
		const called = counts(async () => bridge, Date.now);
		const { json } = await callFunction(called, asked);
		const { minutes, ...answer } = JSON.parse(JSON.stringify(json)) as { minutes: object[] };
		const example = blocksOf(PAGE).map(({ language, text }) => (language === "json" ? JSON.parse(text) : {}));
		const shown = example.find((block) => "minutes" in block) as { minutes: object[] } | undefined;
		expect(Object.keys(shown ?? {}).sort()).toEqual([...Object.keys(answer), "minutes"].sort());
		expect(Object.keys(shown?.minutes[0] ?? {})).toEqual(Object.keys(minutes[0] ?? {}));
		const members = firstCells("Member");
		expect(members).toEqual([...Object.keys(minutes[0] ?? {}), "complete", "problems"]);
		const source = readText("src/ledger/count-receipts.ts");
		expect(source).toContain("MAX_PAGES = 100;\nconst MAX_MS = 15_000;");
		expect(readText(PAGE)).toContain("15 s and 100 pages of each lane");
		const { status } = await callFunction(called, { ...asked, path: `${asked.path}?since=2001-01-01T00:00:00Z` });
		expect(status).toBe(400);
		expect(readText(PAGE)).toContain("seven days at most");
	});
});

describe("the page about health", () => {
	const look = (of = bridge) =>
		callFunction(
			health(
				async () => of,
				"1.0.0",
				() => 0,
			),
			{ method: "GET" },
		);
	const example = blocksOf(PAGE)
		.filter(({ language }) => language === "json")
		.map(({ text }) => JSON.parse(text) as Record<string, unknown>)
		.find((block) => "status" in block);
	const statuses = new Map(tableOf(PAGE, "Status").map(([status = "", http]) => [codesIn(status)[0], Number(http)]));

	it.each([
		["healthy", () => fixture.bridge()],
		["degraded", () => bridge],
		["unhealthy", () => createMisconfigured([])],
	])("names %s, and its HTTP status", async (status, of) => {
		expect(await look(of())).toMatchObject({ status: statuses.get(status), json: { status } });
		expect(statuses.size).toBe(3);
	});

	it("names every key of the answer, and shows it", async () => {
		const { json } = await look();
		const answer = json as Record<string, unknown>;
		expect(Object.keys(example ?? {})).toEqual(Object.keys(answer));
		expect(["status", "version", ...firstCells("Key", "## Health")].sort()).toEqual(Object.keys(answer).sort());
		for (const list of ["tokens", "lanes"]) {
			const [shown, real] = [example?.[list], answer[list]].map((items) => (items as object[])[0] ?? {});
			expect(Object.keys(shown ?? {})).toEqual(Object.keys(real ?? {}));
		}
	});

	it("tells when a token is warned of, and when upkeep is done", () => {
		expect(readText(PAGE)).toContain(`from ${EXPIRY_WARNING_MS / 86_400_000} days before`);
		expect(upkeep(async () => bridge).schedule).toBe("0 17 3 * * *");
		expect(readText(PAGE)).toContain("at 03:17 UTC");
	});
});

describe("the query for an alert", () => {
	const query = blocksOf(PAGE).find(({ language }) => language === "kusto")?.text ?? "";
	const lines = tableOf("docs/outcomes.md", "Field");

	it("asks for stages, fields and values that there are", () => {
		const fields = lines.flatMap(([field = ""]) => codesIn(field));
		for (const [, field = ""] of query.matchAll(/line\.(\w+)/g)) expect([...fields, "stage"]).toContain(field);
		const stages = tableOf("docs/outcomes.md", "`stage`").flatMap(([stage = ""]) => codesIn(stage));
		for (const [, stage = ""] of query.matchAll(/stage == "([^"]+)"/g)) expect(stages).toContain(stage);
		const values = lines.flatMap(([, , holds = ""]) => codesIn(holds));
		const outcomes = tableOf("docs/outcomes.md", "Outcome").flatMap(([outcome = ""]) => codesIn(outcome));
		for (const [, value = ""] of query.matchAll(/(?:change|outcome) [!=]= "([^"]+)"/g)) expect(values).toContain(value);
		for (const [, list = ""] of query.matchAll(/in \(([^)]+)\)/g)) {
			expect(outcomes).toEqual(expect.arrayContaining(JSON.parse(`[${list}]`) as string[]));
		}
	});
});
