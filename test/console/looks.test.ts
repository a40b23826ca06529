import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { CHROMIUM, startBrowser } from "../../support/browser.ts";
import { postJson } from "../../support/call.ts";
import { EXAMPLE_EVENTS, exampleOf, inEventGridSchema } from "../../support/example-events.ts";
import { freePorts } from "../../support/free-ports.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { openPage } from "../helpers/open-page.ts";
import { type RunningStart, startOn } from "../helpers/run-start.ts";

const CONTRASTS = readFileSync(join(import.meta.dirname, "in-page/contrasts.js"), "utf8");
const STICKING_OUT = readFileSync(join(import.meta.dirname, "in-page/sticking-out.js"), "utf8");
const LONG = "a-very-long-name-without-any-place-to-break-it-at-".repeat(8);

describeWith(CHROMIUM, "the console page, to its reader", (executablePath) => {
	let url: string;
	let bridge: RunningStart;
	let browser: Browser;

	beforeAll(async () => {
		const port = await freePorts();
		url = `http://127.0.0.1:${port}/`;
		const route = { to: { repository: "contoso/fraud-model" } };
		const routes = [
			{
				...route,
				name: "gather",
				filter: { subjectBeginsWith: "/blob" },
				coalesce: { quietSeconds: 600, maxSeconds: 900, by: "container" },
			},
			{ ...route, name: `one ${LONG}`, filter: { subjectBeginsWith: "experiments" } },
		];
		[bridge, browser] = await Promise.all([
			startOn(port, { env: { BRIDGE_ROUTES: JSON.stringify({ routes }) } }),
			startBrowser(executablePath),
		]);
		const run = inEventGridSchema(exampleOf("RunCompleted"));
		const blobs = EXAMPLE_EVENTS.filter(({ subject }) => subject.startsWith("/blob")).map(inEventGridSchema);
		const broken = { ...run, id: `unsound ${LONG}`, subject: LONG, data: {} };
		await postJson(`${url}api/events`, [run, broken, ...blobs]);
		// One event fails, and its lane pauses for long enough.
		const fault = { status: 403, headers: { "retry-after": "300" } };
		await postJson(`http://127.0.0.1:${port + 1}/_script`, fault);
		await postJson(`${url}api/events`, { ...run, id: "paused" });
	});
	afterAll(async () => {
		await browser?.close();
		await bridge?.stop();
	});

	/** Waits until every part of the page is there. */
	async function everything(page: Page): Promise<void> {
		for (const name of ["Workbench", "Needs attention", "Open windows", "Dead letters", "Events"]) {
			await page.getByRole("region", { name }).waitFor();
		}
	}

	it.each(["light", "dark"] as const)("has contrast enough in %s, with a receipt open, too", async (colorScheme) => {
		const { page, wrongs, close } = await openPage(browser, url, { colorScheme });
		await everything(page);
		const look = async () => (await page.evaluate(CONTRASTS)) as { text: string; ratio: number }[];
		const first = await look();
		await page.getByRole("button", { name: /^RunCompleted paused/ }).click();
		await page.getByRole("dialog").waitFor();
		const all = [...first, ...(await look())];
		await page.keyboard.press("Escape");
		await page.getByRole("button", { name: "Replay all" }).click();
		all.push(...(await look()));
		await page.keyboard.press("Escape");
		await page.keyboard.press("?");
		await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
		all.push(...(await look()));
		expect(all.length).toBeGreaterThan(100);
		expect(all.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
		expect(wrongs).toEqual([]);
		await close();
	});

	it("says with a sign or a word what a colour says", async () => {
		const { page, close } = await openPage(browser, url);
		await everything(page);
		const toned =
			"document.querySelectorAll('.state, .summary li, .vital:is(.sent, .moving, .delayed, .lost), .events .step')";
		// A step that is not reached has a dash.
		const bare = await page.evaluate(
			`[...${toned}].filter((one) => one.querySelector('.glyph') === null && !/[–]|no route/.test(one.textContent)).map((one) => one.outerHTML)`,
		);
		expect(bare).toEqual([]);
		const signs = await page.evaluate(
			"[...document.querySelectorAll('.glyph')].map((one) => getComputedStyle(one, '::before').content)",
		);
		expect(new Set(signs as string[]).size).toBeGreaterThan(3);
		expect(signs).not.toContain("none");
		await close();
	});

	it("looks different in light and in dark", async () => {
		const grounds = await Promise.all(
			(["light", "dark"] as const).map(async (colorScheme) => {
				const { page, close } = await openPage(browser, url, { colorScheme });
				const ground = await page.evaluate("getComputedStyle(document.body).backgroundColor");
				await close();
				return ground;
			}),
		);
		expect(new Set(grounds).size).toBe(2);
	});

	it.each([360, 768, 861, 1241])(
		"fits into a width of %d without scrolling sideways, with a receipt open, too",
		async (width) => {
			const options = { viewport: { width, height: 740 }, hasTouch: true, isMobile: width < 500 };
			const { page, wrongs, close } = await openPage(browser, url, options);
			await everything(page);
			const sideways = () => page.evaluate("document.scrollingElement.scrollWidth - innerWidth");
			expect(await sideways()).toBeLessThanOrEqual(0);
			expect(await page.evaluate(STICKING_OUT)).toEqual([]);
			await page.getByRole("button", { name: /^RunCompleted rejected/ }).tap();
			const dialog = page.getByRole("dialog");
			await dialog.waitFor();
			expect(await sideways()).toBeLessThanOrEqual(0);
			expect(await page.evaluate(STICKING_OUT)).toEqual([]);
			expect(
				await page.evaluate(
					"(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('dialog'))",
				),
			).toBe(0);
			await dialog.getByRole("button", { name: "Close" }).tap();
			await dialog.waitFor({ state: "hidden" });
			expect(wrongs).toEqual([]);
			await close();
		},
	);

	it("can be walked and used by keyboard alone, and shows where the focus is", async () => {
		const { page, wrongs, close } = await openPage(browser, url);
		await everything(page);
		// In words, since the page goes on changing under the walk.
		const focus = () =>
			page.evaluate(`(({ tagName, textContent, labels, ariaLabel }) =>
				tagName + " " + (ariaLabel ?? labels?.[0]?.textContent ?? textContent).slice(0, 60))(document.activeElement)`);
		const outline = () => page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
		const walked: unknown[] = [];
		for (let step = 0; step < 80; step++) {
			await page.keyboard.press("Tab");
			const at = await focus();
			if (String(at).startsWith("BODY")) break;
			expect([at, await outline()]).toEqual([at, "solid"]);
			walked.push(at);
		}
		const all = walked.join("\n");
		for (const name of [
			"Live",
			"Find",
			"State",
			"RunCompletedpaused",
			"Sample event",
			"Send",
			"Let the stand-in",
			"Break",
			"Repair",
			"Replay all",
		]) {
			expect(all).toContain(name);
		}
		const row = page.getByRole("button", { name: /^RunCompleted paused/ });
		await row.focus();
		await page.keyboard.press("Enter");
		await page.getByRole("dialog", { name: "RunCompleted" }).waitFor();
		expect(await focus()).toContain("Close");
		await page.keyboard.press("Escape");
		await page.getByRole("dialog").waitFor({ state: "hidden" });
		expect(await focus()).toContain("RunCompletedpaused");
		expect(wrongs).toEqual([]);
		await close();
	});

	it("names every control, and moves nothing for those who want it still", async () => {
		const { page, close } = await openPage(browser, url, { reducedMotion: "reduce" });
		await everything(page);
		for (const role of ["button", "combobox", "searchbox", "meter", "progressbar"] as const) {
			const [all, named] = [page.getByRole(role), page.getByRole(role, { name: /\S/ })];
			expect(await all.count()).toBeGreaterThan(0);
			expect(await named.count()).toBe(await all.count());
		}
		expect(await page.evaluate("document.getAnimations().length")).toBe(0);
		await close();
	});
});
