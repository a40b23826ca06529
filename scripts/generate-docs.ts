/**
 * Writes the parts of the documentation that follow from the code: the tables of event types in `README.md` and
 * `docs/events.md`, the table of operators in `docs/routes.md`, `docs/routes.schema.json`, and in `docs/client-payloads/`
 * one example of a client payload per event type, and one of each form that its data can have besides. From the project's public address it writes the "Deploy to Azure" button and
 * `infra/package-uri.json`, the template's default package; from the template the tables of its parameters. Run by
 * `npm run docs`; a test compares what lies there with what this file would write.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { windowBody } from "../src/coalesce/close-window.ts";
import { summarise } from "../src/coalesce/manifest.ts";
import { byReference, type ClientPayload, toBlob, toClientPayload } from "../src/destinations/client-payload.ts";
import { resolve } from "../src/destinations/list.ts";
import { KNOWN_EVENT_TYPES } from "../src/event/read-event.ts";
import type { BridgeEvent } from "../src/model.ts";
import { OPERATORS } from "../src/route/operators.ts";
import { idempotencyKey, toDispatchType } from "../src/route/route.ts";
import { destinations, repositoryDispatch } from "../support/destinations.ts";
import { editorSchema } from "./editor-schema.ts";
import { between, code, table } from "./markdown.ts";
import { dataAccountRows, parameterTables } from "./parameter-tables.ts";
import { deployButton, type Manifest, publicAddress } from "./public-address.ts";

/** An event schema, as far as the documentation tells of it. */
interface EventSchema {
	readonly title: string;
	readonly description: string;
	readonly properties: {
		readonly subject: { readonly description: string };
		readonly data: { readonly required?: readonly string[] };
	};
	readonly examples: readonly Omit<BridgeEvent, "attributes">[];
}

const PAYLOADS = "docs/client-payloads";
const CONTAINER = "https://contosobridge.blob.core.windows.net/grid-dispatch-payloads";

/** Every generated file as it should be, by its path from the root. Reads files and writes none. */
export function generateDocs(root: string): ReadonlyMap<string, string> {
	const manifest = JSON.parse(read(root, "package.json")) as Manifest;
	const { version } = manifest;
	const address = publicAddress(manifest);
	const schemas = readSchemas(join(root, "src/event/schemas"));
	const fill = (path: string, blocks: Readonly<Record<string, string>>) =>
		[path, Object.entries(blocks).reduce((text, block) => between(text, ...block), read(root, path))] as const;
	return new Map([
		fill("README.md", { "dispatch-types": dispatchTypes(schemas), "deploy-button": deployButton(address) }),
		fill("docs/events.md", { "event-types": eventTypes(schemas) }),
		fill("docs/routes.md", { operators: operators() }),
		["docs/routes.schema.json", `${JSON.stringify(editorSchema(root), null, "\t")}\n`],
		fill("docs/deploy.md", {
			"deploy-button": deployButton(address),
			parameters: parameterTables(root)
				.map(({ title, rows }) => `**${title}**\n\n${table(["Parameter", "Default", "Meaning"], rows)}`)
				.join("\n"),
			"data-accounts": table(["Key", "Required", "Meaning"], dataAccountRows(root)),
		}),
		["infra/package-uri.json", `${JSON.stringify({ packageUri: address?.packageUri ?? "" }, null, "\t")}\n`],
		...schemas.map((schema) => [payloadPath(schema), examplePayload(schema, version)] as const),
		[`${PAYLOADS}/data-by-reference.json`, referencePayload(schemas, version)],
		[`${PAYLOADS}/few-events.json`, windowPayload(schemas, version, 2)],
		[`${PAYLOADS}/many-events.json`, windowPayload(schemas, version, 1_000)],
	]);
}

