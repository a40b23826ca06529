import { describe, expect, it } from "@jest/globals";
import { resolve } from "../../src/destinations/list.ts";
import type { BridgeEvent } from "../../src/model.ts";
import { digestOfRoutes, type Route, type RouteTo } from "../../src/route/route.ts";
import { createRouter, type Routed } from "../../src/route/router.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { asBridgeEvent, EXAMPLE_EVENTS, exampleOf } from "../../support/example-events.ts";

const blob = asBridgeEvent(exampleOf("BlobCreated"));
const everything: Route = { name: "everything", to: { repository: "contoso/model" } };

function route(routes: readonly Route[], event: BridgeEvent, onlyRepository?: string): Routed {
	return createRouter(routes, resolve)(event, onlyRepository);
}

/** The names of the routes that take the event. */
function takers(routes: readonly Route[], event: BridgeEvent, onlyRepository?: string): string[] {
	return route(routes, event, onlyRepository).matches.map((match) => match.route);
}

/** Why no route takes the event. */
function reasonOf(routes: readonly Route[], event: BridgeEvent, onlyRepository?: string): string {
	const routed = route(routes, event, onlyRepository);
	if (!("reason" in routed)) throw new Error("was taken");
	expect(routed.matches).toEqual([]);
	return routed.reason;
}

describe("a route without conditions", () => {
	it.each(EXAMPLE_EVENTS.map((event) => [event.type, event] as const))("takes %s", (_, example) => {
		expect(takers([everything], asBridgeEvent(example))).toEqual(["everything"]);
	});

	it("derives the dispatch type from the event type", () => {
		expect(route([everything], blob)).toEqual({
			matches: [{ route: "everything", to: repositoryDispatch("contoso/model", "storage-blobcreated") }],
		});
	});

	it("hands on how it gathers, and nothing where it does not", () => {
		const coalesce = { quietSeconds: 1, maxSeconds: 2 };
		expect(route([{ ...everything, coalesce }], blob).matches).toEqual([expect.objectContaining({ coalesce })]);
		expect(route([everything], blob).matches[0]?.coalesce).toBeUndefined();
	});

	it("hands on the dispatch type and the token that it names", () => {
		const to = { repository: "contoso/model", dispatchType: "Retrain", token: "other-secret" };
		expect(route([{ ...everything, to }], blob)).toEqual({
			matches: [{ route: "everything", to: { id: "contoso/model#Retrain", ...to } }],
		});
	});
});

describe("several routes", () => {
	const to = (repository: string, dispatchType?: string) => ({
		repository,
		...(dispatchType === undefined ? {} : { dispatchType }),
	});

	it("may all take one event, in the order of the table", () => {
		const routes = [
			{ name: "b", to: to("contoso/b") },
			{ name: "none", to: to("contoso/none"), filter: { subjectEndsWith: ".never" } },
			{ name: "a", to: to("contoso/a") },
			{ name: "b again", to: to("contoso/b", "other") },
		];
		expect(takers(routes, blob)).toEqual(["b", "a", "b again"]);
	});

	it("to one destination are one delivery, and the first one's name stands", () => {
		const routes = [
			{ name: "first", to: to("contoso/model") },
			{ name: "second", to: to("Contoso/Model") },
			{ name: "third", to: to("contoso/model", "storage-blobcreated") },
		];
		expect(route(routes, blob)).toEqual({
			matches: [{ route: "first", to: repositoryDispatch("contoso/model", "storage-blobcreated") }],
		});
		expect(takers(routes.toReversed(), blob)).toEqual(["third"]);
	});

	it("to one destination give the name of the first that takes the event", () => {
		const routes = [
			{ name: "first", to: to("contoso/model"), filter: { subjectEndsWith: ".never" } },
			{ name: "second", to: to("contoso/model") },
		];
		expect(takers(routes, blob)).toEqual(["second"]);
	});

	it("with dispatch types that differ in case are two destinations, as GitHub sees them", () => {
		const routes = [
			{ name: "lower", to: to("contoso/model", "retrain") },
			{ name: "upper", to: to("contoso/model", "Retrain") },
		];
		expect(takers(routes, blob)).toEqual(["lower", "upper"]);
	});

	it("are the same destination only where repository and dispatch type are", () => {
		const one = { repository: "Contoso/Model", dispatchType: "Retrain" };
		const isSame = (other: RouteTo) =>
			takers(
				[
					{ name: "one", to: one },
					{ name: "other", to: other },
				],
				blob,
			).length === 1;
		expect(isSame({ repository: "contoso/model", dispatchType: "Retrain", token: "t" })).toBe(true);
		expect(isSame({ repository: "contoso/model", dispatchType: "retrain" })).toBe(false);
		expect(isSame({ repository: "contoso/other", dispatchType: "Retrain" })).toBe(false);
	});

	it("are told apart by the id of their destinations, and by nothing else", () => {
		const routes = [1, 2, 3].map((number) => ({ name: `${number}`, to: { number } }));
		const matchesBy = (idOf: (to: RouteTo) => string) =>
			createRouter(routes, (to) => ({ id: idOf(to), ...to }))(blob).matches.map(({ route: name }) => name);
		expect(matchesBy(() => "same")).toEqual(["1"]);
		expect(matchesBy(({ number }) => `${number === 3 ? 1 : number}`)).toEqual(["1", "2"]);
	});

	it("leave the event and the table as they were", () => {
		const routes = [Object.freeze({ ...everything, to: Object.freeze(everything.to) })];
		expect(takers(routes, Object.freeze({ ...blob }))).toEqual(["everything"]);
		expect(routes).toEqual([everything]);
	});
});

