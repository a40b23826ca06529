import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { CliError } from "../../src/cli/cli-error.ts";
import { routesCommand } from "../../src/cli/commands/routes.ts";
import { asCloudEvent, exampleOf, inEventGridSchema } from "../../support/example-events.ts";

const MISSPELT = "Microsoft.MachineLearningServices.RunComplete";
const TO = { repository: "contoso/fraud-model" };
const RUN = exampleOf("RunCompleted");
const SOUND = { routes: [{ name: "runs", filter: { includedEventTypes: [RUN.type] }, to: TO }] };
const ODD = { routes: [{ name: "runs", filter: { includedEventTypes: [RUN.type, RUN.type] }, to: TO }] };
const WRONG = { routes: [{ name: "runs", filter: { includedEventTypes: [MISSPELT] }, to: TO }] };

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "routes-"));
	const write = (name: string, value: unknown) =>
		writeFileSync(file(name), typeof value === "string" ? value : JSON.stringify(value));
	write("sound.json", SOUND);
	write("odd.json", ODD);
	write("wrong.json", WRONG);
	write("refused.json", { routes: [{}] });
	write("gathered.json", {
		routes: [
			{ name: "a", to: { ...TO, token: "other" }, coalesce: { quietSeconds: 1, maxSeconds: 9 } },
			{ name: "b", to: TO },
		],
	});
	write("swapped.json", {
		routes: [
			{ name: "b", to: TO },
			{ name: "c", to: { repository: "a/b" } },
			{ ...SOUND.routes[0], name: "d" },
		],
	});
	write("broken.json", '{ "routes": [');
	write("event.json", asCloudEvent(RUN));
	write("events.json", [inEventGridSchema(RUN), asCloudEvent(exampleOf("BlobCreated"))]);
	write("events.jsonl", `${JSON.stringify(asCloudEvent(RUN))}\n${JSON.stringify(inEventGridSchema(RUN))}\n`);
	write("marked.json", `\uFEFF${JSON.stringify(SOUND)}`);
	write("marked-event.json", `\uFEFF${JSON.stringify(asCloudEvent(RUN))}`);
	write("marked-events.jsonl", `\uFEFF${JSON.stringify(asCloudEvent(RUN))}\n${JSON.stringify(asCloudEvent(RUN))}\n`);
	const payload = { cost: "data.cost", empty: { value: {} }, list: { value: ['a, {b}: "c"', []] } };
	write("mapped.json", { routes: [{ name: "mapped", to: { ...TO, payload } }] });
	write("digits.json", JSON.stringify(asCloudEvent(RUN)).replace('"data":{', '"data":{"cost":1.10,'));
	write("hostile.json", asCloudEvent({ ...RUN, subject: "a\u001b[2Jb\u202ec" }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
	readonly out: string;
	readonly message: string;
	readonly exitCode: number;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}, isTTY = false): Promise<Ran> {
	let out = "";
	const write = (text: string) => {
		out += text;
	};
	const io = { stdout: { write, isTTY }, stderr: { write }, env, fetch, now: Date.now };
	try {
		await routesCommand(io).parseAsync([...args], { from: "user" });
		return { out, message: "", exitCode: 0 };
	} catch (error) {
		if (!(error instanceof CliError)) throw error;
		return { out, message: error.message, exitCode: error.exitCode };
	}
}

