import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { COLOUR_SEQUENCES } from "../../src/cli/print.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { type CliWorld, runCli } from "../helpers/run-cli.ts";

/** A link, the screen cleared, an overwritten line, a C1 control, a turned text, and a line of one's own. */
const HOSTILE = "a\u001b]8;;https://page.example\u0007b\u001b[2J\u001b[8mc\r\u009b1Ad\u202ee\u2028\nFORGED f";
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const EVENT = { id: HOSTILE, type: HOSTILE, source: HOSTILE, subject: HOSTILE, time: HOSTILE };

const receipt = (state: string) => ({
	key: HOSTILE,
	state,
	event: EVENT,
	route: HOSTILE,
	to: { repository: HOSTILE, dispatchType: HOSTILE },
	acceptedAt: HOSTILE,
	finishedAt: HOSTILE,
	attempts: [{ at: HOSTILE, status: HOSTILE, ms: HOSTILE, requestId: HOSTILE, reason: HOSTILE }],
	reason: HOSTILE,
	window: null,
	runs: HOSTILE,
});

const HEALTH = {
	status: HOSTILE,
	version: HOSTILE,
	problems: [{ setting: HOSTILE, problem: HOSTILE }],
	warnings: [HOSTILE],
	storage: { reachable: false, reason: HOSTILE },
	tokens: [{ lane: HOSTILE, present: false, reason: HOSTILE }],
	lanes: [{ lane: HOSTILE, state: HOSTILE, until: HOSTILE, reason: HOSTILE, parkedDestinations: 1 }],
	waiting: 1,
	oldest: HOSTILE,
	deadLetters: HOSTILE,
};

const RUNS = {
	workflow_runs: ["display_title", "path", "status", "conclusion", "created_at", "html_url"].map((name) => ({
		[name]: HOSTILE,
	})),
};

/** Answers everything as a server does that means no good. */
function answers(state: string): NonNullable<CliWorld["fetch"]> {
	return async (input) => {
		const path = new URL(String(input)).pathname;
		const bodies: Readonly<Record<string, unknown>> = {
			"/api/health": HEALTH,
			"/api/receipts": { receipts: [receipt(state)], complete: true },
			"/api/receipts/replay": { replayed: [{ key: HOSTILE, outcome: HOSTILE, reason: HOSTILE }], more: false },
			"/api/events": { events: [{ id: HOSTILE, outcome: HOSTILE, route: HOSTILE, key: HOSTILE, reason: HOSTILE }] },
		};
		return Response.json(bodies[path] ?? { message: HOSTILE, error: HOSTILE, ...RUNS });
	};
}

/** Refuses everything, with words of its own. */
const refuses: NonNullable<CliWorld["fetch"]> = async () =>
	Response.json({ error: HOSTILE, message: HOSTILE }, { status: 500 });
