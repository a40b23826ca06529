/**
 * What docs/deploy.md says of the template's parameters: their groups from `infra/main.bicep`, everything else from the
 * ARM template that is compiled from it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { code } from "./markdown.ts";

/** A parameter, or a key of an object that is one. */
interface Described {
	readonly type?: string;
	readonly $ref?: string;
	readonly defaultValue?: unknown;
	readonly allowedValues?: readonly unknown[];
	readonly nullable?: boolean;
	readonly metadata?: { readonly description?: string };
}

/** An ARM template, as far as the documentation tells of it. */
interface Template {
	readonly parameters: Readonly<Record<string, Described>>;
	readonly definitions: Readonly<Record<string, Described & { readonly properties?: Template["parameters"] }>>;
}

/** One table: its caption, and its rows as cells in Markdown. */
interface ParameterTable {
	readonly title: string;
	readonly rows: readonly (readonly string[])[];
}

/** The parameters of main.bicep under the headings that divide it: name, default, meaning. */
export function parameterTables(root: string): readonly ParameterTable[] {
	const template = templateIn(root);
	const sections = readFileSync(join(root, "infra/main.bicep"), "utf8")
		.split(/^\/\/ ── /m)
		.slice(1);
	return sections.flatMap((section) => {
		const [title = ""] = section.split(" ─");
		const names = [...section.matchAll(/^param (\w+)/gm)].map(([, name = ""]) => name);
		const rows = names.map((name) => {
			const parameter = template.parameters[name];
			if (parameter === undefined) throw new Error(`azuredeploy.json has no parameter ${name}: npm run infra`);
			const [, file] = new RegExp(`^param ${name} .*\\bloadJsonContent\\('(.+)'\\)`, "m").exec(section) ?? [];
			const standard = file === undefined ? defaultOf(parameter) : `[${file}](../infra/${file})`;
			return [code(name), standard, meaningOf(parameter, template)];
		});
		return rows.length === 0 ? [] : [{ title, rows }];
	});
}

/** The keys of one entry of `dataAccounts`: name, whether it must be there, meaning. */
export function dataAccountRows(root: string): ParameterTable["rows"] {
	const template = templateIn(root);
	return Object.entries(template.definitions["dataAccount"]?.properties ?? {}).map(([name, key]) => [
		code(name),
		key.nullable === true ? "no" : "yes",
		meaningOf(key, template),
	]);
}

function templateIn(root: string): Template {
	return JSON.parse(readFileSync(join(root, "infra/azuredeploy.json"), "utf8")) as Template;
}

function defaultOf({ defaultValue }: Described): string {
	const values = Array.isArray(defaultValue) ? defaultValue : [defaultValue];
	if (values.length === 0 || values[0] === "" || String(values[0]) === "[object Object]") return "none";
	// An expression as Bicep has it.
	return values.map((one) => code(String(one).replace(/^\[(?:parameters\('(\w+)'\)|(.+))\]$/, "$1$2"))).join(", ");
}

function meaningOf(described: Described, { definitions }: Template): string {
	const { $ref, type, metadata, allowedValues } = described;
	const allowed = allowedValues ?? definitions[$ref?.split("/").pop() ?? ""]?.allowedValues ?? [];
	const text = (metadata?.description ?? "").replace(/^(?:Optional|Conditional)\. /, "");
	const linked = text
		.replaceAll(/\bdocs\/([\w-]+\.md)\b/g, "[$1]($1)")
		.replaceAll(/https:\/\/[^\s;]*[\w/]/g, (address) => code(address))
		.replaceAll(/\bMicrosoft\.App\/environments\b/g, (name) => code(name));
	const values = allowed.length === 0 ? "" : ` One of ${allowed.map((value) => code(String(value))).join(", ")}.`;
	return `${linked}${values}${type === "securestring" ? " *Secret.*" : ""}`;
}
