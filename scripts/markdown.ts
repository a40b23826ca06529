/** The little Markdown that generated documentation is made of. */

/** Replaces what stands between `<!-- generated:name -->` and `<!-- /generated:name -->`. */
export function between(text: string, name: string, content: string): string {
	const [begin, end] = [`<!-- generated:${name} -->\n`, `<!-- /generated:${name} -->`];
	const [from, to] = [text.indexOf(begin), text.indexOf(end)];
	if (from < 0 || to < from) throw new Error(`there is no ${begin.trim()} … ${end} to fill`);
	return `${text.slice(0, from + begin.length)}${content}${text.slice(to)}`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cellText).join(" | ")} |\n`).join("");
}

export function code(text: string): string {
	return `\`${text}\``;
}

function cellText(cell: string): string {
	return cell.replaceAll("|", "\\|");
}
