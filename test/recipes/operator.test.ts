import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { type Copy, copyRepository, exampleIn } from "./copy.ts";

const TABLE = "export const OPERATORS: Readonly<Record<string, Operator>> = {\n";
/** One of which `routes check` knows nothing but how it judges. */
const SILENT = exampleIn("ts", "NumberEquals")
	.replace("NumberEquals", "NumberIsMultipleOf")
	.replace('\toperandIs: "edge",\n', "")
	.replace("value === operand", "value % operand === 0");
const RUN = exampleOf("RunCompleted");

let copy: Copy;

beforeAll(async () => {
	copy = copyRepository();
	const operators = copy.read("src/route/operators.ts");
	copy.write("src/route/operators.ts", operators.replace(TABLE, `${TABLE}${exampleIn("ts", "NumberEquals")}${SILENT}`));
	await copy.docs();
});
afterAll(() => copy.remove());

type Filter = readonly [operatorType: string, value: unknown];

/** A table with a route for each list of filters, which are on one key. */
function write(...routes: readonly (readonly Filter[])[]): void {
	const filtersOf = (filters: readonly Filter[]) =>
		filters.map(([operatorType, value]) => ({ operatorType, key: "data.size", value }));
	const table = routes.map((filters, index) => ({
		filter: { includedEventTypes: [RUN.type], advancedFilters: filtersOf(filters) },
		to: { repository: `a/${index}` },
	}));
	copy.write("routes.json", JSON.stringify({ routes: table }));
}

describe("a new operator, once its entry stands in the table", () => {
	it("has changed no other file of src/", () => {
		expect(copy.changed()).toEqual(["route/operators.ts"]);
	});

	it("filters events", async () => {
		write([["NumberEquals", 7]]);
		const events = [{ size: 7 }, { size: 8 }, { size: "7" }, {}].map((data) =>
			asCloudEvent({ ...RUN, data: { ...RUN.data, ...data } }),
		);
		copy.write("events.json", JSON.stringify(events));
		const { events: told } = JSON.parse(await copy.cli("routes", "explain", "events.json", "--json"));
		expect(told).toMatchObject([
			{ routes: [{ takes: true }] },
			{ routes: [{ takes: false, failed: [{ reason: "not data.size NumberEquals 7", found: 8 }] }] },
			{ routes: [{ takes: false }] },
			{ routes: [{ takes: false }] },
		]);
	});

	it("is judged by routes check: what it excludes, what it leaves open, and how it is spelt", async () => {
		write(
			[
				["NumberEquals", 7],
				["NumberGreaterThan", 7],
			],
			[
				["NumberEquals", 7],
				["NumberGreaterThan", 6],
			],
			[["NumberEqual", 7]],
			[["NumberEquals", "7"]],
			// Nothing is claimed where an entry does not say what its operand is.
			[
				["NumberIsMultipleOf", 7],
				["NumberEquals", 8],
			],
		);
		const { findings } = JSON.parse(await copy.cli("routes", "check", "routes.json", "--json"));
		expect(findings).toMatchObject([
			{ path: "routes[2].filter.advancedFilters[0].operatorType", repair: 'write "NumberEquals"' },
			{ path: "routes[3].filter.advancedFilters[0].value", problem: "must be number" },
			{
				path: "routes[0].filter.advancedFilters[0]",
				problem: "no event can match: data.size cannot meet NumberEquals 7 and NumberGreaterThan 7 at the same time",
			},
		]);
		expect(findings).toHaveLength(3);
	});

	it("is documented, and in the published schema", () => {
		expect(copy.read("docs/routes.md")).toContain("| `NumberEquals` | number | `value` | it is equal | false |");
		expect(copy.read("docs/routes.schema.json")).toContain('"NumberEquals"');
	});
});
