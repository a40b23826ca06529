import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { planDelivery } from "../../../src/accept/plan.ts";
import { windowBody } from "../../../src/coalesce/close-window.ts";
import { summarise } from "../../../src/coalesce/manifest.ts";
import { buildDispatch, resolveDispatch } from "../../../src/destinations/github/repository-dispatch.ts";
import { github } from "../../../src/destinations/github/service.ts";
import { resolve, SERVICES } from "../../../src/destinations/list.ts";
import { readJson } from "../../../src/event/json.ts";
import { destinationColumn } from "../../../src/ledger/rows.ts";
import { readRoutes } from "../../../src/route/read-routes.ts";
import { destinations } from "../../../support/destinations.ts";
import { asBridgeEvent, exampleOf } from "../../../support/example-events.ts";

const FACTS = { version: "1.2.3", route: "r", key: "k" };
const RUN = exampleOf("RunCompleted");
const event = asBridgeEvent(RUN);
const REPOSITORY = "contoso/fraud-model";

const resolved = (payload: unknown) => resolveDispatch({ repository: REPOSITORY, payload }, RUN.type);
const names = (count: number, mapped: unknown = "id") =>
	Object.fromEntries(Array.from({ length: count }, (_, index) => [`name${index}`, mapped]));

function problemsOf(payload: unknown): readonly string[] {
	const read = readRoutes({ routes: [{ to: { repository: REPOSITORY, payload } }] }, SERVICES);
	return read.ok ? [] : read.problems;
}

function payloadOf(payload: unknown, given = event): Record<string, unknown> {
	const built = buildDispatch(resolved(payload), given, FACTS);
	if (!built.ok) throw new Error(built.reason);
	return (JSON.parse(built.body) as { client_payload: Record<string, unknown> }).client_payload;
}

describe("a client payload that a route maps", () => {
	it("holds what the mapping names, and the bridge's own facts", () => {
		const payload = {
			run_id: "data.runId",
			environment: { value: "prod" },
			owner: { key: "data.owner", default: "ml" },
		};
		expect(payloadOf(payload)).toEqual({ run_id: RUN.data["runId"], environment: "prod", owner: "ml", bridge: FACTS });
		expect(payloadOf({})).toEqual({ bridge: FACTS });
	});

	it.each([[[]], ["id"], [null], [7]])("is refused where it is no mapping: %j", (payload) => {
		const problem = "is not a mapping";
		expect(github.problemsOf({ repository: REPOSITORY, payload })).toEqual([{ member: "payload", problem }]);
	});

	it("leads to the same destination as without: its id, and so its keys, are the same", () => {
		expect(resolved({ a: "id" }).id).toBe(resolved(undefined).id);
		expect(resolved(undefined)).toEqual(expect.not.objectContaining({ payload: expect.anything() }));
	});

	it("has nine names at most, beside the bridge's own", () => {
		expect(problemsOf(names(9))).toEqual([]);
		expect(Object.keys(payloadOf(names(9)))).toHaveLength(10);
		const [problem = ""] = problemsOf(names(10));
		expect(problem).toMatch(
			/^routes\[0\]\.to\.payload: has 10 names; GitHub accepts 10 keys, and "bridge" .* map at most 9/,
		);
		expect(problemsOf({ bridge: "id" })).toEqual([
			expect.stringContaining('to.payload: "bridge" is the bridge\'s own key'),
		]);
	});

	it.each<[string, unknown, string]>([
		["a list", [], "routes[0].to.payload: must be object"],
		["a text", "data", "routes[0].to.payload: must be object"],
		["a name without a value", { a: 5 }, "routes[0].to.payload.a: must be object"],
		["neither key nor value", { a: {} }, "routes[0].to.payload.a: must have required property 'key'"],
		[
			"a key beside a literal",
			{ a: { value: 1, key: "id" } },
			'routes[0].to.payload.a: the key "key" does not exist here',
		],
		[
			"a misspelt default",
			{ a: { key: "id", defualt: 1 } },
			'routes[0].to.payload.a: the key "defualt" does not exist here',
		],
		["an empty key", { a: "" }, "routes[0].to.payload.a: must NOT have fewer than 1 characters"],
		["null for a literal", { a: { value: null } }, "routes[0].to.payload.a.value: must be"],
		["too long a text", { a: { value: "x".repeat(1_001) } }, 'routes[0].to.payload: "a" has a text'],
		["too much", names(9, { value: "x".repeat(999) }), "routes[0].to.payload: it has 9"],
		["too long a name", { ["n".repeat(101)]: "id" }, "routes[0].to.payload"],
	])("is refused with its place where it is %s", (_, payload, problem) => {
		expect(problemsOf(payload).join("\n")).toContain(problem);
	});

	it("is refused before it is sent where its row in storage is damaged", () => {
		for (const payload of [[], 5, "x", null]) {
			expect(buildDispatch(resolved(payload), event, FACTS)).toMatchObject({ ok: false, tooLarge: false });
		}
	});

	it("stays in a stored destination of less than 8,000 characters, whatever its table may hold", () => {
		const text = fc.string({ unit: "binary", maxLength: 300 });
		const mapped = fc.oneof(
			text,
			fc.record({ value: fc.oneof(text, fc.array(text)) }),
			fc.record({ key: text, default: text }),
		);
		const payload = fc.dictionary(fc.string({ minLength: 1, maxLength: 100 }), mapped, { maxKeys: 9 });
		let taken = 0;
		fc.assert(
			fc.property(payload, fc.string({ maxLength: 100, minLength: 1 }), (one, dispatchType) => {
				const to = {
					repository: `${"o".repeat(39)}/${"n".repeat(100)}`,
					dispatchType,
					token: "t".repeat(127),
					payload: one,
				};
				if (!readRoutes({ routes: [{ to }] }, SERVICES).ok) return;
				taken += 1;
				expect(String(destinationColumn(resolveDispatch(to, RUN.type))["to"]).length).toBeLessThan(8_000);
			}),
			{ numRuns: 300 },
		);
		expect(taken).toBeGreaterThan(20);
	});

	it.each<[string, (mapping: object) => object]>([
		["payload", (payload) => ({ repository: `o/${"n".repeat(2_000)}`, dispatchType: "\u0001".repeat(100), payload })],
		["inputs", (inputs) => ({ repository: `o/${"n".repeat(2_000)}`, workflow: `${"w".repeat(190)}.yml`, inputs })],
		[
			"parameters",
			(parameters) => ({ organization: "o".repeat(64), project: "p".repeat(64), pipeline: 1, parameters }),
		],
	])("stays so with as much as the table may hold for %s", (_, toOf) => {
		const full = { a: { value: "x".repeat(1_000) }, b: { value: "\u0001".repeat(490) } };
		const to = { ...toOf(full), token: "t".repeat(127) };
		expect(readRoutes({ routes: [{ to }] }, SERVICES)).toMatchObject({ ok: true });
		expect(String(destinationColumn(resolve(to, RUN.type))["to"]).length).toBeLessThan(8_000);
	});
});