const breaks: NonNullable<CliWorld["fetch"]> = async () => {
	throw new TypeError("fetch failed", { cause: new Error(HOSTILE) });
};

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "hostile-"));
	const table = (name: string) => ({
		routes: [
			{
				name,
				filter: { subjectBeginsWith: HOSTILE },
				to: { repository: "contoso/a", dispatchType: HOSTILE.slice(0, 9) },
			},
			{ name: `${name}!`, to: { repository: HOSTILE }, [HOSTILE]: 1 },
		],
	});
	const sound = (name: string) => ({ routes: table(name).routes.slice(0, 1) });
	writeFileSync(file("wrong.json"), JSON.stringify(table(HOSTILE)));
	writeFileSync(file("old.json"), JSON.stringify(sound(HOSTILE)));
	writeFileSync(
		file("new.json"),
		JSON.stringify({ routes: [{ name: HOSTILE, to: { repository: "contoso/b" } }, ...sound("x").routes] }),
	);
	writeFileSync(
		file("event.json"),
		JSON.stringify([{ ...asCloudEvent(exampleOf("BlobCreated")), ...EVENT, time: "2026-03-14T08:15:30Z" }, HOSTILE]),
	);
	writeFileSync(file(`no ${HOSTILE.replaceAll("/", "")} JSON`), `{"a": ${HOSTILE}}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const COMMANDS: readonly (readonly string[])[] = [
	["tail", "--for", "1"],
	["trace", HOSTILE],
	["dead-letters"],
	["dead-letters", "show", HOSTILE],
	["replay", HOSTILE],
	["replay", "--all"],
	["send", "RunCompleted"],
	["send", HOSTILE],
	["send", "--file", "event.json"],
	["send", "RunCompleted", "--set", HOSTILE],
	["send", "--handshake"],
	["doctor", "--routes", "old.json"],
	["doctor", "--url", HOSTILE],
	["routes", "check", "wrong.json"],
	["routes", "check", HOSTILE],
	["routes", "check", `no ${HOSTILE.replaceAll("/", "")} JSON`],
	["routes", "explain", "event.json", "--routes", "old.json"],
	["routes", "explain", "event.json", "--routes", "wrong.json"],
	["routes", "diff", "old.json", "new.json", "--events", "event.json"],
];

/** Refused by the reader of arguments, which quotes them. */
const MISTAKES: readonly (readonly string[])[] = [["start", "--port", HOSTILE], ["start", `--${HOSTILE}`], [HOSTILE]];

const run = (args: readonly string[], world: CliWorld) => {
	let looks = 0;
	const names = ["wrong.json", "old.json", "new.json", "event.json"];
	const given = args.map((arg) => (names.includes(arg) || arg.endsWith(" JSON") ? file(arg) : arg));
	// A second passes with each look, so that tail comes to its end.
	const now = () => Date.parse("2026-03-14T08:15:30Z") + 2_000 * looks++;
	return runCli(given, {
		now,
		isTTY: true,
		ask: async () => true,
		env: { GITHUB_TOKEN: "t", EVENT: HOSTILE },
		...world,
	});
};

/** What a terminal is sent, without the colours, bars and cursor movements that are the program's own. */
const uncoloured = (text: string) =>
	["\r\u001b[K", ...COLOUR_SEQUENCES].reduce((left, sequence) => left.replaceAll(sequence, ""), text);

describe("whatever events, files and servers hold", () => {
	const worlds = [
		["answers", { fetch: answers("dispatched") }],
		["answers of what is dead", { fetch: answers("dead") }],
		["answers of a state of its own", { fetch: answers(HOSTILE) }],
		["refusals", { fetch: refuses }],
		["broken connections", { fetch: breaks }],
	] as const;

	it.each(COMMANDS.map((args) => [args.join(" ").replaceAll(HOSTILE, "HOSTILE"), args] as const))(
		"does nothing to the terminal and forges no line: %s",
		async (_, args) => {
			for (const [name, world] of worlds) {
				const { out, err } = await run(args, world);
				const text = uncoloured(out + err);
				expect(text.length).toBeGreaterThan(0);
				for (const line of text.split("\n")) {
					expect([name, line.replaceAll("\t", "").match(HIDDEN)]).toEqual([name, null]);
					// Not at the beginning of a line, where it would pass for one of ours.
					expect([name, line.trimStart().startsWith("FORGED")]).toEqual([name, false]);
				}
			}
		},
	);

	it.each(MISTAKES)("does nothing to the terminal where it is a mistake on the command line", async (...args) => {
		const { err } = await run(args, { fetch: refuses });
		expect(err).toContain("\\u{1b}");
		expect(uncoloured(err).replaceAll("\n", "")).not.toMatch(HIDDEN);
	});

	it.each([
		["tail", "--for", "1", "--json"],
		["trace", HOSTILE, "--json"],
		["dead-letters", "--json"],
		["dead-letters", "show", HOSTILE, "--json"],
		["replay", "--all", "--json"],
		["send", "RunCompleted", "--json"],
		["routes", "check", "wrong.json", "--json"],
		["routes", "explain", "event.json", "--routes", "old.json", "--json"],
		["routes", "diff", "old.json", "new.json", "--json"],
	])("is JSON that hides nothing and says it as it is: %s", async (...args) => {
		const { out } = await run(args, { fetch: answers("dead") });
		expect(out.replaceAll(/[\n\t]/g, "")).not.toMatch(HIDDEN);
		expect(JSON.stringify(JSON.parse(out))).toContain(JSON.stringify(HOSTILE).slice(1, -1));
	});

	it("is asked about as text, too", async () => {
		const asked: string[] = [];
		const ask = async (question: string) => asked.push(question) < 0;
		await run(["replay", "--all"], { fetch: answers("dead"), ask });
		await run(["start", "--github", "real"], { ask, env: { GITHUB_TOKEN: "t", GITHUB_REPOSITORY: HOSTILE } });
		expect(asked).toHaveLength(2);
		for (const question of asked) expect(question.replaceAll("\n", "")).not.toMatch(HIDDEN);
	});
});
