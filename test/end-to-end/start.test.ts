import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QueueServiceClient } from "@azure/storage-queue";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { STATE_KEY } from "../../src/ledger/rows.ts";
import { type GitHubStandIn, startGitHubStandIn } from "../../src/local/github-stand-in.ts";
import { type Server, serve } from "../../src/local/serve.ts";
import { openStorage } from "../../src/storage/azure-storage.ts";
import { call, postJson } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { freePorts, isFree } from "../../support/free-ports.ts";
import { runCliProcess } from "../helpers/run-cli.ts";
import { dataOf, type RunningStart, removeData, runStart, startOn } from "../helpers/run-start.ts";
import { startStorage } from "../helpers/storage.ts";

const RUN_COMPLETED = inEventGridSchema(exampleOf("RunCompleted"));

interface EventAnswer {
	readonly events: readonly { readonly id: string; readonly outcome: string; readonly reason: string | null }[];
}

interface Dispatch {
	readonly repository: string;
	readonly event_type: string;
	readonly client_payload: { readonly id: string };
}

/** What the stand-in on a port has taken. */
async function receivedOn(port: number): Promise<readonly Dispatch[]> {
	return (await call(`http://127.0.0.1:${port}/_received`)).json() as Dispatch[];
}

/** One line that names the port and the repair. */
const isInUse = (port: number) => new RegExp(`^port ${port} is in use.*--port N.*\\n$`);