describe("what is planned with a mapping", () => {
	const FILL = "x".repeat(70_000);
	const large = { ...event, data: { ...RUN.data, properties: { stage: "prod" }, fill: FILL } };

	async function plan(payload: object, given = large) {
		const stored: string[] = [];
		const store = async (blob: string) => {
			stored.push(blob);
			return `https://contoso.example/${blob}`;
		};
		const match = { route: "r", to: resolved(payload) };
		const planned = await planDelivery(given, match, { version: "1.2.3", destinations, store });
		const body = "delivery" in planned && "body" in planned.delivery.how ? planned.delivery.how.body : "null";
		return { planned, stored, payload: (JSON.parse(body) as { client_payload: object } | null)?.client_payload };
	}

	it("sends a large event's small members without a blob", async () => {
		const { payload, stored } = await plan({ run: "data.runId", stage: "data.properties.stage" });
		expect(payload).toMatchObject({ run: RUN.data["runId"], stage: "prod" });
		expect(stored).toEqual([]);
	});

	it("sends data that is too large by reference, and loses none of the other values", async () => {
		const { payload, stored } = await plan({ data: "data", properties: "data.properties", whole: "event" });
		expect(payload).toMatchObject({
			data: { runId: RUN.data["runId"], reference: { url: expect.stringContaining("https://contoso.example/") } },
			properties: { stage: "prod" },
			whole: { id: RUN.id, data: { reference: expect.any(Object) } },
		});
		expect(stored).toHaveLength(1);
	});

	it("refuses, with the reason, a single value that is too large, and stores nothing", async () => {
		const { planned, stored } = await plan({ data: "data", fill: "data.fill" });
		expect(planned).toMatchObject({ refusal: expect.stringMatching(/client payload would have \d+ bytes/) });
		expect(stored).toEqual([]);
	});

	it("maps the summary of a window as it maps an event", () => {
		const { id, type, source, subject, time, data } = RUN;
		const lines = [1, 2].map((number) => JSON.stringify({ id: `${id}${number}`, type, source, subject, time, data }));
		const to = resolved({ count: "data.count", first: "data.firstTime", list: "data.events", key: "bridge.key" });
		const manifest = { url: "https://contoso.example/m", sha256: "0".repeat(64), bytes: 1, count: 2 };
		const dispatch = { key: "k", route: "r", to, summary: summarise(lines), manifest };
		const body = (given: readonly string[] | undefined) =>
			JSON.parse(windowBody({ ...dispatch, lines: given }, { version: "1", destinations }).body) as {
				client_payload: object;
			};
		const bridge = { version: "1", route: "r", key: "k" };
		const facts = { count: 2, first: time, key: "k", bridge };
		expect(body(lines).client_payload).toEqual({ ...facts, list: lines.map((line) => JSON.parse(line) as object) });
		expect(body(undefined).client_payload).toEqual(facts);
	});

	it("writes numbers with the digits that arrived", () => {
		const given = { ...event, data: readJson('{ "cost": 1.10, "rows": 9007199254740993 }') };
		const built = buildDispatch(resolved({ cost: "data.cost", rows: "data.rows" }), given, FACTS);
		expect(built).toMatchObject({ ok: true, body: expect.stringContaining('{"cost":1.10,"rows":9007199254740993,') });
	});
});
