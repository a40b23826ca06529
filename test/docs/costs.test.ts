import { describe, expect, it } from "@jest/globals";
import { Settings } from "../../src/config/settings.ts";
import { LIMITS } from "../../src/destinations/github/repository-dispatch.ts";
import { readGitHubConfig } from "../../src/destinations/github/service.ts";
import { MAX_BODY_BYTES } from "../../src/functions/webhook.ts";
import { parsePace } from "../../src/ledger/pace.ts";
import { codesIn, readText, tableOf } from "./read-docs.ts";

const template = readText("infra/main.bicep");

function defaultOf(parameter: string): string | undefined {
	return new RegExp(`^param ${parameter} [\\w[\\]]+ = (.+)$`, "m").exec(template)?.[1];
}

describe("the page about limits and costs", () => {
	const limits = new Map(tableOf("docs/costs.md", "What").map(([what = "", limit = ""]) => [what, limit]));
	const number = (text = "") => Number(text.replaceAll(/[*,]/g, ""));

	it("names the limits that the code keeps", () => {
		const pace = limits.get("dispatches with one token") ?? "";
		const [, second, minute, hour] = /(\d+) a second, (\d+) a minute, (\d+) an hour/.exec(pace) ?? [];
		const { limits: kept } = readGitHubConfig(new Settings({}), []);
		expect(parsePace(`${second}/s,${minute}/m,${hour}/h`)).toEqual(kept);
		expect(pace).toContain(`${(Number(hour) * 24).toLocaleString("en")} a day`);
		const { bodyBytes, payloadKeys, eventTypeCharacters } = LIMITS;
		expect(limits.get("a dispatch")).toBe(
			`less than ${bodyBytes.toLocaleString("en")} bytes, ${payloadKeys} top-level keys, ${eventTypeCharacters} characters of \`event_type\``,
		);
		expect(limits.get("a request to the webhook")).toBe(`${MAX_BODY_BYTES.toLocaleString("en")} bytes`);
		expect(limits.get("instances")).toContain(`${defaultOf("maximumInstanceCount")}:`);
	});

	const prices = new Map(
		tableOf("docs/costs.md", "Price").map(([name = "", price]) => [codesIn(name)[0] ?? "", number(price)]),
	);
	const price = (name: string) => prices.get(name) ?? Number.NaN;
	const SECONDS = 730 * 3600;
	const memory = Number(defaultOf("instanceMemoryMB")) / 1024;
	const rules = [...readText("infra/modules/alerts.bicep").matchAll(/^ {4}name: '[a-z-]+'$/gm)].length;
	const signals = [...readText("infra/modules/topic-alerts.bicep").matchAll(/^ {4}name: '[a-z-]+'$/gm)].length;
	const { extensions } = JSON.parse(readText("host.json")) as {
		extensions: { queues: { maxPollingInterval: string } };
	};

	interface Team {
		readonly single: number;
		readonly gathered: number;
		readonly windows: number;
		readonly topics: number;
		/** How many hours of the month events come in. */
		readonly hours?: number;
		readonly follows?: boolean;
		readonly memory?: number;
	}

	const SMALL: Team = { single: 1_000, gathered: 0, windows: 0, topics: 2 };
	const MIDDLE: Team = { single: 10_000, gathered: 0, windows: 0, topics: 2 };
	const BUSY: Team = { single: 3_000, gathered: 297_000, windows: 3_000, topics: 4 };
	const TEAMS = [SMALL, MIDDLE, BUSY];

	const looksOf = ({ single, windows, hours = 220, follows = true }: Team) =>
		follows ? Math.min((single + windows) * 10, hours * 60) : 0;
	const laterOf = ({ single, windows }: Team) => windows + single / 20;

	/** GB-seconds, as the page's table has them. */
	function work(team: Team): number[] {
		const gb = team.memory ?? memory;
		return [(team.single + team.gathered) * gb, laterOf(team) * 10 * gb, looksOf(team) * gb, 30 * 10 * gb];
	}
	const total = (parts: readonly number[]) => parts.reduce((sum, part) => sum + part, 0);
	const beyond = (amount: number, free: number) => Math.max(0, amount - free);

	/** What the page's formulas make of the page's prices. */
	function month(team: Team): number[] {
		const { single, gathered, windows, hours = 220 } = team;
		const [events, looks, later] = [single + gathered, looksOf(team), laterOf(team)];
		return [
			beyond(total(work(team)), 100_000) * price("demand") +
				(beyond(events + later + looks + 30, 250_000) * price("run")) / 1e6,
			(beyond(events * 2, 100_000) * price("operation")) / 1e6,
			((6 * SECONDS) / 10 / 1e6) * price("message"),
			(((single + windows + looks) * 20) / 1e6) * price("message"),
			(((events + looks + later) * 3) / 1e6) * price("message"),
			((single * 3 + gathered * 2 + looks * 5) * price("row") +
				(single * 2 + looks * 2) * price("lease") +
				windows * 8 * price("blob")) /
				1e4,
			beyond((rowsOf(team) * 1.5) / 1e6, 5) * price("log"),
			((hours * 12) / 1e4) * price("secret"),
		];
	}
	const rowsOf = (team: Team) => (team.single + team.gathered) * 6 + looksOf(team) * 4 + laterOf(team) * 5;
	const alertsOf = ({ topics }: Team) => rules * price("rule") + beyond(signals * topics, 10) * price("signal");
	const text = readText("docs/costs.md");

	it.each(TEAMS.map((team, index) => [["small", "middle", "busy"][index], index + 2, team] as const))(
		"reckons a month of the %s team by its own formulas and prices",
		(_, column, team) => {
			const shownWork = tableOf("docs/costs.md", "Work").map((row) => number(row[column]));
			expect(shownWork).toEqual([...work(team), total(work(team))]);
			const shown = tableOf("docs/costs.md", "What", "## A month").map((row) => number(row[column]));
			const reckoned = month(team);
			const cents = [...reckoned, total(reckoned), alertsOf(team)].map((sum) => Number(sum.toFixed(2)));
			expect(shown).toEqual(cents);
		},
	);

	it("says that 10,000 events cost less than a dollar, which they do, and what would make it more", () => {
		expect(text).toContain("**10,000 events cost less than a dollar a month.**");
		expect(total(month(MIDDLE))).toBeLessThan(1);
		expect(text).toContain(
			`${total(work(MIDDLE)).toLocaleString("en")} × \`demand\` = ${(total(work(MIDDLE)) * price("demand")).toFixed(2)} more`,
		);
		expect(text).toContain(`the sum is ${total(month({ ...MIDDLE, hours: 730 })).toFixed(2)}`);
		expect(text).toContain(
			`${rowsOf(MIDDLE).toLocaleString("en")} rows, ${((rowsOf(MIDDLE) * 1.5) / 1e6).toFixed(2)} GB`,
		);
		expect([defaultOf("delivery"), defaultOf("alwaysReadyInstances")]).toEqual(["'queue'", "0"]);
	});

	it("counts as many looks of an instance as host.json makes it take in 30 s", () => {
		const longest = Number(extensions.queues.maxPollingInterval.split(":").at(-1)) * 1000;
		let [looks, at, wait] = [0, 0, 100];
		for (; at <= 30_000; at += wait, wait = Math.min(wait * 2, longest)) looks += 1;
		// Random, so that it is about as many.
		expect(Math.abs(looks - 20)).toBeLessThan(3);
		expect(text).toContain(`every ${longest / 1000} s at the latest: 20 times`);
	});

	it("names what can be saved, of the same month", () => {
		const saved = new Map(tableOf("docs/costs.md", "Change").map(([change = "", saves = ""]) => [change, saves]));
		const less = total(month(BUSY)) - total(month({ ...BUSY, memory: 0.5 }));
		expect(saved.get("`instanceMemoryMB` 512")).toContain(less.toFixed(2));
		expect(saved.get("no `alertEmail`, no `alertActionGroupId`")).toBe((rules * price("rule")).toFixed(2));
		const unfollowed = TEAMS.map((team) => (total(month(team)) - total(month({ ...team, follows: false }))).toFixed(2));
		expect(saved.get("`FOLLOW_RUNS` `off`")).toBe(`${unfollowed[0]}, ${unfollowed[1]} or ${unfollowed[2]}`);
		const ready = memory * SECONDS * price("ready");
		expect(text).toContain(`× \`ready\` = ${ready.toFixed(2)} a month`);
		const probes = 730 * 4;
		expect(text).toContain(
			`${probes.toLocaleString("en")} × \`probe\` = ${(probes * price("probe")).toFixed(2)} a month`,
		);
		expect(text).toContain(`${(730 * 12 * memory).toLocaleString("en")} of the free GB-seconds`);
	});
});
