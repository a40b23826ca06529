import { execFileSync } from "node:child_process";
import { describe, expect, it } from "@jest/globals";
import { LIMITS } from "../../src/destinations/github/repository-dispatch.ts";
import { console } from "../../src/functions/console.ts";
import { health } from "../../src/functions/health.ts";
import { MAX_BODY_BYTES } from "../../src/functions/read-body.ts";
import { counts, receipts } from "../../src/functions/receipts.ts";
import { discard, replay } from "../../src/functions/replay.ts";
import { webhook } from "../../src/functions/webhook.ts";
import { parsePace } from "../../src/ledger/pace.ts";
import { blocksOf, codesIn, readText, tableOf } from "./read-docs.ts";

const PAGES = ["operate", "why", "loops", "costs", "security", "azure-devops"].map((name) => `docs/${name}.md`);
const template = readText("infra/main.bicep");
const types = readText("infra/modules/types.bicep");

function defaultOf(parameter: string): string | undefined {
	return new RegExp(`^param ${parameter} [\\w[\\]]+ = (.+)$`, "m").exec(template)?.[1];
}

describe("the commands of the pages about operating", () => {
	const commands = PAGES.flatMap(blocksOf).filter(({ language }) => language === "console");

	it.each(commands.map(({ page, text }) => [page, text.split("\n")[0], text] as const))(
		"in %s are a shell's: %s",
		(_page, _line, text) => {
			expect(() => execFileSync("bash", ["-n", "-c", text], { stdio: "pipe" })).not.toThrow();
		},
	);

	it("ask for outputs that the template has", () => {
		const outputs = [
			...PAGES.map(readText)
				.join("\n")
				.matchAll(/properties\.outputs\.(\w+)/g),
		].map(([, name]) => name);
		expect(outputs.length).toBeGreaterThan(3);
		for (const name of outputs) expect(template).toMatch(new RegExp(`^output ${name} `, "m"));
	});
});

describe("the names on the pages about operating", () => {
	/** Neither parameters nor keys of one. */
	const OTHERS = [
		...[
			"eventGrid",
			"eventQueue",
			"eventQueuePoison",
			"deliverPoison",
			"followPoison",
			"provisioningState",
			"isHnsEnabled",
		],
		...[
			"quietSeconds",
			"maxSeconds",
			"maxEvents",
			"dispatchType",
			"subjectBeginsWith",
			"requestId",
			"expiresAt",
			"repoName",
		],
		...["validationUrl", "bridgeKey"],
	];

	it.each(PAGES)("%s names no parameter that the template has not", (page) => {
		const named = codesIn(readText(page).replaceAll(/^ *```[\s\S]*?^ *```$/gm, "")).filter((code) =>
			/^[a-z]+([A-Z][A-Za-z]*)+$/.test(code),
		);
		const known = (name: string) =>
			OTHERS.includes(name) || defaultOf(name) !== undefined || new RegExp(`^  ${name}: `, "m").test(types);
		expect(named.filter((name) => !known(name))).toEqual([]);
	});
});

