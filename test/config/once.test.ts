import { describe, expect, it } from "@jest/globals";
import { once } from "../../src/config/once.ts";

describe("what is loaded once", () => {
	it("is loaded with the first call, and shared by all", async () => {
		let loads = 0;
		const get = once(async () => ++loads);
		expect(loads).toBe(0);
		expect(await Promise.all([get(), get()])).toEqual([1, 1]);
		expect(await get()).toBe(1);
	});

	it("is loaded anew after a failure, which all that wait for it see", async () => {
		const answers = [Promise.reject(new Error("EMFILE")), Promise.resolve("loaded")];
		const get = once(() => answers.shift() as Promise<string>);
		const first = await Promise.allSettled([get(), get()]);
		expect(first.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
		expect([await get(), await get()]).toEqual(["loaded", "loaded"]);
	});
});
