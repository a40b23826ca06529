import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { CliError } from "../../src/cli/cli-error.ts";
import { doctorCommand } from "../../src/cli/commands/doctor.ts";
import type { Check } from "../../src/cli/doctor/check.ts";
import { SERVICES } from "../../src/destinations/list.ts";
import { serve } from "../../src/local/serve.ts";
import { readRoutes } from "../../src/route/read-routes.ts";
import { digestOfRoutes } from "../../src/route/route.ts";
import {
	type Chain,
	HEALTH,
	HEALTHY,
	PASTED,
	REPOSITORY,
	ROUTES,
	startChain,
	workflow,
} from "../helpers/repository-stand-in.ts";

const TOKEN = "github_pat_0123456789abcdefghijklmnop";
const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS + 60_000).toISOString();

describe("doctor", () => {
	let chain: Chain;
	let folder: string;
	let routes: string;

	beforeAll(async () => {
		chain = await startChain();
		folder = mkdtempSync(join(tmpdir(), "doctor-"));
		routes = join(folder, "routes.json");
		writeFileSync(routes, JSON.stringify(ROUTES));
	});
	afterAll(async () => {
		await chain.close();
		rmSync(folder, { recursive: true, force: true });
	});

	interface Looked {
		readonly checks: readonly Check[];
		readonly verdict: string;
		readonly exitCode: number;
		readonly out: string;
		readonly err: string;
	}

	interface How {
		readonly repository?: unknown;
		readonly bridge?: Parameters<Chain["tell"]>[0];
		readonly env?: Readonly<Record<string, string>>;
		readonly flags?: readonly string[];
		readonly clockAheadMs?: number;
		readonly json?: boolean;
	}

	/** Runs the command. */
	async function look({
		repository = HEALTHY,
		bridge = {},
		env = {},
		flags = [],
		clockAheadMs = 0,
		json = true,
	}: How = {}): Promise<Looked> {
		await chain.show(repository);
		// The bridge uses the table that is looked at, unless a test says otherwise.
		const named = flags[flags.indexOf("--routes") + 1];
		const table = flags.includes("--routes")
			? (JSON.parse(readFileSync(String(named), "utf8")) as typeof ROUTES)
			: ROUTES;
		const read = readRoutes(table, SERVICES);
		const digest = digestOfRoutes(read.ok ? read.routes : []);
		chain.tell({ health: { ...HEALTH, routes: { digest } }, ...bridge });
		let [out, err, exitCode] = ["", "", 0];
		const io = {
			stdout: { write: (text: string) => (out += text), columns: 100, isTTY: !json },
			stderr: { write: (text: string) => (err += text) },
			env: { NO_COLOR: "1", GITHUB_TOKEN: TOKEN, GITHUB_API_URL: chain.github.url, ...env },
			fetch: globalThis.fetch,
			now: () => Date.now() + clockAheadMs,
		};
		const args = [
			"--url",
			chain.bridge.url,
			...(flags.includes("--routes") ? [] : ["--routes", routes]),
			...flags,
			...(json ? ["--json"] : []),
		];
		try {
			await doctorCommand(io).exitOverride().parseAsync(args, { from: "user" });
		} catch (error) {
			if (!(error instanceof CliError)) throw error;
			err += error.message;
			exitCode = error.exitCode;
		}
		const { checks = [], verdict = "" } = json && out !== "" ? (JSON.parse(out) as Looked) : {};
		expect(out + err).not.toContain(TOKEN);
		return { checks, verdict, exitCode, out, err };
	}

	/** What is not sound, in one line each. */
	function faults({ checks }: Looked): string[] {
		return checks
			.filter(({ verdict }) => verdict !== "ok")
			.map(
				({ verdict, link, subject, finding, repair }) => `${verdict} | ${link} | ${subject} | ${finding} | ${repair}`,
			);
	}

	it("has nothing to say against a healthy chain", async () => {
		const looked = await look();
		expect(faults(looked)).toEqual([]);
		expect(looked).toMatchObject({ verdict: "ok", exitCode: 0, err: "" });
		expect(new Set(looked.checks.map(({ link }) => link))).toEqual(
			new Set([
				"bridge",
				"settings",
				"storage",
				"event grid",
				"handshake",
				"routes",
				"GitHub",
				"token",
				"repository",
				"actions",
				"workflows",
				"runs",
				"clock",
			]),
		);
		expect(chain.github.received).toEqual([]);
	});

	it("has nothing to say against what npm start runs, without routes and with any workflow that listens", async () => {
		const looked = await look({ repository: [], flags: ["--routes", routes], env: { GITHUB_TOKEN: "" } });
		expect(faults(looked)).toEqual([]);
	});

	const { workflows: sound = {}, token } = HEALTHY;
	const without = (permission: string) => ({
		...HEALTHY,
		token: {
			permissions: Object.fromEntries(Object.entries(token?.permissions ?? {}).filter(([name]) => name !== permission)),
		},
	});
	const withWorkflows = (workflows: Record<string, string>, more: object = {}) => ({
		...HEALTHY,
		...more,
		workflows: { ...sound, ...workflows },
	});

	const PLANTED: readonly (readonly [fault: string, how: How, found: RegExp])[] = [
		[
			"a token that may not dispatch",
			{ repository: { ...HEALTHY, token: { permissions: { ...token?.permissions, contents: "read" } } } },
			/^error \| token \| contoso\/fraud-model \| the token may not dispatch: .*contents=write.* \| give the token Contents: write/,
		],
		[
			"a classic token without its scope",
			{ repository: { ...HEALTHY, private: false, token: { scopes: ["read:org"] } } },
			/^error \| token \| scopes \| the token does not have the scope repo; its scopes are: read:org \| add the scope repo/,
		],
		[
			"a token that ends in three days",
			{ repository: { ...HEALTHY, token: { ...token, expiresAt: inDays(3) } } },
			/^warning \| token \| expiry \| it expires on .*, in 3 days \| make a new token/,
		],
		[
			"an archived repository",
			{ repository: { ...HEALTHY, archived: true } },
			/^error \| repository \| contoso\/fraud-model \| it is archived.* \| unarchive it/,
		],
		[
			"a disabled repository",
			{ repository: { ...HEALTHY, disabled: true } },
			/^error \| repository \| contoso\/fraud-model \| GitHub has disabled it/,
		],
		[
			"Actions that are off",
			{ repository: { ...HEALTHY, actions: false } },
			/^error \| actions \| contoso\/fraud-model \| Actions are off.* \| turn them on: Settings, Actions, General/,
		],
		[
			"no workflow for a type",
			{ repository: { ...HEALTHY, workflows: { "evaluate.yml": sound["evaluate.yml"] ?? "" } } },
			/^error \| workflows \| contoso\/fraud-model retrain \| no workflow on main listens \| add a workflow with "on: repository_dispatch: types: \[retrain\]" to main/,
		],
		[
			"no workflow at all",
			{ repository: { ...HEALTHY, workflows: {} } },
			/^error \| workflows \| contoso\/fraud-model \| there is no folder \.github\/workflows on main, so no workflow listens/,
		],
		[
			"a type that is spelt otherwise",
			{ repository: withWorkflows({ "train.yml": workflow("[retrian]") }) },
			/^error \| workflows \| contoso\/fraud-model retrain \| no workflow listens; train\.yml listens to "retrian", which has another spelling \| write "retrain" in \.github\/workflows\/train\.yml/,
		],
		[
			"a type in the wrong case",
			{ repository: withWorkflows({ "train.yml": workflow("[Retrain]") }) },
			/^error \| workflows \| contoso\/fraud-model retrain \| no workflow listens; train\.yml listens to "Retrain", which differs only in upper and lower case/,
		],
		[
			"a workflow that is disabled",
			{ repository: { ...HEALTHY, states: { "train.yml": "disabled_manually" } } },
			/^error \| workflows \| contoso\/fraud-model retrain \| only train\.yml listens, but its state is disabled_manually \| enable it: gh workflow enable train\.yml --repo contoso\/fraud-model/,
		],
		[
			"the payload inside of run",
			{ repository: withWorkflows({ "train.yml": workflow("[retrain]", PASTED) }) },
			/^error \| workflows \| contoso\/fraud-model train\.yml:15 \| \$\{\{ github\.event\.client_payload\.data\.runId \}\} is inserted into a script.* \| pass the value through env:/,
		],
		[
			"a workflow that is no YAML",
			{ repository: withWorkflows({ "broken.yml": "on:\n  repository_dispatch:\n    types: [a\njobs:\n" }) },
			/^error \| workflows \| contoso\/fraud-model broken\.yml:\d \| the file is not valid.* \| correct the YAML at line \d of \.github\/workflows\/broken\.yml/,
		],
		[
			"a clock that goes wrong",
			{ clockAheadMs: -600_000 },
			/^warning \| clock \| null \| compared with this machine, the bridge's clock is (?:599|600|601) seconds ahead, and GitHub's .* \| set the wrong clock/,
		],
		[
			"a handshake that is refused",
			{ bridge: { rules: { origins: ["contoso.example"] } } },
			/^error \| handshake \| CloudEvents \| the webhook accepts events from no origin of Event Grid: .* is not in HANDSHAKE_ORIGINS \| add Event Grid's origin to HANDSHAKE_ORIGINS/,
		],
		[
			"a trigger that is not there",
			{ bridge: { trigger: false } },
			/^error \| event grid \| eventGrid \| the trigger eventGrid does not answer: 404 \| deploy the code/,
		],
		[
			"a setting that is wrong",
			{
				bridge: {
					health: { ...HEALTH, status: "unhealthy", problems: [{ setting: "GITHUB_PACE", problem: "is no pace" }] },
				},
			},
			/^error \| settings \| null \| GITHUB_PACE is no pace \| correct GITHUB_PACE/,
		],
		[
			"storage that does not answer",
			{ bridge: { health: { ...HEALTH, status: "unhealthy", storage: { reachable: false, reason: "refused" } } } },
			/^error \| storage \| null \| refused \| check AzureWebJobsStorage/,
		],
		[
			"a token that the bridge cannot get",
			{
				bridge: {
					health: {
						...HEALTH,
						tokens: [{ lane: "default", present: false, expiresAt: null, reason: "no such secret" }],
					},
				},
			},
			/^error \| token \| default \| no such secret \| check KEY_VAULT_URL/,
		],
		[
			"a lane that is parked",
			{
				bridge: {
					health: {
						...HEALTH,
						lanes: [{ lane: "default", state: "parked", until: null, reason: "401", parkedDestinations: 0 }],
					},
				},
			},
			/^error \| GitHub \| default \| the bridge sends nothing: 401 \| repair the cause that GitHub names/,
		],
		[
			"a workflow whose runs have no name",
			{ repository: withWorkflows({ "train.yml": workflow("[retrain]").replace(/^run-name.*\n/m, "") }) },
			/^warning \| runs \| contoso\/fraud-model train\.yml \| it has no run-name: the bridge cannot be sure which run a dispatch started \| write into \.github\/workflows\/train\.yml: run-name: train \$\{\{ github\.event\.client_payload\.bridge\.key \}\}$/,
		],
		[
			"a group that loses runs",
			{ repository: withWorkflows({ "train.yml": `${workflow("[retrain]")}concurrency: train\n` }) },
			/^warning \| runs \| contoso\/fraud-model train\.yml:16 \| its concurrency group "train" loses runs: .* \| add "queue: max"/,
		],
		[
			"dead letters",
			{ bridge: { health: { ...HEALTH, deadLetters: 2 } } },
			/^warning \| bridge \| null \| there are 2 dead letters \| list them/,
		],
	];

	it.each(PLANTED)("finds %s, and names the repair", async (_, how, found) => {
		const looked = await look(how);
		const all = faults(looked);
		expect(all.filter((line) => found.test(line))).toHaveLength(1);
		// And nothing that is sound is complained of.
		expect(all.filter((line) => !found.test(line) && !/follows|no workflow|cannot tell/.test(line))).toEqual([]);
		expect(looked.exitCode).toBe(found.source.startsWith("^error") ? 1 : 0);
	});

	it("does not blame the storage that was not looked at while a setting is wrong", async () => {
		const problems = [{ setting: "GITHUB_TOKEN", problem: "is not set" }];
		const health = { ...HEALTH, status: "unhealthy", problems, storage: { reachable: false, reason: "broken" } };
		const all = faults(await look({ bridge: { health } }));
		expect(all.filter((line) => line.startsWith("error"))).toEqual([expect.stringContaining("GITHUB_TOKEN")]);
		expect(all.filter((line) => line.includes("| storage |"))).toEqual([expect.stringMatching(/^cannot tell/)]);
	});

	it("finds ten faults at once", async () => {
		const repository = {
			...HEALTHY,
			actions: false,
			workflows: {
				"train.yml": workflow("[Retrain]", PASTED),
				"evaluate.yml": sound["evaluate.yml"],
				"broken.yml": "on: [repository_dispatch\njobs:\n",
			},
			states: { "evaluate.yml": "disabled_inactivity" },
			token: {
				permissions: { metadata: "read", contents: "read", actions: "read", administration: "read" },
				expiresAt: inDays(3),
			},
		};
		const bridge = {
			rules: { origins: ["contoso.example"] },
			trigger: false,
			health: { ...HEALTH, storage: { reachable: false, reason: "refused" } },
		};
		const looked = await look({ repository, bridge, clockAheadMs: 600_000 });
		const words = [
			"Actions are off",
			"differs only in upper",
			"inserted into a script",
			"the file is not valid",
			"disabled_inactivity",
			"may not dispatch",
			"in 2 days",
			"HANDSHAKE_ORIGINS",
			"trigger eventGrid",
			"refused",
			"clock",
		];
		const all = faults(looked);
		for (const word of words)
			expect(all.filter((line) => line.includes(word) && !line.endsWith("| null"))).toHaveLength(1);
		expect(all).toHaveLength(words.length);
	});

	describe("with a token that may read little", () => {
		it("cannot tell, and raises no alarm", async () => {
			const repository = { ...HEALTHY, token: { permissions: { metadata: "read", contents: "write" } } };
			const looked = await look({ repository });
			expect(looked.exitCode).toBe(0);
			expect(faults(looked).map((line) => line.split(" | ").slice(0, 4).join(" | "))).toEqual([
				"cannot tell | actions | contoso/fraud-model | the token may not read whether Actions are on; that needs administrator rights",
				"cannot tell | workflows | contoso/fraud-model | the token may not read whether a workflow is disabled",
				expect.stringMatching(
					/^warning \| runs \| contoso\/fraud-model \| the token may not read runs, .*actions=read/,
				),
			]);
		});

		it.each([
			["cannot read files", without("contents"), false],
			["cannot even see the repository", { ...HEALTHY, token: { permissions: {} } }, false],
			["is not known to GitHub", HEALTHY, true],
		])("cannot tell about a deployed bridge, whose token is another one: it %s", async (_, repository, unknown) => {
			const deployed = deployedAt(chain);
			if (unknown) chain.github.setTokens(["another"]);
			try {
				await chain.show(repository);
				chain.tell({});
				const checks = await deployed(routes, []);
				expect(checks.filter(({ verdict }) => verdict === "error" || verdict === "warning")).toEqual([]);
				expect(checks.some(({ verdict }) => verdict === "cannot tell")).toBe(true);
			} finally {
				await restart();
			}
		});

		it("raises an alarm where that token is the bridge's own", async () => {
			await chain.show({ ...HEALTHY, token: { permissions: { metadata: "read", contents: "read" } } });
			chain.tell({});
			const checks = await deployedAt(chain)(routes, ["--bridge-token"]);
			expect(checks.filter(({ verdict }) => verdict === "error")).toMatchObject([
				{ link: "token", subject: REPOSITORY },
			]);
		});

		async function restart(): Promise<void> {
			await chain.close();
			chain = await startChain();
		}
	});

	it("tells a token that GitHub refuses from one that lacks a right", async () => {
		chain.github.setTokens(["another"]);
		const looked = await look();
		await chain.close();
		chain = await startChain();
		expect(faults(looked)).toEqual([
			expect.stringMatching(/^error \| token \| null \| GitHub answered 401 .* \| make a new token/),
		]);
	});

	it("tells what listens to everything, for a route that takes every event", async () => {
		const everything = join(folder, "everything.json");
		writeFileSync(
			everything,
			JSON.stringify({ routes: [{ filter: { subjectBeginsWith: "experiments/" }, to: { repository: REPOSITORY } }] }),
		);
		const flags = ["--routes", everything];
		const told = async (workflows: Record<string, string>, states = {}) =>
			(await look({ repository: { ...HEALTHY, workflows, states }, flags })).checks.filter(
				({ link }) => link === "workflows",
			);
		expect(
			await told({ "all.yml": "on: repository_dispatch\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: ls\n" }),
		).toMatchObject([{ verdict: "ok", finding: "these workflows listen: all.yml (everything)" }]);
		expect(await told(sound as Record<string, string>)).toMatchObject([
			{ verdict: "ok", finding: expect.stringContaining("evaluate.yml (machinelearningservices-runcompleted)") },
		]);
		expect(await told({ "train.yml": workflow("[retrain]") })).toMatchObject([{ verdict: "error" }]);
		expect(await told({ "a.yml": sound["evaluate.yml"] ?? "" }, { "a.yml": "disabled_fork" })).toMatchObject([
			{ verdict: "error", repair: `enable it: gh workflow enable a.yml --repo ${REPOSITORY}` },
		]);
		expect(
			await told({ "a.yml": sound["evaluate.yml"] ?? "", "b.yml": workflow("[storage-blobcreate]") }),
		).toMatchObject([
			{ verdict: "ok" },
			{
				verdict: "warning",
				finding: 'it listens to "storage-blobcreate", but no route sends that',
				repair: 'if you mean "storage-blobcreated", write that',
			},
		]);
	});

	it("asks for a key where the door has one, and sends it as a header", async () => {
		const closed = { bridge: { key: "a-function-key" } };
		expect(faults(await look(closed)).map((line) => line.split(" | ").slice(0, 3).join(" | "))).toEqual([
			"cannot tell | event grid | eventGrid",
			"cannot tell | handshake | Event Grid schema",
			"cannot tell | handshake | CloudEvents",
		]);
		const opened = await look({ ...closed, env: { GRID_DISPATCH_KEY: "a-function-key" } });
		expect(faults(opened)).toHaveLength(1);
		expect(opened.out).not.toContain("a-function-key");
	});

	it("cannot tell where only some topics or subscriptions may subscribe, and takes one by name", async () => {
		const bridge = { rules: { topics: ["/contoso/topic"] } };
		expect(faults(await look({ bridge }))).toEqual([
			expect.stringMatching(/^cannot tell \| handshake \| Event Grid schema \| HANDSHAKE_TOPICS/),
		]);
		expect(faults(await look({ bridge, flags: ["--topic", "/contoso/topic"] }))).toEqual([]);
		expect(faults(await look({ bridge: { rules: { subscriptions: ["x"] } } }))).toEqual([
			expect.stringContaining("HANDSHAKE_SUBSCRIPTIONS"),
		]);
	});

	it("tells that nothing answers, and looks at GitHub all the same", async () => {
		const looked = await look({ flags: ["--url", "http://127.0.0.1:9"] });
		expect(faults(looked)).toEqual([
			expect.stringMatching(
				/^error \| bridge \| null \| nothing answers at http:\/\/127\.0\.0\.1:9 .* \| start it with "npm start"/,
			),
		]);
		expect(looked.checks.map(({ link }) => link)).toContain("workflows");
		const gone = await look({ env: { GITHUB_API_URL: "http://127.0.0.1:9" } });
		expect(faults(gone)).toEqual([
			expect.stringMatching(/^error \| GitHub \| null \| http:\/\/127\.0\.0\.1:9: no answer from GitHub/),
		]);
	});

	it("tells of an address that serves web pages in the place of GitHub's API, whatever their status", async () => {
		for (const status of [200, 404]) {
			const server = await serve(0, (_request, response) => {
				response.writeHead(status, { "content-type": "text/html" }).end("<title>Sign in</title>");
			});
			const looked = await look({ env: { GITHUB_API_URL: server.url } });
			await server.close();
			expect(faults(looked)).toEqual([
				expect.stringMatching(
					new RegExp(
						`^error \\| GitHub \\| null \\| .*answered ${status} as text/html, which is not an answer of its API`,
					),
				),
			]);
		}
	});

	it.each([
		[[]],
		[{ status: "UP" }],
		[{ status: "ok", version: "2.0.0" }],
		[{ status: "healthy", version: "0.1.0", problems: {}, warnings: 7 }],
		[{ ...HEALTH, lanes: "none", tokens: null }],
		[{ ...HEALTH, lanes: [null] }],
		[{ ...HEALTH, problems: ["down"] }],
	])("tells of something else that answers in the bridge's place: %j", async (health) => {
		const looked = await look({ bridge: { health } });
		expect(faults(looked)).toEqual([
			expect.stringMatching(
				/^error \| bridge \| null \| another program than the bridge answers .* \(HTTP status 200\)/,
			),
		]);
	});

	it("tells which lanes wait, and why", async () => {
		const lane = (more: object) => ({
			lane: "default",
			state: "open",
			until: null,
			reason: null,
			parkedDestinations: 0,
			...more,
		});
		const lanes = [
			lane({ state: "paused", until: "2026-03-14T08:20:00.000Z", reason: "slow down" }),
			lane({ parkedDestinations: 2 }),
			lane({ lane: "azure-devops", parkedDestinations: 1 }),
			lane({ lane: "hook", state: "parked", reason: "401" }),
		];
		const looked = await look({ bridge: { health: { ...HEALTH, lanes, warnings: ["PAT_TOKEN is an old name"] } } });
		expect(faults(looked).map((line) => line.split(" | ").slice(0, 4).join(" | "))).toEqual([
			"warning | settings | null | PAT_TOKEN is an old name",
			"warning | GitHub | default | the bridge sends nothing until 2026-03-14T08:20:00.000Z: slow down",
			"warning | GitHub | default | 2 destinations are parked",
			"warning | pipelines | azure-devops | a destination is parked",
			"error | bridge | hook | the bridge sends nothing: 401",
		]);
	});

	it("raises no alarm while GitHub asks to slow down, or fails by itself", async () => {
		for (const fault of [{ status: 429, headers: { "retry-after": "60" } }, { status: 503 }]) {
			await chain.show(HEALTHY);
			chain.github.script.set({ ...fault, times: 100 });
			const looked = await look();
			chain.github.script.set([]);
			expect(faults(looked).map((line) => line.split(" | ").slice(0, 3).join(" | "))).toEqual([
				`cannot tell | repository | ${REPOSITORY}`,
			]);
		}
	});

	it("says nothing about GitHub without a token, and nothing about routes that it does not know", async () => {
		await chain.show(HEALTHY);
		chain.tell({});
		const told = (await deployedAt(chain, {})(undefined, [])).filter(({ verdict }) => verdict !== "ok");
		expect(told).toMatchObject([
			{ link: "routes", verdict: "cannot tell", repair: expect.stringContaining("--routes") },
			{ link: "GitHub", verdict: "cannot tell", repair: "set GITHUB_TOKEN or GH_TOKEN" },
		]);
	});

	it("looks at a repository once, however many routes lead to it, and tells what is odd about the table", async () => {
		const odd = join(folder, "odd.json");
		const [train, evaluate] = ROUTES.routes;
		writeFileSync(
			odd,
			JSON.stringify({
				routes: [
					train,
					{
						...evaluate,
						to: { repository: "Contoso/Fraud-Model" },
						filter: { includedEventTypes: ["microsoft.machinelearningservices.runcompleted"] },
					},
				],
			}),
		);
		const looked = await look({ flags: ["--routes", odd] });
		expect(faults(looked)).toEqual([
			expect.stringMatching(/^warning \| routes \| evaluate routes\[1\]\.filter\.includedEventTypes\[0\] \|/),
		]);
		expect(looked.checks.filter(({ link }) => link === "repository")).toHaveLength(1);
	});

	it("prints a table that fits the terminal, and the sum of it", async () => {
		const looked = await look({ repository: { ...HEALTHY, archived: true }, json: false });
		expect(looked.out).toMatch(/^error {8}repository +contoso\/fraud-model: it is archived/m);
		expect(looked.out).toMatch(/^ +repair: unarchive it/m);
		expect(looked.out.split("\n").filter((line) => line.length > 100)).toEqual([]);
		expect(looked.err).toBe("doctor: 1 error");
	});

	it.each([
		[["--app", "a"], "--app needs --resource-group"],
		[["--app", "a", "--url", "https://contoso.example"], "give --app or --url, not both"],
		[["--app", "a; ls", "--resource-group", "b"], '"a; ls" is not a name that Azure allows'],
		[["--url", "http://contoso.example"], "is not an https address"],
		[["--github", "ftp://contoso.example"], "is not an https address"],
	])("refuses %j as a wrong use", async (flags, message) => {
		const io = { stdout: { write: () => {} }, stderr: { write: () => {} }, env: {}, fetch, now: Date.now };
		const done = doctorCommand(io).parseAsync(flags, { from: "user" });
		await expect(done).rejects.toMatchObject({ message: expect.stringContaining(message), exitCode: 2 });
	});
});

/** The doctor as it looks at a deployed app: the same two servers under names that are not this machine's. */
function deployedAt(chain: Chain, env: Readonly<Record<string, string>> = { GITHUB_TOKEN: TOKEN }) {
	return async (routes: string | undefined, flags: readonly string[]): Promise<readonly Check[]> => {
		let out = "";
		const there = (url: string) =>
			url.replace("https://bridge.example", chain.bridge.url).replace("https://github.example", chain.github.url);
		const io = {
			stdout: { write: (text: string) => (out += text) },
			stderr: { write: () => {} },
			env: { ...env, GITHUB_API_URL: "https://github.example" },
			fetch: ((url: string, init?: RequestInit) => fetch(there(url), init)) as typeof fetch,
			now: Date.now,
		};
		const args = [
			"--url",
			"https://bridge.example",
			...(routes === undefined ? [] : ["--routes", routes]),
			"--json",
			...flags,
		];
		await doctorCommand(io)
			.parseAsync(args, { from: "user" })
			.catch(() => {});
		return (JSON.parse(out) as { checks: Check[] }).checks;
	};
}