describe("the page about limits and costs", () => {
	const limits = new Map(tableOf("docs/costs.md", "What").map(([what = "", limit = ""]) => [what, limit]));
	const number = (text = "") => Number(text.replaceAll(/[*,]/g, ""));

	it("names the limits that the code keeps", () => {
		const pace = limits.get("dispatches with one token") ?? "";
		const [, second, minute, hour] = /(\d+) a second, (\d+) a minute, (\d+) an hour/.exec(pace) ?? [];
		expect(readText("src/destinations/github/settings.ts")).toContain(`${second}/s,${minute}/m,${hour}/h`);
		expect(parsePace(`${second}/s,${minute}/m,${hour}/h`)).toHaveLength(3);
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
	const instances = Number(defaultOf("alwaysReadyInstances"));
	const rules = [...readText("infra/modules/alerts.bicep").matchAll(/^ {4}name: '[a-z-]+'$/gm)].length;
	const signals = [...readText("infra/modules/topic-alerts.bicep").matchAll(/^ {4}name: '[a-z-]+'$/gm)].length;

	interface Team {
		readonly single: number;
		readonly gathered: number;
		readonly windows: number;
		readonly topics: number;
	}

	/** What the page's formulas make of the page's prices. */
	function month({ single, gathered, windows, topics }: Team): number[] {
		const events = single + gathered;
		const later = windows + single / 20;
		return [
			instances * memory * SECONDS * price("ready"),
			events * memory * price("work") + (events * price("run")) / 1e6,
			later * 10 * memory * price("demand"),
			(single + windows) * 10 * memory * price("demand"),
			(Math.max(0, events * 2 - 100_000) * price("operation")) / 1e6,
			((single * 3 + gathered * 2) * price("row") + (single * 2 + windows * 8) * price("blob")) / 1e4,
			((4 * SECONDS) / 2 / 1e6) * price("message"),
			Math.max(0, (events * 10) / 1e6 - 5) * price("log"),
			rules * price("rule") + Math.max(0, signals * topics - 10) * price("signal"),
			(SECONDS / 300 / 1e4) * price("secret"),
		];
	}

	it.each([
		["small", 2, { single: 1_000, gathered: 0, windows: 0, topics: 2 }],
		["busy", 3, { single: 3_000, gathered: 297_000, windows: 3_000, topics: 4 }],
	])("reckons a month of a %s team by its own formulas and prices", (_, column, team) => {
		const rows = tableOf("docs/costs.md", "What", "## A month");
		const shown = rows.map((row) => number(row[column]));
		const reckoned = month(team);
		expect(shown.slice(0, -1)).toEqual(reckoned.map((sum) => Number(sum.toFixed(2))));
		expect(shown.at(-1)).toBe(Number(reckoned.reduce((total, sum) => total + sum, 0).toFixed(2)));
	});

	it("names what can be saved, of the same month", () => {
		const saved = new Map(tableOf("docs/costs.md", "Change").map(([change = "", saves = ""]) => [change, saves]));
		const [ready = 0] = month({ single: 1_000, gathered: 0, windows: 0, topics: 2 });
		expect(saved.get("`instanceMemoryMB` 512")).toContain((ready * 0.75).toFixed(2));
		for (const change of ["`delivery` `queue`", "`alwaysReadyInstances` 0"]) {
			expect(saved.get(change)).toContain(ready.toFixed(2));
		}
		expect(saved.get("no `alertEmail`")).toBe((rules * price("rule")).toFixed(2));
		const monitor = 730 * 60 * memory * price("demand");
		expect(readText("docs/costs.md")).toContain(`= ${monitor.toFixed(2)} a month`);
	});
});

describe("the page about security", () => {
	const functions = new Map(
		tableOf("docs/security.md", "Function").flatMap(([names = "", address = "", asks = ""]) =>
			codesIn(names).map((name) => [name, { address, asks }] as const),
		),
	);

	it("names every function, and no other", () => {
		const registered = [
			...readText("src/index.ts").matchAll(/app\.(?:http|eventGrid|storageQueue|timer)\(\s*"(\w+)"/g),
		];
		expect([...functions.keys()].sort()).toEqual(registered.map(([, name]) => name).sort());
	});

	it("says what each address asks for", () => {
		const never = async () => {
			throw new Error("not asked for here");
		};
		const rules = { topics: [], subscriptions: [], origins: [] };
		const addresses = {
			webhook: webhook("events", never, rules),
			generic_triggers: webhook("generic_triggers", never, rules),
			receipts: receipts(never),
			counts: counts(never),
			replay: replay(never),
			discard: discard(never),
			health: health(never, "", () => 0),
			console: console(),
		};
		for (const [name, { route, methods = [], authLevel }] of Object.entries(addresses)) {
			const { address = "", asks } = functions.get(name) ?? {};
			expect(address).toContain(`/api/${route}\``);
			for (const method of methods) expect(address).toContain(method);
			expect(asks).toBe(authLevel === "anonymous" ? "nothing" : "function key");
		}
	});

	it("names every role that the template assigns", () => {
		const plain = (text: string) => text.replaceAll(/[^A-Za-z]/g, "").toLowerCase();
		const assigned = [...readText("infra/modules/roles.bicep").matchAll(/^ {2}(\w+): '/gm)].map(
			([, name = ""]) => name,
		);
		const named = [...readText("docs/security.md").matchAll(/\*([A-Z][A-Za-z ]+)\*/g)].map(([, name = ""]) =>
			plain(name),
		);
		expect(assigned.map(plain).filter((role) => !named.includes(role))).toEqual([]);
	});
});
