import { describe, expect, it } from "@jest/globals";
import { createRunLists } from "../../src/deliver/find-run.ts";
import type { RunsAnswer, SeenRun } from "../../src/destinations/destination.ts";
import { repositoryDispatch } from "../../support/destinations.ts";

const SECOND = 1_000;
const START = Date.parse("2026-05-26T12:00:00Z");
const TO = repositoryDispatch("contoso/fraud-model", "contoso-test");

/** A run that was created so many seconds before the start. */
function run(ago: number): SeenRun {
	const facts = { url: null, workflow: null, status: "queued", conclusion: null, attempt: 1, title: "t" };
	return { id: String(10_000 - ago), ...facts, createdAt: START - ago * SECOND };
}

/** A service that has started a run each second, for so many seconds. */
function service(count: number, answers: Readonly<Record<number, RunsAnswer | Error>> = {}) {
	const all = Array.from({ length: count }, (_, index) => run(index));
	const pages: number[] = [];
	const clock = { now: START, takesMs: 0 };
	const lists = createRunLists({
		now: () => clock.now,
		destinations: {
			async listRuns(_, __, ___, page = 1) {
				pages.push(page);
				clock.now += clock.takesMs;
				const scripted = answers[page];
				if (scripted instanceof Error) throw scripted;
				const runs = all.slice((page - 1) * 100, page * 100);
				return scripted ?? { kind: "runs", runs, complete: page * 100 >= count, serverTime: clock.now };
			},
		},
	});
	return { lists, pages, clock };
}

const ago = (seconds: number) => START - seconds * SECOND;

describe("the list of runs", () => {
	it.each<[string, number, number, number, number, boolean]>([
		["is one page where it goes back far enough", 1_000, 98, 1, 100, true],
		[
			"has another page where the last run is of the very time: one of the same second may follow",
			1_000,
			99,
			2,
			200,
			true,
		],
		["is one page where there are no more", 30, 500, 1, 30, true],
		["has as many pages as it takes to go back", 1_000, 250, 3, 300, true],
		["ends with the last page that there is", 250, 5_000, 3, 250, true],
		["has ten pages at most, and then does not go back far enough", 5_000, 4_000, 10, 1_000, false],
	])("%s", async (_, count, back, pages, runs, complete) => {
		const { lists, pages: asked } = service(count);
		const { answer, from } = await lists.read(TO, ago(back));
		expect(asked).toEqual(Array.from({ length: pages }, (_, index) => index + 1));
		expect(answer).toMatchObject({ kind: "runs", complete });
		expect(answer.kind === "runs" && answer.runs.length).toBe(runs);
		expect(from).toBe(ago(back));
	});

	it("takes no longer than two calls", async () => {
		const { lists, pages, clock } = service(1_000);
		clock.takesMs = 10 * SECOND;
		expect((await lists.read(TO, ago(900))).answer).toMatchObject({ kind: "runs", complete: false });
		expect(pages).toEqual([1, 2]);
	});

	it("is not complete where fewer are listed than there are", async () => {
		const page: RunsAnswer = { kind: "runs", runs: [run(0), run(500)], complete: false, serverTime: START };
		const { lists, pages } = service(1_000, { 1: page });
		expect((await lists.read(TO, ago(300))).answer).toMatchObject({ complete: false });
		expect(pages).toEqual([1]);
	});

	it.each([1, 2, 3])(
		"is read to its end where a run of page %i could not be read, and is not complete",
		async (bad) => {
			const runs = Array.from({ length: 99 }, (_, index) => run((bad - 1) * 100 + index));
			const page: RunsAnswer = { kind: "runs", runs, complete: false, unreadable: 1, serverTime: START };
			const { lists, pages } = service(1_000, { [bad]: page });
			const { answer } = await lists.read(TO, ago(250));
			expect(pages).toEqual([1, 2, 3]);
			expect(answer).toMatchObject({ complete: false, unreadable: 1, runs: { length: 299 } });
		},
	);

	it("has a run once that moves to the next page while they are read", async () => {
		const shifted: RunsAnswer = { kind: "runs", runs: [run(99), run(100)], complete: true, serverTime: START };
		const { lists } = service(1_000, { 2: shifted });
		const { answer } = await lists.read(TO, ago(150));
		expect(answer.kind === "runs" && answer.runs.length).toBe(101);
	});

	it.each<[string, RunsAnswer | Error, string]>([
		["what a later page says that cannot be read", { kind: "unavailable", reason: "502" }, "502"],
		["that the bridge failed, where it did", new TypeError("x is not a function"), "x is not a function"],
	])("says %s", async (_, second, reason) => {
		const { lists } = service(1_000, { 2: second });
		const { answer } = await lists.read(TO, ago(150));
		expect(answer).toMatchObject({ kind: "unavailable", reason: expect.stringContaining(reason) });
	});

	it("is asked for once in half a minute for a repository and token, whatever the dispatch type is", async () => {
		const { lists, pages, clock } = service(10);
		const other = repositoryDispatch("contoso/fraud-model", "another-type");
		const [one, two] = await Promise.all([lists.read(TO, ago(5)), lists.read(other, ago(5))]);
		expect(two).toBe(one);
		clock.now += 29 * SECOND;
		await lists.read(TO, ago(5));
		expect(pages).toHaveLength(1);
		clock.now += SECOND;
		await lists.read(TO, ago(5));
		await lists.read(repositoryDispatch("contoso/fraud-model", "contoso-test", "another-token"), ago(5));
		await lists.read(repositoryDispatch("contoso/fraud-model", "contoso-test", "a-third-token"), ago(5));
		await lists.read(repositoryDispatch("contoso/churn-model", "contoso-test"), ago(5));
		expect(pages).toHaveLength(5);
	});

	it("does not last where the clock is set back", async () => {
		const { lists, pages, clock } = service(10);
		await lists.read(TO, ago(5));
		clock.now -= 3_600 * SECOND;
		await lists.read(TO, ago(5));
		expect(pages).toHaveLength(2);
	});
});
