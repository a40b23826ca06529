import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** Every page of the documentation, by its path from the root. */
export const PAGES: readonly string[] = [...markdownIn("."), ...markdownIn("docs")];

/** A fenced block of a page. */
export interface Block {
	readonly page: string;
	readonly language: string;
	readonly text: string;
}

export function readText(path: string): string {
	return readFileSync(join(ROOT, path), "utf8");
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

/** The rows of the table whose first heading is this, as their cells; the page has one such table. */
export function tableOf(page: string, heading: string): readonly (readonly string[])[] {
	const lines = readText(page).split("\n");
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
