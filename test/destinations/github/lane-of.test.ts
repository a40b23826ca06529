import { describe, expect, it } from "@jest/globals";
import { laneOf } from "../../../src/destinations/github/service.ts";

describe("the lane of a destination", () => {
	it.each([
		["fixed", "contoso/a", undefined, "default"],
		["key-vault", "contoso/a", undefined, "default"],
		["key-vault", "fabrikam/a", undefined, "default"],
		["key-vault", "contoso/a", "Other-Token", "token-other-token"],
		["app", "Contoso/a", undefined, "app-contoso"],
		["app", "contoso/b", undefined, "app-contoso"],
		["app", "fabrikam/a", undefined, "app-fabrikam"],
		["app", "contoso/a", "other-token", "token-other-token"],
	] as const)("is one for each token: %s, %s, %s → %s", (kind, repository, token, lane) => {
		expect(laneOf(kind, { repository, ...(token === undefined ? {} : { token }) })).toBe(lane);
	});
});
