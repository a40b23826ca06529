import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "@jest/globals";
import type { Browser } from "playwright-core";
import { CHROMIUM, startBrowser } from "../../support/browser.ts";
import { postJson } from "../../support/call.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { freePorts } from "../../support/free-ports.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { type KeyCheck, startKeyCheck } from "../helpers/key-check.ts";
import { type OpenedPage, openPage } from "../helpers/open-page.ts";
import { type RunningStart, startOn } from "../helpers/run-start.ts";

/** A name that is no loopback, as a function app's is. */
const HOST = "bridge.example";
const READ = "key-of-receipts-0123456789";
const WRITE = "key-of-replay-9876543210";
const REFUSED = "Failed to load resource: the server responded with a status of 401 (Unauthorized)";

describeWith(CHROMIUM, "the console page of a host that asks for keys, in a browser", (executablePath) => {
	let bridge: RunningStart;
	let browser: Browser;
	let keyCheck: KeyCheck;
	let origin: string;
	let opened: OpenedPage;

	beforeAll(async () => {
		const port = await freePorts();
		const behind = `http://127.0.0.1:${port}`;
		bridge = await startOn(port);
		await postJson(`${behind}/api/events`, { ...inEventGridSchema(exampleOf("RunCompleted")), id: "seen" });
		await postJson(`${behind}/api/events`, [{ id: "unsound" }]);
		keyCheck = await startKeyCheck(behind, { "/api/receipts": READ, "/api/receipts/replay": WRITE });
		origin = `http://${HOST}:${keyCheck.port}`;
		browser = await startBrowser(executablePath, origin);
	});
	afterAll(async () => {
		await browser?.close();
		await keyCheck?.close();
		await bridge?.stop();
	});
	beforeEach(async () => {
		opened = await openPage(browser, `${origin}/api/console`);
	});
	afterEach(() => opened.close());

	const form = () => opened.page.getByRole("form", { name: "Function keys" });
	async function giveKeys(receipts: string, replay = ""): Promise<void> {
		await form().getByLabel("Key of receipts").fill(receipts);
		await form().getByLabel("Key of replay").fill(replay);
		await form().getByRole("button", { name: "Use" }).click();
	}
	/** What is kept beyond the page itself, as text. */
	const kept = async (page = opened.page) =>
		JSON.stringify([
			await page.evaluate("Object.entries(localStorage)"),
			await page.evaluate("document.cookie"),
			await page.evaluate("indexedDB.databases().then((all) => all.length)"),
			await page.evaluate("caches?.keys?.() ?? []").catch(() => []),
		]);

	it("asks for a key at once, shows health meanwhile, and asks nothing that is keyed or local", async () => {
		await form().waitFor();
		await opened.page
			.getByRole("status")
			.filter({ hasText: /Healthy|Degraded/ })
			.waitFor();
		expect(await opened.page.getByRole("region", { name: "Workbench" }).count()).toBe(0);
		const paths = opened.asked.map((url) => new URL(url).pathname).filter((path) => path.startsWith("/"));
		expect(new Set(paths)).toEqual(new Set(["/api/console", "/api/health"]));
		expect(opened.wrongs).toEqual([]);
	});

	it("says that a key was not taken, and asks again", async () => {
		await giveKeys("a-wrong-key");
		await form().getByText("refuses this key").waitFor();
		expect(new Set(opened.wrongs)).toEqual(new Set([REFUSED]));
	});

	it("shows receipts with the key, which goes out in a header and is nowhere else", async () => {
		await giveKeys(READ);
		const { page } = opened;
		await page.getByRole("button", { name: /^RunCompleted dispatched/ }).waitFor();
		expect(await form().count()).toBe(0);
		expect(
			keyCheck.requests.filter(({ url, status }) => url.startsWith("/api/receipts") && status === 200),
		).not.toEqual([]);
		for (const { url, key } of keyCheck.requests) {
			expect(url).not.toContain(READ);
			expect([undefined, READ, "a-wrong-key"]).toContain(key);
			if (url.startsWith("/api/health") || url.startsWith("/api/console")) expect(key).toBeUndefined();
		}
		expect(await page.content()).not.toContain(READ);
		expect(page.url()).toBe(`${origin}/api/console`);
		expect(await kept()).toBe(JSON.stringify([[], "", 0, []]));
		expect(opened.wrongs).toEqual([]);
	});

	it("knows the key after a reload, and not in another tab", async () => {
		await giveKeys(READ);
		const { page } = opened;
		await page.getByRole("button", { name: /^RunCompleted/ }).waitFor();
		await page.reload();
		await page.getByRole("button", { name: /^RunCompleted/ }).waitFor();
		const another = await page.context().newPage();
		await another.goto(page.url());
		await another.getByRole("form", { name: "Function keys" }).waitFor();
		expect(await another.evaluate("sessionStorage.length")).toBe(0);
	});

	it("forgets the keys when it is told to", async () => {
		await giveKeys(READ, WRITE);
		const { page } = opened;
		await page.getByRole("button", { name: /^RunCompleted/ }).waitFor();
		await page.getByRole("button", { name: "Keys" }).click();
		await form().getByRole("button", { name: "Forget" }).click();
		await page.getByRole("button", { name: /^RunCompleted/ }).waitFor({ state: "detached" });
		expect(await page.evaluate("sessionStorage.length")).toBe(0);
		await form().waitFor();
	});

	it("asks for the key of replay when a dead letter is to be replayed, and takes it", async () => {
		await giveKeys(READ);
		const dead = opened.page.getByRole("region", { name: "Dead letters" });
		const replayAll = async () => {
			await dead.getByRole("button", { name: "Replay all" }).click();
			await opened.page.getByRole("dialog").getByRole("button", { name: "Replay", exact: true }).click();
		};
		await replayAll();
		await opened.page.getByText("enter the key of the function replay").waitFor();
		expect(opened.wrongs).toEqual([REFUSED]);
		await giveKeys("", WRITE);
		await replayAll();
		await opened.page.getByText("0 dead letters replayed; 1 refused").waitFor();
		const replays = keyCheck.requests.filter(({ url }) => url.startsWith("/api/receipts/replay"));
		expect(replays.map(({ key, status }) => [key, status])).toEqual([
			[undefined, 401],
			[WRITE, 200],
		]);
	});
});
