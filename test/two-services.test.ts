import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Bridge, BridgeOptions } from "../src/bridge.ts";
import type { Env } from "../src/config/settings.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../src/local/github-stand-in.ts";
import type { Fault } from "../src/local/stand-in/script.ts";
import type { LedgerNames } from "../src/storage/storage.ts";
import { eventually } from "../support/eventually.ts";
import { exampleOf, inEventGridSchema } from "../support/example-events.ts";
import { freePorts } from "../support/free-ports.ts";
import { type BridgeFixture, startFixture, TOKEN } from "./helpers/bridge-fixture.ts";
import { newNames } from "./helpers/file-storage.ts";
import { type LogLines, logLines } from "./helpers/log-lines.ts";

const PAT = "azdo-pat-0123456789abcdefghijklmnopqrstuvwxyz";
const PIPELINE = {
	...{ organization: "Contoso", project: "ML", pipeline: 7, ref: "main" },
	parameters: { runId: "data.runId", bridgeKey: "bridge.key" },
};
const ROUTES = [
	{ name: "repository", to: { repository: "contoso/fraud-model" } },
	{ name: "pipeline", to: PIPELINE },
];
const LANE = "azure-devops";
const MINUTE_MS = 60_000;
const event = inEventGridSchema(exampleOf("RunCompleted"));

let fixture: BridgeFixture;
let azure: GitHubStandIn;
let logged: LogLines;
let names: LedgerNames;
/** How far the bridge's clock is ahead. */
let ahead: number;

beforeEach(async () => {
	fixture = await startFixture();
	azure = await startGitHubStandIn({ azureTokens: [PAT] });
	logged = logLines();
	names = newNames();
	ahead = 0;
});
afterEach(() => Promise.all([fixture.github.close(), azure.close()]));

/** A bridge on one storage, with a route to each service. */
function open(env: Env = {}, options: Partial<BridgeOptions> = {}): Bridge {
	const settings = {
		BRIDGE_ROUTES: JSON.stringify({ routes: ROUTES }),
		AZURE_DEVOPS_URL: azure.url,
		AZURE_DEVOPS_TOKEN: PAT,
		AZURE_DEVOPS_PACE: "1000/s",
	};
	return fixture.bridge({ ...settings, ...env }, { now: () => Date.now() + ahead, ...options }, names);
}

async function accept(bridge: Bridge, id: string) {
	const results = await bridge.accept([{ ...event, id }], logged);
	return results.map(({ outcome }) => outcome);
}

const wake = (bridge: Bridge) => bridge.wake({ lane: LANE, wake: 1_000 }, logged.log);

async function receiptsOf(bridge: Bridge) {
	const { receipts } = await bridge.receipts({ limit: 100 });
	return receipts.filter(({ to }) => to?.id.startsWith("dev.azure.com/"));
}

describe("one event with routes to both services", () => {
	it("starts a workflow and a pipeline, each in its lane", async () => {
		const bridge = open();
		const results = await bridge.accept([event], logged);
		expect(results).toMatchObject([
			{ route: "repository", outcome: "dispatched" },
			{ route: "pipeline", outcome: "dispatched" },
		]);
		const [, { key }] = results as [unknown, { key: string }];
		expect(fixture.github.received).toMatchObject([{ repository: "contoso/fraud-model" }]);
		expect(azure.received).toMatchObject([
			{
				...{ organization: "Contoso", project: "ML", pipeline: 7 },
				resources: { repositories: { self: { refName: "refs/heads/main" } } },
				templateParameters: { runId: exampleOf("RunCompleted").data.runId, bridgeKey: key },
			},
		]);
		const { receipts } = await bridge.receipts({ limit: 100 });
		expect(receipts.map(({ to, state }) => [to?.id, state]).sort()).toEqual([
			["contoso/fraud-model#machinelearningservices-runcompleted", "dispatched"],
			["dev.azure.com/contoso/ml/7#refs/heads/main", "dispatched"],
		]);
		expect(await accept(bridge, exampleOf("RunCompleted").id)).toEqual(["duplicate", "duplicate"]);
		expect(await bridge.health()).toMatchObject({ status: "healthy" });
	});

	it("leaves no token in the log, of either service", async () => {
		azure.script.set([{ project: "Contoso/ML", status: 403, body: { message: `you sent ${PAT}` } }]);
		const bridge = open();
		await accept(bridge, "1");
		const text = `${logged.text()}${JSON.stringify(await bridge.receipts({ limit: 100 }))}${JSON.stringify(await bridge.health())}`;
		for (const secret of [PAT, Buffer.from(`:${PAT}`).toString("base64"), TOKEN]) expect(text).not.toContain(secret);
	});
});

