import { describe, expect, it } from "@jest/globals";
import { createBridgeClient, type ShownReceipt } from "../../src/cli/bridge-client.ts";
import { tailCommand } from "../../src/cli/commands/tail.ts";
import { runCli } from "../helpers/run-cli.ts";

const URL_GIVEN = "https://contoso-bridge.azurewebsites.net";
const KEY = "planted-function-key-0123456789";

interface Given {
	readonly status?: number;
	readonly body?: unknown;
	readonly text?: string;
	/** Nothing answers. */
	readonly gone?: boolean;
}

/** A network in which these answers are given, one after the other, the last one again and again. */
function network(...answers: readonly Given[]) {
	const asked: { url: string; init: RequestInit }[] = [];
	const fetch = async (url: string, init: RequestInit = {}) => {
		const { status = 200, body, text, gone } = answers[Math.min(asked.length, answers.length - 1)] ?? {};
		asked.push({ url, init });
		if (gone) throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
		return new Response(text ?? JSON.stringify(body), { status });
	};
	return { asked, fetch: fetch as unknown as typeof globalThis.fetch };
}

function clientOf(answer: Given, options: { url?: string; key?: string } = {}) {
	const { fetch, asked } = network(answer);
	return {
		asked,
		client: createBridgeClient({ url: options.url ?? URL_GIVEN, key: options.key, io: { fetch, now: Date.now } }),
	};
}

describe("the bridge's client", () => {
	it("asks for receipts with its key in a header, and follows no redirect", async () => {
		const { asked, client } = clientOf({ body: { receipts: [], complete: true } }, { key: KEY });
		expect(await client.receipts({ limit: 5, state: "dead", find: "a b&c" })).toEqual({ receipts: [], complete: true });
		expect(asked).toMatchObject([
			{
				url: `${URL_GIVEN}/api/receipts?limit=5&state=dead&find=a+b%26c`,
				init: { headers: { "x-functions-key": KEY }, redirect: "manual" },
			},
		]);
	});

	it("takes an unhealthy answer for an answer", async () => {
		const { client } = clientOf({ status: 503, body: { status: "unhealthy" } });
		expect(await client.health()).toEqual({ status: "unhealthy" });
	});

	it.each([
		[{ status: 401 }, undefined, 'it needs a key: give the function key of "receipts"'],
		[{ status: 401 }, KEY, 'it refuses the key in --key: give the function key of "receipts"'],
		[{ status: 403 }, KEY, 'it refuses the key in --key: give the function key of "receipts"'],
		[{ status: 404 }, undefined, "give the address of a grid-dispatch app, without a path"],
		[{ status: 302 }, undefined, "it redirects to another address"],
		[{ status: 502 }, undefined, "look at the app's log"],
		[{ status: 200, text: "<html>" }, undefined, "the answer is a web page, not an answer of grid-dispatch"],
		[{ status: 503, body: { error: "storage is down" } }, undefined, "answered 503 for receipts: storage is down"],
	])("names the repair: %j, key %s", async (answer, key, words) => {
		const { client } = clientOf(answer, key === undefined ? {} : { key });
		const error = await client.receipts().catch((reason: unknown) => reason);
		expect(error).toMatchObject({ name: "CliError", exitCode: 1, message: expect.stringContaining(words) });
		expect(String(error)).not.toContain(KEY);
	});

	it.each([
		["http://127.0.0.1:7071", 'start it with "npm start"'],
		[URL_GIVEN, "check the address in --url, and that the app runs"],
	])("says what to do where nothing answers at %s", async (url, words) => {
		const { client } = clientOf({ gone: true }, { url });
		await expect(client.health()).rejects.toThrow(`nothing answers at ${url} (connect ECONNREFUSED): ${words}`);
	});

	it.each([["tail", "--for", "1"], ["trace", "k"], ["doctor"]])(
		"asks a bridge whose address was given with a query: %s",
		async (...words) => {
			const { asked, fetch } = network({ status: 404 });
			const { err, out } = await runCli([...words, "--url", `${URL_GIVEN}/?clientId=x`], { fetch });
			expect(new Set(asked.map(({ url }) => new URL(url).pathname))).not.toContain("/");
			expect(new URL(asked[0]?.url ?? "").search).not.toContain("/api");
			expect(`${out}${err}`).not.toContain("?");
		},
	);

	it("takes an address with a slash at its end, or with a path", () => {
		expect(clientOf({}, { url: `${URL_GIVEN}/` }).client.url).toBe(URL_GIVEN);
		expect(clientOf({}, { url: `${URL_GIVEN}/bridge/` }).client.url).toBe(`${URL_GIVEN}/bridge`);
	});
});

const RECEIPT = {
	key: "k",
	state: "accepted",
	event: { id: "e", type: "Microsoft.Storage.BlobCreated", source: "/c", subject: "", time: "2026-03-14T08:20:00Z" },
	route: "default",
	to: { repository: "contoso/fraud-model", dispatchType: "new-data" },
	acceptedAt: "2026-03-14T08:20:00.871Z",
	finishedAt: null,
	attempts: [],
	reason: null,
	window: null,
} as unknown as ShownReceipt;

const attempt = { at: "2026-03-14T08:20:01Z", status: 500, ms: 6, requestId: null, reason: "trouble" };