describe("npm start", () => {
	let port: number;
	let bridge: RunningStart;

	beforeAll(async () => {
		port = await freePorts();
		bridge = await startOn(port);
	});
	afterAll(async () => {
		await bridge?.stop();
	});

	it("is ready when GET /api/health answers 200", async () => {
		const health = await call(`http://127.0.0.1:${port}/api/health`);
		expect(health.status).toBe(200);
		expect(health.json()).toMatchObject({ status: "healthy", problems: [], warnings: [] });
	});

	it("prints where everything is, and nothing to repair", () => {
		const output = bridge.output();
		expect(output).toContain(`http://127.0.0.1:${port}/api/events`);
		expect(output).toContain(`http://127.0.0.1:${port}/api/health`);
		expect(output).toMatch(/functions +webhook, generic_triggers, eventGrid, .*\bhealth\b/);
		expect(output).toContain(`contoso/fraud-model at the GitHub stand-in, http://127.0.0.1:${port + 1}`);
		expect(output).toContain(`http://127.0.0.1:${port + 1}/_received`);
		expect(output).toContain(`storage     Azurite, in .azurite/${port}`);
		expect(output).not.toMatch(/note:|repair:/);
		expect(bridge.errors()).toBe("");
	});

	it("dispatches the event of the command that it prints to the stand-in on the next port", async () => {
		const [, command = ""] = /npx grid-dispatch (.+)/.exec(bridge.output()) ?? [];
		expect((await runCliProcess(command.split(" "))).out).toMatch(/^dispatched /);
		expect(await receivedOn(port + 1)).toMatchObject([
			{ repository: "contoso/fraud-model", event_type: "machinelearningservices-runcompleted" },
		]);
	});

	it("prints one readable line for the event and one for its dispatch", async () => {
		await bridge.printed('route "default"\n');
		const lines = bridge.output().split("\n");
		const [dispatch, event] = lines.filter((line) => /^\d\d:\d\d:\d\d /.test(line));
		expect(dispatch).toMatch(/ dispatch +204 +contoso\/fraud-model machinelearningservices-runcompleted \d+ bytes, /);
		expect(event).toMatch(
			/ event +dispatched +Microsoft\.MachineLearningServices\.RunCompleted experiments\/[\w-]+\/runs\/\w+ /,
		);
	});

	it("prints why an event was rejected, and goes on", async () => {
		const broken = { ...RUN_COMPLETED, id: "broken", data: { experimentName: "fraud-model" } };
		const answer = await postJson(`http://127.0.0.1:${port}/api/events`, broken);
		expect(answer.status).toBe(400);
		const [end] = (answer.json() as EventAnswer).events;
		expect(end).toMatchObject({ id: "broken", outcome: "rejected" });
		await bridge.printed(`broken: ${end?.reason}`);
		expect((await postJson(`http://127.0.0.1:${port}/api/events`, RUN_COMPLETED)).status).toBe(200);
	});

	it("takes an event through the Event Grid trigger, too", async () => {
		const url = `http://127.0.0.1:${port}/runtime/webhooks/eventgrid?functionName=eventGrid`;
		const event = { ...RUN_COMPLETED, id: "by the trigger" };
		const answer = await postJson(url, [event], { "aeg-event-type": "Notification" });
		expect(answer.status).toBe(202);
		// 202 says that it is kept; its turn may come later.
		await eventually("its dispatch", async () => {
			const ids = (await receivedOn(port + 1)).map(({ client_payload }) => client_payload.id);
			return ids.includes("by the trigger") || undefined;
		});
	});

	it("shows what the bridge makes of a fault that the stand-in was told to have", async () => {
		await postJson(`http://127.0.0.1:${port + 1}/_script`, { status: 403, headers: { "retry-after": "7" } });
		const answer = await postJson(`http://127.0.0.1:${port}/api/events`, { ...RUN_COMPLETED, id: "slowed-down" });
		expect(answer.status).toBe(202);
		await bridge.printed("GitHub asks to slow down (403");
	});

	it("answers no web page of another site, on neither port, and no name but its own", async () => {
		const paths = ["", "/api/health", "/api/receipts", "/api/events", "/_local", "/runtime/webhooks/eventgrid"];
		const urls = [
			...paths.map((path) => `http://127.0.0.1:${port}${path}`),
			...["/_received", "/_script", "/repos/contoso/fraud-model"].map((path) => `http://127.0.0.1:${port + 1}${path}`),
		];
		for (const url of urls) {
			for (const foreign of [
				{ host: "rebound.example" },
				{ origin: "https://page.example" },
				{ "sec-fetch-site": "cross-site" },
			]) {
				const answer = await call(url, {
					method: "POST",
					headers: { ...foreign },
					body: JSON.stringify(RUN_COMPLETED),
				});
				expect([url, foreign, answer.status]).toEqual([url, foreign, 403]);
			}
		}
	});

	it("leaves an event that comes in chunks with Event Grid, as the app in Azure has to", async () => {
		const headers = { "transfer-encoding": "chunked", "content-type": "application/json" };
		const body = JSON.stringify({ ...RUN_COMPLETED, id: "in chunks" });
		const answer = await call(`http://127.0.0.1:${port}/api/events`, { method: "POST", headers, body });
		expect(answer.status).toBe(503);
		expect(answer.text).toMatch(/chunked/i);
	});

	it("prints nothing of an event that does something to the terminal", async () => {
		const hostile = "a\u001b]8;;https://page.example\u0007b\u001b[2J\r\u009b1A\u202ec";
		const event = { ...RUN_COMPLETED, id: hostile, subject: hostile, eventType: hostile, topic: hostile };
		await postJson(`http://127.0.0.1:${port}/api/events`, event);
		await bridge.printed("\\u{1b}[2J");
		expect(bridge.output()).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
	});

	it("stops at SIGTERM with code 0, even with connections open, and frees both ports", async () => {
		await fetch(`http://127.0.0.1:${port}/api/health`);
		await fetch(`http://127.0.0.1:${port + 1}/_received`);
		expect(await bridge.stop()).toBe(0);
		expect([await isFree(port), await isFree(port + 1)]).toEqual([true, true]);
		expect(bridge.errors()).toBe("");
	});
});

