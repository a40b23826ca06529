import { describe, expect, it } from "@jest/globals";
import { FaultScript } from "../../src/local/stand-in/script.ts";

describe("a script of faults", () => {
	it("is empty at first", () => {
		expect(new FaultScript().next()).toBeUndefined();
	});

	it("takes one fault or several, and tells how many requests they serve", () => {
		const script = new FaultScript();
		expect(script.set({ status: 500 })).toBe(1);
		expect(script.set([{ status: 500, times: 3 }, { hang: true }])).toBe(4);
		expect(script.set([])).toBe(0);
	});

	it("hands each fault out as often as it is meant, in order, and then none", () => {
		const script = new FaultScript();
		const [twice, once] = [{ status: 500, times: 2 }, { cut: "after" }];
		script.set([twice, once]);
		expect([script.next(), script.next(), script.next(), script.next()]).toEqual([twice, twice, once, undefined]);
	});

	it("leaves a fault of one repository to its calls, however its name is written", () => {
		const script = new FaultScript();
		const fault = { status: 500, repository: "contoso/fraud-model" };
		script.set(fault);
		expect([script.next("contoso/churn"), script.next(), script.next("fraud-model")]).toEqual(Array(3).fill(undefined));
		expect([script.next("Contoso/Fraud-Model"), script.next("contoso/fraud-model")]).toEqual([fault, undefined]);
	});

	it("lets the first fault that applies serve a call, with faults of a repository and of all in one script", () => {
		const script = new FaultScript();
		const [ofA, ofAll, ofB] = [
			{ status: 500, repository: "o/a", times: 2 },
			{ status: 502, times: 2 },
			{ status: 503, repository: "o/b" },
		];
		expect(script.set([ofA, ofAll, ofB])).toBe(5);
		expect(["o/b", "o/a", "o/c", "o/a", "o/a", "o/b", "o/b"].map((repository) => script.next(repository))).toEqual([
			ofAll,
			ofA,
			ofAll,
			ofA,
			undefined,
			ofB,
			undefined,
		]);
	});

	it("takes every form of a fault", () => {
		const faults = [
			{},
			{ status: 200 },
			{ status: 599, headers: { "retry-after": "1" }, body: { message: "no" } },
			{ delayMs: 0 },
			{ delayMs: 60_000 },
			{ hang: true },
			{ cut: "before" },
			{ cut: "after", times: 1 },
			{ hang: true, repository: "contoso/fraud-model" },
			{ status: 502, taken: true },
			{ hang: true, taken: true },
			{ status: 502, taken: false },
		];
		expect(new FaultScript().set(faults)).toBe(faults.length);
	});

	it.each([
		["a text", "500", "script[0] must be an object"],
		["null", null, "script[0] must be an object"],
		["a number after a good fault", [{ status: 500 }, 500], "script[1] must be an object"],
		["a member that there is not", { stauts: 500 }, 'script[0]: there is no "stauts"; there are status, headers'],
		["a status under 200", { status: 100 }, "script[0].status must be from 200 to 599"],
		["a status over 599", { status: 600 }, "script[0].status must be from 200 to 599"],
		["a status that is a text", { status: "500" }, "script[0].status must be from 200 to 599"],
		["a list inside the list", [[]], "script[0] must be an object"],
		["headers that are a text", { headers: "abc" }, "script[0].headers must be an object"],
		["a header that HTTP cannot carry", { headers: { "a b": "c" } }, "script[0].headers must be an object"],
		["a header whose value is no text", { headers: { a: 1 } }, "script[0].headers must be an object"],
		["a hang that is a text", { hang: "yes" }, "script[0].hang is true or false"],
		["a taken that is a text", { status: 502, taken: "yes" }, "script[0].taken is true or false"],
		["a taken beside a cut", { cut: "before", taken: true }, "script[0].taken goes with status or hang"],
		["a taken beside the proper answer", { taken: true }, "script[0].taken goes with status or hang"],
		["a cut that there is not", { cut: "during" }, 'script[0].cut is "before" or "after"'],
		["no times at all", { times: 0 }, "script[0].times must be 1 or more"],
		["half a time", { times: 1.5 }, "script[0].times must be 1 or more"],
		["a delay that goes back", { delayMs: -1 }, "script[0].delayMs must be from 0 to 60000"],
		["a delay over a minute", { delayMs: 60_001 }, "script[0].delayMs must be from 0 to 60000"],
		["a delay that is a text", { delayMs: "long" }, "script[0].delayMs must be from 0 to 60000"],
		["a repository without an owner", { repository: "a" }, "script[0].repository must be owner/name"],
		["a repository of more than two parts", { repository: "a/b/c" }, "script[0].repository must be owner/name"],
		["a repository that is no text", { repository: ["a/b"] }, "script[0].repository must be owner/name"],
	])("refuses %s, and names the place", (_, script, problem) => {
		expect(() => new FaultScript().set(script)).toThrow(problem);
	});
});
