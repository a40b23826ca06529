import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Bridge } from "../../src/bridge.ts";
import type { ReceiptQuery } from "../../src/ledger/receipt-query.ts";
import { startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { readAll, type Server, serve } from "../../src/local/serve.ts";
import { asCloudEvent, exampleOf } from "../../support/example-events.ts";
import { TOKEN } from "../helpers/bridge-fixture.ts";
import { fileStorage, newNames, openFileStorage } from "../helpers/file-storage.ts";
import { logLines } from "../helpers/log-lines.ts";
import { type Copy, copyRepository, exampleIn } from "./copy.ts";

const LIST = "src/destinations/list.ts";
const FOLDER = "src/destinations/hook";
const RUN = exampleOf("RunCompleted");
const MODEL = exampleOf("ModelRegistered");
const DRIFT = exampleOf("DatasetDriftDetected");

let copy: Copy;
let receiver: Server;
let github: Awaited<ReturnType<typeof startGitHubStandIn>>;
let bridge: Bridge;
const got: Readonly<Record<string, unknown>>[] = [];
/** What the receiver answers next. */
const answers: number[] = [];
const { log } = logLines();

beforeAll(async () => {
	receiver = await serve(0, async (request, response) => {
		got.push(JSON.parse((await readAll(request)).toString("utf8")) as (typeof got)[number]);
		response.writeHead(answers.shift() ?? 200).end();
	});
	github = await startGitHubStandIn({ tokens: [TOKEN] });
	copy = copyRepository();
	copy.write(`${FOLDER}/to.hook.schema.json`, exampleIn("json", '"Hook"'));
	copy.write(`${FOLDER}/service.ts`, exampleIn("ts", "export const hook"));
	const list = copy.read(LIST);
	const listed = list.replace(/^(export const SERVICES.*)\];$/m, "$1, hook];");
	copy.write(LIST, listed.replace(/^import .*github\/service.ts";$/m, '$&\nimport { hook } from "./hook/service.ts";'));
	copy.write("routes.json", JSON.stringify(routesTo(`${receiver.url}/events`)));
	await copy.docs();
	bridge = await openBridge();
});
afterAll(async () => {
	copy.remove();
	await Promise.all([receiver.close(), github.close()]);
});

/** Completed runs go to a hook, drift to another one, and models to GitHub. */
function routesTo(hook: string) {
	const to = { hooked: { hook }, other: { hook: `${hook}/other` }, github: { repository: "contoso/fraud-model" } };
	const filterOf = ({ type }: typeof RUN) => ({ includedEventTypes: [type] });
	return {
		routes: [
			{ name: "hooked", filter: filterOf(RUN), to: to.hooked },
			{ name: "other", filter: filterOf(DRIFT), to: to.other },
			{ name: "github", filter: filterOf(MODEL), to: to.github },
		],
	};
}

/** A bridge of the copy's code, over real storage. */
async function openBridge(): Promise<Bridge> {
	const { SERVICES } = await copy.load<typeof import("../../src/destinations/list.ts")>(LIST);
	const { readConfig } = await copy.load<typeof import("../../src/config/config.ts")>("src/config/config.ts");
	const { createBridge } = await copy.load<typeof import("../../src/bridge.ts")>("src/bridge.ts");
	const env = {
		GITHUB_API_URL: github.url,
		GITHUB_TOKEN: TOKEN,
		GITHUB_PACE: "1000/s",
		AzureWebJobsStorage: await fileStorage(),
		BRIDGE_ROUTES: JSON.stringify(routesTo(`${receiver.url}/events`)),
	};
	const names = newNames();
	return createBridge(readConfig(env, import.meta.dirname, SERVICES), {
		version: "9.9.9",
		openStorage: () => openFileStorage(names),
		newId: randomUUID,
		random: Math.random,
		now: Date.now,
		monotonic: () => performance.now(),
		sleep,
	});
}

async function outcomeOf(event: typeof RUN, id: string) {
	const [result] = await bridge.accept([asCloudEvent({ ...event, id })], { log });
	return result;
}

async function receiptOf(id: string) {
	const query: ReceiptQuery = { limit: 10, find: id };
	return (await bridge.receipts(query)).receipts.find(({ event }) => event.id === id);
}

describe("a new destination, once its folder and its line in the list are there", () => {
	it("has changed no other file of src/, and in the list no other lines than its own", () => {
		expect([...copy.changed()].sort()).toEqual([
			"destinations/hook/service.ts",
			"destinations/hook/to.hook.schema.json",
			"destinations/list.ts",
		]);
		const added = copy
			.read(LIST)
			.split("\n")
			.filter((line) => /\bhook\b/.test(line));
		expect(added).toHaveLength(2);
	});

	it("fulfils the contract, as the compiler sees it", async () => {
		expect(await copy.types(LIST)).toBe("");
	});

	it("is known to routes check: sound, misspelt, and what its schema cannot say", async () => {
		expect(await copy.cli("routes", "check", "routes.json")).toBe("routes.json: nothing to repair\n");
		copy.write("wrong.json", JSON.stringify(routesTo("http://example.com/events")));
		copy.write("other.json", JSON.stringify({ routes: [{ to: { hook: "https://example.com", branch: "x" } }] }));
		const found = async (file: string) => JSON.parse(await copy.cli("routes", "check", file, "--json")).findings;
		const problem = expect.stringContaining("must be an https address");
		expect(await found("wrong.json")).toMatchObject([
			{ verdict: "error", path: "routes[0].to.hook", problem },
			{ verdict: "error", path: "routes[1].to.hook", problem },
		]);
		expect(await found("other.json")).toMatchObject([
			{
				verdict: "error",
				path: "routes[0].to",
				problem: expect.stringContaining('the key "branch" does not exist here'),
			},
		]);
	});

	it("is known to routes explain, and stands in the published schema", async () => {
		copy.write("event.json", JSON.stringify(asCloudEvent(RUN)));
		const { events } = JSON.parse(await copy.cli("routes", "explain", "event.json", "--json"));
		expect(events).toMatchObject([
			{
				routes: [
					{ route: "hooked", takes: true, to: { hook: `${receiver.url}/events` } },
					{ takes: false },
					{ takes: false },
				],
			},
		]);
		expect(copy.read("docs/routes.schema.json")).toContain('"to-hook"');
	});

	it("gets an event once, and the receipt names it", async () => {
		const results = [await outcomeOf(RUN, "once"), await outcomeOf(RUN, "once")];
		expect(results.map((result) => result?.outcome)).toEqual(["dispatched", "duplicate"]);
		expect(got).toMatchObject([{ id: "once", type: RUN.type, bridge: { route: "hooked", key: results[0]?.key } }]);
		expect(await receiptOf("once")).toMatchObject({
			state: "dispatched",
			to: { hook: `${receiver.url}/events` },
			attempts: [{ status: 200, reason: null }],
		});
	});

	it("is parked when it answers 404, and its neighbours are not: another hook, and GitHub", async () => {
		answers.push(404);
		expect(await outcomeOf(RUN, "refused")).toMatchObject({ outcome: "accepted" });
		expect(await outcomeOf(DRIFT, "beside")).toMatchObject({ outcome: "dispatched", route: "other" });
		expect(await outcomeOf(MODEL, "model")).toMatchObject({ outcome: "dispatched", route: "github" });
		expect(await receiptOf("refused")).toMatchObject({
			state: "parked",
			reason: expect.stringContaining("the hook answered 404"),
			attempts: [{ status: 404, reason: "the hook answered 404" }],
		});
	});

	it("makes a dead letter of what it can never take", async () => {
		answers.push(422);
		await outcomeOf(DRIFT, "never");
		expect(await receiptOf("never")).toMatchObject({ state: "dead", reason: "the hook answered 422" });
		const huge = { ...DRIFT, data: { ...DRIFT.data, notes: "x".repeat(300_000) } };
		expect(await outcomeOf(huge, "huge")).toMatchObject({ outcome: "dispatched" });
		expect(got.at(-1)).toMatchObject({ id: "huge", data: { reference: { bytes: expect.any(Number) } } });
	});

	it("pauses its own lane when it answers 503, and not GitHub's", async () => {
		answers.push(503);
		expect(await outcomeOf(DRIFT, "later")).toMatchObject({ outcome: "accepted" });
		expect(await outcomeOf(MODEL, "neighbour")).toMatchObject({ outcome: "dispatched", route: "github" });
		expect(github.received.map(({ client_payload }) => client_payload?.["id"])).toEqual(["model", "neighbour"]);
		expect(await receiptOf("later")).toMatchObject({
			state: "paused",
			reason: expect.stringContaining("the hook answered 503"),
			attempts: [{ status: 503, reason: "the hook answered 503" }],
		});
	});
});
