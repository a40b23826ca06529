import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import type { Receipt, Run } from "../../src/console/browser/answers.ts";
import { consolePage } from "../../src/console/console-page.ts";
import { type Server, serve } from "../../src/local/serve.ts";
import { CHROMIUM, startBrowser } from "../../support/browser.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { type OpenedPage, openPage } from "../helpers/open-page.ts";
import { HEALTH } from "../helpers/repository-stand-in.ts";
import { attempt, receiptOf, runOf } from "./receipt-of.ts";

const CONTRASTS = readFileSync(join(import.meta.dirname, "in-page/contrasts.js"), "utf8");
const STICKING_OUT = readFileSync(join(import.meta.dirname, "in-page/sticking-out.js"), "utf8");
/** This host is on this machine, and no `npm start`. */
const NOT_LOCAL = "Failed to load resource: the server responded with a status of 404 (Not Found)";
const PAGE = "https://github.com/contoso/fraud-model/actions";

/** A receipt of something that GitHub has taken. */
function taken(
	name: string,
	following: string | null,
	runs: readonly Run[] = [],
	followingReason: string | null = null,
): Receipt {
	const event = { ...receiptOf({}).event, type: `Contoso.${name}`, id: name };
	const sent = { state: "dispatched", finishedAt: new Date().toISOString(), attempts: [attempt(204)] } as const;
	return receiptOf({ key: name, event, ...sent, following, runs, followingReason, page: PAGE });
}

/** A row of the list of events. */
function row(page: Page, name: RegExp) {
	return page.getByRole("region", { name: "Events" }).getByRole("button", { name });
}

