import { describe, expect, it } from "@jest/globals";
import { abortable } from "../../src/destinations/try-calls.ts";

const never = () => new Promise<never>(() => {});

describe("work that has to end with a signal", () => {
	it("is not waited for where the signal has ended before, or ends", async () => {
		await expect(abortable(never(), AbortSignal.abort("before"))).rejects.toBe("before");
		const later = new AbortController();
		const waiting = abortable(never(), later.signal);
		later.abort("later");
		await expect(waiting).rejects.toBe("later");
	});

	it("ends as it does on its own before that", async () => {
		const { signal } = new AbortController();
		await expect(abortable(Promise.resolve("done"), signal)).resolves.toBe("done");
		await expect(abortable(Promise.reject("failed"), signal)).rejects.toBe("failed");
	});
});
