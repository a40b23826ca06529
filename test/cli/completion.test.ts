import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { runCli } from "../helpers/run-cli.ts";

let folder: string;
const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "completion-"));
	for (const shell of SHELLS) writeFileSync(join(folder, shell), (await runCli(["completion", shell])).out);
	writeFileSync(join(folder, "event.json"), "{}");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A shell, with these arguments. */
const run = (program: string, args: readonly string[]) => execFileSync(program, args, { encoding: "utf8" });
const has = (program: string) => spawnSync(program, ["--version"]).error === undefined;

/** Each asks the real shell what may stand at the end of a line, whose last word is being typed. */
const ASK: Readonly<Record<string, (line: string) => readonly string[]>> = {
	bash(line) {
		const words = line.split(" ").map((word) => `'${word}'`);
		const script = `source ${join(folder, "bash")}; cd ${folder}; COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}; _grid_dispatch; printf '%s\\n' "\${COMPREPLY[@]}"`;
		return lines(run("bash", ["--norc", "-c", script]));
	},
	zsh(line) {
		const words = line.split(" ").map((word) => `'${word}'`);
		const last = words.at(-1) ?? "''";
		// What the completion system does with the candidates: it keeps those that begin like the word.
		const stubs = `compdef() { : }; keep() { local one; for one in "$@"; do [[ "$one" == ${last}* ]] && print -r -- "$one"; done; return 0 }
compadd() { shift; keep "$@" }
_describe() { local -a all; all=("\${(@P)2}"); keep "\${(@)all%%:*}" }
_files() { keep ${folder}/*(:t) }`;
		const script = `${stubs}\nsource ${join(folder, "zsh")}\nwords=(${words.join(" ")}); CURRENT=${words.length}; _grid_dispatch`;
		return lines(run("zsh", ["-f", "-c", script]));
	},
	fish(line) {
		const script = `source ${join(folder, "fish")}; cd ${folder}; complete -C '${line}'`;
		return lines(run("fish", ["--no-config", "-c", script])).map((one) => one.split("\t")[0] ?? "");
	},
	pwsh(line) {
		const script = `. ${join(folder, "powershell.ps1")}; Set-Location ${folder}; (TabExpansion2 -inputScript '${line}' -cursorColumn ${line.length}).CompletionMatches.CompletionText`;
		writeFileSync(join(folder, "powershell.ps1"), readFileSync(join(folder, "powershell")));
		return lines(run("pwsh", ["-NoProfile", "-Command", script]));
	},
};

function lines(text: string): readonly string[] {
	return text.split("\n").filter((line) => line !== "");
}

describe.each(Object.keys(ASK))("the completion in %s", (shell) => {
	// A shell that the machine does not have cannot be asked: then this is skipped.
	const ask = ASK[shell] ?? (() => []);
	(has(shell) ? it : it.skip).each([
		["grid-dispatch tr", ["trace"], ["tail", "--url"]],
		["grid-dispatch dead-letters dis", ["discard"], ["list"]],
		["grid-dispatch routes ", ["check", "explain", "diff", "help"], ["start"]],
		["grid-dispatch send --sch", ["--schema"], ["--set"]],
		["grid-dispatch send --schema ", ["eventgrid", "cloudevents"], ["--url"]],
		["grid-dispatch send Run", ["RunCompleted", "RunStatusChanged"], ["BlobCreated"]],
		["grid-dispatch send RunCompleted --url http://127.0.0.1:7071 --tr", ["--trigger"], ["--to"]],
		["grid-dispatch dead-letters --js", ["--json"], ["--yes"]],
		["grid-dispatch completion fi", ["fish"], ["bash"]],
		["grid-dispatch routes explain ev", ["event.json"], ["check"]],
		["grid-dispatch start --routes ev", ["event.json"], ["--port"]],
	])("offers at %j what may stand there", (line, offered, others) => {
		const found = ask(line);
		expect(found).toEqual(expect.arrayContaining(offered));
		for (const other of others) expect(found).not.toContain(other);
	});
});

describe("completion", () => {
	it.each(SHELLS)("names every command for %s, and quotes what it says of them", async (shell) => {
		const { out, code } = await runCli(["completion", shell]);
		expect(code).toBe(0);
		for (const name of ["start", "init", "dead-letters", "discard", "explain", "doctor"]) expect(out).toContain(name);
		const quotes = out.replaceAll("'\\''", "").replaceAll("\\'", "").replaceAll("''", "").match(/'/g) ?? [];
		expect(quotes.length % 2).toBe(0);
	});

	it("asks for a shell, and names those that there are", async () => {
		expect(await runCli(["completion"])).toMatchObject({ code: 2, out: "" });
		const wrong = await runCli(["completion", "tcsh"]);
		expect(wrong).toMatchObject({ code: 2, out: "" });
		expect(wrong.err).toContain("bash, zsh, fish, powershell");
	});
});