describe("routes check", () => {
	it("says that there is nothing to repair", async () => {
		expect(await run(["check", file("sound.json")])).toEqual({
			out: `${file("sound.json")}: nothing to repair\n`,
			message: "",
			exitCode: 0,
		});
	});

	it("names what is wrong with place and repair, and fails", async () => {
		const ran = await run(["check", file("wrong.json")]);
		expect(ran.out).toMatch(
			/^error {4}"runs" {2}routes\[0\]\.filter\.includedEventTypes\[0\]\n {9}"Microsoft\.MachineLearningServices\.RunComplete" is not an event type.*\n {9}repair: write "Microsoft/,
		);
		expect(ran).toMatchObject({ exitCode: 1, message: `${file("wrong.json")}: 1 error` });
	});

	it("fails on a warning only where it is asked to be strict", async () => {
		expect(await run(["check", file("odd.json")])).toMatchObject({
			exitCode: 0,
			out: expect.stringContaining("1 warning"),
		});
		expect(await run(["check", file("odd.json"), "--strict"])).toMatchObject({ exitCode: 1 });
	});

	it("prints the findings for machines", async () => {
		const { out, exitCode } = await run(["check", file("wrong.json"), "--json"]);
		expect(JSON.parse(out)).toMatchObject({
			ok: false,
			findings: [{ verdict: "error", route: "runs", path: "routes[0].filter.includedEventTypes[0]" }],
		});
		expect(exitCode).toBe(1);
	});

	it("takes the table of BRIDGE_ROUTES, as JSON or as a path", async () => {
		expect((await run(["check"], { BRIDGE_ROUTES: JSON.stringify(SOUND) })).out).toBe(
			"BRIDGE_ROUTES: nothing to repair\n",
		);
		expect((await run(["check"], { BRIDGE_ROUTES: file("sound.json") })).out).toContain(
			"sound.json: nothing to repair",
		);
	});

	it.each([
		[["check"], "there is no file routes.json"],
		[["check", "no-such-file.json"], "the file no-such-file.json does not exist; correct its path"],
		[["check", "."], "the file . is a folder"],
	])("tells what it could not read: %j", async (args, message) => {
		expect(await run(args)).toMatchObject({ exitCode: 1, message: expect.stringContaining(message) });
	});

	it.each([
		["Windows line endings", (text: string) => Buffer.from(text.replaceAll("\n", "\r\n"))],
		["the UTF-16 of Windows PowerShell 5", (text: string) => Buffer.from(`\uFEFF${text}`, "utf16le")],
	])("reads a table and events with %s", async (_, written) => {
		writeFileSync(file("windows.json"), written(JSON.stringify(SOUND, null, "\n")));
		const line = JSON.stringify(asCloudEvent(RUN));
		writeFileSync(file("windows.jsonl"), written(`${line}\n${line}\n`));
		expect((await run(["check", file("windows.json")])).out).toContain("nothing to repair");
		const { out } = await run(["explain", file("windows.jsonl"), "--routes", file("windows.json")]);
		expect(out.match(/yes "runs"/g)).toHaveLength(2);
	});

	it("reads a table and events behind a byte-order mark, as some editors write them", async () => {
		expect((await run(["check", file("marked.json")])).out).toContain("nothing to repair");
		expect((await run(["check"], { BRIDGE_ROUTES: `\uFEFF${JSON.stringify(SOUND)}` })).out).toContain(
			"nothing to repair",
		);
		expect((await run(["diff", file("marked.json"), file("sound.json")])).exitCode).toBe(0);
		for (const events of ["marked-event.json", "marked-events.jsonl"]) {
			const { out } = await run(["explain", file(events), "--routes", file("marked.json")]);
			expect(out).toContain('yes "runs"');
		}
	});

	it("tells that a file is not JSON", async () => {
		expect(await run(["check", file("broken.json")])).toMatchObject({
			exitCode: 1,
			message: expect.stringContaining("broken.json is not JSON"),
		});
	});

	it("is coloured on a terminal, and never with NO_COLOR", async () => {
		expect((await run(["check", file("wrong.json")], {}, true)).out).toContain("\u001b[31merror");
		expect((await run(["check", file("wrong.json")], { NO_COLOR: "1" }, true)).out).not.toContain("\u001b");
	});
});

