import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "@jest/globals";
import type { Browser } from "playwright-core";
import { CHROMIUM, startBrowser } from "../../support/browser.ts";
import { postJson } from "../../support/call.ts";
import { freePorts } from "../../support/free-ports.ts";
import { describeWith } from "../helpers/describe-with.ts";
import { type OpenedPage, openPage } from "../helpers/open-page.ts";
import { type RunningStart, startOn } from "../helpers/run-start.ts";

describeWith(CHROMIUM, "the console page of npm start, in a browser", (executablePath) => {
	let port: number;
	let bridge: RunningStart;
	let browser: Browser;
	let opened: OpenedPage;
	/** What the browser says of an answer that is no success, where the test wants such an answer. */
	let refused: string[] = [];

	beforeAll(async () => {
		port = await freePorts();
		[bridge, browser] = await Promise.all([startOn(port), startBrowser(executablePath)]);
	});
	afterAll(async () => {
		await browser?.close();
		await bridge?.stop();
	});
	beforeEach(async () => {
		opened = await openPage(browser, `http://127.0.0.1:${port}/`);
	});
	afterEach(async () => {
		await opened.close();
		const origins = new Set(opened.asked.map((url) => new URL(url).origin));
		origins.delete("null");
		expect([...origins]).toEqual([`http://127.0.0.1:${port}`]);
		expect(opened.wrongs.filter((wrong) => !refused.includes(wrong))).toEqual([]);
		refused = [];
	});

	const row = (name: RegExp) => opened.page.getByRole("button", { name });
	const workbench = () => opened.page.getByRole("region", { name: "Workbench" });

	it("is told of an event that its own button sends, and shows all of its receipt and what the run gets", async () => {
		const { page } = opened;
		await workbench().getByRole("button", { name: "Send" }).click();
		await workbench().getByText("1 dispatched").waitFor();
		await row(
			/^RunCompleted dispatched .* Received .* Route default .* GitHub 204 Run (?:looking|running|succeeded|not followed)$/,
		).click();
		const dialog = page.getByRole("dialog", { name: "RunCompleted" });
		await dialog.getByText("contoso/fraud-model machinelearningservices-runcompleted", { exact: true }).waitFor();
		await dialog.getByText('"event_type": "machinelearningservices-runcompleted"').waitFor();
		await page.keyboard.press("Escape");
		await dialog.waitFor({ state: "hidden" });
	});

	it("breaks GitHub by its button, shows the event wait, and watches it recover by itself", async () => {
		await workbench().getByLabel("Let the stand-in").selectOption("be down for 2 calls (503)");
		await workbench().getByRole("button", { name: "Break" }).click();
		await workbench().getByText("2 faults are left").waitFor();
		await workbench().getByLabel("Sample event").selectOption("ModelRegistered");
		await workbench().getByRole("button", { name: "Send" }).click();
		await row(/^ModelRegistered paused .* Waiting \d.* GitHub 503/).waitFor();
		// After each of the two, its run is looked for half a minute later.
		await row(/^ModelRegistered dispatched .* GitHub 204, try 3/).waitFor({ timeout: 100_000 });
		await workbench().getByText("no fault is left").waitFor();
	}, 120_000);

	it("replays a dead letter by its button", async () => {
		const { page } = opened;
		await workbench().getByLabel("Let the stand-in").selectOption("refuse one request for good (422)");
		await workbench().getByRole("button", { name: "Break" }).click();
		await workbench().getByText("1 fault is left").waitFor();
		refused = ["Failed to load resource: the server responded with a status of 400 (Bad Request)"];
		await workbench().getByLabel("Sample event").selectOption("BlobCreated");
		await workbench().getByRole("button", { name: "Send" }).click();
		await row(/^BlobCreated dead .* GitHub 422 Run none/).waitFor();
		const dead = page.getByRole("region", { name: "Dead letters" });
		await dead.getByRole("button", { name: /^Replay [0-9a-f-]{36}$/ }).click();
		const question = page.getByRole("dialog", { name: "Replay this dead letter?" });
		await question.getByText("the same request again").waitFor();
		await question.getByRole("button", { name: "Replay", exact: true }).click();
		await page.getByText("1 dead letter replayed").first().waitFor();
		await row(/^BlobCreated dispatched .* GitHub 204, try 2/).waitFor();
	});

	it("lets everything that an event can say stand there as text", async () => {
		const { page } = opened;
		const markup = `"><img src=x onerror="alert(1)"><script>alert(2)</script>`;
		const event = {
			specversion: "1.0",
			id: `id ${markup}`,
			source: `/source/${markup}`,
			type: `Contoso.${markup}`,
			subject: `subject ${markup}`,
			time: new Date().toISOString(),
			data: { [markup]: markup },
		};
		await postJson(`http://127.0.0.1:${port}/api/events`, event);
		await postJson(`http://127.0.0.1:${port}/api/events`, { ...event, id: `rejected ${markup}`, source: 7, data: {} });
		await page.getByText(`subject ${markup}`).first().waitFor();
		await page
			.getByRole("button", { name: /alert\(1\).* dispatched/ })
			.first()
			.click();
		const dialog = page.getByRole("dialog");
		for (const text of [event.id, event.source, event.type, event.subject]) {
			expect(await dialog.getByText(text, { exact: true }).count()).toBe(1);
		}
		await dialog.getByText("What the run gets").waitFor();
		expect(await page.locator("img, script:not(head ~ body > script), #app script, iframe").count()).toBe(0);
	});

	it("finds by text and by state what the bridge finds", async () => {
		const { page } = opened;
		const event = { specversion: "1.0", source: "/here", type: "Contoso.Sought", time: new Date().toISOString() };
		await postJson(`http://127.0.0.1:${port}/api/events`, [
			{ ...event, id: "needle", subject: "the needle" },
			{ ...event, id: "hay", subject: "the hay" },
		]);
		await page.getByText("the hay").waitFor();
		await page.getByLabel("Find").fill("needle");
		await page.getByText("the hay").waitFor({ state: "hidden" });
		expect(await page.getByText("the needle").count()).toBe(1);
		await page.getByRole("combobox", { name: "State" }).selectOption("parked");
		await page.getByText("No event matches.").waitFor();
	});

	it("finds by a text and a state that were given at once", async () => {
		const { page } = opened;
		const state = page.getByRole("combobox", { name: "State" });
		await page.getByText("the hay").waitFor();
		// Before the pause after which a text is looked for.
		await page.getByLabel("Find").fill("needle");
		await state.selectOption("dispatched");
		await page.getByText("the hay").waitFor({ state: "hidden" });
		await page.getByText("the needle").waitFor();
		expect([await page.getByLabel("Find").inputValue(), await state.inputValue()]).toEqual(["needle", "dispatched"]);
	});

	it.each<[string, (response: ServerResponse) => void]>([
		["no answer", () => {}],
		[
			"the beginning of an answer",
			(response) => response.writeHead(200, { "content-type": "application/json" }).write("{"),
		],
	])("says that the bridge does not answer where a request gets %s, and goes on when it does", async (_, begin) => {
		const { page } = opened;
		const silent = createServer((_request, response) => begin(response)).listen(0, "127.0.0.1");
		await once(silent, "listening");
		// A minute is a second here.
		await page.addInitScript(() => {
			const timeout = AbortSignal.timeout.bind(AbortSignal);
			AbortSignal.timeout = (ms) => timeout(ms / 60);
		});
		await page.route("**/api/receipts?*", (route) =>
			route.continue({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/` }),
		);
		await page.reload();
		await page.getByText("the bridge did not answer within 60 s").waitFor();
		await page.unrouteAll({ behavior: "ignoreErrors" });
		await page.getByText("the bridge did not answer within 60 s").waitFor({ state: "hidden" });
		silent.closeAllConnections();
		silent.close();
	});

	it("stands still when it is paused, and goes on when it is resumed", async () => {
		const { page } = opened;
		const live = (checked: boolean) => page.getByRole("switch", { name: "Live", checked });
		await live(true).click();
		await live(false).click();
		await live(true).waitFor();
	});
});
