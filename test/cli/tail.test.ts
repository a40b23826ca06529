import { describe, expect, it } from "@jest/globals";
import type { ShownReceipt } from "../../src/cli/bridge-client.ts";
import { tailCommand } from "../../src/cli/commands/tail.ts";
import type { Run } from "../../src/model.ts";

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
		expect(lines[0]).toContain("(likely; its title does not carry bridge.key)");
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
