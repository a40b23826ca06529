import { execFileSync } from "node:child_process";
import { describe, expect, it } from "@jest/globals";
import { discard, replay } from "../../src/functions/dead-letters.ts";
import { console, health } from "../../src/functions/open-pages.ts";
import { counts, receipts } from "../../src/functions/receipts.ts";
import { webhook } from "../../src/functions/webhook.ts";
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
			OTHERS.includes(name) ||
			defaultOf(name) !== undefined ||
			new RegExp(`^output ${name} `, "m").test(template) ||
			new RegExp(`^  ${name}: `, "m").test(types);
		expect(named.filter((name) => !known(name))).toEqual([]);
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
			counts: counts(never, Date.now),
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
