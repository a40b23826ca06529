import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { SERVICES } from "../../src/destinations/list.ts";
import { readRoutes } from "../../src/route/read-routes.ts";
import { runCli } from "../helpers/run-cli.ts";

const SCHEMA = join(import.meta.dirname, "../../docs/routes.schema.json");
let folder: string;
let file: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "init-"));
	file = join(folder, "routes.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const init = (args: readonly string[], world = {}) => runCli(["init", "--file", file, ...args], world);
const written = () => JSON.parse(readFileSync(file, "utf8")) as { $schema: string; routes: object[] };

/** A terminal at which these lines are typed, one for each question. */
function terminal(...lines: readonly (string | undefined)[]) {
	const [left, asked] = [[...lines], [] as string[]];
	const prompt = async (question: string) => {
		asked.push(question);
		return left.shift();
	};
	return { asked, left, world: { prompt, ask: async () => false, isTTY: true } };
}

describe("init without a terminal", () => {
	it("writes what the options say, which the bridge takes, and names the schema from the table's folder", async () => {
		const run = await init(["--repository", "contoso/fraud-model", "--event", "RunCompleted", "BlobCreated"]);
		expect(run).toMatchObject({ code: 0, err: `wrote ${file}\n` });
		const table = written();
		expect(resolve(dirname(file), table.$schema)).toBe(SCHEMA);
		expect(readRoutes(table, SERVICES)).toMatchObject({ ok: true });
		expect(table.routes).toEqual([
			{
				name: "RunCompleted, BlobCreated",
				filter: {
					includedEventTypes: ["Microsoft.MachineLearningServices.RunCompleted", "Microsoft.Storage.BlobCreated"],
				},
				to: { repository: "contoso/fraud-model" },
			},
		]);
		expect(run.out).toContain("types: [machinelearningservices-runcompleted, storage-blobcreated]");
		for (const where of ["In GitHub:", "In Azure (docs/deploy.md):", "on the default branch of contoso/fraud-model"]) {
			expect(run.out).toContain(where);
		}
	});

	it("names the parameters file for the table, because the next deployment forgets what the command line said", async () => {
		const { out } = await init(["--repository", "contoso/fraud-model", "--event", "RunCompleted"]);
		const [, parameter = ""] = /(param routes = .*?) in infra\/main\.bicepparam/.exec(out) ?? [];
		const offered = readFileSync(join(import.meta.dirname, "../../infra/main.bicepparam"), "utf8");
		expect(offered).toContain(`\n// ${parameter}\n`);
		expect(out).not.toContain("--parameters");
	});

	it("gives a workflow and a pipeline the key and the subject, and shows how they declare them", async () => {
		const workflow = ["--repository", "contoso/fraud-model", "--workflow", ".github/workflows/train.yml"];
		const one = await init([...workflow, "--event", "BlobCreated", "--container", "training"]);
		expect(written().routes).toMatchObject([
			{
				filter: { subjectBeginsWith: "/blobServices/default/containers/training/" },
				to: { workflow: "train.yml", inputs: { bridge_key: "bridge.key", subject: "subject" } },
			},
		]);
		expect(one.out).toMatch(/run-name: \$\{\{ inputs\.bridge_key \}\}[\s\S]*bridge_key: \{ type: string \}/);
		const other = await init(["--pipeline", "contoso/ml/7", "--force"]);
		expect(other.err).toBe(`replaced ${file}\n`);
		expect(written().routes).toMatchObject([{ to: { organization: "contoso", project: "ml", pipeline: 7 } }]);
		expect(other.out).toContain("In Azure DevOps:");
		expect(other.out).not.toContain("GitHub:");
	});

	it("replaces no file without --force, and no folder at all", async () => {
		writeFileSync(file, "mine");
		const run = await init(["--repository", "contoso/fraud-model"]);
		expect(run).toMatchObject({ code: 1, out: "", err: expect.stringContaining("add --force to replace it") });
		expect(readFileSync(file, "utf8")).toBe("mine");
		mkdirSync(join(folder, "below"));
		const there = await init(["--repository", "a/b", "--force", "--file", join(folder, "below")]);
		expect(there).toMatchObject({ code: 1, err: expect.stringContaining("is a folder") });
		const nowhere = await init(["--repository", "a/b", "--file", join(folder, "no/where.json")]);
		expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining("does not exist; create it first") });
	});

	it.each([
		[[], "add --repository OWNER/NAME or --pipeline ORGANIZATION/PROJECT/ID"],
		[["--repository", "nope"], '"nope" is not a GitHub repository: write owner/name'],
		[["--pipeline", "contoso/ml/deploy"], "the id is the number after definitionId="],
		[["--repository", "a/b", "--pipeline", "a/b/1"], "give --repository or --pipeline, not both"],
		[["--repository", "a/b", "--event", "RunComplete"], "did you mean RunCompleted?"],
		[["--repository", "a/b", "--workflow", "train"], "is not the name of a workflow file"],
		[["--repository", "a/b", "--event", "BlobCreated", "--container", "A"], "is not the name of a container"],
	])("tells what is wrong in %j, with code 2, and writes nothing", async (args, words) => {
		const run = await init(args);
		expect(run).toMatchObject({ code: 2, out: "", err: expect.stringContaining(words) });
		expect(() => readFileSync(file)).toThrow("ENOENT");
	});
});

describe("init on a terminal", () => {
	it("asks for what is left open, again where an answer cannot be read", async () => {
		const { world, left, asked } = terminal(
			"BlobCreatd",
			"BlobCreated ModelRegistered",
			"training",
			"contoso/fraud-model",
			"train.yml",
		);
		const run = await init([], world);
		expect(run.code).toBe(0);
		expect([left, asked.length]).toEqual([[], 5]);
		expect(run.err).toContain("did you mean BlobCreated?");
		expect(written().routes).toMatchObject([
			{ name: "BlobCreated, ModelRegistered in training", to: { workflow: "train.yml" } },
		]);
	});

	it("takes an empty answer for the default, and the end of the input for an end", async () => {
		const { world } = terminal("", "contoso/ml/7");
		expect((await init([], world)).code).toBe(0);
		expect(written().routes).toMatchObject([{ name: "RunCompleted", to: { pipeline: 7 } }]);
		const ended = await init(["--force"], terminal("", undefined).world);
		expect(ended).toMatchObject({ code: 1, err: expect.stringContaining("nothing was written") });
		expect(written().routes).toMatchObject([{ name: "RunCompleted" }]);
	});

	it("asks before it replaces a file", async () => {
		writeFileSync(file, "mine");
		const no = await init(["--repository", "a/b"], terminal("").world);
		expect(no).toMatchObject({ code: 1, err: expect.stringContaining("was not changed") });
		expect(readFileSync(file, "utf8")).toBe("mine");
		expect((await init(["--repository", "a/b"], { ...terminal("").world, ask: async () => true })).code).toBe(0);
	});
});
