/**
 * `npm run screenshots`: takes `docs/images/console-*.png` of the console page of a real local run, which was fed with
 * an hour's events. What was sent in the first seconds is dated back, to spare an hour of waiting.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TableClient } from "@azure/data-tables";
import { ROWS } from "../src/ledger/rows.ts";
import { CHROMIUM, startBrowser } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { exampleOf } from "../support/example-events.ts";
import { freePorts } from "../support/free-ports.ts";

const root = join(import.meta.dirname, "..");
const images = join(root, "docs/images");
const SIZE = { width: 1280, height: 800 };
const MINUTE_MS = 60_000;

const ROUTES = {
	routes: [
		route("evaluate completed runs", "MachineLearningServices.RunCompleted", "evaluate-run"),
		route("ship registered models", "MachineLearningServices.ModelRegistered", "deploy-model"),
		{
			...route("retrain on new data", "Storage.BlobCreated", "new-data"),
			coalesce: { quietSeconds: 30, maxSeconds: 300, by: "container" },
		},
	],
};

const port = await freePorts();
const url = `http://127.0.0.1:${port}`;
const data = join(root, ".azurite", String(port));
const bridge = spawn(process.execPath, ["--import", "tsx", "src/local/start.ts", "--port", String(port)], {
	cwd: root,
	env: { PATH: process.env["PATH"], BRIDGE_ROUTES: JSON.stringify(ROUTES), GITHUB_PACE: "40/s,80/m,500/h" },
	stdio: ["ignore", "ignore", "inherit"],
});
try {
	await eventually("the bridge", async () => (await fetch(`${url}/api/health`)).ok || undefined);
	await tellOfAnHour();
	await letThingsHappen();
	await take();
} finally {
	const ended = new Promise((resolve) => bridge.once("exit", resolve));
	bridge.kill("SIGTERM");
	await ended;
	rmSync(data, { recursive: true, force: true });
}

function route(name: string, type: string, dispatchType: string) {
	const filter = { includedEventTypes: [`Microsoft.${type}`] };
	return { name, filter, to: { repository: "contoso/fraud-model", dispatchType } };
}

/** Two thirds of what GitHub takes in a minute, and three uploads of many files, spread over the last hour. */
async function tellOfAnHour(): Promise<void> {
	await send(
		["training", "validation", "labels"].flatMap((folder) => Array.from({ length: 24 }, (_, n) => blob(n, folder))),
	);
	await send(Array.from({ length: 54 }, (_, n) => (n % 7 === 3 ? model(n) : run(n))));
	await eventually("all dispatches", async () => ((await owed()) === 0 ? true : undefined));
	await dateBack();
}

async function dateBack(): Promise<void> {
	const connection = readFileSync(join(data, "connection-string.txt"), "utf8").trim();
	const table = TableClient.fromConnectionString(connection, "griddispatch", { allowInsecureConnection: true });
	const filter = `RowKey ge '${ROWS.receipts.from}' and RowKey lt '${ROWS.receipts.to}'`;
	let n = 0;
	for await (const entity of table.listEntities<Record<string, unknown>>({ queryOptions: { filter } })) {
		const by = MINUTE_MS * minutesAgo(n, /validation|labels|training/.exec(String(entity["subject"]))?.[0]);
		const earlier = (name: string) => new Date(Date.parse(String(entity[name])) - by).toISOString();
		const times = { acceptedAt: earlier("acceptedAt"), finishedAt: earlier("finishedAt") };
		const { partitionKey = "", rowKey = "" } = entity;
		await table.updateEntity({ partitionKey, rowKey, ...times }, "Merge");
		n += 1;
	}
}

/** Runs end more and more often; an upload takes three minutes. */
function minutesAgo(n: number, folder: string | undefined): number {
	const spread = (n * 0.381_966) % 1;
	if (folder === undefined) return 2 + 57 * spread ** 1.5;
	return { training: 48, validation: 31, labels: 13 }[folder as "labels"] + 3 * spread;
}

/** Something in every corner of the page. */
async function letThingsHappen(): Promise<void> {
	await send([{ ...run(100), data: { runId: "fraud_model_train_100" } }]);
	await faults({ status: 422, body: { message: "Validation Failed" } });
	await send([run(101)]);
	await send(Array.from({ length: 6 }, (_, n) => blob(n, "april")));
	await send([run(102)]);
	await send([model(103)]);
	await faults({ status: 503, times: 100 });
	for (const event of [run(104), model(105), run(106)]) await send([event]);
	await eventually("a window and a pause", async () => (await owed()) === 9 || undefined);
}

async function take(): Promise<void> {
	if (CHROMIUM.path === undefined) throw new Error(`${CHROMIUM.name} is missing: ${CHROMIUM.get}`);
	mkdirSync(images, { recursive: true });
	const browser = await startBrowser(CHROMIUM.path);
	try {
		for (const scheme of ["light", "dark"] as const) {
			const page = await browser.newPage({ viewport: SIZE, colorScheme: scheme, reducedMotion: "reduce" });
			await page.goto(url);
			for (const name of ["Open windows", "Dead letters", "Needs attention"]) {
				await page.getByRole("heading", { name }).waitFor();
			}
			await page.getByText(/^503/).first().waitFor();
			if (scheme === "dark")
				await page
					.getByRole("button", { name: /RunCompleted.*paused.*503/ })
					.first()
					.click();
			await page.screenshot({ path: join(images, `console-${scheme}.png`) });
			await page.close();
		}
	} finally {
		await browser.close();
	}
}

async function send(events: readonly object[]): Promise<void> {
	await fetch(`${url}/api/events`, { method: "POST", body: JSON.stringify(events) });
}

async function faults(script: object): Promise<void> {
	await fetch(`http://127.0.0.1:${port + 1}/_script`, { method: "POST", body: JSON.stringify(script) });
}

/** How many events are not delivered yet. */
async function owed(): Promise<number> {
	const { receipts } = (await (await fetch(`${url}/api/receipts?limit=500`)).json()) as {
		receipts: { state: string }[];
	};
	return receipts.filter(({ state }) => ["accepted", "paused", "coalescing"].includes(state)).length;
}

function sample(name: string, subject: string, more: object): object {
	const example = exampleOf(name);
	const time = new Date().toISOString();
	return { specversion: "1.0", ...example, id: randomUUID(), time, subject, data: { ...example.data, ...more } };
}

function run(n: number): object {
	const runId = `fraud_model_train_${n}`;
	return sample("RunCompleted", `experiments/fraud-model/runs/${runId}`, { experimentName: "fraud-model", runId });
}

function model(n: number): object {
	return sample("ModelRegistered", `models/fraud-model:${n}`, { modelName: "fraud-model", modelVersion: String(n) });
}

function blob(n: number, folder: string): object {
	const path = `${folder}/2026/11/part-${String(n).padStart(3, "0")}.parquet`;
	const subject = `/blobServices/default/containers/${path.replace("/", "/blobs/")}`;
	return sample("BlobCreated", subject, { url: `https://contosodata.blob.core.windows.net/${path}` });
}