describe("routes explain", () => {
	const table = () => ["--routes", file("sound.json")];

	it("tells which route takes each event, and why the others do not", async () => {
		const { out, exitCode } = await run(["explain", file("events.json"), ...table()]);
		expect(out).toContain('yes "runs": to contoso/fraud-model as machinelearningservices-runcompleted');
		expect(out).toMatch(
			/no {2}"runs"\n {8}filter\.includedEventTypes: Microsoft\.Storage\.BlobCreated is not among its event types/,
		);
		expect(out).toContain("ignored: no route matches");
		expect(exitCode).toBe(0);
	});

	it.each([
		["event.json", 1],
		["events.json", 2],
		["events.jsonl", 2],
	])("reads %s as %i events", async (name, count) => {
		const { out } = await run(["explain", file(name), ...table(), "--json"]);
		expect((JSON.parse(out) as { events: unknown[] }).events).toHaveLength(count);
	});

	it("tells the window that an event joins, and the route that goes before", async () => {
		const { out } = await run(["explain", file("event.json"), "--routes", file("gathered.json")]);
		expect(out).toMatch(
			/yes "a": to contoso\/fraud-model as \S+ with the token other\n {8}gathered by route for 1 to 9 seconds, in the window of group [0-9a-f]{32}/,
		);
		expect(out).toContain(
			'yes "b": to contoso/fraud-model as machinelearningservices-runcompleted\n        "a" has the same destination: the event is dispatched once, by that route',
		);
	});

	it("shows the request, token by token as it would be sent", async () => {
		const { out } = await run(["explain", file("digits.json"), "--routes", file("mapped.json")]);
		expect(out).toContain(
			[
				"        POST https://api.github.com/repos/contoso/fraud-model/dispatches",
				"        {",
				'          "event_type": "machinelearningservices-runcompleted",',
				'          "client_payload": {',
				'            "cost": 1.10,',
				'            "empty": {},',
				'            "list": [',
				'              "a, {b}: \\"c\\"",',
				"              []",
				"            ],",
				'            "bridge": {',
			].join("\n"),
		);
		expect(out.split("\n").slice(-4)).toEqual(["            }", "          }", "        }", ""]);
	});

	it("shows for machines the body in one text", async () => {
		const { out } = await run(["explain", file("digits.json"), "--routes", file("mapped.json"), "--json"]);
		const { events } = JSON.parse(out) as { events: { routes: { request: { method: string; body: string } }[] }[] };
		const { method, body = "" } = events[0]?.routes[0]?.request ?? {};
		expect([method, body]).toEqual(["POST", expect.stringContaining('"cost":1.10,"empty":{}')]);
	});

	it("tells that an event is rejected", async () => {
		const { out } = await run(["explain", file("sound.json"), ...table()]);
		expect(out).toMatch(/^an event without an id\n {2}rejected: not an event/);
	});

	it("shows what an event says as text, whatever it would do to a terminal", async () => {
		const { out } = await run(["explain", file("hostile.json"), ...table()], {}, true);
		expect(out).toContain("a\\u{1b}[2Jb\\u{202e}c");
		expect(out).not.toContain("\u001b[2J");
	});

	it("refuses a table that the bridge would refuse, and says why", async () => {
		expect(await run(["explain", file("event.json"), "--routes", file("refused.json")])).toMatchObject({
			exitCode: 1,
			message: expect.stringContaining("must have required property 'to'"),
		});
	});
});

describe("routes diff", () => {
	it("tells what changes, and which events go elsewhere", async () => {
		const { out } = await run(["diff", file("sound.json"), file("wrong.json"), "--events", file("events.json")]);
		expect(out).toContain('~ "runs"');
		expect(out).toContain(
			'filter.includedEventTypes: ["Microsoft.MachineLearningServices.RunCompleted"] -> ["Microsoft.MachineLearningServices.RunComplete"]',
		);
		expect(out).toContain("1 of 2 events goes to another destination");
		expect(out).toMatch(/before: contoso\/fraud-model as machinelearningservices-runcompleted\n {4}after: {2}ignored/);
	});

	it("tells of added, removed and renamed routes, of tokens and of windows", async () => {
		const { out } = await run(["diff", file("gathered.json"), file("swapped.json"), "--events", file("events.jsonl")]);
		expect(out).toMatch(/^- "a"\n\+ "c"\n\+ "d"\n/);
		expect(out).toContain("2 of 2 events go to another destination");
		expect(out).toContain("(token other), gathered by route for 1 to 9 s");
		expect((await run(["diff", file("sound.json"), file("swapped.json")])).out).toContain('~ "runs" is now called "d"');
	});

	it("says so where nothing changes", async () => {
		expect((await run(["diff", file("sound.json"), file("sound.json")])).out).toBe("the routes are the same\n");
		expect(JSON.parse((await run(["diff", file("sound.json"), file("sound.json"), "--json"])).out)).toMatchObject({
			added: [],
			changed: [],
		});
	});
});
