import { describe, expect, it } from "@jest/globals";
import type { ShownReceipt } from "../../src/cli/bridge-client.ts";
import { tailCommand } from "../../src/cli/commands/tail.ts";
import type { Run } from "../../src/model.ts";
import { runCli } from "../helpers/run-cli.ts";

const NOW = Date.parse("2026-03-14T09:00:00Z");
const RUN: Run = {
	id: "4711",
	url: "https://github.com/contoso/fraud-model/actions/runs/4711",
	workflow: "Train",
	status: "queued",
	conclusion: null,
	attempt: 1,
	certain: true,
};

function receipt(more: Partial<ShownReceipt> = {}): ShownReceipt {
	return {
		key: "599cb32fcc8017b54fa6dc8d01c6a673",
		state: "dispatched",
		event: {
			id: "e",
			type: "Microsoft.Storage.BlobCreated",
			source: "/contoso",
			subject: "/a",
			time: "2026-03-14T08:15:30Z",
		},
		route: "default",
		to: { id: "contoso/fraud-model#a", repository: "contoso/fraud-model", dispatchType: "a" },
		acceptedAt: "2026-03-14T08:15:31.000Z",
		finishedAt: "2026-03-14T08:15:34.500Z",
		attempts: [{ at: "2026-03-14T08:15:34.400Z", status: 204, ms: 5, requestId: "57AD:2", reason: null }],
		reason: null,
		window: null,
		page: null,
		followingReason: null,
		following: null,
		runs: [],
		...more,
	} as ShownReceipt;
}

/** What tail prints for a receipt that is so at each look, one after the other. */
async function tailed(looks: readonly (readonly ShownReceipt[])[], ...flags: string[]): Promise<readonly string[]> {
	const out: string[] = [];
	let [at, now] = [0, NOW];
	const answer = () => Response.json({ receipts: looks[Math.min(at++, looks.length - 1)], complete: true });
	const io = {
		stdout: { write: (text: string) => out.push(text) },
		stderr: { write: (text: string) => out.push(text) },
		env: {},
		fetch: (async () => answer()) as unknown as typeof fetch,
		now: () => now,
	};
	const command = tailCommand(io, async (ms) => {
		now += ms;
	});
	await command.parseAsync(["--for", String(looks.length - 1), ...flags], { from: "user" });
	return out.map((line) => line.trimEnd());
}

describe("tail, of a receipt whose run is followed", () => {
	const following = (word: string, runs: readonly Run[] = [], followingReason: string | null = null) => [
		receipt({ following: word as never, runs, followingReason }),
	];

	it("prints a line when the run is found, and when it concludes, and none in between", async () => {
		const lines = await tailed([
			following("looking"),
			following("looking"),
			following("running", [RUN]),
			following("running", [{ ...RUN, status: "in_progress" }]),
			following("concluded", [{ ...RUN, status: "completed", conclusion: "failure" }]),
			following("concluded", [{ ...RUN, status: "completed", conclusion: "failure" }]),
		]);
		expect(lines).toEqual([
			expect.stringMatching(/ {2}dispatched {2}Storage\.BlobCreated {2}\/a {2}→ contoso\/fraud-model a {2}5 ms$/),
			expect.stringMatching(/ {2}dispatched .* {2}Train queued: https:\/\/github\.com\/.*\/4711$/),
			expect.stringMatching(/ {2}dispatched .* {2}Train failed: https:\/\/github\.com\/.*\/4711$/),
		]);
		// At the time of the look, since the receipt does not tell one.
		const time = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
		expect(lines.map((line) => line.slice(0, 20))).toEqual([
			time(Date.parse("2026-03-14T08:15:34.500Z")),
			time(NOW + 2_000),
			time(NOW + 4_000),
		]);
	});

	it.each([
		["none", "no run within 60 minutes", /none: no run within 60 minutes$/],
		["cannot tell", "the token may not read runs", /cannot tell: the token may not read runs$/],
	])("prints a line when following ends with %s, and its reason", async (word, reason, line) => {
		const lines = await tailed([following("looking"), following(word, [], reason), following(word, [], reason)]);
		expect(lines).toEqual([expect.any(String), expect.stringMatching(line)]);
	});

	it("prints a line when a guess becomes certain, and when a run is run again", async () => {
		const done = { ...RUN, status: "completed", conclusion: "failure" };
		const lines = await tailed([
			following("running", [{ ...RUN, certain: false }]),
			following("concluded", [done]),
			following("running", [{ ...RUN, attempt: 2 }]),
		]);
		expect(lines).toHaveLength(3);
		expect(lines[0]).toContain("(likely; its title does not contain bridge.key)");
		expect(lines[2]).toContain("Train queued at attempt 2");
	});

	it("has nothing to add to a receipt of a bridge that follows no runs", async () => {
		const old = receipt({
			following: undefined,
			followingReason: undefined,
			page: undefined,
			runs: "https://github.com/a",
		});
		expect(await tailed([[old], [old]])).toEqual([expect.stringMatching(/ 5 ms$/)]);
		expect(await tailed([following("off"), following("off")])).toEqual([expect.stringMatching(/ 5 ms$/)]);
	});

	it("prints JSON with the members as they are", async () => {
		const [, line = ""] = await tailed([following("looking"), following("running", [RUN])], "--json");
		expect(JSON.parse(line)).toMatchObject({ following: "running", followingReason: null, runs: [RUN], page: null });
	});
});

