import type { Fault } from "../src/local/stand-in/script.ts";
import type { Random } from "./random.ts";
import { PROJECT, RENAMED_SUFFIX, SECRETS } from "./routes.ts";

/** How large a storm is to be. */
export interface StormSize {
	readonly events: number;
	readonly kills: number;
	readonly outages: number;
	/** Whether it may last: with pauses of a minute, with what is parked and probed every three, and with what is given up. */
	readonly long: boolean;
	/** Milliseconds in which the events come. */
	readonly intakeMs: number;
}

/** What GitHub does at a moment, in milliseconds from the beginning of the storm. */
export type Weather = { readonly at: number } & (
	| { readonly kind: "faults"; readonly faults: readonly Fault[] }
	/** A new token lies in the vault, and the old one ends. */
	| { readonly kind: "rotate"; readonly secret: string }
	/** Every token of the App ends; GitHub does not know the next ones at once. */
	| { readonly kind: "app tokens end" }
	/** The token ends, and only after that time a new one is put into the vault. */
	| { readonly kind: "revoke"; readonly secret: string; readonly repairedAfterMs: number }
);

const EVERY_MS = 1_800;
/** GitHub's own words, by which a limit is told from a lack of permission. */
const SECONDARY = {
	message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
};
const RENAMED = ["contoso/fraud-model", "fabrikam/serving", "northwind/orders"] as const;

/** Faults every now and then, all storm long; what takes minutes to heal only where there is time for it. */
export function planWeather({ intakeMs, long }: StormSize, random: Random): Weather[] {
	const weather: Weather[] = [];
	for (let at = 500; at < intakeMs; at += random.between(EVERY_MS / 2, EVERY_MS * 1.5)) {
		weather.push({ at, kind: "faults", faults: [fault(random)] });
	}
	const part = (fraction: number) => Math.floor(intakeMs * fraction);
	const [fabrikam, northwind, lake, logistics] = SECRETS;
	weather.push({ at: part(0.3), kind: "rotate", secret: lake });
	weather.push({ at: part(0.45), kind: "app tokens end" });
	weather.push({ at: part(0.5), kind: "rotate", secret: logistics });
	weather.push({ at: part(0.6), kind: "rotate", secret: northwind });
	if (long) {
		weather.push({ at: part(0.2), kind: "revoke", secret: fabrikam, repairedAfterMs: 15_000 });
		weather.push({ at: part(0.35), kind: "faults", faults: [closed(403, "northwind/returns")] });
		weather.push({ at: part(0.5), kind: "faults", faults: [closed(404, "contoso/audit")] });
		// A sign-in page, as Azure DevOps answers a token that it does not know.
		weather.push({ at: part(0.25), kind: "faults", faults: [{ status: 203, project: PROJECT, times: 1 }] });
		// Without a time that it names, GitHub is given a minute.
		weather.push({ at: part(0.7), kind: "faults", faults: [{ status: 403, body: SECONDARY }] });
	}
	return weather.sort((one, other) => one.at - other.at);
}

function fault(random: Random): Fault {
	const times = random.between(1, 3);
	const after = { "retry-after": String(random.between(2, 5)) };
	const repository = random.pick(RENAMED);
	const location = `/repos/${repository}${RENAMED_SUFFIX}/dispatches`;
	return random.pick<() => Fault>([
		() => ({ status: 500, times }),
		() => ({ status: 502, times }),
		// As GitHub has been seen to do: the run starts, and the answer says that it does not.
		() => ({ status: 502, taken: true, times }),
		() => ({ hang: true, taken: true, times: 1 }),
		() => ({ status: 503, headers: after, times: 1 }),
		() => ({ status: 429, headers: after, times: 1 }),
		() => ({ status: 403, headers: after, body: SECONDARY, times: 1 }),
		() => ({ cut: "before", times }),
		() => ({ cut: "after", times }),
		() => ({ cut: "after", times: 1 }),
		() => ({ hang: true, times: 1 }),
		() => ({ delayMs: random.between(500, 4_000), times }),
		() => ({ status: 307, headers: { location }, repository, times }),
		() => ({ status: 422, times: 1 }),
	])();
}

function closed(status: 403 | 404, repository: string): Fault {
	const message = status === 403 ? "Resource not accessible by personal access token" : "Not Found";
	return { status, body: { message }, repository, times: 1 };
}
