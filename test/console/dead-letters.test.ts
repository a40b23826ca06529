import { afterAll, afterEach, beforeAll, expect, it } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { CHROMIUM, startBrowser } from "../../support/browser.ts";
import { call, postJson } from "../../support/call.ts";
import { exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { freePorts } from "../../support/free-ports.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { type OpenedPage, openPage } from "../helpers/open-page.ts";
import { type RunningStart, startOn } from "../helpers/run-start.ts";

/** Enough to push everything below them off a phone's screen, if they were all shown. */
const REJECTED = 120;

describeWith(CHROMIUM, "dead letters on the console page, in a browser", (executablePath) => {
	let port: number;
	let url: string;
	let bridge: RunningStart;
	let browser: Browser;
	let opened: OpenedPage;

	beforeAll(async () => {
		port = await freePorts();
		url = `http://127.0.0.1:${port}/`;
		[bridge, browser] = await Promise.all([startOn(port), startBrowser(executablePath)]);
		await die("refused");
		await send(Array.from({ length: REJECTED }, (_, n) => ({ ...run(`unsound ${n}`), subject: `s ${n}`, data: {} })));
	});
	afterAll(async () => {
		await browser?.close();
		await bridge?.stop();
	});
	afterEach(async () => {
		const { wrongs } = opened;
		await opened.close();
		expect(wrongs).toEqual([]);
	});

	const run = (id: string) => ({
		...inEventGridSchema(exampleOf("RunCompleted")),
		id,
		eventTime: new Date().toISOString(),
	});
	const send = (events: readonly object[]) => postJson(`${url}api/events`, events);
	const health = async () => (await call(`${url}api/health`)).json() as { status: string; deadLetters: number };
	/** Makes an event a dead letter: the stand-in calls its request impossible. */
	async function die(id: string): Promise<void> {
		await postJson(`http://127.0.0.1:${port + 1}/_script`, { calls: "dispatches", status: 422 });
		await send([run(id)]);
	}
	async function open(options: Parameters<typeof openPage>[2] = {}, fragment = ""): Promise<Page> {
		opened = await openPage(browser, url + fragment, options);
		return opened.page;
	}
	const section = (page: Page) => page.getByRole("region", { name: /^Dead letters/ });
	const question = (page: Page) => page.getByRole("dialog", { name: /^(Replay|Discard)/ });
	const keyOf = async (id: string) => {
		const json = (await call(`${url}api/receipts?${new URLSearchParams({ find: id })}`)).json();
		return (
			(json as { receipts: { key: string; event: { id: string } }[] }).receipts.find(({ event }) => event.id === id)
				?.key ?? ""
		);
	};
	/** The names of what has the focus, from the top of the page on. */
	async function tabTo(page: Page, wanted: (name: string) => boolean, most: number): Promise<string[]> {
		const walked: string[] = [];
		for (let stops = 0; stops < most; stops++) {
			await page.keyboard.press("Tab");
			walked.push(
				String(await page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent")),
			);
			if (wanted(walked.at(-1) ?? "")) break;
		}
		return walked;
	}

	it.each([
		[1280, 800],
		[768, 1024],
		[390, 844],
	])(
		"come first at a width of %d: a few Tab stops away, on the first screen, and linked from the summary",
		async (width, height) => {
			const page = await open({ viewport: { width, height } });
			await section(page).waitFor();
			const top = (await section(page).boundingBox())?.y ?? Number.POSITIVE_INFINITY;
			expect(top).toBeLessThan(height / 2);
			const walked = await tabTo(page, (name) => name.startsWith("Replay "), 20);
			expect(walked.at(-1)).toMatch(/^Replay /);
			expect(walked.length).toBeLessThanOrEqual(8);
			await page.getByRole("navigation", { name: "Summary" }).getByRole("link", { name: "121 dead letters" }).click();
			expect(await page.evaluate("document.getElementById('dead-letters').getBoundingClientRect().top >= 0")).toBe(
				true,
			);
			// The list is short, says how many there are, and offers more.
			expect(await section(page).getByRole("listitem").count()).toBe(3);
			await section(page).getByRole("heading", { name: "Dead letters 121" }).waitFor();
			await section(page).getByRole("button", { name: "Show 20 more" }).click();
			expect(await section(page).getByRole("listitem").count()).toBe(23);
		},
	);

	it("are walked with j and k, opened with Enter, and asked about with r and d, but not while a person types", async () => {
		const page = await open();
		await section(page).waitFor();
		const focused = () => page.evaluate("document.activeElement.dataset.key ?? ''");
		await page.keyboard.press("j");
		const first = await focused();
		await page.keyboard.press("j");
		const second = await focused();
		expect([first, second].every((key) => /^[0-9a-f]{32}$/.test(String(key)))).toBe(true);
		expect(second).not.toBe(first);
		await page.keyboard.press("k");
		expect(await focused()).toBe(first);
		await page.keyboard.press("Enter");
		await page.getByRole("dialog", { name: "RunCompleted" }).waitFor();
		expect(page.url()).toContain(String(first));
		await page.keyboard.press("j");
		await page.waitForURL((at) => at.hash.includes(String(second)));
		await page.keyboard.press("Escape");
		await page.getByRole("dialog").waitFor({ state: "hidden" });
		expect(await focused()).toBe(first);
		for (const [key, verb] of [
			["r", "Replay"],
			["d", "Discard"],
		] as const) {
			await page.keyboard.press(key);
			await page.getByRole("dialog", { name: `${verb} this dead letter?` }).waitFor();
			await page.keyboard.press("Escape");
			await page.getByRole("dialog").waitFor({ state: "hidden" });
		}
		await page.keyboard.press("?");
		await page.getByRole("dialog", { name: "Keyboard" }).getByText("next receipt").waitFor();
		await page.keyboard.press("Escape");
		await page.keyboard.press("/");
		await page.keyboard.type("jkrd?/");
		expect(await page.getByLabel("Find").inputValue()).toBe("jkrd?/");
		expect(await page.getByRole("dialog").count()).toBe(0);
	});

	it("show what a replay would send and that it would end the same way, and nothing is sent before it is confirmed", async () => {
		const page = await open();
		await section(page).waitFor();
		const before = opened.asked.length;
		await section(page).getByRole("button", { name: "Show 20 more" }).click();
		await page.goto(`${url}#receipt=${await keyOf("refused")}`);
		await page.getByRole("dialog", { name: "RunCompleted" }).getByRole("button", { name: "Replay" }).click();
		await question(page).getByText("This would end the same way.").waitFor();
		await question(page)
			.getByText(/^POST http.*\/repos\/contoso\/fraud-model\/dispatches$/)
			.waitFor();
		await question(page).getByText('"event_type": "machinelearningservices-runcompleted"').waitFor();
		expect(await page.evaluate("document.activeElement.textContent")).toBe("Cancel");
		await page.keyboard.press("Enter");
		await question(page).waitFor({ state: "hidden" });
		expect(opened.asked.slice(before).filter((address) => address.endsWith("/replay"))).toEqual([]);
	});

	it("shows a malformed event as it arrived", async () => {
		const page = await open({}, `#receipt=${await keyOf("unsound 7")}`);
		const dialog = page.getByRole("dialog");
		await dialog.getByText("As it arrived").waitFor();
		expect(JSON.parse((await dialog.locator("pre").textContent()) ?? "")).toMatchObject({
			id: "unsound 7",
			subject: "s 7",
		});
		await dialog.getByText("A replay would end the same way.").waitFor();
	});

	it("have a link of their own, which survives a reload, and says when there is no such receipt", async () => {
		const key = await keyOf("refused");
		const page = await open({}, `#receipt=${key}`);
		const dialog = page.getByRole("dialog", { name: "RunCompleted" });
		await dialog.getByText("refused", { exact: true }).waitFor();
		await page.reload();
		await dialog.getByText("refused", { exact: true }).waitFor();
		await dialog.getByRole("button", { name: "Close" }).click();
		expect(page.url()).toBe(url);
		await page.goto(`${url}#receipt=${"0".repeat(32)}`);
		await page
			.getByRole("dialog")
			.getByText(`No receipt has the key ${"0".repeat(32)}.`)
			.waitFor();
		await page.keyboard.press("Escape");
		await page.getByRole("dialog").waitFor({ state: "hidden" });
	});

	it("are replayed and discarded, one or all, after a confirmation; then health recovers, and nothing lags behind", async () => {
		const page = await open();
		await section(page).getByRole("heading", { name: "Dead letters 121" }).waitFor();
		await page.goto(`${url}#receipt=${await keyOf("refused")}`);
		await page.keyboard.press("r");
		await question(page).getByRole("button", { name: "Replay", exact: true }).click();
		await page.getByText("1 dead letter replayed").first().waitFor();
		await page.getByRole("dialog").getByText("dispatched", { exact: true }).waitFor();
		await page.keyboard.press("Escape");
		await section(page).getByRole("heading", { name: "Dead letters 120" }).waitFor();
		await section(page).getByRole("button", { name: "Discard unsound" }).first().click();
		await question(page).getByText("This cannot be undone.").waitFor();
		await question(page).getByRole("button", { name: "Discard", exact: true }).click();
		await section(page).getByRole("heading", { name: "Dead letters 119" }).waitFor();
		await section(page).getByRole("button", { name: "Replay all" }).click();
		await question(page)
			.getByText(/would end the same way again/)
			.waitFor();
		await page.keyboard.press("Escape");
		await section(page).getByRole("button", { name: "Discard all" }).click();
		await page
			.getByRole("dialog", { name: "Discard all 119 dead letters?" })
			.getByRole("button", { name: "Discard", exact: true })
			.click();
		await page.getByText("119 dead letters discarded").first().waitFor();
		await section(page).waitFor({ state: "detached" });
		// The strip, the tile and the list say the same.
		await page.getByRole("navigation", { name: "Summary" }).getByText("No problems").waitFor();
		expect(await page.locator(".vital", { hasText: "Dead letters" }).locator("strong").textContent()).toBe("0");
		await page.getByRole("status").filter({ hasText: "Healthy" }).waitFor();
		expect(await health()).toMatchObject({ status: "healthy", deadLetters: 0 });
	});
});