describe("a broken Azure DevOps", () => {
	it.each<[string, Fault]>([
		["does not answer", { hang: true }],
		["cuts connections", { cut: "after" }],
		["is in trouble", { status: 503 }],
		["asks to slow down", { status: 429 }],
		["refuses the token", { status: 203 }],
		["has no such project", { status: 404 }],
	])("that %s never delays GitHub", async (_, fault) => {
		azure.script.set([{ project: "Contoso/ML", times: 1_000, ...fault }]);
		const bridge = open({}, { callTimeoutMs: 300 });
		for (const id of ["1", "2", "3"]) expect(await accept(bridge, id)).toEqual(["dispatched", "accepted"]);
		expect(fixture.github.received).toHaveLength(3);
		expect((await receiptsOf(bridge)).map(({ state }) => state)).not.toContain("dispatched");
	});

	it("is still being asked when GitHub has long taken the same event", async () => {
		azure.script.set([{ calls: "dispatches", hang: true }]);
		let ended = false;
		const accepting = accept(open({}, { callTimeoutMs: 1_000 }), "1").finally(() => {
			ended = true;
		});
		await eventually("both calls", () =>
			azure.calls.length + fixture.github.received.length === 2 ? true : undefined,
		);
		expect(ended).toBe(false);
		expect(await accepting).toEqual(["dispatched", "accepted"]);
	});

	it("gets all that waits once it is repaired, each once", async () => {
		azure.setAzureTokens(["another-token-0123456789"]);
		const bridge = open();
		for (const id of ["1", "2", "3"]) await accept(bridge, id);
		expect(await bridge.health()).toMatchObject({
			lanes: [{ lane: LANE, state: "parked", reason: expect.stringContaining("sign-in page") }],
		});
		azure.setAzureTokens([PAT]);
		ahead += 10 * MINUTE_MS;
		await wake(bridge);
		expect(azure.received).toHaveLength(3);
		expect(new Set(azure.received.map(({ templateParameters }) => templateParameters?.["bridgeKey"])).size).toBe(3);
		expect((await receiptsOf(bridge)).map(({ state }) => state)).toEqual(["dispatched", "dispatched", "dispatched"]);
		expect(await bridge.health()).toMatchObject({ status: "healthy" });
	});

	it("that refuses connections has got nothing, and its lane goes on by itself", async () => {
		const port = await freePorts();
		const bridge = open({ AZURE_DEVOPS_URL: `http://127.0.0.1:${port}` });
		expect(await accept(bridge, "1")).toEqual(["dispatched", "accepted"]);
		expect(await receiptsOf(bridge)).toMatchObject([
			{ state: "paused", reason: expect.stringContaining("nothing was sent") },
		]);
		const late = await startGitHubStandIn({ port, azureTokens: [PAT] });
		try {
			ahead += MINUTE_MS;
			await wake(bridge);
			expect(late.received).toHaveLength(1);
		} finally {
			await late.close();
		}
	});

	it("makes a dead letter of the one event whose parameter it refuses, and takes its neighbours", async () => {
		const routes = [{ name: "pipeline", to: { ...PIPELINE, parameters: { env: "subject" } } }];
		const bridge = open({ BRIDGE_ROUTES: JSON.stringify({ routes }) });
		const described = { organization: "Contoso", project: "ML", id: 7, parameters: { env: { values: ["good"] } } };
		await fetch(`${azure.url}/_pipeline`, { method: "POST", body: JSON.stringify(described) });
		const outcomes = [];
		for (const [id, subject] of Object.entries({ a: "good", b: "bad", c: "good" }))
			outcomes.push(...(await bridge.accept([{ ...event, id, subject }], logged)));
		expect(outcomes.map(({ outcome }) => outcome)).toEqual(["dispatched", "rejected", "dispatched"]);
		expect(outcomes[1]?.reason).toContain("'env' parameter value 'bad' is not allowed");
	});
});

describe("an answer of Azure DevOps that leaves open whether a run was started", () => {
	/** The key of an event at the pipeline, as any ledger would compute it. */
	async function keyOf(id: string): Promise<string> {
		const [, result] = await open().accept([{ ...event, id }], logged);
		names = newNames();
		await fetch(`${azure.url}/_received`, { method: "DELETE" });
		return result?.key ?? "";
	}

	it("is settled by the run whose name holds the key, and is not repeated", async () => {
		const key = await keyOf("1");
		azure.script.set([{ calls: "dispatches", status: 502, taken: true, run: { title: `20260526.1 ${key}` } }]);
		const bridge = open();
		expect((await accept(bridge, "1"))[0]).toBe("dispatched");
		ahead += 10 * MINUTE_MS;
		await wake(bridge);
		expect(azure.received).toHaveLength(1);
		expect(await receiptsOf(bridge)).toMatchObject([{ state: "dispatched" }]);
	});
});

describe("the lane of Azure DevOps", () => {
	it("has a pace of its own", async () => {
		const bridge = open({ AZURE_DEVOPS_PACE: "1/h" });
		expect(await accept(bridge, "1")).toEqual(["dispatched", "dispatched"]);
		expect(await accept(bridge, "2")).toEqual(["dispatched", "accepted"]);
		ahead += 61 * MINUTE_MS;
		await wake(bridge);
		expect([fixture.github.received.length, azure.received.length]).toEqual([2, 2]);
	});

	it("has an address of its own: what waits for another one is left alone, and GitHub's is not", async () => {
		azure.script.set([{ project: "Contoso/ML", status: 503 }]);
		expect(await accept(open(), "1")).toEqual(["dispatched", "accepted"]);
		const other = await startGitHubStandIn({ azureTokens: [PAT] });
		try {
			const moved = open({ AZURE_DEVOPS_URL: other.url });
			ahead += 10 * MINUTE_MS;
			expect(await accept(moved, "2")).toEqual(["dispatched", "accepted"]);
			await wake(moved);
			expect([other.received, azure.received]).toEqual([[], []]);
			expect(await moved.health()).toMatchObject({
				lanes: [{ lane: LANE, reason: expect.stringContaining(`belongs to ${azure.url}`) }],
			});
		} finally {
			await other.close();
		}
	});
});
