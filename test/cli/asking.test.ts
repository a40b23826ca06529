import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { postJson } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { freePorts } from "../../support/free-ports.ts";
import { type KeyCheck, startKeyCheck } from "../helpers/key-check.ts";
import { type CliRun, runCli, runCliProcess } from "../helpers/run-cli.ts";
import { type RunningStart, startOn } from "../helpers/run-start.ts";

const KEY = "planted-function-key-0123456789";
const TOKEN = "ghp_plantedPlantedPlantedPlanted0123456789";

const ROUTES = {
	routes: [
		{
			name: "everything",
			filter: { includedEventTypes: ["Microsoft.Storage.BlobCreated"] },
			to: { repository: "contoso/fraud-model" },
		},
		{
			name: "runs",
			filter: { includedEventTypes: ["Microsoft.MachineLearningServices.RunCompleted"] },
			to: { repository: "contoso/refused" },
		},
		{
			name: "gather",
			filter: { includedEventTypes: ["Microsoft.Storage.DirectoryCreated"] },
			to: { repository: "contoso/gathered", dispatchType: "new-folders" },
			coalesce: { quietSeconds: 1, maxSeconds: 5 },
		},
		{
			name: "gather for long",
			filter: { includedEventTypes: ["Microsoft.Storage.DirectoryDeleted"] },
			to: { repository: "contoso/gathered", dispatchType: "gone-folders" },
			coalesce: { quietSeconds: 600, maxSeconds: 900 },
		},
	],
};

let port: number;
let host: RunningStart;
let keyCheck: KeyCheck;
let url: string;

/** In a world where a token and a key lie about. */
const ask = (args: readonly string[], env: Record<string, string> = {}) =>
	runCli([...args, "--url", url], { env: { GITHUB_TOKEN: TOKEN, GRID_DISPATCH_KEY: KEY, ...env } });

beforeAll(async () => {
	port = await freePorts();
	host = await startOn(port, { env: { BRIDGE_ROUTES: JSON.stringify(ROUTES), GITHUB_PACE: "50/s,2000/m,5000/h" } });
	url = `http://127.0.0.1:${port}`;
	keyCheck = await startKeyCheck(url, { "/api/receipts": KEY, "/api/receipts/replay": KEY, "/api/events": KEY });
});
afterAll(async () => {
	await keyCheck?.close();
	await host?.stop();
});

interface Receipts {
	readonly receipts: readonly {
		readonly key: string;
		readonly state: string;
		readonly event: { readonly id: string };
	}[];
}

async function sent(
	args: readonly string[],
): Promise<{ readonly id: string; readonly key: string; readonly outcome: string }> {
	const run = await ask(["send", ...args, "--json"]);
	const { events } = run.json() as { events: { id: string; key: string; outcome: string }[] };
	return events[0] as (typeof events)[0];
}

/** A run whose dispatch GitHub refuses for good. */
async function deadLetter(): Promise<{ readonly id: string; readonly key: string }> {
	await postJson(`http://127.0.0.1:${port + 1}/_script`, { status: 422, repository: "contoso/refused" });
	const event = await sent(["RunCompleted"]);
	await eventually("a dead letter", async () => {
		const { receipts } = (await ask(["dead-letters", "--json"])).json() as Receipts;
		return receipts.some(({ key }) => key === event.key) || undefined;
	});
	return event;
}

/** Its dispatch is behind it, so that a fault that is scripted next serves another one. */
async function delivered(key: string): Promise<void> {
	await eventually(
		"its dispatch",
		async () => (await ask(["trace", key])).out.includes("GitHub accepted it") || undefined,
	);
}

