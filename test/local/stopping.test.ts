import { describe, expect, it } from "@jest/globals";
import { stopInOrder } from "../../src/local/stopping.ts";

describe("stopping in order", () => {
	it("stops the newest first, each only when the one before has ended", async () => {
		const ends: string[] = [];
		const started = stopInOrder();
		for (const name of ["storage", "host"]) {
			started.add(async () => {
				ends.push(`${name} stops`);
				await new Promise(setImmediate);
				ends.push(`${name} has ended`);
			});
		}
		await started.stop();
		expect(ends).toEqual(["host stops", "host has ended", "storage stops", "storage has ended"]);
	});

	it("stops everything once, however often it is asked", async () => {
		let stops = 0;
		const started = stopInOrder();
		started.add(async () => {
			stops += 1;
		});
		await Promise.all([started.stop(), started.stop()]);
		await started.stop();
		expect(stops).toBe(1);
	});
});
