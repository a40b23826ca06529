import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { runCli } from "../helpers/run-cli.ts";

const TABLE = { routes: [{ to: { repository: "contoso/fraud-model" } }] };
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "bad-input-"));
	writeFileSync(at("binary"), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff, 0xfe, 0x80]));
	writeFileSync(at("empty"), "");
	writeFileSync(at("blank"), " \n\t\n");
	writeFileSync(at("text"), "name: not JSON\n");
	writeFileSync(at("cut"), '{"routes": [');
	writeFileSync(at("locked"), "{}");
	chmodSync(at("locked"), 0);
	writeFileSync(at("good.json"), JSON.stringify(TABLE));
	const utf16 = Buffer.from(`\uFEFF${JSON.stringify(TABLE)}`, "utf16le");
	writeFileSync(at("powershell.json"), utf16);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How each command is given a file, and what its errors call the place. */
const TAKING: readonly (readonly [string, (file: string) => readonly string[], string])[] = [
	["routes check", (file) => ["routes", "check", file], ""],
	["routes explain", (file) => ["routes", "explain", file, "--routes", at("good.json")], ""],
	["routes explain --routes", (file) => ["routes", "explain", "--routes", file], "--routes"],
	["routes diff, before", (file) => ["routes", "diff", file, at("good.json")], ""],
	["routes diff, after", (file) => ["routes", "diff", at("good.json"), file], ""],
	[
		"routes diff --events",
		(file) => ["routes", "diff", at("good.json"), at("good.json"), "--events", file],
		"--events",
	],
	["send --file", (file) => ["send", "--file", file, "--print"], "--file"],
	["doctor --routes", (file) => ["doctor", "--routes", file, "--url", "http://127.0.0.1:9"], "--routes"],
	["start --routes", (file) => ["start", "--routes", file], "--routes"],
];
const isRoot = process.getuid?.() === 0;
const BAD: readonly (readonly [string, string])[] = [
	["no-such-file", "does not exist"],
	[".", "is a folder"],
	["binary", "is not a text file"],
	["empty", "is empty"],
	["blank", "is empty"],
	["text", "is not JSON"],
	["cut", "is not JSON"],
	// The superuser may read everything.
	...(isRoot ? [] : [["locked", "you need permission"] as const]),
];

function expectOneSentence(err: string): void {
	expect(err).not.toMatch(/^\s+at /m);
	expect(err.trimEnd().split("\n")).toHaveLength(1);
}

describe("a file that cannot be used", () => {
	it.each(TAKING.flatMap(([name, args, flag]) => BAD.map((bad) => [name, bad[0], bad[1], args, flag] as const)))(
		"is told by %s in one sentence: %s",
		async (_, file, words, args, flag) => {
			const run = await runCli(args(at(file)));
			expect(run.code).not.toBe(0);
			expect(run.err).toContain(words);
			expect(run.err).toContain(at(file));
			if (words !== "is not JSON") expect(run.err).toContain(flag);
			expectOneSentence(run.err);
		},
	);

	it("is named with BRIDGE_ROUTES where that names it", async () => {
		const run = await runCli(["routes", "check"], { env: { BRIDGE_ROUTES: at("no-such-file") } });
		expect(run).toMatchObject({
			code: 1,
			err: `BRIDGE_ROUTES: the file ${at("no-such-file")} does not exist; correct its path\n`,
		});
	});

	it("is none that Windows PowerShell has written with >, in UTF-16", async () => {
		expect(await runCli(["routes", "check", at("powershell.json")])).toMatchObject({ code: 0 });
	});
});

/** Every command that asks a bridge. */
const ASKING = [
	["trace", "first-event"],
	["tail", "--for", "1"],
	["tail", "--ignored", "--for", "1"],
	["dead-letters"],
	["dead-letters", "show", "599c"],
	["dead-letters", "discard", "599c", "--yes"],
	["replay", "599c"],
	["replay", "--all", "--yes"],
] as const;

describe("a bridge that is none", () => {
	const answering = (answer: () => Response | Promise<Response>) => ({
		fetch: (async () => answer()) as unknown as typeof fetch,
	});
	const refusing = answering(() =>
		Promise.reject(new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND nope.example") })),
	);
	const SERVERS = [
		["is not there", refusing, "nothing answers at https://nope.example (getaddrinfo ENOTFOUND nope.example)"],
		[
			"answers with a web page",
			answering(() => new Response("<!doctype html><html>", { status: 200 })),
			"the answer is a web page",
		],
		[
			"answers with other JSON",
			answering(() => Response.json({ hello: "world" })),
			"the answer is not one of grid-dispatch",
		],
		[
			"answers with receipts that are none",
			answering(() => Response.json({ receipts: [null], replayed: [7], discarded: ["x"], complete: true })),
			"the answer is not one of grid-dispatch",
		],
		[
			"answers with nothing",
			answering(() => new Response(null, { status: 204 })),
			"the answer is not one of grid-dispatch",
		],
		["fails", answering(() => new Response("oops", { status: 500 })), "answered 500"],
	] as const;

	it.each(
		ASKING.flatMap((args) =>
			SERVERS.map(([name, world, words]) => [args.join(" "), name, world, words, args] as const),
		),
	)("is told by %s in one sentence where it %s", async (_, __, world, words, args) => {
		const run = await runCli([...args, "--url", "https://nope.example"], world);
		expect(run).toMatchObject({ code: 1, out: "" });
		expect(run.err).toContain(words);
		expectOneSentence(run.err);
	});

	it.each(SERVERS)("is told by doctor where it %s, and no more is asked of it", async (_, world, _words) => {
		const run = await runCli(["doctor", "--url", "https://nope.example"], world);
		expect(run.code).toBe(1);
		expect(run.out).toMatch(/error +bridge/);
		expect(run.err).not.toMatch(/^\s+at /m);
	});

	it("is named by what the user wrote", async () => {
		const ofFlag = await runCli(["trace", "a", "--url", "ftp://nope.example"]);
		expect(ofFlag).toMatchObject({ code: 2, err: expect.stringMatching(/^--url: /) });
		const ofVariable = await runCli(["trace", "a"], { env: { GRID_DISPATCH_URL: "nope" } });
		expect(ofVariable).toMatchObject({ code: 2, err: expect.stringMatching(/^GRID_DISPATCH_URL: /) });
		const key = { ...answering(() => new Response(null, { status: 401 })), env: { GRID_DISPATCH_KEY: "0123456789" } };
		expect((await runCli(["trace", "a", "--url", "https://nope.example"], key)).err).toContain(
			"it refuses the key in GRID_DISPATCH_KEY: give the function key of",
		);
		const github = await runCli(["doctor", "--url", "https://nope.example"], {
			...refusing,
			env: { GITHUB_API_URL: "nope" },
		});
		expect(github).toMatchObject({ code: 2, err: expect.stringMatching(/^GITHUB_API_URL: /) });
	});
});
