import { describe, expect, it } from "@jest/globals";
import { SERVICES } from "../../src/destinations/list.ts";
import { FaultScript } from "../../src/local/stand-in/script.ts";
import { OPERATORS } from "../../src/route/operators.ts";
import { readRoutes } from "../../src/route/read-routes.ts";
import { groupId } from "../../src/route/route.ts";
import { repositoryDispatch } from "../../support/destinations.ts";
import { blocksOf, codesIn, PAGES, readText, tableOf } from "./read-docs.ts";

const json = PAGES.flatMap(blocksOf)
	.filter(({ language }) => language === "json")
	.map(({ page, text }) => ({ page, value: JSON.parse(text) as unknown }));
const tables = json.filter(({ value }) => Array.isArray((value as { readonly routes?: unknown } | null)?.routes));

interface Definitions {
	readonly [name: string]: {
		readonly properties: Readonly<Record<string, object>>;
		readonly oneOf: readonly {
			readonly properties: { readonly operatorType: { readonly enum: readonly string[] }; readonly values?: object };
		}[];
	};
}
const { definitions } = JSON.parse(readText("docs/routes.schema.json")) as { definitions: Definitions };
const keysOf = (name: string) => Object.keys(definitions[name]?.properties ?? {});

describe("the routes tables of the documentation", () => {
	it("are found", () => {
		expect(tables.map(({ page }) => page)).toEqual(expect.arrayContaining(["docs/routes.md", "docs/predecessor.md"]));
	});

	it.each(tables.map(({ page, value }, index) => [page, index, value] as const))(
		"in %s (%i) are valid",
		(_p, _i, table) => {
			expect(readRoutes(table, SERVICES)).toMatchObject({ ok: true });
		},
	);
});

describe("the page about routes", () => {
	const rows = tableOf("docs/routes.md", "`operatorType`");
	const described = new Map(rows.map(([operator = "", ...rest]) => [codesIn(operator)[0] ?? "", rest]));

	it("has every operator, in the schema's own words", () => {
		const inSchema = (definitions["advancedFilter"]?.oneOf ?? []).flatMap(
			({ properties }) => properties.operatorType.enum,
		);
		expect([...described.keys()].sort()).toEqual([...inSchema].sort());
		expect([...described.keys()]).toEqual(Object.keys(OPERATORS));
	});

	it.each(Object.entries(OPERATORS))("tells what %s looks at, and what it makes of a missing key", (name, operator) => {
		const [of, operand, holds = "", missing] = described.get(name) ?? [];
		expect(of).toBe(operator.of === "any" ? "anything" : operator.of);
		expect(missing).toBe(String(operator.whenMissing));
		if (operator.of !== "any") expect(/\bnone\b/.test(holds)).toBe(operator.negative);
		const form = definitions["advancedFilter"]?.oneOf.find(({ properties }) =>
			properties.operatorType.enum.includes(name),
		);
		const given = ["value", "values"].find((member) => member in (form?.properties ?? {}));
		expect(operand).toBe(given === undefined ? "none" : `\`${given}\`${name.endsWith("Range") ? ", pairs" : ""}`);
	});

	it("names every key of a route, of its destination and of a filter, and no other", () => {
		const inTables = [...readText("docs/routes.md").matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key = ""]) => key);
		const ofRoute = keysOf("route").filter((key) => key !== "to" && key !== "coalesce");
		const forms = Object.keys(definitions).filter((name) => name.startsWith("to-"));
		const ofTo = new Set(forms.flatMap(keysOf).map((key) => `to.${key}`));
		const ofDestination = [...ofTo, ...keysOf("coalesce").map((key) => `coalesce.${key}`)];
		expect(inTables.filter((key) => key !== "operatorType" && key !== "by" && !described.has(key)).sort()).toEqual(
			[...ofRoute, ...ofDestination, ...keysOf("filter")].sort(),
		);
	});
});

describe("gathering events", () => {
	const { quietSeconds, maxSeconds, by } = (definitions["coalesce"]?.properties ?? {}) as Record<
		string,
		{ readonly minimum?: number; readonly maximum?: number; readonly enum?: readonly string[] }
	>;

	it("has the bounds and the groups that the page names", () => {
		const rows = new Map(
			tableOf("docs/routes.md", "Key").map(([key = "", , meaning = ""]) => [codesIn(key)[0], meaning]),
		);
		expect(rows.get("coalesce.quietSeconds")).toContain(`${quietSeconds?.minimum} to ${quietSeconds?.maximum}`);
		expect(rows.get("coalesce.maxSeconds")).toContain(`${maxSeconds?.minimum} to ${maxSeconds?.maximum}`);
		expect(codesIn(rows.get("coalesce.by") ?? "")).toEqual(by?.enum);
		expect(tableOf("docs/routes.md", "`by`").map(([group = ""]) => JSON.parse(codesIn(group)[0] ?? ""))).toEqual(
			by?.enum,
		);
	});

	const event = { id: "1", type: "Microsoft.Storage.BlobCreated", time: "", data: {}, attributes: {} };
	const group = (by: string, change: object = {}, dispatchType = "d") =>
		groupId(
			{ ...event, source: "/a", subject: "/blobServices/default/containers/c/blobs/x/1.csv", ...change },
			"r",
			repositoryDispatch("o/n", dispatchType),
			{ quietSeconds: 1, maxSeconds: 1, by } as never,
		);

	it.each([
		["route", { source: "/b", subject: "s" }, undefined],
		["source", { source: "/A", subject: "s" }, { source: "/b" }],
		[
			"container",
			{ subject: "/blobServices/default/containers/c/blobs/2" },
			{ subject: "/blobServices/default/containers/d/blobs/2" },
		],
		[
			"directory",
			{ subject: "/blobServices/default/containers/c/blobs/x/2.csv" },
			{ subject: "/blobServices/default/containers/c/blobs/2.csv" },
		],
	])("by %s has one window for what the page says", (by, together, apart) => {
		expect(group(by, together)).toBe(group(by));
		if (apart !== undefined) expect(group(by, apart)).not.toBe(group(by));
		expect(group(by, {}, "e")).not.toBe(group(by));
	});
});

describe("the page about running it locally", () => {
	it("names every key of a fault, and no other", () => {
		const named = tableOf("docs/local.md", "Key").map(([key = ""]) => codesIn(key)[0] ?? "");
		const refused = (key: string) => {
			try {
				new FaultScript().set({ [key]: undefined });
				return "";
			} catch (error) {
				return (error as Error).message;
			}
		};
		const known = refused("no-such-key").split("the possible keys are ")[1]?.split(", ");
		expect(named.sort()).toEqual(known?.sort());
	});
});