describe("send and trace", () => {
	it("deliver an event, and tell its trace to the run that it started", async () => {
		const event = await sent([
			"BlobCreated",
			"--set",
			"data.url=https://contosodata.blob.core.windows.net/training/a/b.csv",
			"subject=/blobServices/default/containers/training/blobs/a/b.csv",
		]);
		await delivered(event.key);
		for (const what of [
			event.id,
			event.key,
			"training/a/b.csv",
			"https://contosodata.blob.core.windows.net/training/a/b.csv",
		]) {
			const out = await eventually("its run", async () => {
				const run = await ask(["trace", what]);
				expect(run.code).toBe(0);
				expect(run.out).toMatch(/run +(?:looking|Listen to everything)/);
				return run.out.includes("succeeded") ? run.out : undefined;
			});
			expect(out).toContain(`${event.id}  dispatched  ${event.key}`);
			expect(out).toMatch(
				/happened +Microsoft\.Storage\.BlobCreated \/blobServices.*\n.*received +event .*\n.*decided +route "everything" sends it to contoso\/fraud-model, as storage-blobcreated\n.*attempted +GitHub answered 204 \(\d+ ms; request [\w:]+\)\n.*answered +dispatched, GitHub accepted it, after [\d.]+ m?s\n +run +Listen to everything succeeded: https:\/\/github\.com\/contoso\/fraud-model\/actions\/runs\/\d+\n$/,
			);
		}
	});

	it("tell of the window that an event waits in", async () => {
		const event = await sent(["DirectoryDeleted"]);
		expect(event.outcome).toBe("accepted");
		expect((await ask(["trace", event.id])).out).toContain("in a window that is still open");
	});

	it("tell of the window that an event went out with", async () => {
		const event = await sent(["DirectoryCreated"]);
		const trace = await eventually("the window", async () => {
			const { traces } = (await ask(["trace", event.id, "--json"])).json() as {
				traces: [{ state: string; steps: { kind: string; text: string }[]; runs: object[]; following: string }];
			};
			// The window is closed before its dispatch is attempted.
			return traces[0].following === "concluded" ? traces[0] : undefined;
		});
		expect(trace.state).toBe("coalesced");
		expect(trace.steps.map(({ kind }) => kind)).toEqual(
			expect.arrayContaining(["happened", "received", "decided", "waited", "attempted", "answered"]),
		);
		expect(trace.steps.find(({ kind }) => kind === "waited")?.text).toMatch(
			/^gathered with other events into the dispatch [0-9a-f]{32}, after [\d.]+ s$/,
		);
		expect(trace.runs).toMatchObject([{ conclusion: "success", workflow: "Listen to everything", certain: true }]);
		const key = / dispatch ([0-9a-f]{32})/.exec(trace.steps.find(({ kind }) => kind === "waited")?.text ?? "")?.[1];
		const once = await ask(["trace", String(key)]);
		expect(once.out).toContain("1 event, gathered into this dispatch");
		expect(once.out.match(/ run /g)).toHaveLength(1);
	});

	it("send the same event again with the same seed and time, which is a duplicate", async () => {
		const args = ["send", "BlobCreated", "--seed", "7", "--set", "time=2026-03-14T08:15:30Z"];
		const { events } = (await ask([...args, "--json"])).json() as { events: [{ key: string }] };
		await delivered(events[0].key);
		expect((await ask(args)).out).toMatch(/^duplicate /);
	});

	it("say where to look when there is no receipt", async () => {
		const run = await ask(["trace", "nobody-sent-this"]);
		expect(run).toMatchObject({ code: 1, out: "" });
		expect(run.err).toContain('no receipt for "nobody-sent-this"');
	});

	it("play both handshakes, which the bridge takes", async () => {
		expect((await ask(["send", "--handshake"])).out.match(/accepted/g)).toHaveLength(2);
		expect((await ask(["send", "--handshake", "--trigger"])).out.match(/accepted/g)).toHaveLength(2);
	});

	it("use the door of the trigger, which tells nothing but a status", async () => {
		const run = await ask(["send", "BlobCreated", "--trigger", "--schema", "cloudevents", "--json"]);
		expect(run.json()).toMatchObject({ sent: 1, failed: 0, outcomes: { "answered 202": 1 } });
	});
});