describe("the storage of npm start", () => {
	let port: number;

	const queueOf = (connectionString: string) =>
		QueueServiceClient.fromConnectionString(connectionString).getQueueClient("kept");
	const ownStorage = () => readFileSync(join(dataOf(port), "connection-string.txt"), "utf8").trim();
	const start = () => startOn(port, { storeData: true });

	async function putMessage(): Promise<void> {
		await queueOf(ownStorage()).create();
		await queueOf(ownStorage()).sendMessage("one");
	}

	async function messages(): Promise<string[]> {
		const { peekedMessageItems } = await queueOf(ownStorage()).peekMessages();
		return peekedMessageItems.map(({ messageText }) => messageText);
	}

	/** Where it serves queues. */
	const queuePort = () => Number(/QueueEndpoint=[^;]*:(\d+)/.exec(ownStorage())?.[1]);

	beforeEach(async () => {
		port = await freePorts();
	});
	afterEach(() => removeData(port));

	it("is Azurite, whose data outlive a stop with SIGTERM", async () => {
		const first = await start();
		expect(first.output()).toContain(`storage     Azurite, in .azurite/${port}`);
		await putMessage();
		expect(await first.stop()).toBe(0);
		expect(await isFree(queuePort())).toBe(true);
		const second = await start();
		expect(await messages()).toEqual(["one"]);
		await second.stop();
	});

	it("ends, and keeps its data, even when npm start is killed", async () => {
		const first = await start();
		await putMessage();
		process.kill(first.pid, "SIGKILL");
		const held = queuePort();
		await eventually("the end of Azurite", async () => (await isFree(held)) || undefined);
		const second = await start();
		expect(await messages()).toEqual(["one"]);
		await second.stop();
	});

	it("is left alone by a second run on its port", async () => {
		const first = await start();
		await putMessage();
		const second = runStart(["--port", String(port)], { env: { GITHUB_API_URL: "http://127.0.0.1:9" } });
		expect(await second.ended).toBe(1);
		expect(second.output()).toMatch(isInUse(port));
		expect(await messages()).toEqual(["one"]);
		await first.stop();
	});

	it("is the one of AzureWebJobsStorage where that is set, and no Azurite is started", async () => {
		const storage = await startStorage();
		const bridge = await startOn(port, { env: { AzureWebJobsStorage: storage.connectionString } });
		try {
			expect(bridge.output()).toContain("storage     the account of AzureWebJobsStorage");
			expect(bridge.output()).not.toContain("AccountKey");
			expect(existsSync(dataOf(port))).toBe(false);
		} finally {
			await bridge.stop();
			await storage.stop();
		}
	});
});

describe("npm start over storage that holds absurd rows", () => {
	it.each([
		[
			"a pause beyond every date",
			{ state: JSON.stringify({ pause: { until: 1e17, reason: "x" } }), calls: new Uint8Array() },
		],
		["a state that is no JSON", { state: "{", calls: new Uint8Array() }],
		["none of its columns", {}],
	])("runs all the same, and says in a sentence what is wrong, without a stack trace: %s", async (_, columns) => {
		const storage = await startStorage();
		const port = await freePorts();
		try {
			const ledger = openStorage({ kind: "connection-string", connectionString: storage.connectionString });
			await ledger.commit("default", [{ kind: "insert", rowKey: STATE_KEY, columns }]);
			const bridge = await startOn(port, { env: { AzureWebJobsStorage: storage.connectionString } });
			const { status } = await call(`http://127.0.0.1:${port}/api/health`);
			expect([200, 503, 500]).toContain(status);
			if (status === 500) expect(bridge.output()).toMatch(/^repair: GET \/api\/health answered 500: .*/m);
			expect(bridge.errors()).toBe("");
			expect(bridge.output()).not.toMatch(/^\s+at /m);
			expect(await bridge.stop()).toBe(0);
		} finally {
			await storage.stop();
		}
	});
});

