import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createAsk } from "../../src/cli/ask.ts";
import { CliError } from "../../src/cli/cli-error.ts";
import { doctorCommand } from "../../src/cli/commands/doctor.ts";
import type { Check } from "../../src/cli/doctor/check.ts";
import { checkPipelines } from "../../src/cli/doctor/check-pipelines.ts";
import { digestOfRoutes } from "../../src/route/route.ts";
import { call, postJson } from "../../support/call.ts";
import { type Chain, HEALTH, HEALTHY, REPOSITORY, ROUTES, startChain } from "../helpers/repository-stand-in.ts";

const TOKEN = "github_pat_0123456789abcdefghijklmnop";
const OTHER = { routes: [{ name: "all", to: { repository: REPOSITORY, dispatchType: "other" } }] };

let chain: Chain;
let folder: string;

beforeAll(async () => {
	chain = await startChain();
	folder = mkdtempSync(join(tmpdir(), "doctor-table-"));
});
afterAll(async () => {
	await chain.close();
	rmSync(folder, { recursive: true, force: true });
});

/** Runs doctor, whose environment has a table, against a bridge that says this of its own. */
async function look(env: Readonly<Record<string, string>>, routes: unknown, flags: readonly string[] = []) {
	await chain.show(HEALTHY);
	chain.tell({ health: { ...HEALTH, routes } });
	let [out, exitCode] = ["", 0];
	const io = {
		stdout: { write: (text: string) => (out += text) },
		stderr: { write: () => {} },
		env: { GITHUB_TOKEN: TOKEN, GITHUB_API_URL: chain.github.url, ...env },
		fetch: globalThis.fetch,
		now: Date.now,
	};
	try {
		await doctorCommand(io).parseAsync(["--url", chain.bridge.url, "--json", ...flags], { from: "user" });
	} catch (error) {
		if (!(error instanceof CliError)) throw error;
		exitCode = error.exitCode;
	}
	const { checks } = JSON.parse(out) as { checks: readonly Check[] };
	const bad = checks
		.filter(({ verdict }) => verdict !== "ok")
		.map((one) => `${one.verdict} | ${one.link} | ${one.finding}`);
	return { checks, bad, exitCode };
}

