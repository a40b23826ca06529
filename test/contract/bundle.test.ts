import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { parseFuncignore } from "../helpers/funcignore.ts";

const root = join(import.meta.dirname, "../..");
const dist = join(root, "dist");

function loadAsWorker(env: Record<string, string> = {}) {
	const script = join(import.meta.dirname, "load-as-worker.cjs");
	const out = execFileSync(process.execPath, [script, join(dist, "index.cjs")], {
		env: { PATH: process.env["PATH"], ...env },
		stdio: ["ignore", "pipe", "ignore"],
		encoding: "utf8",
	});
	return JSON.parse(out) as {
		model: string;
		registered: { name: string; bindings: Record<string, Record<string, unknown>> }[];
		loaded: string[];
	};
}

/** What the outside relies on, function by function. */
const FUNCTIONS = {
	webhook: { type: "httpTrigger", authLevel: "function", methods: ["POST", "OPTIONS"], route: "events" },
	generic_triggers: {
		type: "httpTrigger",
		authLevel: "function",
		methods: ["POST", "OPTIONS"],
		route: "generic_triggers",
	},
	eventGrid: { type: "eventGridTrigger" },
	deliver: { type: "queueTrigger", queueName: "grid-dispatch", connection: "AzureWebJobsStorage" },
	deliverPoison: { type: "queueTrigger", queueName: "grid-dispatch-poison", connection: "AzureWebJobsStorage" },
	follow: { type: "queueTrigger", queueName: "grid-dispatch-follow", connection: "AzureWebJobsStorage" },
	followPoison: { type: "queueTrigger", queueName: "grid-dispatch-follow-poison", connection: "AzureWebJobsStorage" },
	upkeep: { type: "timerTrigger", schedule: "0 17 3 * * *" },
	receipts: { type: "httpTrigger", authLevel: "function", methods: ["GET"], route: "receipts" },
	counts: { type: "httpTrigger", authLevel: "function", methods: ["GET"], route: "receipts/counts" },
	replay: { type: "httpTrigger", authLevel: "function", methods: ["POST"], route: "receipts/replay" },
	discard: { type: "httpTrigger", authLevel: "function", methods: ["POST"], route: "receipts/discard" },
	health: { type: "httpTrigger", authLevel: "anonymous", methods: ["GET"], route: "health" },
	console: { type: "httpTrigger", authLevel: "anonymous", methods: ["GET"], route: "console" },
};

describe("the bundle, loaded as the Functions worker loads it", () => {
	it.each([
		[
			"a sound configuration",
			{
				GITHUB_REPOSITORY: "contoso/fraud-model",
				GITHUB_TOKEN: "ghp_x",
				AzureWebJobsStorage: "UseDevelopmentStorage=true",
			},
		],
		["none at all", {}],
	])("registers every function with %s", (_, env) => {
		const { model, registered } = loadAsWorker(env as Record<string, string>);
		expect(model).toBe("@azure/functions");
		const triggers = registered.map(({ name, bindings }) => [
			name,
			Object.values(bindings).find(({ direction }) => direction === "in"),
		]);
		expect(Object.fromEntries(triggers)).toMatchObject(FUNCTIONS);
		expect(registered).toHaveLength(Object.keys(FUNCTIONS).length);
	});

	it("opens the third door where EVENT_QUEUE names a queue, and only there", () => {
		const { registered } = loadAsWorker({ EVENT_QUEUE: "events" });
		const queues = registered.flatMap(({ name, bindings }) =>
			name.startsWith("eventQueue") ? [[name, Object.values(bindings)[0]?.["queueName"]]] : [],
		);
		expect(queues).toEqual([
			["eventQueue", "events"],
			["eventQueuePoison", "events-poison"],
		]);
		expect(registered).toHaveLength(Object.keys(FUNCTIONS).length + 2);
	});

	it("evaluates no SDK, and not even the bridge, to register its functions", () => {
		const { loaded } = loadAsWorker({
			GITHUB_REPOSITORY: "contoso/fraud-model",
			KEY_VAULT_URL: "https://a.vault.azure.net",
			AzureWebJobsStorage: "UseDevelopmentStorage=true",
			ENTRA_TENANT_ID: "5f3c1d2e-0000-4000-8000-00000000000a",
			ENTRA_AUDIENCE: "api://bridge.contoso.example",
		});
		expect(loaded.filter((file) => file.endsWith(".cjs"))).toEqual(["load-as-worker.cjs", "index.cjs"]);
	});

	it("is what package.json names as the entry", () => {
		const { main } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { main: string };
		expect(main).toBe("dist/index.cjs");
		expect(statSync(join(root, main)).isFile()).toBe(true);
	});

	it("stays small: what a cold start reads, and all that is deployed", () => {
		const bytes = (file: string) => statSync(join(dist, file)).size;
		expect(bytes("index.cjs")).toBeLessThan(165_000);
		const code = readdirSync(dist).filter((file) => file.endsWith(".cjs"));
		expect(code.sort()).toEqual([
			"azure-storage.cjs",
			"bridge.cjs",
			"console-page.cjs",
			"credential.cjs",
			"entra-token.cjs",
			"github-app.cjs",
			"index.cjs",
			"key-vault.cjs",
		]);
		expect(code.reduce((sum, file) => sum + bytes(file), 0)).toBeLessThan(2_500_000);
	});

	it("compiles no code when it runs", () => {
		expect(readFileSync(join(dist, "index.cjs"), "utf8")).not.toMatch(/\beval\(|new Function\(/);
	});
});

describe("the deployed package", () => {
	const files = [
		...["host.json", "package.json", "dist/index.cjs", "dist/index.cjs.map", "dist/bridge.cjs", "routes.json"],
		...[
			"package-lock.json",
			"README.md",
			"local.settings.json",
			"local.settings.sample.json",
			"biome.jsonc",
			"tsconfig.json",
		],
		...["src/index.ts", "src/event/schemas/storage-blobcreated.schema.json", "test/host.json", "docs/routes.md"],
		...[
			"node_modules/ajv/package.json",
			"node_modules/ajv/dist/ajv.js",
			".ci/run",
			".git/config",
			"coverage/lcov.info",
			"distance/x",
		],
	];

	// Core Tools and azd read .funcignore with parsers of their own, which agree on less than they should.
	it.each(["core tools", "git"] as const)(
		"is host.json, package.json, dist/ and a routes.json of one's own, as %s reads it",
		(parser) => {
			const keeps = parseFuncignore(readFileSync(join(root, ".funcignore"), "utf8"), parser);
			expect(files.filter(keeps)).toEqual(files.slice(0, 6));
		},
	);
});

describe("host.json", () => {
	const host = JSON.parse(readFileSync(join(root, "host.json"), "utf8")) as Record<
		string,
		Record<string, Record<string, unknown>>
	>;

	it("keeps our log lines out of sampling", () => {
		expect(host["logging"]?.["applicationInsights"]?.["samplingSettings"]).toMatchObject({
			excludedTypes: "Request;Trace;Exception",
		});
	});

	it("brings the Event Grid extension", () => {
		expect(host["extensionBundle"]).toEqual({
			id: "Microsoft.Azure.Functions.ExtensionBundle",
			version: "[4.*, 5.0.0)",
		});
	});
});
