import { afterAll, afterEach, beforeAll, expect, it } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { CHROMIUM, startBrowser } from "../../support/browser.ts";
import { call, postJson } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { freePorts } from "../../support/free-ports.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { type OpenedPage, openPage } from "../helpers/open-page.ts";
import { type RunningStart, startOn } from "../helpers/run-start.ts";

/** Health answers so while no token can be used. */
const UNHEALTHY = "Failed to load resource: the server responded with a status of 503 (Service Unavailable)";
const to = { repository: "contoso/fraud-model" };
const blobs = (container: string) => ({ subjectBeginsWith: `/blobServices/default/containers/${container}` });
const ROUTES = [
	{ name: "evaluate", to, filter: { includedEventTypes: ["Microsoft.MachineLearningServices.RunCompleted"] } },
	{ name: "gather", to, filter: blobs("slow"), coalesce: { quietSeconds: 600, maxSeconds: 900, by: "container" } },
	{ name: "quick", to, filter: blobs("quick"), coalesce: { quietSeconds: 1, maxSeconds: 2 } },
];

describeWith(CHROMIUM, "the console page of a bridge with much to tell, in a browser", (executablePath) => {
	let port: number;
	let url: string;
	let bridge: RunningStart;
	let browser: Browser;
	let opened: OpenedPage;

	beforeAll(async () => {
		port = await freePorts();
		url = `http://127.0.0.1:${port}/`;
		[bridge, browser] = await Promise.all([
			startOn(port, { env: { BRIDGE_ROUTES: JSON.stringify({ routes: ROUTES }), GITHUB_PACE: "40/s" } }),
			startBrowser(executablePath),
		]);
	});
	afterAll(async () => {
		await browser?.close();
		await bridge?.stop();
	});
	afterEach(async () => {
		const { wrongs } = opened;
		await opened.close();
		expect(wrongs.filter((wrong) => wrong !== UNHEALTHY)).toEqual([]);
	});

	const run = (id: string, more: object = {}) => {
		return { ...inEventGridSchema(exampleOf("RunCompleted")), id, eventTime: new Date().toISOString(), ...more };
	};
	const blob = (container: string, path: string) => ({
		...inEventGridSchema(exampleOf("BlobCreated")),
		id: path,
		subject: `/blobServices/default/containers/${container}/blobs/${path}`,
		eventTime: new Date().toISOString(),
	});
	const send = (...events: readonly object[]) => postJson(`${url}api/events`, events);
	async function open(options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
		opened = await openPage(browser, url, options);
		await opened.page.locator(".vitals").waitFor();
		return opened.page;
	}
	const row = (page: Page, name: RegExp) => page.getByRole("region", { name: "Events" }).getByRole("button", { name });
	const tile = (page: Page, name: string) => page.locator(".vital", { has: page.locator("dt", { hasText: name }) });

	it("shows ignored events with their reasons, and which routes they missed", async () => {
		await send(blob("nowhere", "lost.csv"), run("seen"));
		const page = await open();
		await row(page, /^BlobCreated ignored .* Route no route matches .*"evaluate"/).waitFor();
		const ignored = page.getByRole("region", { name: /^Ignored events/ });
		await ignored
			.getByText(/"evaluate".* is not among its event types/)
			.first()
			.waitFor();
		await page.getByRole("navigation", { name: "Summary" }).getByRole("link", { name: "1 event ignored" }).waitFor();
	});

	it("tells two windows of one route apart, and lists their events", async () => {
		await send(blob("slow-a", "x/1.csv"), blob("slow-a", "x/2.csv"), blob("slow-b", "y/1.csv"));
		const page = await open();
		const windows = page.getByRole("region", { name: /^Open windows/ });
		await windows.getByText("slow-a/x/…").first().waitFor();
		await windows.getByText("slow-b/y/1.csv").first().waitFor();
		const names = await windows.locator("strong").allTextContents();
		expect(names.every((name) => /^gather, group [0-9a-f]{6}$/.test(name))).toBe(true);
		expect(new Set(names).size).toBe(2);
		await windows.getByRole("button", { name: "List their events" }).click();
		await row(page, /^BlobCreated coalescing slow-b/).waitFor();
		await row(page, /^RunCompleted/).waitFor({ state: "detached" });
	});

	it("shows the run of a window on its events, and opens the window from there", async () => {
		await send(blob("quick", "1.csv"), blob("quick", "2.csv"));
		const page = await open();
		await row(
			page,
			/^BlobCreated coalesced quick\/1.csv .* GitHub with its window Run (?:looking|running|succeeded)/,
		).waitFor();
		await row(page, /^BlobCreated coalesced quick\/1.csv/).click();
		const dialog = page.getByRole("dialog");
		const member = page.url();
		await dialog.getByRole("button", { name: "Open its window" }).click();
		await page.waitForURL((at) => at.hash !== new URL(member).hash);
		await dialog.getByText("dispatched", { exact: true }).waitFor();
	});

	it("shortens a long subject in its middle, so that its end can be read at every width", async () => {
		const path = `${"a-long-folder/".repeat(12)}part-00042.parquet`;
		await send(blob("nowhere", path));
		for (const width of [1280, 390]) {
			const page = await open({ viewport: { width, height: 844 } });
			const subject = page.locator(".events .subject", { hasText: "part-00042.parquet" }).first();
			await subject.waitFor();
			const end = subject.locator(".tail");
			expect(await end.textContent()).toMatch(/part-00042\.parquet$/);
			const [outer, inner] = await Promise.all([subject.boundingBox(), end.boundingBox()]);
			expect((inner?.x ?? 0) + (inner?.width ?? 0)).toBeLessThanOrEqual((outer?.x ?? 0) + (outer?.width ?? 0) + 1);
			expect(await subject.getAttribute("title")).toContain(path);
			if (width !== 390) await opened.close();
		}
	});

	it("narrows list and chart to a time", async () => {
		await send(run("old", { eventTime: new Date(Date.now() - 3 * 3_600_000).toISOString(), subject: "an old one" }));
		const page = await open();
		await page.getByText("an old one").first().waitFor();
		await page.getByLabel("Time").selectOption("last hour");
		await page.getByText("an old one").first().waitFor({ state: "detached" });
		await page.getByLabel("Time").selectOption("last 6 hours");
		await page.getByText("an old one").first().waitFor();
		await page.getByRole("heading", { name: "Last 6 hours" }).waitFor();
		await page.getByLabel("Time").selectOption("from … to …");
		await page.getByLabel("To", { exact: true }).fill("2020-01-01T00:00");
		await page.getByText("No event matches.").waitFor();
		await page.getByRole("button", { name: "Show all events" }).click();
		await page.getByText("an old one").first().waitFor();
	});

	it("never calls a token present or a queue empty while GitHub refuses the token", async () => {
		await postJson(`http://127.0.0.1:${port + 1}/_script`, { status: 401, times: 1_000 });
		await send(run("refused token"));
		const page = await open();
		await row(page, /^RunCompleted parked .* GitHub 401/).waitFor();
		await tile(page, "Token").getByText("refused").waitFor();
		expect(await tile(page, "Waiting").textContent()).toContain("1 parked");
		expect(await tile(page, "Destinations").textContent()).toContain("parked");
		await page
			.getByRole("region", { name: "Needs attention" })
			.getByText(/Token of .* is refused/)
			.waitFor();
		await postJson(`http://127.0.0.1:${port + 1}/_script`, []);
	});

	it("counts more than one answer holds: tile, summary and chart agree, and the list has older pages", async () => {
		const many = 620;
		await send(...Array.from({ length: many }, (_, n) => run(`unsound ${n}`, { data: {} })));
		await eventually("all dead letters in health", async () => {
			const { deadLetters } = (await call(`${url}api/health`)).json() as { deadLetters: number };
			return deadLetters >= many || undefined;
		});
		const page = await open();
		await page
			.getByRole("navigation", { name: "Summary" })
			.getByRole("link", { name: `${many} dead letters` })
			.waitFor();
		expect(await tile(page, "Dead letters").locator("strong").textContent()).toBe(String(many));
		await page
			.locator(".chart figcaption")
			.getByText(new RegExp(`^\\d+ received.*, ${many} dead letters$`))
			.waitFor();
		const events = page.getByRole("region", { name: "Events" });
		await events.getByText("The newest 100; there are older ones").waitFor();
		await events.getByRole("button", { name: "Older events" }).click();
		await events.getByText("101 to 200; there are older ones").waitFor();
		await events.getByRole("button", { name: "Newer events" }).click();
		await events.getByText("The newest 100; there are older ones").waitFor();
	});
});
