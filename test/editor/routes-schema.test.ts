import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { Ajv } from "ajv";
import { editorSchema } from "../../scripts/editor-schema.ts";
import { routesSchema } from "../../scripts/routes-schema.ts";
import { OPERATORS } from "../../src/route/operators.ts";

const root = join(import.meta.dirname, "../..");
type Schema = Readonly<Record<string, unknown>>;
const published = JSON.parse(readFileSync(join(root, "docs/routes.schema.json"), "utf8")) as Schema;
const definitions = published["definitions"] as Readonly<Record<string, Schema>>;
const ajv = new Ajv({ strict: false, allErrors: true, discriminator: true });
const [forEditors, forTheBridge] = [ajv.compile(published), ajv.compile(routesSchema(root))];

/** The texts that a schema offers beside every other one. */
function offered(schema: Schema | undefined): readonly unknown[] {
	const [known = {}, any = {}] = (schema?.["anyOf"] ?? []) as readonly Schema[];
	expect(any["enum"]).toBeUndefined();
	return known["enum"] as readonly unknown[];
}

const route = (more: object) => ({ routes: [{ to: { repository: "contoso/fraud-model" }, ...more }] });
const filter = (more: object) => route({ filter: more });

describe("the schema of routes tables, for editors", () => {
	it("has an id that asks no server while the project has no public address, and that of its version after", () => {
		const { repository } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { repository?: unknown };
		if (repository === undefined) expect(published["$id"]).toBe("urn:grid-dispatch:routes");
		else
			expect(published["$id"]).toMatch(/^https:\/\/raw\.githubusercontent\.com\/.+\/v.+\/docs\/routes\.schema\.json$/);
		expect(published).toEqual(JSON.parse(JSON.stringify(editorSchema(root))));
	});

	it("offers every event type that has a schema, every operator, and the keys of known events", () => {
		const properties = definitions["filter"]?.["properties"] as Readonly<Record<string, { items: Schema }>>;
		const folder = join(root, "src/event/schemas");
		const types = readdirSync(folder).map(
			(file) => JSON.parse(readFileSync(join(folder, file), "utf8")).title as string,
		);
		expect(offered(properties["includedEventTypes"]?.items)).toEqual(expect.arrayContaining(["All", ...types]));
		expect(offered(definitions["key"])).toEqual(expect.arrayContaining(["subject", "data.runId", "data.url"]));
		expect(offered(definitions["mappedKey"])).toEqual(expect.arrayContaining(["bridge.key", "event", "data.runId"]));
		expect(definitions["advancedFilter"]?.["properties"]).toEqual({ operatorType: { enum: Object.keys(OPERATORS) } });
		expect(Object.keys(definitions["to"]?.["properties"] as object)).toEqual(
			expect.arrayContaining(["repository", "workflow", "inputs", "organization", "pipeline", "parameters"]),
		);
	});

	it("describes every member that a table can have", () => {
		const bare: string[] = [];
		const look = (place: string, schema: unknown) => {
			if (typeof schema !== "object" || schema === null) return;
			for (const [name, below] of Object.entries(schema)) {
				if (name === "properties") {
					for (const [member, described] of Object.entries(below as Record<string, Schema>)) {
						const known =
							described["$ref"] === undefined ? described : definitions[String(described["$ref"]).split("/")[2] ?? ""];
						if (known?.["description"] === undefined) bare.push(`${place}.${member}`);
					}
				}
				look(`${place}.${name}`, below);
			}
		};
		look("", { definitions: routesSchema(root).definitions, properties: published["properties"] });
		expect(bare).toEqual([]);
	});

	it.each([
		route({}),
		filter({ includedEventTypes: ["Contoso.Orders.Placed"] }),
		filter({ includedEventTypes: ["microsoft.storage.blobcreated"] }),
		filter({ includedEventTypes: [7] }),
		filter({ advancedFilters: [{ operatorType: "StringIn", key: "data.any.thing", values: ["a"] }] }),
		filter({ advancedFilters: [{ operatorType: "StringIsh", key: "subject", values: ["a"] }] }),
		filter({ advancedFilters: [{ operatorType: "StringIn", key: "", values: ["a"] }] }),
		{
			routes: [
				{
					to: {
						repository: "a/b",
						payload: { one: "data.x", two: { value: 1 }, three: { key: "data.y", default: 2 } },
					},
				},
			],
		},
		{ routes: [{ to: { repository: "a/b", payload: { one: 7 } } }] },
		{ routes: [{ to: { organization: "contoso", project: "ml", pipeline: 7, parameters: { run: "data.runId" } } }] },
		{ routes: [{ to: { organization: "contoso", project: "ml", pipeline: "seven" } }] },
		{ routes: [{ to: { repository: "a/b", workflow: "train.yml", parameters: {} } }] },
		route({ nope: true }),
		{},
	])("takes and refuses what the bridge takes and refuses: %j", (table) => {
		expect(forEditors(table)).toBe(forTheBridge(table));
	});
});
