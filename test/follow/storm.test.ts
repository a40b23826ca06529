import { randomUUID } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { type Bridge, createBridge } from "../../src/bridge.ts";
import { readConfig } from "../../src/config/config.ts";
import { SERVICES } from "../../src/destinations/list.ts";
import { readReceipt } from "../../src/ledger/receipt.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { keyOf } from "../../src/local/stand-in/received.ts";
import type { RunPlan } from "../../src/local/stand-in/runs.ts";
import type { Following } from "../../src/model.ts";
import { LEDGER, type Row, type Storage } from "../../src/storage/storage.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { TOKEN } from "../helpers/bridge-fixture.ts";
import { type LogLines, logLines } from "../helpers/log-lines.ts";
import { openFileStorage } from "../mutation/file-storage.ts";

/** `npm run follow-storm` makes it ten thousand. */
const DISPATCHES = (globalThis as { FOLLOW_STORM_DISPATCHES?: number }).FOLLOW_STORM_DISPATCHES ?? 200;
const START = Date.parse("2026-05-26T12:00:00Z");
const MINUTE_MS = 60_000;
/** A receipt is right so long after a change. */
const IN_TIME_MS = 2 * MINUTE_MS;
/** What GitHub's pace for content lets through, nearly. */
const APART_MS = 8_000;
const LANE = "default";

interface Message {
	readonly queue: "deliver" | "follow";
	readonly text: string;
	at: number;
}

/** What becomes of the runs of a dispatch, by its number. */
function planOf(number: number): RunPlan {
	const createAfterMs = number % 10 === 3 ? ((number * 7_919) % 2_700) * 1_000 : 2_000;
	const life = { createAfterMs, startAfterMs: 5_000, completeAfterMs: 30_000 + ((number * 104_729) % 570) * 1_000 };
	switch (number % 100) {
		case 7:
		case 23:
			return { none: true };
		case 41:
			return { ...life, conclusion: "cancelled" };
		case 67:
			return { ...life, conclusion: "failure" };
		default:
			return life;
	}
}

/** A bridge over storage in memory and GitHub's stand-in over HTTP, with one clock for all of them. */
class Storm {
	now = START;
	readonly logged: LogLines = logLines();
	readonly puts = { deliver: 0, follow: 0 };
	readonly wrong: string[] = [];
	private messages: Message[] = [];
	private readonly checks: { readonly at: number; readonly key: string; readonly expected: Following }[] = [];
	private readonly rows = new Map<string, string>();
	readonly github: GitHubStandIn;
	private readonly storage: Storage;
	private readonly bridge: Bridge;

	constructor(github: GitHubStandIn, storage: Storage) {
		this.github = github;
		this.storage = wrapStorage(storage, async ({ method, args }, make) => {
			if (method !== "put") return make();
			const [text, seconds, name] = args as [string, number, string?];
			const queue = name === LEDGER.follow ? "follow" : "deliver";
			this.puts[queue] += 1;
			this.messages.push({ queue, text, at: this.now + seconds * 1_000 });
			return { id: randomUUID(), popReceipt: "" };
		});
		const settings = {
			GITHUB_API_URL: github.url,
			GITHUB_TOKEN: TOKEN,
			GITHUB_REPOSITORY: "contoso/fraud-model",
			AzureWebJobsStorage: "UseDevelopmentStorage=true",
		};
		this.bridge = createBridge(readConfig(settings, "/", SERVICES), {
			version: "9.9.9",
			openStorage: async () => this.storage,
			newId: randomUUID,
			random: () => 0.5,
			now: () => this.now,
			monotonic: () => this.now,
			sleep: async (ms) => {
				this.now += ms;
			},
		});
	}

	async dispatch(number: number): Promise<void> {
		this.github.script.set([{ run: planOf(number) }]);
		const element = { ...inEventGridSchema(exampleOf("RunCompleted")), id: `event-${number}` };
		const [result] = await this.bridge.accept([element], { log: this.logged.log });
		if (result?.outcome !== "dispatched" || result.key === null) throw new Error(JSON.stringify(result));
		await this.expect(result.key);
	}

	/** What the receipt has to say, and when. */
	private async expect(key: string): Promise<void> {
		const takenAt = this.now;
		const run = this.github.runs().find((one) => keyOf(one.dispatch) === key);
		const add = (at: number, expected: Following) => this.checks.push({ at, key, expected });
		if (run === undefined || run.createdAt === Number.POSITIVE_INFINITY) {
			add(takenAt + 60 * MINUTE_MS - 5_000, "looking");
			add(takenAt + 60 * MINUTE_MS + IN_TIME_MS, "none");
			return;
		}
		const { createdAt, completedAt = Number.POSITIVE_INFINITY } = run;
		if (createdAt - takenAt > IN_TIME_MS) add(createdAt - 1_000, "looking");
		if (completedAt - createdAt > IN_TIME_MS) add(createdAt + IN_TIME_MS, "running");
		add(completedAt + IN_TIME_MS, "concluded");
	}