describe("a route's source", () => {
	const account = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/contosodata";

	it.each([
		["the same resource", account, account],
		["the same resource in another case", account, account.toUpperCase()],
		["what lies below it", account, `${account}/blobServices/default`],
		["what lies below it, in another case", account.toUpperCase(), `${account}/blobServices`],
		["the same resource, written with a slash at the end", `${account}/`, account],
		["what lies below it, written with a slash at the end", `${account}//`, `${account}/x`],
		["a subscription's resources", "/subscriptions/S", account],
		["a topic that is no ARM id", "urn:contoso:orders", "urn:contoso:orders"],
	])("takes %s", (_, source, given) => {
		expect(takers([{ ...everything, source }], { ...blob, source: given })).toEqual(["everything"]);
	});

	it.each([
		["a resource whose name only begins alike", account, `${account}2`],
		["a resource above it", account, "/subscriptions/S/resourceGroups/rg"],
		["another subscription", "/subscriptions/S", "/subscriptions/S2/resourceGroups/rg"],
		["the same path deeper down", account, `/prefix${account}`],
		["an event without a source", account, ""],
	])("stops %s", (_, source, given) => {
		expect(reasonOf([{ ...everything, source }], { ...blob, source: given })).toBe(
			`no route matches: route "everything": the source "${given}" is not "${source}"`,
		);
	});
});

describe("onlyCompletedWrites", () => {
	const by = (api: unknown) => ({ ...blob, data: { ...(blob.data as object), api } });

	it.each(["CreateFile", "createFILE", "SftpCreate", "SFTPCREATE"])("stops %s by default and says why", (api) => {
		expect(reasonOf([everything], by(api))).toBe(
			`no route matches: route "everything": data.api is ${api}, which only opens the upload; ` +
				"onlyCompletedWrites waits for the event that completes it. An empty file or a copy may have no second event: " +
				'a route with "onlyCompletedWrites": false takes the first',
		);
		expect(takers([{ ...everything, onlyCompletedWrites: true }], by(api))).toEqual([]);
	});

	it.each(["PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose", "SftpCommit", "Unheard", undefined, 5])(
		"takes %j by default",
		(api) => {
			expect(takers([everything], by(api))).toEqual(["everything"]);
		},
	);

	it.each(["CreateFile", "SftpCreate", "FlushWithClose"])("takes %s where it is switched off", (api) => {
		expect(takers([{ ...everything, onlyCompletedWrites: false }], by(api))).toEqual(["everything"]);
	});

	it("is what the reason names first, where one route of many missed the event by that alone", () => {
		const others = [1, 2, 3, 4, 5].map((n) => ({
			name: `other ${n}`,
			filter: { subjectBeginsWith: "/elsewhere/" },
			to: { repository: "contoso/other" },
		}));
		const reason = reasonOf([...others, everything], by("CreateFile"));
		expect(reason).toMatch(/^no route matches: route "everything": data\.api is CreateFile, .*onlyCompletedWrites/);
		expect(reason).toMatch(/no second event.*; route "other 1": .*; and 1 more$/);
	});

	it("is not what the reason names where the route would not have taken the other event either", () => {
		const elsewhere = { ...everything, filter: { subjectBeginsWith: "/elsewhere/" } };
		expect(reasonOf([elsewhere], by("CreateFile"))).not.toContain("onlyCompletedWrites");
	});

	it("counts for each route on its own", () => {
		const both: Route = { name: "both", onlyCompletedWrites: false, to: { repository: "contoso/audit" } };
		expect(takers([everything, both], by("CreateFile"))).toEqual(["both"]);
	});
});

describe("repoName", () => {
	const routes: readonly Route[] = [
		everything,
		{ name: "other", to: { repository: "contoso/other" } },
		{ name: "picky", filter: { subjectEndsWith: ".never" }, to: { repository: "contoso/picky" } },
	];

	it("narrows the table to one repository, in any case", () => {
		expect(takers(routes, blob, "contoso/other")).toEqual(["other"]);
		expect(takers(routes, blob, "CONTOSO/Model")).toEqual(["everything"]);
	});

	it("leads to no repository that the table does not name", () => {
		expect(reasonOf([everything], blob, "attacker/model")).toBe(
			'no route matches: route "everything": it leads to contoso/model, not to repoName=attacker/model',
		);
	});

	it("never leads to what is no repository", () => {
		const elsewhere = { name: "elsewhere", to: { url: "https://contoso.example" } };
		expect(reasonOf([elsewhere], blob, "contoso/model")).toBe(
			'no route matches: route "elsewhere": it leads to no repository, not to repoName=contoso/model',
		);
	});

	it("does not excuse a route from its other conditions", () => {
		expect(reasonOf(routes, blob, "contoso/picky")).toContain('route "picky": the subject');
	});
});

