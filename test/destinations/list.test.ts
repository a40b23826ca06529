import { describe, expect, it } from "@jest/globals";
import { Settings } from "../../src/config/settings.ts";
import type { Client, ConfiguredService } from "../../src/destinations/destination.ts";
import { openDestinations, resolve, SERVICES } from "../../src/destinations/list.ts";
import type { Destination } from "../../src/model.ts";
import type { RouteTo } from "../../src/route/route.ts";
import { destinations, repositoryDispatch } from "../../support/destinations.ts";
import { asBridgeEvent, exampleOf } from "../../support/example-events.ts";

const EVENT = asBridgeEvent(exampleOf("RunCompleted"));
const FACTS = { version: "1.2.3", route: "r", key: "k" };
const OPTIONS = {
	version: "1.2.3",
	fetch: () => Promise.reject(new Error("nothing is sent")),
	now: () => 0,
	sleep: async () => {},
	timeoutMs: 1,
};
const UNKNOWN: Destination = { id: "other#1", url: "https://example.com" };

/** A service that owns what has a member of its name, and notes what is asked of it. */
function fakeService(name: string) {
	const asked: string[] = [];
	let opened = 0;
	const client: Client = {
		async send(to, body) {
			asked.push(`send ${to.id} ${body}`);
			return { classification: { kind: "taken" }, ms: 0, calls: [] };
		},
		async listRuns(to, since, etag) {
			asked.push(`list ${to.id} ${since} ${etag}`);
			return { kind: "refused", reason: name };
		},
		async readRun(to, id) {
			asked.push(`read ${to.id} ${id}`);
			return { kind: "gone", reason: name };
		},
		getToken: async () => `token of ${name}`,
		checkToken: async () => ({ state: "ok", expiresAt: null, reason: name }),
	};
	const service: ConfiguredService = {
		name,
		owns: (to) => name in to,
		problemsOf: ({ bad }) =>
			bad === undefined ? [] : ["first", "second"].map((member) => ({ member, problem: "no" })),
		address: `https://${name}.example`,
		limits: [],
		concurrency: 1,
		laneOf: () => `${name}-lane`,
		build: (to) => ({ ok: true, body: `${name} ${to.id}` }),
		requestLine: (to) => `POST https://${name}.example/${to.id}`,
		pageOf: (to) => `https://${name}.example/${to.id}`,
		open() {
			opened += 1;
			return client;
		},
	};
	return { service, asked, opened: () => opened };
}

function two() {
	const [one, other] = [fakeService("one"), fakeService("other")];
	return { one, other, both: openDestinations([one.service, other.service], OPTIONS) };
}

const toOne: Destination = { id: "a#1", one: true };
const toOther: Destination = { id: "b#1", other: true };

describe("all destinations together", () => {
	it("ask the service that owns a destination, and no other", async () => {
		const { both, one, other } = two();
		expect([both.laneOf(toOne), both.laneOf(toOther)]).toEqual(["one-lane", "other-lane"]);
		expect([both.pageOf(toOne), both.pageOf(toOther)]).toEqual([
			"https://one.example/a#1",
			"https://other.example/b#1",
		]);
		expect(both.build(toOther, EVENT, FACTS)).toEqual({ ok: true, body: "other b#1" });
		await both.send(toOther, "{}");
		expect([one.asked, other.asked]).toEqual([[], ["send b#1 {}"]]);
		expect(await both.listRuns(toOther, 5, "e")).toEqual({ kind: "refused", reason: "other" });
		expect(await both.readRun(toOther, "7")).toEqual({ kind: "gone", reason: "other" });
		expect([one.asked, other.asked.slice(1)]).toEqual([[], ["list b#1 5 e", "read b#1 7"]]);
		expect(await both.getToken(toOne)).toBe("token of one");
		expect(await both.checkToken(toOther)).toMatchObject({ state: "ok", reason: "other" });
	});

	it("say why the runs of a service can never be listed, where it says so", () => {
		const { one, other } = two();
		const silent = { ...one.service, whyNoRuns: "it does not say what it starts" };
		const both = openDestinations([silent, other.service], OPTIONS);
		expect([toOne, toOther, UNKNOWN, undefined].map(both.whyNoRuns)).toEqual([
			"it does not say what it starts",
			undefined,
			undefined,
			undefined,
		]);
	});

	it("open a service when it is first called, once, and never for a question", async () => {
		const { both, one, other } = two();
		both.laneOf(toOne);
		both.policyOf("one");
		both.build(toOne, EVENT, FACTS);
		both.problemOf(toOne);
		both.pageOf(toOne);
		expect(one.opened()).toBe(0);
		await Promise.all([both.send(toOne, "{}"), both.send(toOne, "{}"), both.getToken(toOne)]);
		expect([one.opened(), other.opened()]).toEqual([1, 0]);
	});

	it.each([
		["one", "one"],
		["one-lane", "one"],
		["other", "other"],
		["other-lane", "other"],
		["other-one", "other"],
		// The first service's lanes have names of their own.
		["default", "one"],
		["token-other", "one"],
		["app-other", "one"],
		["others", "one"],
		["", "one"],
	])("have the policy of the lane %j from the service %s", (lane, name) => {
		expect(two().both.policyOf(lane).address).toBe(`https://${name}.example`);
	});

	it("find nothing wrong with a sound destination, and name the first thing that is", () => {
		const { both } = two();
		expect(both.problemOf(toOther)).toBeUndefined();
		expect(both.problemOf({ ...toOther, bad: true })).toBe("its row in storage is damaged: first: no");
	});
});