describe("npm start with a storage account that is not on this machine", () => {
	it("refuses it in a sentence with the repair, before anything of it is touched", async () => {
		const AzureWebJobsStorage = "AccountName=contosobridge;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net";
		const run = runStart(["--port", String(await freePorts())], { env: { AzureWebJobsStorage } });
		expect(await run.ended).toBe(1);
		expect(run.output()).toMatch(/^AzureWebJobsStorage names a storage account .* add --github real\n$/);
	});
});

describe("npm start on a port that is taken", () => {
	let holder: Server;

	beforeAll(async () => {
		holder = await serve(await freePorts(), (_, response) => void response.end());
	});
	afterAll(() => holder.close());

	it.each([
		["the bridge's own", 0],
		["the stand-in's", 1],
	])("says so on one line and ends with code 1: %s", async (_, offset) => {
		const run = runStart(["--port", String(holder.port - offset)]);
		expect(await run.ended).toBe(1);
		expect(run.output()).toMatch(isInUse(holder.port));
	});
});

describe("npm start with a mistake on its command line", () => {
	it.each([
		["a flag that it does not have", ["--prot", "7071"], "--prot"],
		["a port that is no number", ["--port", "http"], '--port must be a number from 1 to 65534, not "http"'],
		["a GitHub that it does not know", ["--github", "fake"], '--github accepts only "real"'],
		["a lock that never ends", ["--lock", "0"], '--lock must be a number from 1 to 604800, not "0"'],
	])("names the mistake, prints its usage and ends with code 1: %s", async (_, args, mistake) => {
		const run = runStart(args);
		expect(await run.ended).toBe(1);
		expect(run.errors()).toContain(mistake);
		expect(run.errors()).toContain("npm start -- [--port N] [--github real]");
		expect(run.errors()).not.toMatch(/^\s+at /m);
	});

	it("prints its usage when asked, and ends with code 0", async () => {
		const run = runStart(["--help"]);
		expect(await run.ended).toBe(0);
		expect(run.output()).toContain("--github real");
		expect(run.errors()).toBe("");
	});
});

describe("npm start in a codespace, whose variables hold a live token", () => {
	const TOKEN = "ghp_liveTokenOfTheCodespace0123456789ab";
	let folder: string;
	let port: number;
	let bridge: RunningStart;

	/** What the process has opened and sent. */
	const recorded = () =>
		readFileSync(join(folder, "connections"), "utf8")
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as { host: string; port: number | string; sent?: string });

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "npm-start-"));
		port = await freePorts();
		bridge = await startOn(port, {
			env: {
				CODESPACES: "true",
				GITHUB_ACTIONS: "true",
				GITHUB_API_URL: "https://api.github.com",
				GITHUB_REPOSITORY: "contoso/the-repository-of-the-codespace",
				GITHUB_TOKEN: TOKEN,
				RECORD_CONNECTIONS: join(folder, "connections"),
			},
			preload: [require.resolve("../helpers/record-connections.ts")],
		});
	});
	afterAll(async () => {
		await bridge?.stop();
		rmSync(folder, { recursive: true });
	});

	it("says that they are not used, and why", () => {
		expect(bridge.output()).toContain("note: GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN not used");
		expect(bridge.output()).toContain("--github real");
	});

	it("dispatches to the stand-in's repository at the stand-in", async () => {
		const answer = await postJson(`http://127.0.0.1:${port}/api/events`, RUN_COMPLETED);
		expect(answer.json()).toMatchObject({ events: [{ outcome: "dispatched" }] });
		expect(await receivedOn(port + 1)).toMatchObject([{ repository: "contoso/fraud-model" }]);
	});

	it("lets no call leave this machine", () => {
		// Its own health, which it looks at before it introduces itself, the stand-in, and Azurite.
		expect(new Set(recorded().map(({ host }) => host))).toEqual(new Set(["127.0.0.1"]));
		expect(recorded().map(({ port: to }) => to)).toEqual(expect.arrayContaining([String(port), String(port + 1)]));
	});

	it("sends the token nowhere and prints it nowhere", async () => {
		await bridge.printed("dispatched");
		const sent = recorded().map((line) => line.sent ?? "");
		expect(sent.filter((bytes) => bytes.includes("POST /repos/"))).toHaveLength(1);
		expect(sent.join("")).not.toContain(TOKEN);
		expect(bridge.output()).not.toContain(TOKEN);
	});
});