describeWith(CHROMIUM, "the run of a receipt on the console page, in a browser", (executablePath) => {
	let bridge: Server;
	let browser: Browser;
	let opened: OpenedPage;
	let receipts: readonly Receipt[] = [];

	beforeAll(async () => {
		bridge = await serve(0, (request, response) => {
			const path = request.url?.split("?")[0];
			const json = { "content-type": "application/json" };
			if (path === "/") return void response.writeHead(200, consolePage.headers).end(consolePage.body);
			if (path === "/api/health")
				return void response.writeHead(200, json).end(JSON.stringify({ ...HEALTH, gathering: [], pace: [] }));
			if (path === "/api/receipts")
				return void response.writeHead(200, json).end(JSON.stringify({ receipts, complete: true }));
			response.writeHead(404).end();
		});
		browser = await startBrowser(executablePath);
	});
	afterAll(async () => {
		await browser?.close();
		await bridge?.close();
	});
	afterEach(() => opened?.close());

	async function open(shown: readonly Receipt[], options: Parameters<typeof openPage>[2] = {}): Promise<OpenedPage> {
		receipts = shown;
		opened = await openPage(browser, `${bridge.url}/`, options);
		await row(opened.page, new RegExp(`^${shown[0]?.event.id}`)).waitFor();
		return opened;
	}

	it("is told in the list, with a mark for what a person should look at", async () => {
		const failed = runOf({ conclusion: "failure" });
		const { page } = await open([
			taken("Old", null),
			taken("Looking", "looking"),
			taken("Running", "running", [runOf({ status: "in_progress", conclusion: null })]),
			taken("Good", "concluded", [runOf()]),
			taken("Failed", "concluded", [failed]),
			taken("Cancelled", "concluded", [runOf({ conclusion: "cancelled" })]),
			taken("None", "none"),
			taken("Unsure", "cannot tell"),
			taken("Off", "off"),
		]);
		const shown = (name: RegExp) => row(page, name).waitFor();
		await shown(/^Old dispatched it .* Run unknown$/);
		await shown(/^Looking dispatched it .* Run looking$/);
		await shown(/^Running dispatched it .* Run running$/);
		await shown(/^Good dispatched it .* Run succeeded$/);
		await shown(/^Failed dispatched run failed it .* Run failed$/);
		await shown(/^Cancelled dispatched run cancelled it .* Run cancelled$/);
		await shown(/^None dispatched no run it .* Run none$/);
		await shown(/^Unsure dispatched run: cannot tell it .* Run cannot tell$/);
		await shown(/^Off dispatched it .* Run not followed$/);
		// Of nine runs one is known to have succeeded, and no other looks so.
		const green = await page.locator(".events .step:last-child.done").allTextContents();
		expect(green).toEqual(["Run succeeded"]);
	});

	it("is told in the receipt, with its page, and follows it to its end while the receipt is open", async () => {
		const { page, wrongs } = await open([taken("One", "looking")]);
		await row(page, /^One/).click();
		const dialog = page.getByRole("dialog");
		await dialog.getByText("looking for it").waitFor();
		expect(await dialog.getByRole("link", { name: "All runs" }).getAttribute("href")).toBe(PAGE);
		receipts = [taken("One", "running", [runOf({ status: "queued", conclusion: null, certain: false })])];
		await dialog.getByText("likely this one’s: its title does not carry bridge.key").waitFor();
		receipts = [taken("One", "concluded", [runOf({ conclusion: "failure", attempt: 2 })])];
		const run = dialog.getByRole("listitem").filter({ hasText: "Train failed at attempt 2" });
		await run.waitFor();
		expect(await run.getByRole("link", { name: "Train" }).getAttribute("href")).toBe(runOf().url);
		await dialog.getByText("run failed", { exact: true }).waitFor();
		expect(wrongs.filter((wrong) => wrong !== NOT_LOCAL)).toEqual([]);
	});

	it.each([
		["none", "no run within 60 minutes: look for a workflow"],
		["cannot tell", "the token may not read runs: give it Actions: read"],
		["off", "following was switched off"],
	])("is told with its reason where it is: %s", async (following, reason) => {
		const { page } = await open([taken("One", following, [], reason)]);
		await row(page, /^One/).click();
		await page.getByRole("dialog").getByText(reason).waitFor();
	});

	it("is text, whatever its workflow is called, and a link only to what is https", async () => {
		const markup = `"><img src=x onerror="alert(1)"><script>alert(2)</script>`;
		const urls = [
			"javascript:alert(1)",
			" javascript:alert(1)",
			"data:text/html,x",
			"http://x.example/",
			"https://a@b.example/",
		];
		const runs = urls.map((url, index) =>
			runOf({ id: String(index), url, workflow: `${index} ${markup}`, conclusion: markup }),
		);
		const hostile = { ...taken("One", "concluded", runs, markup), page: "javascript:alert(3)" };
		const { page, wrongs } = await open([hostile]);
		await row(page, /^One/).click();
		const dialog = page.getByRole("dialog");
		await dialog.getByText(`4 ${markup}`).waitFor();
		const links = await page.evaluate("[...document.querySelectorAll('a')].map((one) => one.getAttribute('href'))");
		expect(links).toEqual(["#runs"]);
		expect(await page.locator("img, #app script, iframe").count()).toBe(0);
		expect(wrongs.filter((wrong) => wrong !== NOT_LOCAL)).toEqual([]);
	});

	it("has contrast enough, and fits a phone, in every form", async () => {
		const long = "a-very-long-name-without-any-place-to-break-it-at-".repeat(8);
		const all = [
			taken(
				"One",
				"concluded",
				[runOf({ conclusion: "failure", workflow: long }), runOf({ id: "2", certain: false })],
				long,
			),
			taken("None", "none"),
			taken("Unsure", "cannot tell"),
			taken("Old", null),
		];
		for (const colorScheme of ["light", "dark"] as const) {
			const { page, close } = await open(all, { colorScheme, viewport: { width: 360, height: 740 } });
			await row(page, /^One/).click();
			await page.getByRole("dialog").waitFor();
			const contrasts = (await page.evaluate(CONTRASTS)) as { text: string; ratio: number }[];
			expect(contrasts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
			expect(await page.evaluate(STICKING_OUT)).toEqual([]);
			await close();
		}
	});
});