	/** Hands messages over, and looks at receipts, each at its time. */
	async until(end: number): Promise<void> {
		for (;;) {
			this.checks.sort((one, other) => one.at - other.at);
			const [message] = this.messages.sort((one, other) => one.at - other.at);
			const [check] = this.checks;
			const next = Math.min(message?.at ?? Number.POSITIVE_INFINITY, check?.at ?? Number.POSITIVE_INFINITY);
			if (next > end) break;
			this.now = Math.max(this.now, next);
			if (message !== undefined && message.at === next) await this.hand(message);
			else if (check !== undefined) await this.check(check);
		}
		this.now = Math.max(this.now, end);
	}

	private async hand(message: Message): Promise<void> {
		const content: unknown = JSON.parse(message.text);
		const { bridge, logged } = this;
		await (message.queue === "follow" ? bridge.follow(content, logged.log) : bridge.wake(content, logged.log));
		this.messages = this.messages.filter((one) => one !== message);
	}

	private async check(check: Storm["checks"][number]): Promise<void> {
		this.checks.splice(this.checks.indexOf(check), 1);
		const { following, runs } = readReceipt(await this.rowOf(check.key));
		const shown = `${following} ${runs.map(({ certain }) => certain)}`;
		const expected = `${check.expected} ${check.expected === "looking" || check.expected === "none" ? "" : "true"}`;
		if (shown !== expected) this.wrong.push(`${check.key}: ${shown}, not ${expected}`);
	}

	private async rowOf(key: string): Promise<Row> {
		if (!this.rows.has(key)) {
			const { rows } = await this.storage.list(LANE, { from: "r-", to: "r.", top: 1_000, where: `key eq '${key}'` });
			this.rows.set(key, String(rows[0]?.rowKey));
		}
		return (await this.storage.get(LANE, String(this.rows.get(key)))) as Row;
	}

	isDone(): boolean {
		return this.checks.length === 0 && this.messages.length === 0;
	}
}

describe("many dispatches, of which some have no run, are cancelled, fail, or begin to run 45 minutes late", () => {
	it(
		"have right receipts within two minutes of each change, and an alert for each that needs one",
		async () => {
			const limits = { perHour: 1e9, contentPerMinute: 1e9, contentPerHour: 1e9 };
			let storm: Storm | undefined;
			const github = await startGitHubStandIn({ tokens: [TOKEN], limits, now: () => storm?.now ?? START });
			storm = new Storm(github, await openFileStorage());
			for (let number = 0; number < DISPATCHES; number++) {
				await storm.dispatch(number);
				await storm.until(storm.now + APART_MS);
			}
			await storm.until(storm.now + 2 * 60 * MINUTE_MS);
			const lists = github.calls.filter(({ path }) => path.endsWith("/actions/runs"));
			const minutes = (storm.now - START) / MINUTE_MS;
			const ends = storm.logged.lines.filter(({ stage, key }) => stage === "follow" && key !== undefined);
			const alerts = ends.filter(({ level }) => level === "error");
			process.stdout.write(
				`${DISPATCHES} dispatches in ${Math.round(minutes)} simulated minutes: ${lists.length} list calls (${
					lists.filter(({ status }) => status === 304).length
				} unchanged), ${github.calls.length - lists.length - DISPATCHES} other reads, ${storm.puts.follow} wake-ups, ${
					alerts.length
				} alerts\n`,
			);
			await github.close();
			expect(storm.wrong).toEqual([]);
			expect(storm.isDone()).toBe(true);
			const share = (rest: number) => Math.floor((DISPATCHES + 99 - rest) / 100);
			const count = (change: string, conclusion?: string) =>
				alerts.filter(
					(line) => line["change"] === change && (conclusion === undefined || line["conclusion"] === conclusion),
				).length;
			expect([count("none"), count("failed", "cancelled"), count("failed", "failure")]).toEqual([
				share(7) + share(23),
				share(41),
				share(67),
			]);
			expect(new Set(ends.map(({ key }) => key)).size).toBe(DISPATCHES);
			expect(ends).toHaveLength(DISPATCHES);
			expect(lists.length).toBeLessThanOrEqual(minutes);
			for (const [index, { at }] of lists.entries()) {
				if (index > 0) expect(at - (lists[index - 1]?.at ?? 0)).toBeGreaterThanOrEqual(MINUTE_MS);
			}
		},
		// A bound for what hangs, not a measure.
		2 * MINUTE_MS + DISPATCHES * 1_000,
	);
});
