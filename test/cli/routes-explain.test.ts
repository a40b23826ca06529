import { describe, expect, it } from "@jest/globals";
import { diffTables } from "../../src/cli/routes/diff-tables.ts";
import { type Explained, explain } from "../../src/cli/routes/explain.ts";
import { resolve, SERVICES } from "../../src/destinations/list.ts";
import { readRoutes } from "../../src/route/read-routes.ts";
import { groupId, type Route } from "../../src/route/route.ts";
import { createRouter } from "../../src/route/router.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import {
	asBridgeEvent,
	asCloudEvent,
	EXAMPLE_EVENTS,
	exampleOf,
	inEventGridSchema,
} from "../../support/example-events.ts";

const TO = { repository: "contoso/fraud-model" };
const UPLOAD = exampleOf("BlobCreated");
const RUN = exampleOf("RunCompleted");

function table(...routes: object[]): readonly Route[] {
	const read = readRoutes({ routes }, SERVICES);
	if (!read.ok) throw new Error(read.problems.join());
	return read.routes;
}

function told(element: unknown, routes: readonly Route[]) {
	return (explain(element, routes) as Extract<Explained, { routes: unknown }>).routes;
}

const UPLOADS = {
	name: "uploads",
	source: UPLOAD.source,
	filter: {
		includedEventTypes: [UPLOAD.type],
		subjectBeginsWith: "/blobServices/default/containers/training/",
		subjectEndsWith: ".csv",
		advancedFilters: [{ operatorType: "NumberGreaterThan", key: "data.contentLength", value: 1 }],
	},
	to: { ...TO, dispatchType: "retrain" },
	coalesce: { quietSeconds: 60, maxSeconds: 900, by: "container" },
};

describe("what becomes of an event", () => {
	it.each([
		["the Event Grid schema", inEventGridSchema(UPLOAD)],
		["CloudEvents", asCloudEvent(UPLOAD)],
	])("is told for %s: destination, and the window that it joins", (_, element) => {
		const [route] = table(UPLOADS);
		const to = repositoryDispatch(TO.repository, "retrain");
		expect(explain(element, table(UPLOADS))).toEqual({
			event: { id: UPLOAD.id, type: UPLOAD.type, source: UPLOAD.source, subject: UPLOAD.subject },
			routes: [
				{
					route: "uploads",
					takes: true,
					to,
					group: { ...UPLOADS.coalesce, id: groupId(asBridgeEvent(UPLOAD), "uploads", to, route?.coalesce as never) },
					failed: [],
				},
			],
		});
	});

	it("is told with every condition that failed, in the router's words, and with what was found", () => {
		const explained = explain(asCloudEvent(RUN), table(UPLOADS));
		expect(explained).toMatchObject({
			routes: [
				{
					takes: false,
					failed: [
						{ condition: "source", reason: expect.stringContaining("is not") },
						{ condition: "filter.includedEventTypes", reason: `${RUN.type} is not among its event types` },
						{
							condition: "filter.subjectBeginsWith",
							reason: expect.stringContaining(`"${RUN.subject}" does not begin with`),
						},
						{ condition: "filter.subjectEndsWith", reason: expect.stringContaining("does not end with") },
						{
							condition: "filter.advancedFilters[0]",
							reason: "not data.contentLength NumberGreaterThan 1",
							found: null,
						},
					],
				},
			],
		});
	});

	it("names the value that an advanced filter found", () => {
		const routes = table({
			filter: { advancedFilters: [{ operatorType: "StringIn", key: "Data.ExperimentName", values: ["x"] }] },
			to: TO,
		});
		const [verdict] = told(asCloudEvent(RUN), routes);
		expect(verdict?.failed).toEqual([expect.objectContaining({ found: RUN.data["experimentName"] })]);
	});

	it("tells what only opens an upload", () => {
		const opening = asCloudEvent({ ...UPLOAD, data: { ...UPLOAD.data, api: "CreateFile" } });
		expect(explain(opening, table({ to: TO }))).toMatchObject({
			routes: [{ failed: [{ condition: "onlyCompletedWrites", reason: expect.stringContaining("CreateFile") }] }],
		});
	});

	it("names the route that goes before at the same place", () => {
		const routes = table({ name: "a", to: TO }, { name: "b", to: TO });
		expect(explain(asCloudEvent(RUN), routes)).toMatchObject({
			routes: [{ takes: true }, { takes: true, sameAs: "a" }],
		});
	});

	it("is that it is rejected, where it is no sound event", () => {
		expect(explain({ id: "1" }, table({ to: TO }))).toEqual({
			id: "1",
			rejected: expect.stringContaining("not an event: it has neither"),
		});
	});

	it("is what the router makes of it, for every known type", () => {
		const routes = table(
			UPLOADS,
			{ name: "runs", filter: { subjectBeginsWith: "experiments/" }, to: TO },
			{ name: "all", to: TO },
		);
		for (const event of EXAMPLE_EVENTS) {
			const verdicts = told(asCloudEvent(event), routes);
			const matches = createRouter(routes, resolve)(asBridgeEvent(event)).matches.map(({ route }) => route);
			expect(verdicts.filter(({ takes, sameAs }) => takes && sameAs === undefined).map(({ route }) => route)).toEqual(
				matches,
			);
			for (const { takes, failed } of verdicts) expect(failed.length === 0).toBe(takes);
		}
	});
});