describe("dead-letters and replay", () => {
	it("list a dead letter, show it, and feed it back", async () => {
		const { id, key } = await deadLetter();
		expect((await ask(["dead-letters"])).out).toContain(`${key}  dead `);
		const shown = await ask(["dead-letters", "show", key]);
		expect(shown.out).toMatch(new RegExp(`state +dead\\n(?:.*\\n)*event +${id}\\n(?:.*\\n)*attempt +\\S+ 422, `));
		expect((await ask(["dead-letters", "show", key, "--json"])).json()).toMatchObject({ key, state: "dead" });
		const replayed = await ask(["replay", key, "--json"]);
		expect(replayed.code).toBe(0);
		expect(replayed.json()).toEqual({ replayed: [{ key, outcome: "accepted", reason: null }] });
		await delivered(key);
		expect((await ask(["dead-letters", "show", key])).err).toContain("is not a dead letter; its state is dispatched");
	});

	it("feed back those that a text is found in, and all after a question on a terminal", async () => {
		const first = await deadLetter();
		expect((await ask(["replay", "--find", first.id, "--state", "dead"])).out).toContain("1 replayed");
		await delivered(first.key);
		const second = await deadLetter();
		const questions: string[] = [];
		const answer = (yes: boolean) => async (question: string) => {
			questions.push(question);
			return yes;
		};
		const no = await runCli(["replay", "--all", "--url", url], { ask: answer(false) });
		expect(no).toMatchObject({ code: 1, out: "", err: "nothing was done\n" });
		const yes = await runCli(["replay", "--all", "--url", url], { ask: answer(true) });
		expect(yes.out).toContain("1 replayed");
		await delivered(second.key);
		expect(questions).toHaveLength(2);
		expect(questions[0]).toContain(`all dead letters of ${url} (`);
		expect((await runCli(["replay", "--all", "--yes", "--url", url], { ask: answer(false) })).code).toBe(0);
	});

	it("discard one, after which the bridge counts none, and its receipt says what it was", async () => {
		const { id, key } = await deadLetter();
		const shown = await ask(["dead-letters", "show", key]);
		expect(shown.out).toContain("a replay now would end the same way: ");
		expect(shown.out).toContain(`npx grid-dispatch dead-letters discard ${key} --url ${url}`);
		const run = await ask(["dead-letters", "discard", key, "--yes"]);
		expect(run).toMatchObject({ code: 0, out: `discarded  ${key}\n1 discarded\n` });
		const traced = await ask(["trace", id]);
		expect(traced.out).toContain(`${id}  discarded  ${key}`);
		expect(traced.out).toMatch(
			/answered +discarded, the bridge will not send it; it was a dead letter: GitHub answered 422/,
		);
		await eventually("health without a dead letter", async () => {
			const { deadLetters } = (await (await fetch(`${url}/api/health`)).json()) as { deadLetters: number };
			return deadLetters === 0 || undefined;
		});
		expect((await ask(["dead-letters"])).out).toBe("there are no dead letters\n");
	});

	it("show a malformed event as it arrived, and discard it", async () => {
		const event = { ...asCloudEvent(exampleOf("BlobCreated")), id: "malformed", data: { note: "as it arrived" } };
		expect((await postJson(`${url}/api/events`, event)).status).toBe(400);
		const { receipts } = (await ask(["dead-letters", "--json"])).json() as Receipts;
		const key = receipts.find((one) => one.event.id === "malformed")?.key ?? "";
		const shown = await ask(["dead-letters", "show", key]);
		expect(shown.out).toMatch(/^arrived +\{.*"data":\{"note":"as it arrived"\}/m);
		expect((await ask(["dead-letters", "discard", "--find", "malformed", "--yes"])).code).toBe(0);
	});

	it("fail where something stays a dead letter, and name the reason", async () => {
		const event = { ...asCloudEvent(exampleOf("BlobCreated")), id: "broken \u001b[2J", data: {} };
		const answered = await postJson(`${url}/api/events`, event);
		expect(answered.status).toBe(400);
		const run = await ask(["replay", "--all", "--yes", "--state", "rejected"]);
		expect(run).toMatchObject({ code: 1, err: "1 of 1 stay dead letters\n" });
		expect(run.out).toContain("data.url is missing");
		const listed = await ask(["dead-letters", "list"]);
		expect(listed.out).not.toContain("\u001b");
	});

	it("say what does not exist", async () => {
		expect(await ask(["replay", "no-such-key"])).toMatchObject({
			code: 1,
			err: expect.stringContaining("no receipt with the key"),
		});
		expect(await ask(["dead-letters", "show", "no-such-key"])).toMatchObject({
			code: 1,
			err: expect.stringContaining("no receipt with the key"),
		});
		expect((await ask(["replay", "--container", "no-such-container", "--prefix", "a"])).err).toContain(
			`404 for replay: the function app's storage account has no container "no-such-container"`,
		);
	});

	it.each([
		[["replay"], "give exactly one of"],
		[["replay", "key", "--all"], "give exactly one of"],
		[["replay", "key", "--prefix", "a"], "--container"],
		[["replay", "key", "--state", "dead"], "--find or --all"],
		[["replay", "--all", "--state", "dispatched"], "dead, rejected"],
	])("are told a wrong use with code 2: %j", async (args, words) => {
		expect(await ask(args)).toMatchObject({ code: 2, out: "", err: expect.stringContaining(words) });
	});
});

describe("tail", () => {
	it("shows the last receipts, then what happens, each change once, and ends in time", async () => {
		const before = await sent(["BlobCreated"]);
		await delivered(before.key);
		let looks = 0;
		let now = Date.now();
		const during: { id: string }[] = [];
		const { tailCommand } = await import("../../src/cli/commands/tail.ts");
		const out: string[] = [];
		const io = {
			stdout: { write: (text: string) => out.push(text) },
			stderr: { write: (text: string) => out.push(text) },
			env: {},
			fetch: globalThis.fetch,
			now: () => now,
		};
		const command = tailCommand(io, async (ms) => {
			looks += 1;
			now += ms;
			if (looks === 2) during.push(await sent(["BlobCreated"]));
		});
		await command.parseAsync(["--url", url, "--for", "4", "--lines", "1", "--json"], { from: "user" });
		expect(looks).toBe(4);
		const ids = out.map((line) => (JSON.parse(line) as { event: { id: string } }).event.id);
		// One that has to wait is shown again when it has arrived.
		expect([...new Set(ids)]).toEqual([before.id, during[0]?.id]);
	});

	it("shows a change of an event whose time is long past, since it asks for what has changed", async () => {
		const { tailCommand } = await import("../../src/cli/commands/tail.ts");
		const out: string[] = [];
		const write = (text: string) => out.push(text);
		const io = { stdout: { write }, stderr: { write }, env: {}, fetch: globalThis.fetch, now: Date.now };
		let old = "";
		const command = tailCommand(io, async () => {
			if (old === "") old = (await sent(["BlobCreated", "--set", "time=2020-01-01T00:00:00Z"])).id;
			else await delivered(old);
		});
		await command.parseAsync(["--url", url, "--for", "3", "--lines", "0", "--json"], { from: "user" });
		expect(out.map((line) => (JSON.parse(line) as { event: { id: string } }).event.id)).toContain(old);
	});

	it("narrows to a state and to a text", async () => {
		const { key } = await deadLetter();
		const args = ["--for", "1", "--lines", "500"];
		const dead = await ask(["tail", "--state", "dead", ...args]);
		expect(
			dead.out
				.split("\n")
				.filter((line) => line !== "")
				.every((line) => line.includes("  dead ")),
		).toBe(true);
		const found = await ask(["tail", "--find", key, ...args, "--json"]);
		expect(found.out.trim().split("\n")).toHaveLength(1);
		expect(JSON.parse(found.out)).toMatchObject({ key, state: "dead" });
		expect((await ask(["replay", key])).code).toBe(0);
	});

	it("ends well with Ctrl-C", async () => {
		const run = await runCli(["tail", "--url", url, "--lines", "0"], { signal: AbortSignal.abort() });
		expect(run).toMatchObject({ code: 0, out: "", err: "" });
	});
});

describe("a bridge that asks for keys", () => {
	const locked = (args: readonly string[], env: Record<string, string> = {}) =>
		runCli([...args, "--url", keyCheck.url], { env });

	it("gets the key as a header, of the environment or of the option", async () => {
		expect((await locked(["dead-letters", "--json"], { GRID_DISPATCH_KEY: KEY })).code).toBe(0);
		expect((await locked(["dead-letters", "--json", "--key", KEY])).code).toBe(0);
		expect((await locked(["send", "BlobCreated"], { GRID_DISPATCH_KEY: KEY })).code).toBe(0);
		expect(keyCheck.requests.every(({ url: asked }) => !asked.includes("code"))).toBe(true);
		const last = keyCheck.requests.at(-1);
		expect(last).toMatchObject({ url: "/api/events", key: KEY });
		// Somebody else may drain the lane just now.
		expect([200, 202]).toContain(last?.status);
	});

	it("is that of the environment where none is given", async () => {
		const env = { GRID_DISPATCH_URL: keyCheck.url, GRID_DISPATCH_KEY: KEY };
		for (const args of [["send", "BlobCreated"], ["dead-letters"], ["tail", "--for", "1"]]) {
			expect(await runCli(args, { env })).toMatchObject({ code: 0 });
		}
		const elsewhere = await runCli(["dead-letters", "--url", "http://127.0.0.1:9"], { env });
		expect(elsewhere.err).toContain("nothing answers at http://127.0.0.1:9");
	});

	it.each([
		["without a key", {}, 'give the function key of "receipts"'],
		[
			"with a wrong key",
			{ GRID_DISPATCH_KEY: "wrong-key-0123456789" },
			'it refuses the key in GRID_DISPATCH_KEY: give the function key of "receipts"',
		],
	])("is said to ask for it: %s", async (_, env, words) => {
		for (const args of [["tail", "--for", "1"], ["trace", "x"], ["dead-letters"]]) {
			const run = await locked(args, env);
			expect(run).toMatchObject({ code: 1, out: "", err: expect.stringContaining(words) });
			expect(run.err).not.toContain("wrong-key");
		}
	});
});

describe("the command line as a process", () => {
	const env = { GITHUB_TOKEN: TOKEN, GRID_DISPATCH_KEY: KEY };
	const clean = ({ out, err }: CliRun) => {
		for (const secret of [TOKEN, KEY, "planted-by-hand"]) expect(out + err).not.toContain(secret);
		expect(`${out}${err}`).not.toMatch(/^ {4}at /m);
	};

	it("sends, prints JSON that is JSON, and ends with 0", async () => {
		const run = await runCliProcess(["send", "BlobCreated", "--json", "--url", url], { env });
		expect(run).toMatchObject({ code: 0, err: "" });
		expect(run.json()).toMatchObject({ sent: 1, failed: 0, events: [{ route: "everything" }] });
		clean(run);
	});

	it("ends with 1 and one line where nothing answers", async () => {
		const run = await runCliProcess(["tail", "--url", "http://127.0.0.1:1", "--key", "planted-by-hand"], { env });
		expect(run).toMatchObject({ code: 1, out: "" });
		expect(run.err).toMatch(
			/^nothing answers at http:\/\/127\.0\.0\.1:1 \(.+\): start it with "npm start -- --port 1", or correct the address in --url\n$/,
		);
		clean(run);
	});

	it("ends with 2 for an option that it does not have, and suggests one", async () => {
		const run = await runCliProcess(["tail", "--stat", "planted-by-hand-no"], { env });
		expect(run).toMatchObject({ code: 2, out: "" });
		expect(run.err).toContain("unknown option '--stat'");
		expect(run.err).toContain("--state");
	});

	it("hides a key and a token wherever they are printed", async () => {
		const run = await runCliProcess(["trace", `${KEY} and ${TOKEN}`, "--url", url], { env });
		expect(run).toMatchObject({ code: 1, err: expect.stringContaining("[redacted] and [redacted]") });
		clean(run);
	});
});
