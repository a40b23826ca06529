import { beforeEach, describe, expect, it } from "@jest/globals";
import {
	type Allowance,
	createRateLimits,
	DOCUMENTED_LIMITS,
	type Limits,
} from "../../src/local/stand-in/rate-limits.ts";

const START = Date.UTC(2026, 2, 14, 8, 0, 0);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let now: number;

/** Counts requests of one token by the test's clock. */
function counter(limits: Partial<Limits> = {}): () => Allowance {
	const count = createRateLimits({ ...DOCUMENTED_LIMITS, ...limits });
	return () => count("a-token", now);
}

/** What exceeded each of so many requests. */
function exceeded(count: () => Allowance, requests: number): unknown[] {
	return Array.from({ length: requests }, () => count().exceeded);
}

beforeEach(() => {
	now = START;
});

describe("the documented rate limits", () => {
	it("let 80 requests through in a minute and refuse the next", () => {
		const count = counter();
		expect(exceeded(count, 80)).toEqual(Array(80).fill(undefined));
		expect(count().exceeded).toBe("secondary");
	});

	it("let 500 requests through in an hour, however slowly they come", () => {
		const count = counter();
		for (let request = 0; request < 500; request++) {
			expect(count().exceeded).toBeUndefined();
			now += SECOND;
		}
		const refused = count();
		expect(refused).toMatchObject({ exceeded: "secondary", retryAfterSeconds: (HOUR - 500 * SECOND) / SECOND });
	});
});

describe("the primary limit", () => {
	it("counts down in the headers", () => {
		const count = counter({ perHour: 3 });
		const remaining = Array.from({ length: 4 }, () => count().headers["x-ratelimit-remaining"]);
		expect(remaining).toEqual(["2", "1", "0", "0"]);
	});

	it("never tells that more was used than there is", () => {
		const count = counter({ perHour: 2 });
		expect(exceeded(count, 4)).toEqual([undefined, undefined, "primary", "primary"]);
		expect(count().headers).toMatchObject({ "x-ratelimit-used": "2", "x-ratelimit-limit": "2" });
	});

	it("starts its hour with the token's first request, and a new one with the first after that", () => {
		const count = counter({ perHour: 1 });
		now += 17 * MINUTE;
		const reset = String((START + 17 * MINUTE + HOUR) / SECOND);
		expect(count().headers["x-ratelimit-reset"]).toBe(reset);
		now += HOUR - 1;
		expect(count()).toMatchObject({ exceeded: "primary", headers: { "x-ratelimit-reset": reset } });
		now += 1;
		const next = count();
		expect(next.exceeded).toBeUndefined();
		expect(next.headers["x-ratelimit-reset"]).toBe(String((now + HOUR) / SECOND));
	});

	it("names a whole second for its reset that is not too early", () => {
		now += 1;
		expect(counter()().headers["x-ratelimit-reset"]).toBe(String((START + HOUR) / SECOND + 1));
	});

	it("names no time to come back, since the reset does", () => {
		const count = counter({ perHour: 1 });
		count();
		expect(count().retryAfterSeconds).toBeUndefined();
	});
});

describe("the secondary limits", () => {
	it("look back from now: there is room again when the oldest request is a minute old", () => {
		const count = counter({ contentPerMinute: 2 });
		count();
		now += 20 * SECOND;
		count();
		expect(count()).toMatchObject({ exceeded: "secondary", retryAfterSeconds: 40 });
		now += 40 * SECOND - 1;
		expect(count()).toMatchObject({ exceeded: "secondary", retryAfterSeconds: 1 });
		now += 1;
		expect(exceeded(count, 2)).toEqual([undefined, "secondary"]);
	});

	it("do not count what they refused", () => {
		const count = counter({ contentPerMinute: 1 });
		count();
		for (let request = 0; request < 10; request++) {
			now += SECOND;
			expect(count().exceeded).toBe("secondary");
		}
		now = START + MINUTE;
		expect(count().exceeded).toBeUndefined();
	});

	it("count against the primary limit what they refused", () => {
		const count = counter({ contentPerMinute: 1 });
		count();
		expect(count().headers["x-ratelimit-remaining"]).toBe("4998");
	});

	it("name the later of the minute and the hour", () => {
		const count = counter({ contentPerMinute: 1, contentPerHour: 1 });
		count();
		expect(count().retryAfterSeconds).toBe(HOUR / SECOND);
	});
});

describe("the limit of a second", () => {
	it("is not set by default, since GitHub only advises it", () => {
		expect(DOCUMENTED_LIMITS.contentPerSecond).toBeUndefined();
		expect(exceeded(counter(), 3)).toEqual([undefined, undefined, undefined]);
	});

	it("refuses what arrives within 750 ms of the one before, and says to come back in a second", () => {
		const count = counter({ contentPerSecond: 1 });
		count();
		expect(count()).toMatchObject({ exceeded: "secondary", retryAfterSeconds: 1 });
		now += 749;
		expect(count()).toMatchObject({ exceeded: "secondary", retryAfterSeconds: 1 });
		now += 1;
		expect(count().exceeded).toBeUndefined();
		now += 749;
		expect(count().exceeded).toBe("secondary");
	});

	it("looks back from each arrival where it lets more than one through", () => {
		const count = counter({ contentPerSecond: 2 });
		const times = [0, 700, 749, 750, 1449, 1450];
		const said = times.map((time) => {
			now = START + time;
			return count().exceeded;
		});
		expect(said).toEqual([undefined, undefined, "secondary", undefined, "secondary", undefined]);
	});

	it("leaves the longer limits as they are", () => {
		const count = counter({ contentPerSecond: 1, contentPerMinute: 2 });
		count();
		now += SECOND;
		count();
		now += SECOND;
		expect(count()).toMatchObject({ exceeded: "secondary", retryAfterSeconds: 58 });
	});
});

it("rate limits count each token on its own", () => {
	const count = createRateLimits({ ...DOCUMENTED_LIMITS, perHour: 1 });
	expect([count("a", now), count("a", now), count("b", now)].map((allowance) => allowance.exceeded)).toEqual([
		undefined,
		"primary",
		undefined,
	]);
});