describe("what another table changes", () => {
	const runs = { name: "runs", filter: { includedEventTypes: [RUN.type] }, to: TO };

	it("is nothing between a table and itself", () => {
		expect(diffTables(table(UPLOADS, runs), table(UPLOADS, runs))).toEqual({
			added: [],
			removed: [],
			renamed: [],
			changed: [],
			reordered: false,
		});
	});

	it("is told by name, member by member", () => {
		const changed = {
			...runs,
			filter: { includedEventTypes: ["All"] },
			to: { ...TO, dispatchType: "d" },
			onlyCompletedWrites: false,
		};
		expect(
			diffTables(table(UPLOADS, runs), table(changed, { ...runs, name: "new", to: { repository: "a/b" } })),
		).toMatchObject({
			added: ["new"],
			removed: ["uploads"],
			changed: [
				{
					route: "runs",
					members: [
						{ path: "filter.includedEventTypes", before: [RUN.type], after: ["All"] },
						{ path: "to.dispatchType", after: "d" },
						{ path: "onlyCompletedWrites", after: false },
					],
				},
			],
		});
	});

	it("knows another name and another order from another route", () => {
		const other = { ...runs, name: "other" };
		expect(diffTables(table(UPLOADS, runs), table(UPLOADS, other))).toMatchObject({
			added: [],
			removed: [],
			renamed: [{ from: "runs", to: "other" }],
			reordered: false,
		});
		expect(diffTables(table(UPLOADS, runs), table(runs, UPLOADS))).toMatchObject({ changed: [], reordered: true });
	});

	it("is where recorded events go now", () => {
		const events = [asCloudEvent(RUN), asCloudEvent(UPLOAD), { id: "no event" }];
		const { events: told } = diffTables(
			table(UPLOADS, runs),
			table(UPLOADS, { ...runs, to: { repository: "contoso/other" } }),
			events,
		);
		expect(told).toMatchObject({
			looked: 3,
			unreadable: 1,
			moved: [
				{ id: RUN.id, before: [{ repository: "contoso/fraud-model" }], after: [{ repository: "contoso/other" }] },
			],
		});
	});

	it("is not that a route maps otherwise: that is told of the route", () => {
		const mapped = { ...runs, to: { ...TO, payload: { id: "data.runId" } } };
		expect(diffTables(table(runs), table(mapped), [asCloudEvent(RUN)])).toMatchObject({
			changed: [{ route: "runs", members: [{ path: "to.payload", after: { id: "data.runId" } }] }],
			events: { looked: 1, moved: [] },
		});
	});

	it("is also that an event is gathered, or otherwise", () => {
		const { coalesce: _coalesce, ...at } = UPLOADS;
		const moved = (after: object) => diffTables(table(UPLOADS), table(after), [asCloudEvent(UPLOAD)]).events?.moved;
		expect(moved(at)).toMatchObject([
			{ before: [{ coalesce: { by: "container" } }], after: [{ dispatchType: "retrain" }] },
		]);
		expect(moved({ ...UPLOADS, coalesce: { ...UPLOADS.coalesce, quietSeconds: 1 } })).toHaveLength(1);
		expect(moved(runs)).toMatchObject([{ after: [] }]);
		expect(moved(UPLOADS)).toEqual([]);
	});
});