/** In the order of KNOWN_EVENT_TYPES, so that a schema which the build has not seen yet is noticed. */
function readSchemas(folder: string): readonly EventSchema[] {
	const schemas = readdirSync(folder).map(
		(file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as EventSchema,
	);
	if (schemas.length !== KNOWN_EVENT_TYPES.length) throw new Error("the schemas have changed: npm run build");
	return KNOWN_EVENT_TYPES.map((type) => {
		const schema = schemas.find(({ title }) => title === type);
		if (schema === undefined) throw new Error(`no schema has the title ${type}: npm run build`);
		return schema;
	});
}

function dispatchTypes(schemas: readonly EventSchema[]): string {
	const rows = schemas.map(({ title }) => [code(title), code(toDispatchType(title))]);
	return table(["Event type", "Dispatch type"], rows);
}

function eventTypes(schemas: readonly EventSchema[]): string {
	const rows = schemas.map((schema) => [
		`[${code(schema.title)}](${payloadPath(schema).slice("docs/".length)})`,
		schema.description,
		schema.properties.subject.description.split(" or ").map(code).join(" or "),
		(schema.properties.data.required ?? []).map(code).join(", "),
	]);
	return table(["Event type", "What happened", "`subject`", "`data` must have"], rows);
}

const OPERAND_WORDS = { value: "`value`", values: "`values`", ranges: "`values`, pairs", none: "none" } as const;

function operators(): string {
	const rows = Object.entries(OPERATORS).map(([name, { of, operand, holds, whenMissing }]) => [
		code(name),
		of === "any" ? "anything" : of,
		OPERAND_WORDS[operand],
		holds,
		String(whenMissing),
	]);
	return table(["`operatorType`", "Looks at", "Operand", "Holds when", "Without the key"], rows);
}

function examplePayload(schema: EventSchema, version: string): string {
	const event = exampleOf(schema);
	return toText(toClientPayload(event, { version, route: "default", key: keyOf(event) }));
}

/** A run with more properties than fit. */
function referencePayload(schemas: readonly EventSchema[], version: string): string {
	const example = exampleOf(schemas.find(({ title }) => title.endsWith(".RunCompleted")));
	const runProperties = Object.fromEntries(
		Array.from({ length: 1_500 }, (_, index) => [
			`feature-${index}`,
			`the importance of feature ${index}, as measured`,
		]),
	);
	const data = { ...(example.data as object), runProperties };
	const { content, sha256 } = toBlob(data);
	const key = keyOf(example);
	const reference = { url: `${CONTAINER}/payloads/${key}-${sha256.slice(0, 16)}.json`, sha256, bytes: content.length };
	const event = { ...example, data: byReference(data, reference) };
	return toText(toClientPayload(event, { version, route: "default", key }));
}

/** So many uploads as one dispatch. */
function windowPayload(schemas: readonly EventSchema[], version: string, count: number): string {
	const { id, type, source, subject, data } = exampleOf(schemas.find(({ title }) => title.endsWith(".BlobCreated")));
	const lines = Array.from({ length: count }, (_, index) => {
		const part = (text: string) => text.replace(".csv", `-${index}.csv`);
		const { url, ...facts } = data as { readonly url: string };
		return JSON.stringify({
			id: id.slice(0, -5) + String(10_000 + index),
			type,
			source,
			subject: part(subject),
			time: new Date(Date.UTC(2026, 2, 14, 8, 0, index)).toISOString(),
			data: { ...facts, url: part(url) },
		});
	});
	const content = Buffer.from(`${lines.join("\n")}\n`);
	const key = hash(`${count} events`).slice(0, 32);
	const { body } = windowBody(
		{
			key,
			route: "train on new data",
			to: repositoryDispatch("contoso/fraud-model", "new-data"),
			summary: summarise(lines),
			lines,
			manifest: { url: `${CONTAINER}/manifests/${key}.jsonl`, sha256: hash(content), bytes: content.length, count },
		},
		{ version, destinations },
	);
	return toText((JSON.parse(body) as { client_payload: ClientPayload }).client_payload);
}

function exampleOf(schema: EventSchema | undefined): BridgeEvent {
	const [example] = schema?.examples ?? [];
	if (example === undefined) throw new Error(`the schema of ${schema?.title} has no example`);
	return { ...example, attributes: {} };
}

function keyOf(event: BridgeEvent): string {
	return idempotencyKey(event, resolve({ repository: "contoso/fraud-model" }, event.type).id);
}

function hash(content: string | Buffer): string {
	return createHash("sha256").update(content).digest("hex");
}

function read(root: string, path: string): string {
	return readFileSync(join(root, path), "utf8");
}

function toText(payload: ClientPayload): string {
	return `${JSON.stringify(payload, null, "\t")}\n`;
}

function payloadPath({ title }: EventSchema): string {
	return `${PAYLOADS}/${toDispatchType(title).replaceAll("/", "-")}.json`;
}

/** Writes what has changed, and removes the payloads of types that are gone. */
function write(root: string): void {
	const files = generateDocs(root);
	for (const [path, content] of files) {
		const target = join(root, path);
		mkdirSync(dirname(target), { recursive: true });
		if (!existsSync(target) || !same(path, readFileSync(target, "utf8"), content)) writeFileSync(target, content);
	}
	for (const file of readdirSync(join(root, PAYLOADS))) {
		if (!files.has(`${PAYLOADS}/${file}`)) rmSync(join(root, PAYLOADS, file));
	}
}

/** JSON counts as the same however it is laid out: the layout is the formatter's. */
function same(path: string, found: string, wanted: string): boolean {
	const content = (text: string) => (path.endsWith(".json") ? JSON.stringify(JSON.parse(text)) : text);
	return content(found) === content(wanted);
}

if (process.argv[1] === import.meta.filename) write(join(import.meta.dirname, ".."));
