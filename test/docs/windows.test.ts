import { describe, expect, it } from "@jest/globals";
import { blocksOf, commandsIn, PAGES, readText, tableOf } from "./read-docs.ts";

const SHELLS = ["sh", "bash", "console"];
/** Forms of Bash that PowerShell does not take, with how the table of docs/windows.md names them. */
const FORMS: readonly (readonly [name: string, form: RegExp, row: string])[] = [
	["a variable before a command", /^[A-Za-z_]\w*=\S* +\S/m, "NAME=value command"],
	["export", /^export /m, "export NAME=value"],
	["the output of a command", /\$\(/, '"$(command)"'],
	["a line that goes on", /\\$/m, "command \\"],
	["a body in single quotes", /\s-d '/, "curl URL -d '{…}'"],
	["a header of curl", /curl.* -H /, "curl -H 'name: value' URL"],
	["another method of curl", /curl.* -X DELETE/, "curl -X DELETE URL"],
	["curl", /\bcurl\b/, "curl URL"],
	["two commands on a line", / && /, "one && two"],
];
const typed = PAGES.flatMap(blocksOf)
	.filter(({ language }) => SHELLS.includes(language))
	.map(({ page, text }) => ({ page, text: commandsIn(text) }));
const twins = PAGES.flatMap(blocksOf).filter(({ language }) => language === "powershell");

describe("the documentation for Windows", () => {
	it("is there for each form of Bash that a page uses", () => {
		const rows = tableOf("docs/windows.md", "In Bash").map(([bash = ""]) => bash);
		for (const [name, form, row] of FORMS) {
			const isUsed = typed.some(({ text }) => form.test(text));
			const isExplained = rows.some((bash) => bash.includes(`\`${row}\``));
			expect([name, isExplained]).toEqual([name, isUsed]);
		}
	});

	it("is on each page that uses one, as a block for PowerShell or as a link to where it is", () => {
		const using = typed.filter(({ text }) => FORMS.some(([, form]) => form.test(text)));
		const without = using.filter(
			({ page }) => !/windows\.md|In PowerShell/.test(readText(page)) && !twins.some((twin) => twin.page === page),
		);
		expect([...new Set(without.map(({ page }) => page))]).toEqual([]);
		expect(using.length).toBeGreaterThan(20);
	});

	it("sets each variable that stands before a command in a PowerShell block of the same page, or links to how", () => {
		for (const { page, text } of typed) {
			for (const [, name = ""] of text.matchAll(/^(?:export )?([A-Za-z_]\w*)=\S* *\S*/gm)) {
				const isSet = twins.some((twin) => twin.page === page && twin.text.includes(`$env:${name} = `));
				expect([page, name, isSet || /windows\.md|In PowerShell/.test(readText(page))]).toEqual([page, name, true]);
			}
		}
	});

	it("sends the same JSON from PowerShell as from Bash", () => {
		const bodies = (text: string, flag: string) =>
			[...text.matchAll(new RegExp(` ${flag} '([^']*)'`, "g"))].map(([, body = ""]) => body);
		const fromBash = typed.flatMap(({ text }) => bodies(text, "-d"));
		for (const body of twins.flatMap(({ text }) => bodies(text, "-Body"))) {
			expect(() => JSON.parse(body) as unknown).not.toThrow();
			expect(fromBash).toContain(body);
		}
	});

	it("writes no Bash into a PowerShell block", () => {
		for (const { page, text } of twins)
			expect([page, FORMS.filter(([name, form]) => name !== "the output of a command" && form.test(text))]).toEqual([
				page,
				[],
			]);
	});

	it("gives no JSON to the command line outside of a file", () => {
		const inline = typed.filter(({ text }) => /grid-dispatch .*'[{[]/.test(text));
		expect(inline).toEqual([]);
	});
});
