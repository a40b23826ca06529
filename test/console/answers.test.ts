import { describe, expect, it } from "@jest/globals";
import type { Attempt, Health, Receipt, Replayed } from "../../src/console/browser/answers.ts";
import type { ReceiptJson } from "../../src/functions/receipts.ts";
import type { Attempt as SentAttempt } from "../../src/model.ts";
import type { Health as Sent } from "../../src/operate/check-health.ts";
import type { ReplayAnswer } from "../../src/operate/replay.ts";

/** Whether what is sent can be read as what the page expects; compiled, and never wrong when it runs. */
type Fits<Given extends Wanted, Wanted> = Given;

type Checked = [
	Fits<Sent & { version: string }, Health>,
	Fits<ReceiptJson, Receipt>,
	Fits<SentAttempt, Attempt>,
	Fits<ReplayAnswer, Replayed>,
	Fits<Receipt["state"], ReceiptJson["state"]>,
];

describe("what the page is answered", () => {
	it("is what is sent, by the compiler's word", () => {
		const checked: Checked["length"] = 5;
		expect(checked).toBe(5);
	});
});
