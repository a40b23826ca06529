import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { eventually } from "../../support/eventually.ts";
import { freePorts } from "../../support/free-ports.ts";
import { type RunningStart, startOn } from "../helpers/run-start.ts";
import { type Block, blocksOf, ROOT } from "./read-docs.ts";

const run = promisify(execFile);

/** A command of the documentation, and the answer that follows it on the page, if one does. */
interface Example {
	readonly command: string;
	readonly answer: Block | undefined;
}

/** What of the command line asks a bridge that runs. */
const ASKS = /^(?:curl|npx grid-dispatch (?:send|trace|doctor))\b/m;

/** The commands of a page that call the bridge or the stand-in, in their order. */
function examplesOf(page: string): Example[] {
	const blocks = blocksOf(page);
	return blocks.flatMap(({ language, text }, index) => {
		if (language !== "sh" || !ASKS.test(text)) return [];
		const next = blocks[index + 1];
		const answers = next?.language === "json" || next?.language === "text";
		return [{ command: text.trim(), answer: answers ? next : undefined }];
	});
}

const readme = examplesOf("README.md");
/** From the third event to what comes of the upload of many files, the bridge has the page's table of routes. */
const thirdAt = readme.findIndex(({ command }) => command.includes("send ") && command.includes("third-event"));
const ofTable = readme.slice(thirdAt, thirdAt + 4);
const tour = readme.toSpliced(thirdAt, 4);
const pages = ["docs/receipts.md", "docs/local.md"].map((page) => [page, examplesOf(page)] as const);
let host: RunningStart | undefined;
let port: number;

describe("the commands of the documentation", () => {
	beforeAll(async () => {
		port = await freePorts();
		host = await startOn(port);
	});
	afterAll(() => host?.stop());

	it("are found", () => {
		expect(tour.length).toBe(8);
		expect(thirdAt).toBe(7);
		expect(ofTable.map(({ command }) => /third-event|--count|_received/.exec(command)?.[0])).toEqual([
			"third-event",
			"third-event",
			"--count",
			"_received",
		]);
		expect(readme.every(({ answer }) => answer !== undefined)).toBe(true);
		expect(pages.map(([, examples]) => examples.length)).toEqual([3, expect.any(Number)]);
	});

	it.each(tour.map(({ command, answer }) => [firstLine(command), command, answer] as const))(
		"README: %s answers as shown",
		async (_, command, answer) => {
			const check = (output: string) => {
				if (answer?.language === "text") expect(steady(output.trim())).toBe(steady(answer.text.trim()));
				else expect(parsed(output)).toMatchObject(parsed(answer?.text ?? ""));
			};
			// What is only looked at may need a moment until it is there.
			if (/ -d | send /.test(command)) check(await execute(command));
			else await seen(command, check);
		},
	);

	it.each(
		pages.flatMap(([page, examples]) =>
			examples.map(({ command, answer }) => [page, firstLine(command), command, answer] as const),
		),
	)("%s: %s works", async (_page, _command, command, answer) => {
		const output = await execute(command.replace(/^curl /, "curl --fail-with-body "));
		expect(output).not.toContain('"error"');
		if (answer !== undefined) expect(parsed(output)).toMatchObject(parsed(answer.text));
	});
});

