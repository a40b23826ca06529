import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** Every page of the documentation, by its path from the root. */
export const PAGES: readonly string[] = [...markdownIn("."), ...markdownIn("docs"), "examples/ml-repo/README.md"];

/** A fenced block of a page. */
export interface Block {
	readonly page: string;
	readonly language: string;
	readonly text: string;
}

export function readText(path: string): string {
	return readFileSync(join(ROOT, path), "utf8");
}

/** What a page says outside of its blocks. */
export function proseOf(page: string): string {
	return readText(page).replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
}

/** The fenced blocks of a page, in their order; one that belongs to a list item is taken out of its indentation. */
export function blocksOf(page: string): readonly Block[] {
	const fences = readText(page).matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm);
	return [...fences].map(([, indent = "", language = "", text = ""]) => ({
		page,
		language,
		text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
	}));
}

/** What a reader types of a block: the lines behind "$ ", with what they go on with, where there are any; else all of it. */
export function commandsIn(text: string): string {
	const typed = text.match(/^\$ (?:.*\\\n)*.*/gm);
	return typed === null ? text : typed.map((line) => line.slice(2)).join("\n");
}

/**
 * The rows of the table whose first heading is this, as their cells.
 * @param after a text of the page; the first such table behind it counts
 */
export function tableOf(page: string, heading: string, after = ""): readonly (readonly string[])[] {
	const text = readText(page);
	if (!text.includes(after)) throw new Error(`${page} does not say "${after}"`);
	const lines = text.slice(text.indexOf(after)).split("\n");
	const at = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
	if (at < 0) throw new Error(`${page} has no table "${heading}"`);
	const rows = lines.slice(at + 2);
	return rows
		.slice(
			0,
			rows.findIndex((line) => !line.startsWith("|")),
		)
		.map(cellsOf);
}

/** What stands in backticks in a text. */
export function codesIn(text: string): readonly string[] {
	return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** The scripts of a workflow: what follows `run:` on its line, and the lines below that are indented further. */
export function scriptsOf(yaml: string): string[] {
	const lines = yaml.split("\n");
	return lines.flatMap((line, index) => {
		const [, indent = "", script = ""] = /^([ -]*)run:(.*)$/.exec(line) ?? [];
		if (!/^[ -]*run:/.test(line)) return [];
		const below = lines.slice(index + 1);
		const end = below.findIndex((next) => next.trim() !== "" && next.search(/\S/) <= indent.length);
		return [[script, ...below.slice(0, end < 0 ? below.length : end)].join("\n")];
	});
}

function cellsOf(line: string): string[] {
	return line
		.split(/(?<!\\)\|/)
		.slice(1, -1)
		.map((cell) => cell.trim());
}

function markdownIn(folder: string): string[] {
	return readdirSync(join(ROOT, folder))
		.filter((file) => file.endsWith(".md"))
		.map((file) => (folder === "." ? file : `${folder}/${file}`))
		.sort();
}