describe("tail, of many receipts", () => {
	interface Page {
		readonly receipts: readonly ShownReceipt[];
		readonly complete: boolean;
		readonly continue?: string;
	}

	/** What tail prints against a bridge that answers each question with what `answer` says, and what it asked. */
	async function tailedBy(answer: (query: URLSearchParams, look: number) => Page, looks: number, ...flags: string[]) {
		const [out, asked]: [string[], URLSearchParams[]] = [[], []];
		let [now, look] = [NOW, 0];
		const io = {
			stdout: { write: (text: string) => out.push(text.trimEnd()) },
			stderr: { write: () => undefined },
			env: {},
			fetch: (async (url: string) => {
				const query = new URL(url).searchParams;
				asked.push(query);
				return Response.json(answer(query, look), { headers: { date: new Date(now).toUTCString() } });
			}) as unknown as typeof fetch,
			now: () => now,
		};
		const command = tailCommand(io, async (ms) => {
			now += ms;
			look += 1;
		});
		await command.parseAsync(["--for", String(looks), ...flags], { from: "user" });
		return { out, asked };
	}

	const at = (key: string, second: number, time = "2026-03-14T08:15:30Z") => {
		const finishedAt = new Date(NOW + second * 1000).toISOString();
		return receipt({ key, finishedAt, event: { ...receipt().event, id: key, subject: `/${key}`, time } });
	};
	const order = (out: readonly string[]) => out.map((line) => /\/(\w+) {2}→/.exec(line)?.[1]);

	it("is in the order of what happened, not of the events' times, and its times are UTC", async () => {
		const receipts = [
			at("c", 3, "2026-03-14T08:00:00Z"),
			at("a", 1, "2026-03-14T07:00:00Z"),
			at("b", 2, "2026-03-13T08:00:00Z"),
		];
		const { out } = await tailedBy(() => ({ receipts, complete: true }), 1);
		expect(order(out)).toEqual(["a", "b", "c"]);
		expect(out[0]).toMatch(/^2026-03-14T09:00:01Z {2}/);
	});

	it("shows the last lines by that order, and sorts what comes with one look", async () => {
		const first = [at("old", -60), at("late", -1), at("early", -30)];
		const more = [at("z", 9), at("y", 8)];
		const { out } = await tailedBy(
			(_, look) => ({ receipts: look === 0 ? first : more, complete: true }),
			1,
			"--lines",
			"2",
		);
		expect(order(out)).toEqual(["early", "late", "y", "z"]);
	});

	it("asks for what changed since, and so sees a change of an event that 500 newer ones hide", async () => {
		const newest = Array.from({ length: 500 }, (_, index) => at(`n${index}`, -100));
		const { out, asked } = await tailedBy(
			(query) => {
				if (query.get("changedSince") === null) return { receipts: newest, complete: false, continue: "more" };
				return { receipts: [at("hidden", 1, "2020-01-01T00:00:00Z")], complete: true };
			},
			2,
			"--lines",
			"0",
		);
		expect(order(out)).toEqual(["hidden"]);
		expect(Date.parse(asked[1]?.get("changedSince") ?? "")).toBeLessThan(NOW);
		expect(NOW - Date.parse(asked[1]?.get("changedSince") ?? "")).toBeLessThan(60_000);
	});

	it("shows each of a thousand changes between two looks", async () => {
		const many = Array.from({ length: 1_200 }, (_, index) => at(`n${index}`, 1));
		const { out } = await tailedBy((query, look) => {
			if (look === 0) return { receipts: [], complete: true };
			const from = Number(query.get("continue") ?? 0);
			const rest = from + 500 < many.length ? { complete: false, continue: String(from + 500) } : { complete: true };
			return { receipts: many.slice(from, from + 500), ...rest };
		}, 1);
		expect(new Set(order(out)).size).toBe(1_200);
	});

	it("shows what one look leaves over with the next looks, and then what came meanwhile", async () => {
		const many = Array.from({ length: 10_200 }, (_, index) => at(`n${index}`, 1));
		const { out, asked } = await tailedBy((query, look) => {
			if (look === 0) return { receipts: [], complete: true };
			const all = look < 3 ? many : [at("later", 3)];
			const from = Number(query.get("continue") ?? 0);
			const rest = from + 500 < all.length ? { complete: false, continue: String(from + 500) } : { complete: true };
			return { receipts: all.slice(from, from + 500), ...rest };
		}, 3);
		expect(new Set(order(out)).size).toBe(10_201);
		// What changed during a look that went on is asked for again.
		const since = (query: URLSearchParams | undefined) => Date.parse(query?.get("changedSince") ?? "");
		expect(since(asked.at(-1))).toBe(since(asked[1]) + 1_000);
	});

	it("says nothing of a number that the bridge does not tell", async () => {
		const { err } = await runCli(["tail", "--ignored", "--for", "1"], {
			fetch: (async () => Response.json({ status: "healthy", receipts: [], complete: true })) as never,
		});
		expect(err).toBe("");
	});

	it("shows ignored events alone with --ignored, each with its reason", async () => {
		const ignored = receipt({
			state: "ignored",
			to: null,
			route: null,
			attempts: [],
			reason: 'no route matches: route "a"',
		});
		const { out, asked } = await tailedBy(
			(query) => {
				if (query.size === 0)
					return { receipts: [], complete: true, status: "healthy", ignored: 1, missed: [] } as Page;
				return { receipts: [ignored], complete: true };
			},
			1,
			"--ignored",
		);
		expect(out).toEqual([expect.stringMatching(/ignored .* no route matches: route "a"$/)]);
		expect(asked.slice(1).every((query) => query.get("state") === "ignored")).toBe(true);
	});
});