describe("many events, one run", () => {
	const blocks = blocksOf("README.md");
	const at = blocks.findIndex(({ text }) => text.includes('"coalesce"'));
	const [table, start, third, ignored, trace, traced, upload, answer, look, data] = blocks.slice(at);

	beforeAll(async () => {
		port = await freePorts();
		host = await startOn(port, { env: { BRIDGE_ROUTES: table?.text ?? "" } });
	});
	afterAll(() => host?.stop());

	it("README: the table is one that the check has nothing against", async () => {
		const folder = mkdtempSync(join(tmpdir(), "routes-"));
		try {
			const file = join(folder, "routes.json");
			writeFileSync(file, table?.text ?? "");
			const [check = ""] = start?.text.split("\n") ?? [];
			expect(await execute(check.replace("routes.json", file))).toContain("nothing to repair");
		} finally {
			rmSync(folder, { recursive: true });
		}
	});

	it("README: the third event is ignored, and its trace says why", async () => {
		expect(steady((await execute(third?.text ?? "")).trim())).toBe(steady(ignored?.text.trim() ?? ""));
		await seen(trace?.text ?? "", (output) => expect(steady(output.trim())).toBe(steady(traced?.text.trim() ?? "")));
	});

	it("README: what is uploaded to the container is one dispatch", async () => {
		expect(upload?.text.trim()).toBe(ofTable[2]?.command);
		expect(steady((await execute(upload?.text ?? "")).trim())).toBe(steady(answer?.text.trim() ?? ""));
		await seen(look?.text ?? "", (output) => {
			const received = parsed(output) as readonly { client_payload: { data: object } }[];
			expect(received).toHaveLength(1);
			expect(received[0]?.client_payload.data).toMatchObject(parsed(data?.text ?? ""));
		});
	});
});

/** An uncertain answer is settled after half a minute, and the run that comes of it is looked for once a minute. */
const LONGEST_MS = 110_000;

/** Looks again until what is answered is as expected. */
async function seen(command: string, check: (output: string) => void): Promise<void> {
	let wrong: unknown;
	const look = async () => {
		try {
			check(await execute(command));
			return true;
		} catch (error) {
			wrong = error;
			return undefined;
		}
	};
	await eventually(command, look, LONGEST_MS).catch((error: unknown) => {
		throw wrong ?? error;
	});
}

/** Runs a command as the page has it, on this test's ports. */
async function execute(command: string): Promise<string> {
	const GRID_DISPATCH_URL = `http://127.0.0.1:${port}`;
	const here = command.replaceAll(":7071/", `:${port}/`).replaceAll(":7072/", `:${port + 1}/`);
	const { stdout } = await run("bash", ["-c", here], {
		cwd: ROOT,
		env: { ...process.env, no_proxy: "127.0.0.1", GRID_DISPATCH_URL },
		timeout: 60_000,
	});
	return stdout;
}

/** Without what is another one with every run: when it was, and so its key; how long it took, where the storage is. */
function steady(text: string): string {
	const keys: string[] = [];
	const numbered = (key: string) => {
		if (!keys.includes(key)) keys.push(key);
		return `KEY ${keys.indexOf(key)}`;
	};
	return text
		.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "NOW")
		.replaceAll(/ +(?=happened|received|decided|attempted|answered|run )/g, " ")
		.replaceAll(/\b[\d.]+ (?=ms\b|s\b|a second)/g, "0 ")
		.replaceAll(/after 0 m?s/g, "after a while")
		.replaceAll(/request 57AD:\w+/g, "request ID")
		.replaceAll(/(?<=127\.0\.0\.1:)\d+(?!.*devstoreaccount1)/g, "PORT")
		.replaceAll(/(?<=actions\/runs\/)\d+/g, "RUN")
		.replaceAll(/"ms":\s*\d+/g, '"ms": 0')
		.replaceAll(/"requestId":\s*"[^"]*"/g, '"requestId": "ID"')
		.replaceAll(/http:\/\/127\.0\.0\.1:\d+\/devstoreaccount1\/([\w/-]+\/)[0-9a-f]{32}/g, "STORAGE/$1KEY")
		.replaceAll(/\b[0-9a-f]{32}\b/g, numbered)
		.replaceAll(/"bytes":\s*\d+/g, '"bytes": 0')
		.replaceAll(/"sha256":\s*"[0-9a-f]{64}"/g, '"sha256": "HASH"');
}

function parsed(text: string): object {
	return JSON.parse(steady(text)) as object;
}

function firstLine(command: string): string {
	return (command.split("\n")[0] ?? "").replace("http://127.0.0.1", "");
}
