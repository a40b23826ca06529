import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OPERATORS } from "../src/route/operators.ts";
import { type Manifest, publicAddress } from "./public-address.ts";
import { type RoutesSchema, routesSchema, type Schema } from "./routes-schema.ts";

/**
 * The schema of routes tables as editors get it, `docs/routes.schema.json`: it takes and refuses what the bridge does,
 * and besides it has an id, and suggests event types and keys. A suggestion never refuses another text.
 */
export function editorSchema(root: string): RoutesSchema {
	const base = routesSchema(root);
	const { definitions } = base;
	const { types, keys } = readSuggestions(root);
	const mapped = [...keys, "event", "extensions", "bridge.key", "bridge.route", "bridge.version"];
	const filter = definitions["filter"] as Schema & { readonly properties: Readonly<Record<string, Schema>> };
	const included = filter.properties["includedEventTypes"] as Schema & { readonly items: Schema };
	const { $schema, ...rest } = base;
	return {
		$schema,
		$id: idOf(root),
		...rest,
		definitions: {
			...definitions,
			filter: {
				...filter,
				properties: {
					...filter.properties,
					includedEventTypes: { ...included, items: suggesting(included.items, ["All", ...types]) },
				},
			},
			advancedFilter: {
				...definitions["advancedFilter"],
				properties: { operatorType: { enum: Object.keys(OPERATORS) } },
			},
			key: suggesting(definitions["key"], keys),
			mappedKey: suggesting(definitions["mappedKey"], mapped),
			// An editor that completes an empty value does not follow if and then.
			mapped: { ...definitions["mapped"], anyOf: [{ enum: mapped }, { type: ["string", "object"] }] },
			to: { ...definitions["to"], properties: membersOfTo(definitions) },
		},
	};
}

/**
 * Where the file is published with this version. Without a public address it is a name that does not depend on one:
 * editors take it for the schema's identity, and never ask for it.
 */
function idOf(root: string): string {
	const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
	const address = publicAddress(manifest);
	if (address === undefined) return "urn:grid-dispatch:routes";
	return `https://raw.githubusercontent.com/${address.repository}/v${manifest.version}/docs/routes.schema.json`;
}

/** Known texts are offered, and every other one is taken all the same. */
function suggesting(schema: Schema | undefined, known: readonly string[]): Schema {
	return { ...schema, anyOf: [{ enum: known }, { type: "string" }] };
}

/** The members of every form of `to`, so that an editor offers them before it can tell which form is meant. */
function membersOfTo(definitions: RoutesSchema["definitions"]): Schema {
	const forms = Object.entries(definitions).filter(([name]) => name.startsWith("to-"));
	const members = forms.flatMap(([, form]) => Object.entries(form["properties"] as Record<string, Schema>));
	return Object.fromEntries(members.map(([name, { description }]) => [name, { description }]));
}

interface EventSchema {
	readonly title: string;
	readonly properties: { readonly data: { readonly properties?: Readonly<Record<string, unknown>> } };
}

/** The event types that have a schema, and the keys of the filters' notation that their events have. */
function readSuggestions(root: string): { readonly types: readonly string[]; readonly keys: readonly string[] } {
	const folder = join(root, "src/event/schemas");
	const schemas = readdirSync(folder)
		.sort()
		.map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as EventSchema);
	const members = schemas.flatMap(({ properties }) => Object.keys(properties.data.properties ?? {}));
	const envelope = ["id", "source", "topic", "subject", "type", "eventType", "dataVersion", "specversion"];
	return {
		types: schemas.map(({ title }) => title),
		keys: [...envelope, ...[...new Set(members)].sort().map((member) => `data.${member}`)],
	};
}
