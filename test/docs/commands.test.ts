import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { freePorts } from "../helpers/free-ports.ts";
import { type RunningStart, startOn } from "../helpers/run-start.ts";
import { type Block, blocksOf } from "./read-docs.ts";

const run = promisify(execFile);

/** A command of the documentation, and the answer that follows it on the page, if one does. */
interface Example {
	readonly command: string;
	readonly answer: Block | undefined;
}

/** The curl commands of a page in their order. */
function examplesOf(page: string): Example[] {
	const blocks = blocksOf(page);
	return blocks.flatMap(({ language, text }, index) => {
		if (language !== "sh" || !text.startsWith("curl ")) return [];
		const next = blocks[index + 1];
		const answers = next?.language === "json" || next?.language === "text";
		return [{ command: text.trim(), answer: answers ? next : undefined }];
	});
}

const readme = examplesOf("README.md");
const local = examplesOf("docs/local.md");
let host: RunningStart | undefined;
let port: number;

beforeAll(async () => {
	port = await freePorts();
	host = await startOn(port);
});
afterAll(() => host?.stop());

describe("the commands of the documentation", () => {
	it("are found", () => {
		expect(readme.length).toBe(4);
		expect(readme.every(({ answer }) => answer !== undefined)).toBe(true);
		expect(local.length).toBeGreaterThan(6);
	});

	it.each(readme.map(({ command, answer }) => [firstLine(command), command, answer] as const))(
		"README: %s answers as shown",
		async (_, command, answer) => {
			const output = await execute(command);
			if (answer?.language === "text") expect(output.trim()).toBe(answer.text.trim());
			else expect(JSON.parse(output)).toMatchObject(JSON.parse(answer?.text ?? "") as object);
		},
	);

	it("README: the last event is dispatched when it is sent again", async () => {
		const output = await execute(readme.at(-1)?.command ?? "");
		expect(output).toContain('"outcome":"dispatched"');
		expect(output.trim()).toMatch(/\n200$/);
	});

	it.each(local.map(({ command }) => [firstLine(command), command] as const))(
		"docs/local.md: %s works",
		async (_, command) => {
			const output = await execute(command.replace(/^curl /, "curl --fail-with-body "));
			expect(output).not.toContain('"error"');
		},
	);
});

/** Runs a command as the page has it, on this test's ports. */
async function execute(command: string): Promise<string> {
	const here = command.replaceAll(":7071/", `:${port}/`).replaceAll(":7072/", `:${port + 1}/`);
	const { stdout } = await run("bash", ["-c", here], {
		env: { ...process.env, no_proxy: "127.0.0.1" },
		timeout: 15_000,
	});
	return stdout;
}

function firstLine(command: string): string {
	return (command.split("\n")[0] ?? "").replace("http://127.0.0.1", "");
}
