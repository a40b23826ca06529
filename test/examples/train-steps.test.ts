import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { runAction } from "../action/run-action.ts";
import { startWorld, type World } from "../action/world.ts";
import { type JobRun, startJob } from "./run-job.ts";
import { ROOT } from "./workflows.ts";

const SUBMIT = "Submit the job, unless it is there";
const KEY = "0123456789abcdef0123456789abcdef";
const FOLDER = "wasbs://articles@contosoarticles.blob.core.windows.net/2026/";
const NO_SUCH_JOB = { call: "ml job show*", status: 3 };

let job: JobRun;
beforeEach(() => {
	job = startJob("train_model");
});
afterEach(() => job.remove());

/** Writes the account, the container and more into the configuration, and reads it as the workflow does. */
async function configure(changes: Readonly<Record<string, string>> = {}): Promise<void> {
	const file = join(job.folder, ".cloud/.azure/run.json");
	const config = JSON.parse(readFileSync(file, "utf8")) as object;
	writeFileSync(file, JSON.stringify({ ...config, ...changes }));
	const { ok, calls } = await job.step("Read the configuration");
	expect(ok).toBe(true);
	expect(calls).toContain("configure --defaults group=contoso-ml workspace=contoso-ml");
}

describe("train_model.yml submits", () => {
	beforeEach(() => configure());

	it("a job that is named after the event, on the data of the event", async () => {
		const { ok, calls } = await job.step(SUBMIT, { KEY, DATA_PATH: FOLDER }, [NO_SUCH_JOB]);
		expect(ok).toBe(true);
		expect(calls).toEqual([
			`ml job show --name gd-${KEY} --output json`,
			`ml job create --file code/train/job.yml --name gd-${KEY}` +
				` --set experiment_name=article-topics inputs.data.path=${FOLDER} --output none`,
		]);
	});

	it.each(["Starting", "Running", "Completed"])("nothing when the job is %s, and ends green", async (status) => {
		const there = { call: "ml job show*", output: JSON.stringify({ name: `gd-${KEY}`, status }) };
		const { ok, calls, printed } = await job.step(SUBMIT, { KEY, DATA_PATH: FOLDER }, [there]);
		expect(ok).toBe(true);
		expect(calls).toEqual([`ml job show --name gd-${KEY} --output json`]);
		expect(printed).toContain(`The job gd-${KEY} is ${status}: nothing to do`);
	});

	it.each(["Failed", "Canceled", "NotResponding"])("another one when the job is %s", async (status) => {
		const ended = (name: string) => ({
			call: `ml job show --name ${name} *`,
			output: JSON.stringify({ name, status }),
		});
		const answers = [ended(`gd-${KEY}`), ended(`gd-${KEY}-2`), NO_SUCH_JOB];
		const { ok, calls } = await job.step(SUBMIT, { KEY, DATA_PATH: "" }, answers);
		expect(ok).toBe(true);
		expect(calls.at(-1)).toContain(`ml job create --file code/train/job.yml --name gd-${KEY}-3 `);
	});

	it.each([
		["no answer", { call: "ml job show*", output: "" }, "printed no JSON object"],
		["a job without a state", { call: "ml job show*", output: "{}" }, "no usable status"],
		["a failure without a reason", { call: "ml job show*", status: 1 }, "it gave no reason"],
	])("nothing for %s", async (_, answer, reason) => {
		const { ok, calls, printed } = await job.step(SUBMIT, { KEY, DATA_PATH: FOLDER }, [answer]);
		expect(ok).toBe(false);
		expect(calls).toHaveLength(1);
		expect(printed).toContain(reason);
	});

	it("a job for a push, on the data of the repository", async () => {
		const { calls } = await job.step(SUBMIT, { KEY: "", DATA_PATH: "" }, [NO_SUCH_JOB]);
		expect(calls[1]).toBe(
			"ml job create --file code/train/job.yml --name gd-push-1234-1 --set experiment_name=article-topics --output none",
		);
	});

	it("nothing for a key that is none", async () => {
		for (const bad of ["x", `${KEY}0`, "--help", `${KEY}\n`, `${KEY} --file x`]) {
			expect(await job.step(SUBMIT, { KEY: bad, DATA_PATH: FOLDER }, [NO_SUCH_JOB])).toMatchObject({
				ok: false,
				calls: [],
			});
		}
	});

	it("or fails with Azure ML", async () => {
		const failing = { call: "ml job create*", status: 1 };
		expect((await job.step(SUBMIT, { KEY, DATA_PATH: FOLDER }, [NO_SUCH_JOB, failing])).ok).toBe(false);
	});
});

describe("train_model.yml finds the data in the payloads that the bridge sends:", () => {
	const payloads = join(ROOT, "docs/client-payloads");
	const read = (name: string) => readFileSync(join(payloads, `${name}.json`), "utf8");
	let world: World;
	beforeAll(async () => {
		world = await startWorld();
	});
	afterAll(() => world.close());
	beforeEach(() => configure({ data_account: "contosodata", data_container: "training" }));

	/** As the workflow does: the action writes the events down, and the step reads them. */
	async function find(payload: unknown) {
		const received = await runAction(world, payload);
		expect(received).toMatchObject({ ok: true, outputs: { "already-ran": "false" } });
		const events = join(job.folder, "events.jsonl");
		writeFileSync(events, received.files["manifest-file"] ?? "");
		return job.step("Find the data", { EVENTS: events });
	}

	it.each([
		["storage-blobcreated", "wasbs://training@contosodata.blob.core.windows.net/2026/03/"],
		["storage-blobdeleted", "wasbs://training@contosodata.blob.core.windows.net/2026/02/"],
		["storage-blobrenamed", "abfss://training@contosodata.dfs.core.windows.net/incoming/"],
		["storage-directoryrenamed", "abfss://training@contosodata.dfs.core.windows.net/batch-0042/"],
		["few-events", "wasbs://training@contosodata.blob.core.windows.net/2026/03/"],
	])("%s", async (name, path) => {
		expect(readdirSync(payloads)).toContain(`${name}.json`);
		expect(await find(read(name))).toMatchObject({ ok: true, calls: [], outputs: { path } });
	});

	it("many-events, by its manifest", async () => {
		const { data } = JSON.parse(read("few-events")) as { data: { events: object[] } };
		const lines = data.events.map((event) => `${JSON.stringify(event)}\n`);
		const payload = JSON.parse(read("many-events")) as {
			data: { count: number; manifest: { url: string; count: number } };
		};
		const stored = world.put(new URL(payload.data.manifest.url).pathname, lines.join(""));
		payload.data = { ...payload.data, count: lines.length, manifest: { ...stored, count: lines.length } };
		expect(await find(payload)).toMatchObject({
			ok: true,
			outputs: { path: "wasbs://training@contosodata.blob.core.windows.net/2026/03/" },
		});
	});

	it("and takes nothing from another account", async () => {
		await configure({ data_account: "contosoarticles", data_container: "articles" });
		const { ok, outputs, printed } = await find(read("storage-blobcreated"));
		expect({ ok, outputs }).toEqual({ ok: false, outputs: {} });
		expect(printed).toContain("is not in the container articles of contosoarticles");
	});
});