describe("npm start with a GITHUB_API_URL on this machine", () => {
	const TOKEN = "github_pat_of_the_users_own_server_0123";
	let github: GitHubStandIn;
	let port: number;
	let bridge: RunningStart;

	beforeAll(async () => {
		github = await startGitHubStandIn({ tokens: [TOKEN], repositories: ["fabrikam/churn"] });
		port = await freePorts();
		const env = { GITHUB_API_URL: `${github.url}/api/v3/`, GITHUB_REPOSITORY: "fabrikam/churn", GITHUB_TOKEN: TOKEN };
		bridge = await startOn(port, { env });
	});
	afterAll(async () => {
		await bridge?.stop();
		await github?.close();
	});

	it("dispatches there, with that token and to that repository", async () => {
		const answer = await postJson(`http://127.0.0.1:${port}/api/events`, RUN_COMPLETED);
		expect(answer.json()).toMatchObject({ events: [{ outcome: "dispatched" }] });
		expect(github.received).toMatchObject([{ repository: "fabrikam/churn" }]);
		expect(github.calls).toMatchObject([
			{ path: "/api/v3/repos/fabrikam/churn/dispatches", token: TOKEN, status: 204 },
		]);
	});

	it("starts no stand-in, says where dispatches go, and prints no token", async () => {
		expect(await isFree(port + 1)).toBe(true);
		await bridge.printed("dispatched");
		expect(bridge.output()).toContain(`fabrikam/churn at ${github.url}/api/v3/`);
		expect(bridge.output()).not.toContain("_received");
		expect(bridge.output()).not.toContain(TOKEN);
	});
});

describe("npm start without a token for the GITHUB_API_URL on this machine", () => {
	let github: GitHubStandIn;
	let port: number;
	let bridge: RunningStart;

	beforeAll(async () => {
		github = await startGitHubStandIn();
		port = await freePorts();
		bridge = await startOn(port, { env: { GITHUB_API_URL: github.url, GITHUB_REPOSITORY: "fabrikam/churn" } });
	});
	afterAll(async () => {
		await bridge?.stop();
		await github?.close();
	});

	it("runs, prints what to repair, and answers 503 at /api/health with it", async () => {
		expect(bridge.output()).toContain("repair: GITHUB_TOKEN");
		const health = await call(`http://127.0.0.1:${port}/api/health`);
		expect(health.status).toBe(503);
		expect(health.json()).toMatchObject({
			status: "unhealthy",
			problems: [{ setting: "GITHUB_TOKEN", problem: expect.stringContaining("neither is KEY_VAULT_URL") }],
		});
	});

	it("leaves every event with Event Grid, through either door, and goes on running", async () => {
		for (const id of ["one", "another"]) {
			const answer = await postJson(`http://127.0.0.1:${port}/api/events`, { ...RUN_COMPLETED, id });
			expect(answer.status).toBe(503);
			const [end] = (answer.json() as EventAnswer).events;
			expect(end).toMatchObject({ id, outcome: "unavailable", reason: expect.stringContaining("GITHUB_TOKEN") });
		}
		const trigger = `http://127.0.0.1:${port}/runtime/webhooks/eventgrid?functionName=eventGrid`;
		const answer = await postJson(trigger, [RUN_COMPLETED], { "aeg-event-type": "Notification" });
		expect(answer.status).toBe(500);
		expect((await call(`http://127.0.0.1:${port}/api/health`)).status).toBe(503);
		expect(github.calls).toEqual([]);
	});

	it("stops at SIGTERM with code 0", async () => {
		expect(await bridge.stop()).toBe(0);
	});
});
