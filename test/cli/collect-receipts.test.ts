import { describe, expect, it } from "@jest/globals";
import { collectReceipts, type ReceiptsAsked, type ShownReceipts } from "../../src/cli/bridge-client.ts";
import { CliError } from "../../src/cli/cli-error.ts";
import { runCli } from "../helpers/run-cli.ts";

const receipt = (key: string) => ({ key }) as unknown as ShownReceipts["receipts"][number];

/** A bridge that answers one after the other. */
function bridge(...answers: readonly ShownReceipts[]) {
	const asked: ReceiptsAsked[] = [];
	const receipts = async (given: ReceiptsAsked = {}) => {
		asked.push(given);
		return answers[asked.length - 1] ?? answers.at(-1) ?? { receipts: [], complete: true };
	};
	return { asked, receipts };
}

describe("receipts that one answer does not hold", () => {
	it("are asked for where it stopped, until there are enough", async () => {
		const pages = bridge(
			{ receipts: [receipt("1")], complete: false, continue: "a" },
			{ receipts: [], complete: false, continue: "b", problems: ["lane x"] },
			{ receipts: [receipt("2"), receipt("3")], complete: false, continue: "c", problems: ["lane x"] },
		);
		const found = await collectReceipts(pages, { state: "dead", limit: 3 });
		expect(found).toEqual({
			receipts: ["1", "2", "3"].map(receipt),
			complete: false,
			continue: "c",
			problems: ["lane x"],
		});
		expect(pages.asked).toEqual([
			{ state: "dead", limit: 3 },
			{ state: "dead", limit: 2, continue: "a" },
			{ state: "dead", limit: 2, continue: "b" },
		]);
	});

	it("are asked for until nothing is left", async () => {
		const pages = bridge(
			{ receipts: [], complete: false, continue: "a" },
			{ receipts: [receipt("1")], complete: true },
		);
		expect(await collectReceipts(pages, { limit: 9 })).toMatchObject({ receipts: [receipt("1")], complete: true });
	});

	it("are not asked for again and again where the answer goes on at the same place", async () => {
		const pages = bridge({ receipts: [], complete: false, continue: "same" });
		await collectReceipts(pages, { limit: 9 });
		expect(pages.asked).toHaveLength(2);
	});

	it("end after a hundred answers that hold none", async () => {
		let place = 0;
		const receipts = async () => ({ receipts: [], complete: false, continue: String(place++) });
		await collectReceipts({ receipts }, { limit: 9 });
		expect(place).toBe(100);
	});

	it("are shown although what is behind them cannot be read, which is told", async () => {
		const receipts = async (asked: ReceiptsAsked = {}): Promise<ShownReceipts> => {
			if (asked.continue !== undefined) throw new CliError("storage is down");
			return { receipts: [receipt("1")], complete: false, continue: "a", problems: ["lane x"] };
		};
		expect(await collectReceipts({ receipts }, { limit: 9 })).toEqual({
			receipts: [receipt("1")],
			complete: false,
			problems: ["lane x", "storage is down"],
		});
	});

	it("fail where not even the first answer comes", async () => {
		const receipts = () => Promise.reject(new CliError("storage is down"));
		await expect(collectReceipts({ receipts }, { limit: 9 })).rejects.toThrow("storage is down");
	});
});

describe("a lane that cannot be read", () => {
	const dead = (key: string) => ({
		key,
		state: "dead",
		event: {
			id: `event-${key}`,
			type: "Contoso.Done",
			source: "/c",
			subject: `/event-${key}`,
			time: "2026-03-14T08:15:30Z",
		},
		route: "default",
		to: { id: "contoso/fraud-model#a", repository: "contoso/fraud-model", dispatchType: "a" },
		acceptedAt: "2026-03-14T08:15:31.000Z",
		finishedAt: "2026-03-14T08:15:34.500Z",
		attempts: [],
		reason: "GitHub answered 422",
		window: null,
		runs: [],
	});
	const PROBLEM = 'the receipts of the lane "x" cannot be read: busy';

	/** Runs a command against a bridge that reads one lane of two: the other one alone is an error. */
	function run(args: readonly string[], receipts: readonly object[]) {
		const fetch = (async (url: string) =>
			new URL(url).searchParams.has("continue")
				? Response.json({ error: "busy" }, { status: 503 })
				: Response.json({ receipts, complete: false, continue: "x", problems: [PROBLEM] })) as never;
		return runCli(args, { fetch });
	}

	it.each([[["trace", "k1"]], [["dead-letters"]], [["dead-letters", "show", "k1"]], [["tail", "--for", "1"]]])(
		"hides nothing of another one: %j",
		async (args) => {
			const { code, out, err } = await run(args, [dead("k1")]);
			expect(`${out}${err}`).toContain("event-k1");
			expect(err).toContain(PROBLEM);
			expect(`${out}${err}`).not.toContain("--limit");
			expect(code).toBe(0);
		},
	);

	it.each([
		[["trace", "k1"], 1],
		[["dead-letters"], 0],
		[["dead-letters", "show", "k1"], 1],
	])("is no proof that there is nothing: %j", async (args, code) => {
		const run1 = await run(args, []);
		expect(run1.code).toBe(code);
		expect(run1.err).toContain(PROBLEM);
		expect(`${run1.out}${run1.err}`).not.toMatch(/never arrived|there are no dead letters|has no receipt/);
	});
});

describe("dead letters that one replay does not take", () => {
	const replayed = (key: string, outcome = "refused") => ({
		key,
		outcome,
		reason: outcome === "refused" ? "it is refused" : null,
	});

	/** Runs `replay --all` against these answers; answers what was asked. */
	async function replayAll(...answers: readonly object[]) {
		const asked: unknown[] = [];
		const fetch = (async (_: unknown, init?: RequestInit) => {
			asked.push(JSON.parse(String(init?.body)));
			return Response.json(answers[asked.length - 1] ?? answers.at(-1));
		}) as typeof globalThis.fetch;
		return { asked, run: await runCli(["replay", "--all", "--yes", "--json"], { fetch }) };
	}

	it("are taken by the next one, which goes on behind what stays refused", async () => {
		const { asked, run } = await replayAll(
			{ replayed: [replayed("1"), replayed("2")], more: true, continue: "a" },
			{ replayed: [], more: true, continue: "b" },
			{ replayed: [replayed("3", "accepted")], more: false },
		);
		expect(asked).toEqual([{ all: true }, { all: true, continue: "a" }, { all: true, continue: "b" }]);
		expect((run.json() as { replayed: { key: string }[] }).replayed.map(({ key }) => key)).toEqual(["1", "2", "3"]);
	});

	it("are asked for until nothing new comes, of a bridge that does not say how to go on", async () => {
		const { asked } = await replayAll(
			{ replayed: [replayed("1", "accepted")], more: true },
			{ replayed: [replayed("2")], more: true },
		);
		expect(asked).toHaveLength(3);
	});

	it("are not asked for again and again where the answer goes on at the same place", async () => {
		const { asked } = await replayAll({ replayed: [replayed("1")], more: true, continue: "same" });
		expect(asked).toHaveLength(2);
	});
});
