import { describe, expect, it } from "@jest/globals";
import type { Command } from "commander";
import { createProgram } from "../../src/cli/main.ts";
import { readText } from "../docs/read-docs.ts";
import { runCli } from "../helpers/run-cli.ts";

const io = { stdout: { write: () => undefined }, stderr: { write: () => undefined }, env: {}, fetch, now: Date.now };
const PAGE = "docs/cli.md";

/** Every command, by the words that call it. */
function commandsBelow(
	command: Command,
	words: readonly string[] = [],
): readonly { words: readonly string[]; command: Command }[] {
	return command.commands.flatMap((below) => {
		const called = [...words, below.name()];
		return [{ words: called, command: below }, ...commandsBelow(below, called)];
	});
}

const commands = commandsBelow(createProgram(io));

/** The part of the page that is about a command: from its heading to the next one. */
function sectionOf(words: readonly string[]): string {
	const sections = readText(PAGE).split(/^## /m);
	return sections.find((section) => section.startsWith(`${words[0]}\n`)) ?? "";
}

describe("the help of grid-dispatch", () => {
	it("is printed without a command, which is a mistake, and with --help, which is none", async () => {
		const lost = await runCli([]);
		expect(lost).toMatchObject({ code: 2, out: "" });
		const helped = await runCli(["--help"]);
		expect(helped).toMatchObject({ code: 0, err: "" });
		for (const { words } of commands.filter((one) => one.words.length === 1)) {
			expect(helped.out).toContain(`\n  ${words[0]} `);
			expect(lost.err).toContain(`\n  ${words[0]} `);
		}
	});

	it.each(commands.map(({ words }) => [words.join(" "), words] as const))("shows examples of %s", async (_, words) => {
		const run = await runCli([...words, "--help"]);
		expect(run).toMatchObject({ code: 0, err: "" });
		const [, examples = ""] = run.out.split("Examples:\n");
		expect(examples).toContain(`grid-dispatch ${words[0]}`);
	});

	it("knows its version", async () => {
		const { version } = JSON.parse(readText("package.json")) as { version: string };
		expect(await runCli(["--version"])).toMatchObject({ code: 0, out: `${version}\n` });
	});

	it.each(commands.map(({ words }) => [words.join(" "), words] as const))(
		"tells an option that %s does not have, with code 2 and no stack",
		async (_, words) => {
			const run = await runCli([...words, "--no-such-option"]);
			expect(run).toMatchObject({ code: 2, out: "" });
			expect(run.err).toMatch(
				/^error: unknown option '--no-such-option'\n(?:.*\n)?\(--help lists the options, with examples\)\n$/,
			);
		},
	);

	it.each([
		[["help", "nope"], 'there is no command "nope". The commands are start, '],
		[["help", "trac"], "Did you mean trace?"],
		[["help", "routes", "chek"], "Did you mean routes check?"],
		[["routes", "help", "nope"], 'there is no command "routes nope"'],
		[["routes", "nope"], 'there is no command "routes nope"'],
		[["dead-letters", "discrad"], "Did you mean dead-letters discard?"],
	])("fails for a command that does not exist, with a suggestion: %j", async (args, words) => {
		const run = await runCli(args);
		expect(run).toMatchObject({ code: 2, out: "", err: expect.stringContaining(words) });
	});

	it.each([[["help", "routes", "check"]], [["routes", "help", "check"]]])(
		"is that of a command below a command: %j",
		async (args) => {
			expect(await runCli(args)).toEqual(
				expect.objectContaining({ code: 0, out: (await runCli(["routes", "check", "--help"])).out }),
			);
		},
	);

	it("suggests a command that was probably meant", async () => {
		expect(await runCli(["tial"])).toMatchObject({ code: 2, err: expect.stringContaining("Did you mean tail?") });
	});
});

describe("the conventions", () => {
	it("let every command that prints facts print JSON", () => {
		// These start, write a file, and print a script.
		const others = ["start", "init", "completion"];
		const facts = commands.filter(
			({ words, command }) => !others.includes(words[0] ?? "") && command.commands.length === 0,
		);
		for (const { words, command } of facts) {
			expect([words.join(" "), command.options.some(({ long }) => long === "--json")]).toEqual([words.join(" "), true]);
		}
		expect(facts.length).toBeGreaterThan(7);
	});
});

describe(PAGE, () => {
	it.each(commands.filter(({ words }) => words.length === 1).map(({ words }) => [words[0] ?? "", words] as const))(
		"has a section about %s",
		(_, words) => {
			expect(sectionOf(words)).not.toBe("");
		},
	);

	it.each(commands.map(({ words, command }) => [words.join(" "), words, command] as const))(
		"names every option of %s, and none that it does not have",
		(_, words, command) => {
			const section = sectionOf(words);
			for (const { long } of command.options.filter((option) => option.long !== "--help")) {
				expect(section).toMatch(new RegExp(`\`${long}[ \`=]`));
			}
			const known = commands
				.filter((one) => one.words[0] === words[0])
				.flatMap((one) => one.command.options.map(({ long }) => long));
			const named = [...section.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, long]) => long);
			expect(named.filter((long) => !known.includes(long))).toEqual([]);
		},
	);

	it("shows only commands that there are, with options that they have", () => {
		const shown = [...readText(PAGE).matchAll(/grid-dispatch ([a-z-]+)(.*)$/gm)];
		expect(shown.length).toBeGreaterThan(15);
		for (const [line, name, rest = ""] of shown) {
			const known = commands.filter(({ words }) => words[0] === name);
			expect([line, known.length > 0]).toEqual([line, true]);
			const longs = [...rest.matchAll(/(?<=\s)--[a-z-]+/g)].map(([long]) => long);
			const has = known.flatMap(({ command }) => command.options.map(({ long }) => long as string));
			expect([line, longs.filter((long) => !has.includes(long))]).toEqual([line, []]);
		}
	});
});