describe("the table that doctor looks at", () => {
	it("is the bridge's own by its digest, however the table is written", async () => {
		const [train, evaluate] = ROUTES.routes;
		const { to, filter, name } = train as { to: object; filter: object; name: string };
		const written = { routes: [{ to, name, filter: Object.fromEntries(Object.entries(filter).reverse()) }, evaluate] };
		const looked = await look({ BRIDGE_ROUTES: JSON.stringify(written, null, 2) }, HEALTH.routes);
		expect(looked.bad).toEqual([]);
		expect(looked.checks.map(({ link }) => link)).toContain("workflows");
	});

	it("is the one repository of GITHUB_REPOSITORY, as the bridge has it", async () => {
		const digest = digestOfRoutes([{ name: "default", to: { repository: REPOSITORY } }]);
		const { bad, checks } = await look({ GITHUB_REPOSITORY: REPOSITORY }, { digest });
		expect(bad).toEqual([]);
		expect(checks.find(({ link }) => link === "routes")?.finding).toBe(
			`the bridge uses this table: GITHUB_REPOSITORY, every event to ${REPOSITORY} (digest ${digest})`,
		);
	});

	it("is another one that lies in this folder, where the bridge uses that, and it is said", async () => {
		const before = process.cwd();
		const here = mkdtempSync(join(tmpdir(), "doctor-here-"));
		writeFileSync(join(here, "routes.json"), JSON.stringify(ROUTES));
		process.chdir(here);
		try {
			const looked = await look({ BRIDGE_ROUTES: JSON.stringify(OTHER) }, HEALTH.routes);
			expect(looked.bad).toEqual([]);
			const said = looked.checks.filter(({ link }) => link === "routes").map(({ finding }) => finding);
			expect(said[0]).toBe(
				`the bridge uses this table: routes.json (digest ${HEALTH.routes.digest}); it does not use BRIDGE_ROUTES`,
			);
			expect(looked.checks.map(({ link }) => link)).toContain("workflows");
			const unset = await look({}, HEALTH.routes);
			expect(unset.checks.find(({ link }) => link === "routes")?.finding).toBe(
				`the bridge uses this table: routes.json (digest ${HEALTH.routes.digest}); it does not use the default of npm start, every event to ${REPOSITORY}`,
			);
			// One that was named is looked at all the same, and the bridge's own is named beside it.
			writeFileSync(join(here, "other.json"), JSON.stringify(OTHER));
			const named = await look({}, HEALTH.routes, ["--routes", join(here, "other.json")]);
			expect(named.bad[0]).toMatch(/^warning \| routes \| .*the bridge's table is routes\.json$/);
		} finally {
			process.chdir(before);
			rmSync(here, { recursive: true, force: true });
		}
	});

	it("is judged in nothing where the bridge uses another one, and that is said", async () => {
		const looked = await look({ BRIDGE_ROUTES: JSON.stringify(OTHER) }, HEALTH.routes);
		expect(looked.bad).toEqual([
			`error | routes | the bridge does not use BRIDGE_ROUTES (digest ${digestOfRoutes(OTHER.routes)}), but another table (digest ${HEALTH.routes.digest}), so the command cannot check the routes`,
		]);
		expect(looked.exitCode).toBe(1);
		const links = looked.checks.map(({ link }) => link);
		for (const link of ["repository", "actions", "workflows", "runs"]) expect(links).not.toContain(link);
		// The order of routes decides which of them takes an event.
		const turned = { routes: [...ROUTES.routes].reverse() };
		expect((await look({ BRIDGE_ROUTES: JSON.stringify(turned) }, HEALTH.routes)).bad).toHaveLength(1);
	});

	it("is judged where it is named although the bridge uses another one, and that is said first", async () => {
		const file = join(folder, "to-come.json");
		writeFileSync(file, JSON.stringify(OTHER));
		const looked = await look({}, HEALTH.routes, ["--routes", file]);
		expect(looked.bad[0]).toMatch(
			/^warning \| routes \| the bridge does not use .*to-come\.json .*, but another table .*; the checks below use .*to-come\.json/,
		);
		expect(looked.bad.at(-1)).toMatch(/^error \| workflows \| no workflow on main listens/);
	});

	it.each([
		["undefined", undefined],
		["null", null],
		["an empty digest of another form", { digest: 7 }],
	])("cannot be told to be the bridge's by an older bridge: routes are %s", async (_, routes) => {
		const looked = await look({ BRIDGE_ROUTES: JSON.stringify(ROUTES) }, routes);
		expect(looked.bad).toEqual([
			"cannot tell | routes | the bridge does not report which table it uses; the checks below use BRIDGE_ROUTES",
		]);
		expect(looked.checks.map(({ link }) => link)).toContain("workflows");
		expect(looked.exitCode).toBe(0);
	});

	it("has its own problems told where the bridge would refuse it, and those alone", async () => {
		const looked = await look({ BRIDGE_ROUTES: '{ "routes": [{ "to": {} }] }' }, HEALTH.routes);
		expect(looked.bad.every((line) => line.startsWith("error | routes | "))).toBe(true);
		expect(looked.bad.join()).not.toContain("another table");
	});
});

describe("what doctor says of following", () => {
	const table = { BRIDGE_ROUTES: JSON.stringify(ROUTES) };

	it("is that it is off where FOLLOW_RUNS is, and nothing about names", async () => {
		const { checks, bad } = await look({ ...table, FOLLOW_RUNS: " Off " }, HEALTH.routes);
		expect(bad).toEqual([]);
		expect(checks.filter(({ link }) => link === "runs").map(({ finding }) => finding)).toEqual([
			"FOLLOW_RUNS is off, so the bridge does not follow runs",
		]);
	});

	it("asks for the runs of a repository once", async () => {
		const before = chain.github.calls.length;
		await look(table, HEALTH.routes);
		const asked = chain.github.calls.slice(before).filter(({ path }) => path.split("?")[0]?.endsWith("/actions/runs"));
		expect(asked).toHaveLength(1);
	});

	it("is the right to start a workflow, for a route that starts one by name, and not that to dispatch", async () => {
		const named = {
			routes: [{ name: "train", to: { repository: REPOSITORY, workflow: "train.yml", inputs: { key: "bridge.key" } } }],
		};
		const workflows = {
			"train.yml": `name: T\nrun-name: \u0024{{ inputs.key }}\non:\n  workflow_dispatch:\n    inputs:\n      key:\n        type: string\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: ls\n`,
		};
		const checksWith = async (permissions: object) => {
			const { routes } = named;
			chain.tell({ health: { ...HEALTH, routes: { digest: digestOfRoutes(routes) } } });
			await chain.show({ ...HEALTHY, workflows, token: { permissions } });
			const file = join(folder, "named.json");
			writeFileSync(file, JSON.stringify(named));
			let out = "";
			const io = {
				stdout: { write: (text: string) => (out += text) },
				stderr: { write: () => {} },
				env: { GITHUB_TOKEN: TOKEN, GITHUB_API_URL: chain.github.url },
				fetch: globalThis.fetch,
				now: Date.now,
			};
			const args = ["--url", chain.bridge.url, "--json", "--routes", file];
			await doctorCommand(io)
				.parseAsync(args, { from: "user" })
				.catch(() => {});
			const { checks } = JSON.parse(out) as { checks: readonly Check[] };
			const bad = checks.filter(({ verdict, link }) => verdict !== "ok" && link !== "routes");
			return bad.map(({ link, finding }) => `${link}: ${finding}`);
		};
		const rights = { metadata: "read", contents: "read", administration: "read" };
		expect(await checksWith({ ...rights, actions: "write" })).toEqual([]);
		expect(await checksWith({ ...rights, actions: "read" })).toEqual([
			expect.stringMatching(/^token: the token may not start workflows: .*actions=write/),
		]);
		expect(chain.github.received).toEqual([]);
	});
});

describe("what doctor says of a pipeline", () => {
	const route = (pipeline: number) => ({ name: "a", to: { organization: "contoso", project: "ml ops", pipeline } });
	const found = async (pipelines: readonly number[], more: { token?: string; tokenIsBridges?: boolean } = {}) => {
		const ask = createAsk({ fetch: globalThis.fetch, now: Date.now });
		const devOps = { url: chain.github.url, token: "a-pat", tokenIsBridges: true, ...more };
		const checks = await checkPipelines(pipelines.map(route), devOps, ask);
		return checks.map(({ verdict, subject, finding }) => `${verdict}: ${subject}: ${finding}`);
	};
	const RIGHT = expect.stringMatching(
		/^cannot tell: .*: the command cannot check whether the bridge may start this pipeline/,
	);

	it("is whether it is there, once each, and that its rights cannot be told", async () => {
		await postJson(`${chain.github.url}/_pipeline`, {
			organization: "contoso",
			project: "ml ops",
			id: 7,
			name: "Deploy",
		});
		expect(await found([7, 7])).toEqual(["ok: contoso/ml ops 7: the pipeline exists: Deploy", RIGHT]);
		expect(await found([8])).toEqual([
			expect.stringMatching(/^error: contoso\/ml ops 8: this pipeline does not exist: .*TF215016/),
			RIGHT,
		]);
		expect(await found([8], { tokenIsBridges: false })).toEqual([
			expect.stringMatching(
				/^cannot tell: contoso\/ml ops 8: this pipeline does not exist: .*; this is the token of your environment/,
			),
			RIGHT,
		]);
	});

	it("is not asked without a token, and cannot be told with one that is refused", async () => {
		const before = chain.github.calls.length;
		expect(await found([7], { token: undefined as never })).toEqual([
			"cannot tell: contoso/ml ops 7: the command needs a token to check whether this pipeline exists",
			RIGHT,
		]);
		expect(chain.github.calls).toHaveLength(before);
		chain.github.setAzureTokens(["another"]);
		expect(await found([7])).toEqual([
			expect.stringMatching(
				/^cannot tell: .*: the command could not check whether this pipeline exists: Azure DevOps refuses the token \(203\)/,
			),
			RIGHT,
		]);
	});

	describe("and of its parameters", () => {
		const routeWith = (parameters: object, filter = {}) => [
			{ name: "a", filter, to: { organization: "contoso", project: "ml ops", pipeline: 7, parameters } },
		];
		const looked = async (routes: readonly object[]) => {
			chain.github.setAzureTokens(["a-pat"]);
			const ask = createAsk({ fetch: globalThis.fetch, now: Date.now });
			const devOps = { url: chain.github.url, token: "a-pat", tokenIsBridges: true };
			const checks = await checkPipelines(routes as never, devOps, ask);
			return checks
				.map(({ verdict, finding }) => `${verdict}: ${finding}`)
				.filter((text) => !/may start this pipeline|the pipeline exists/.test(text));
		};
		beforeAll(async () => {
			const parameters = {
				run: { type: "string" },
				stage: { type: "string", default: "test", values: ["test", "live"] },
			};
			await postJson(`${chain.github.url}/_pipeline`, {
				organization: "contoso",
				project: "ml ops",
				id: 7,
				parameters,
			});
		});

		it.each([
			[{ run: "id" }, 'ok: it accepts the parameters of route "a": run'],
			[{ run: "id", stage: { value: "live" } }, 'ok: it accepts the parameters of route "a": run, stage'],
			[{ runs: "id" }, 'error: route "a" sends the parameter "runs", but the pipeline does not declare it'],
			[
				{ stage: { value: "live" } },
				'error: the pipeline requires the parameter "run", but route "a" does not send it',
			],
			[
				{ run: "id", stage: { value: "prod" } },
				/^error: it refuses the request of route "a" for an example event: .*'stage' parameter value 'prod'/,
			],
		])("says what it makes of %j", async (parameters, text) => {
			expect(await looked(routeWith(parameters))).toEqual([
				typeof text === "string" ? text : expect.stringMatching(text),
			]);
		});

		it("cannot tell where the token may only read", async () => {
			await postJson(`${chain.github.url}/_pipeline`, {
				organization: "contoso",
				project: "ml ops",
				id: 7,
				denied: ["run"],
			});
			expect(await looked(routeWith({ run: "id" }))).toEqual([
				expect.stringMatching(/^cannot tell: the command could not check the parameters/),
			]);
		});
	});

	it("starts no run", async () => {
		expect((await call(`${chain.github.url}/_received`)).json()).toEqual([]);
	});
});
