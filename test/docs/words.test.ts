import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { PAGES, proseOf, ROOT, readText } from "./read-docs.ts";

/** Words that say less than the field's own, by what to write instead. */
const EXCLUDED: Readonly<Record<string, RegExp>> = {
	"delivery, says": /\bpromis(?:e|es|ed|ing)\b/,
	"blocks, delays, lease":
		/\bhold(?:s|ing)? (?:\w+ )?(?:up|back)\b|\bheld (?:up|back)\b|\bholders?\b|\b(?:a|the|its|no) hold\b/,
	"has the lane's lease": /\bh(?:olds?|olding|eld) (?:a|the|its|that|another) lane|\blanes? (?:is|are|was|were) held\b/,
	"result, disposition": /\bfates?\b/,
	"stored as a dead letter, recorded":
		/\bkept as (?:a )?dead letter|\b(?:cannot|can|could not) be kept\b|\bkeeps what (?:was|is) (?:rejected|no)\b/,
	"make a dead letter": /\bbur(?:y|ied|ies|ying)\b/,
	"handle, obey": /\bheed(?:s|ed|ing)?\b/,
	"breaker, check": /\bgates?\b/,
	"failure, problem": /\btroubles?\b/,
	"maintenance, retention": /\btid(?:y|ies|ied|ying)\b/,
	trace: /\bstor(?:y|ies)\b/,
	"no one, a drainer, the sender": /\b(?:whoever|somebody|nobody)\b/,
};
/** What is written so for another reason: JavaScript's own names, and rows that version 0.1.0 has written. */
const ALLOWED = [
	/\/promises"/g,
	/\bPromise\b/g,
	/\bconst promise\b|\breturn promise;|\bpromise(?=: Promise|\.then\()|, promise\)/g,
	/"(?:gates|troubles)"/g,
];
/** The longest sentence of a page, in words. */
const MOST_WORDS = 45;

interface Text {
	readonly place: string;
	readonly text: string;
}

/** The excluded words of some texts, each with its line and what to write. */
function findExcluded(texts: readonly Text[]): readonly string[] {
	return texts.flatMap(({ place, text: whole }) => {
		const text = ALLOWED.reduce(
			(rest, allowed) => rest.replaceAll(allowed, (found) => "_".repeat(found.length)),
			whole,
		);
		return Object.entries(EXCLUDED).flatMap(([better, pattern]) =>
			[...text.matchAll(new RegExp(pattern, "gi"))].map(({ 0: word, index }) => {
				const line = text.slice(0, index).split("\n").length;
				return `${place}:${line} says "${word}"; write: ${better}`;
			}),
		);
	});
}

/** The files below a folder whose names end so. */
function filesIn(folder: string, ending: RegExp): readonly Text[] {
	const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map(
		(file) => `${folder}/${file}`,
	);
	return files
		.filter((file) => ending.test(file) && !file.includes(".generated."))
		.map((file) => ({ place: file, text: readText(file) }));
}

/** The titles of the tests. */
function titles(): readonly Text[] {
	return filesIn("test", /\.test\.ts$/).map(({ place, text }) => {
		const found = text.matchAll(/(?:\b(?:it|describe)\(|\)\()\s*"([^"\n]*)"(?=,\s)/g);
		return { place: `${place} (titles)`, text: [...found].map(([, title]) => title).join("\n") };
	});
}

/** The pages; of the changelog what is not released, but for its table of old words and new. */
const pages: readonly Text[] = PAGES.map((page) => {
	const text = proseOf(page);
	if (page !== "CHANGELOG.md") return { place: page, text };
	return { place: page, text: (text.split(/^## (?!\[Unreleased\])/m)[0] ?? "").replaceAll(/^ +\|.*$/gm, "") };
});

describe("the words that say less than the field's own", () => {
	it("are found, in any form and case, with their line and a better one", () => {
		const text = "a\nWhoever promises\nholds it up and is kept as a dead letter, at the Gate";
		expect(findExcluded([{ place: "x.md", text }])).toEqual([
			'x.md:2 says "promises"; write: delivery, says',
			'x.md:3 says "holds it up"; write: blocks, delays, lease',
			'x.md:3 says "kept as a dead letter"; write: stored as a dead letter, recorded',
			'x.md:3 says "Gate"; write: breaker, check',
			'x.md:2 says "Whoever"; write: no one, a drainer, the sender',
		]);
		const code = 'keep-alive, a gateway; new Promise(); from "node:fs/promises"; the history; hold on';
		expect(findExcluded([{ place: "x.ts", text: code }])).toEqual([]);
	});

	it("stand in no page", () => {
		expect(findExcluded(pages)).toEqual([]);
	});

	it("stand in no comment, message, help text or name of the code", () => {
		const code = ["src", "scripts", "bench", "chaos", "support"].flatMap((folder) =>
			filesIn(folder, /\.(?:tsx?|mjs|json|html|css)$/),
		);
		expect(findExcluded(code)).toEqual([]);
	});

	it("stand in no description of the infrastructure", () => {
		expect(findExcluded(filesIn("infra", /\.(?:bicep|kql|json)$/))).toEqual([]);
	});

	it("stand in no title of a test", () => {
		expect(findExcluded(titles())).toEqual([]);
	});
});

describe("a sentence of the documentation", () => {
	it(`has ${MOST_WORDS} words at most`, () => {
		expect(
			pages.flatMap(({ place, text }) =>
				sentencesOf(text)
					.filter(isLong)
					.map((sentence) => `${place}: ${sentence}`),
			),
		).toEqual([]);
	});
});

/** The sentences of a page: of its paragraphs, the items of its lists, and the cells of its tables. */
function sentencesOf(page: string): readonly string[] {
	const plain = page.replaceAll(/`[^`\n]*`/g, "Code").replaceAll(/\]\([^)]*\)/g, "]");
	const blocks = plain.split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.|\||#))|(?<!\\)\|/);
	return blocks.flatMap((block) =>
		block
			.replaceAll(/\s+/g, " ")
			.trim()
			.split(/(?<=[.!?][")]?) (?=["([]?[A-Z0-9])/),
	);
}

function isLong(sentence: string): boolean {
	return sentence.split(" ").filter((word) => /\w/.test(word)).length > MOST_WORDS;
}