describe("what tail prints", () => {
	async function tailed(answers: readonly Given[], more: readonly string[] = []) {
		const [out, err]: [string[], string[]] = [[], []];
		let now = 0;
		const command = tailCommand(
			{
				stdout: { write: (text: string) => out.push(text) },
				stderr: { write: (text: string) => err.push(text) },
				env: {},
				fetch: network(...answers).fetch,
				now: () => now,
			},
			async (ms) => {
				now += ms;
			},
		);
		await command.parseAsync(["--for", String(answers.length - 1 || 1), ...more], { from: "user" });
		return { out, err };
	}
	const found = (more: object) => ({ body: { receipts: [{ ...RECEIPT, ...more }], complete: true } });

	it("is a line for each change, and none where only the time in a reason is another one", async () => {
		const { out } = await tailed([
			found({}),
			found({}),
			found({ state: "paused", reason: "trouble; until 2026-03-14T08:20:02.112Z", attempts: [attempt] }),
			found({ state: "paused", reason: "trouble; until 2026-03-14T08:20:03.112Z", attempts: [attempt] }),
			found({ state: "dispatched", attempts: [attempt, { ...attempt, status: 204, ms: 5 }] }),
		]);
		expect(out.map((line) => line.replace(/^[\d-]+T[\d:]+Z {2}/, ""))).toEqual([
			"accepted    Storage.BlobCreated  e  → contoso/fraud-model new-data\n",
			"paused      Storage.BlobCreated  e  → contoso/fraud-model new-data  trouble; until 2026-03-14T08:20:02.112Z\n",
			"dispatched  Storage.BlobCreated  e  → contoso/fraud-model new-data  5 ms, attempt 2\n",
		]);
	});

	it("shows where an event went with others", async () => {
		const { out } = await tailed([found({ state: "coalesced", window: "the-window", to: null })]);
		expect(out.join()).toContain("coalesced   Storage.BlobCreated  e  in window the-window");
	});

	it("goes on where the bridge is away for a while, and says so once", async () => {
		const { out, err } = await tailed([found({}), { gone: true }, { gone: true }, found({ state: "dispatched" })]);
		expect(out).toHaveLength(2);
		expect(err).toEqual([
			expect.stringMatching(/^nothing answers at .*; tail tries again\n$/),
			"the bridge answers again\n",
		]);
	});

	it("is nothing of what was there with --lines 0", async () => {
		expect((await tailed([found({}), found({})], ["--lines", "0"])).out).toEqual([]);
	});
});

describe("what dead-letters prints", () => {
	const printed = async (args: readonly string[], ...receipts: object[]) => {
		const { fetch } = network({ body: { receipts, complete: true } });
		return runCli(["dead-letters", ...args, "--url", URL_GIVEN], { fetch });
	};

	it("is that there are none, where there are none", async () => {
		expect(await printed([])).toMatchObject({ code: 0, out: "there are no dead letters\n" });
	});

	it("is everything that is known of one, and what is not", async () => {
		const unsound = {
			...RECEIPT,
			key: "k",
			state: "rejected",
			to: null,
			route: null,
			reason: null,
			finishedAt: null,
			attempts: [{ ...attempt, status: null, reason: null }],
		};
		const { out } = await printed(["show", "k"], unsound);
		for (const line of [
			/^reason +no reason was stored$/m,
			/^route +none$/m,
			/^to +nowhere$/m,
			/^finished +not yet$/m,
			/^attempt +\S+ no answer$/m,
		]) {
			expect(out).toMatch(line);
		}
		const dead = { ...unsound, state: "dead", attempts: [{ ...attempt, status: 422, reason: "refused" }] };
		expect((await printed(["show", "k"], dead)).out).toMatch(/^attempt +\S+ 422, refused$/m);
	});
});

describe("what trace prints of runs", () => {
	it("is that they are not followed, where the bridge does not tell; and no other run is looked for", async () => {
		const dispatched = {
			...RECEIPT,
			state: "dispatched",
			finishedAt: "2026-03-14T08:20:01Z",
			attempts: [{ ...attempt, status: 204, reason: null }],
		};
		const { fetch, asked } = network({ body: { receipts: [dispatched], complete: true } });
		const { out, code } = await runCli(["trace", "e", "--url", URL_GIVEN], { fetch });
		expect(code).toBe(0);
		expect(out).toContain("not followed: the bridge followed no runs when it delivered this");
		expect(asked).toHaveLength(1);
	});
});

describe("a receipt of another version", () => {
	const sound = {
		key: "k2",
		state: "dead",
		event: { id: "the-other", type: "A.B", subject: "/the-other", source: "/s", time: "" },
	};
	const bare = { key: "k1", state: "dead", event: {}, attempts: [] };

	it.each<[string, object]>([
		["without most members", {}],
		["without an event's texts", { event: { id: 7, type: null } }],
		["with attempts that are none", { attempts: [null, "x", {}, { at: 5, status: "x", ms: "y" }] }],
		[
			"with runs that are none",
			{ state: "dispatched", following: "running", runs: [null, {}, { id: 5, status: null }] },
		],
		["with a destination that is none", { to: "contoso/fraud-model" }],
		[
			"with members of other types",
			{ reason: 7, window: 8, route: {}, finishedAt: 9, acceptedAt: null, replay: "no", page: 1 },
		],
	])("is shown as far as it is known, and hides no other one: %s", async (_, more) => {
		const receipts = [
			{ ...bare, ...more },
			{ ...sound, attempts: [] },
		];
		const fetch = (async () => Response.json({ receipts, complete: true })) as unknown as typeof globalThis.fetch;
		for (const words of [["trace", "k2"], ["tail", "--for", "1"], ["dead-letters"], ["dead-letters", "--json"]]) {
			const { code, out, err } = await runCli(words, { fetch });
			expect({ words, code, err }).toEqual({ words, code: 0, err: "" });
			expect(out).toContain("the-other");
			expect(out).not.toMatch(/undefined|\[object|NaN/);
		}
	});
});