describe("a destination that no service owns", () => {
	it("is said to be damaged, and so is none at all", () => {
		const damaged = "its row in storage is damaged: it has no destination";
		expect([destinations.problemOf(UNKNOWN), destinations.problemOf(undefined)]).toEqual([damaged, damaged]);
	});

	it("gets no request, for a reason, since less of the event would not help", () => {
		const refused = { ok: false, tooLarge: false, reason: "it has no destination" };
		expect(destinations.build(UNKNOWN, EVENT, FACTS)).toEqual(refused);
		expect(destinations.build(undefined, EVENT, FACTS)).toEqual(refused);
	});

	it("has no page", () => {
		expect(destinations.pageOf(UNKNOWN)).toBeNull();
	});

	it("is a mistake of ours wherever a service is needed, and the error names it", async () => {
		const words = 'unknown destination: {"id":"other#1","url":"https://example.com"}';
		expect(() => destinations.laneOf(UNKNOWN)).toThrow(words);
		expect(() => resolve(UNKNOWN, "t")).toThrow(words);
		await expect(destinations.send(UNKNOWN, "{}")).rejects.toThrow(words);
		await expect(destinations.getToken(UNKNOWN)).rejects.toThrow(words);
		await expect(destinations.checkToken(UNKNOWN)).rejects.toThrow(words);
	});
});

describe("a request that is nested more deeply than can be written", () => {
	const mapped = { all: "data" };
	const deep = JSON.parse("[".repeat(200_000) + "]".repeat(200_000)) as unknown;
	const unwritable = {
		toJSON() {
			throw new RangeError("Maximum call stack size exceeded");
		},
	};

	it.each<[string, RouteTo]>([
		["a repository dispatch", { repository: "contoso/a" }],
		["a repository dispatch of some values", { repository: "contoso/a", payload: mapped }],
		["a workflow dispatch", { repository: "contoso/a", workflow: "train.yml", inputs: mapped }],
		["a run of a pipeline", { organization: "contoso", project: "ml", pipeline: 7, parameters: mapped }],
	])("is none, for a reason: %s", (_, to) => {
		const build = (data: unknown) => destinations.build(resolve(to, EVENT.type), { ...EVENT, data }, FACTS);
		const refused = { ok: false, tooLarge: false, reason: "data is nested too deeply to be written as JSON" };
		expect(build(unwritable)).toEqual(refused);
		expect(build(deep)).toMatchObject({ ok: false, reason: expect.stringMatching(/nested too deeply|would have/) });
	});

	it("hides no mistake of ours behind a reason", () => {
		const to = resolve({ repository: "contoso/a" }, EVENT.type);
		expect(() => destinations.build(to, { ...EVENT, data: 5n }, FACTS)).toThrow(TypeError);
	});
});

describe("a destination that was damaged in storage", () => {
	const sound = repositoryDispatch("contoso/fraud-model", "t");

	it.each([
		[{ ...sound, repository: "" }, 'repository: "" is not owner/name'],
		[{ ...sound, repository: "../x" }, 'repository: "../x" is not owner/name'],
		[{ ...sound, repository: 7 }, "it has no destination"],
		[{ id: sound.id }, "it has no destination"],
	])("is never sent, and the reason names what is wrong: %j", (to, words) => {
		expect(destinations.problemOf(sound)).toBeUndefined();
		expect(destinations.problemOf(to as Destination)).toContain(words);
	});

	it.each([[undefined], [null], [7], [["t"]], [{}]])(
		"gets no request without its dispatch type, but %j",
		(dispatchType) => {
			const built = destinations.build({ ...sound, dispatchType }, EVENT, FACTS);
			expect(built).toMatchObject({ ok: false, tooLarge: false, reason: expect.stringContaining("dispatch type") });
		},
	);
});

describe("a route's destination", () => {
	it("is resolved by the service that owns it", () => {
		expect(resolve({ repository: "Contoso/A" }, "Contoso.Order.Placed")).toEqual(
			SERVICES[0]?.resolve({ repository: "Contoso/A" }, "Contoso.Order.Placed"),
		);
		expect(resolve({ repository: "Contoso/A", dispatchType: "t" }, "x").id).toBe("contoso/a#t");
	});

	it("is owned by one service at most, and each service has a name of its own, as its lanes need it", () => {
		const names = SERVICES.map(({ name }) => name);
		expect(new Set(names).size).toBe(names.length);
		for (const name of names) {
			expect(names.filter((one) => `${one}-`.startsWith(`${name}-`))).toEqual([name]);
		}
		const owners = SERVICES.filter((service) => service.owns({ repository: "contoso/a" }));
		expect(owners.map(({ name }) => name)).toEqual(["github"]);
	});

	it("can be delivered where nothing is set at all: it is only asked who owns it", () => {
		const services = SERVICES.map((service) => service.configure(new Settings({}), []));
		expect(services.map(({ name }) => name)).toEqual(SERVICES.map(({ name }) => name));
	});
});