describe("the reason why no route takes an event", () => {
	const narrow = (name: string): Route => ({
		name,
		filter: { subjectBeginsWith: `/${name}/` },
		to: { repository: "contoso/model" },
	});
	const event = { ...blob, subject: "s" };

	it("names each route with the first condition that the event failed", () => {
		const routes: readonly Route[] = [
			{ ...narrow("one"), source: "/elsewhere" },
			{ ...narrow("two"), filter: { includedEventTypes: ["Contoso.A"], subjectEndsWith: "x" } },
			{
				...narrow("three"),
				filter: { advancedFilters: [{ operatorType: "StringIn", key: "data.api", values: ["X"] }] },
			},
		];
		expect(reasonOf(routes, { ...event, source: "/here" })).toBe(
			'no route matches: route "one": the source "/here" is not "/elsewhere"; ' +
				'route "two": Microsoft.Storage.BlobCreated is not among its event types; ' +
				'route "three": not data.api StringIn ["X"]',
		);
	});

	it("names five routes, and only counts those beyond", () => {
		const names = ["a", "b", "c", "d", "e", "f", "g"];
		const named = names.map((name) => `route "${name}": the subject "s" does not begin with "/${name}/"`);
		expect(reasonOf(names.slice(0, 5).map(narrow), event)).toBe(`no route matches: ${named.slice(0, 5).join("; ")}`);
		expect(reasonOf(names.slice(0, 6).map(narrow), event)).toBe(
			`no route matches: ${named.slice(0, 5).join("; ")}; and 1 more`,
		);
		expect(reasonOf(names.map(narrow), event)).toBe(`no route matches: ${named.slice(0, 5).join("; ")}; and 2 more`);
	});

	it("quotes no more of an event than one can read, however long it is", () => {
		const long = `/x${"😀".repeat(100_000)}`;
		const routes = ["a", "b", "c", "d", "e"].map((name) => ({
			...narrow(name),
			...(name === "a" ? { source: "/s" } : {}),
		}));
		expect(reasonOf(routes, { ...event, subject: long, source: long }).length).toBeLessThan(2_000);
	});

	it("is not given where a route takes the event", () => {
		expect(route([narrow("a"), everything], event)).not.toHaveProperty("reason");
	});

	it.each<[string, Partial<Route>, string | undefined]>([
		["source", { source: "/elsewhere" }, undefined],
		["includedEventTypes", { filter: { includedEventTypes: ["Contoso.A"] } }, undefined],
		["subjectBeginsWith", { filter: { subjectBeginsWith: "/x/" } }, undefined],
		["subjectEndsWith", { filter: { subjectEndsWith: "/x" } }, undefined],
		["advancedFilters", { filter: { advancedFilters: [{ operatorType: "IsNotNull", key: "data.none" }] } }, undefined],
		["onlyCompletedWrites", {}, undefined],
		["repoName", { onlyCompletedWrites: false }, "contoso/other"],
	])("counts an event that %s keeps from a route for that route, by its digest", (by, part, onlyRepository) => {
		const missing = { ...everything, ...part };
		const opening = { ...event, data: { api: "CreateFile" } };
		const routes = [missing, { ...narrow("other"), to: { repository: "contoso/other" } }];
		expect(route(routes, opening, onlyRepository)).toMatchObject({
			missed: [
				{ route: digestOfRoutes([missing]), by },
				{ route: digestOfRoutes([routes[1] as Route]), by: "subjectBeginsWith" },
			],
		});
	});
});

describe("the digest of a routes table", () => {
	const filter = { subjectBeginsWith: "/a/", subjectEndsWith: ".csv" };

	it("is the same however the table is written, and from version to version", () => {
		const table = [{ name: "one", to: { repository: "contoso/model", dispatchType: "new" }, filter }];
		const written = [
			{
				filter: { subjectEndsWith: ".csv", subjectBeginsWith: "/a/" },
				to: { dispatchType: "new", repository: "contoso/model" },
				name: "one",
			},
		];
		expect(digestOfRoutes(table)).toBe("5ad4534707c66a2c");
		expect(digestOfRoutes(written)).toBe("5ad4534707c66a2c");
	});

	it("is another for another table, whatever differs", () => {
		const tables: readonly (readonly Route[])[] = [
			[],
			[everything],
			[everything, everything],
			[{ ...everything, name: "other" }],
			[{ ...everything, filter }],
			[{ ...everything, filter: { ...filter, subjectEndsWith: null } }],
			[{ ...everything, filter: { advancedFilters: [{ operatorType: "StringIn", key: "a", values: ["x", "y"] }] } }],
			[{ ...everything, filter: { advancedFilters: [{ operatorType: "StringIn", key: "a", values: ["y", "x"] }] } }],
		];
		expect(new Set(tables.map(digestOfRoutes)).size).toBe(tables.length);
	});
});
