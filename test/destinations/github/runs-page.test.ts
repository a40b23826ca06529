import { describe, expect, it } from "@jest/globals";
import { runsPage } from "../../../src/destinations/github/service.ts";

describe("the page of the runs", () => {
	it.each([
		["https://api.github.com", "https://github.com"],
		["https://github.contoso.example/api/v3", "https://github.contoso.example"],
		["https://github.contoso.example:8443/api/v3", "https://github.contoso.example:8443"],
		["https://api.contoso.ghe.com", "https://contoso.ghe.com"],
		["https://api.contoso.example/api/v3", "https://api.contoso.example"],
	])("of %s is at %s", (apiUrl, site) => {
		expect(runsPage(apiUrl, "contoso/fraud-model")).toBe(
			`${site}/contoso/fraud-model/actions?query=event%3Arepository_dispatch`,
		);
	});

	it("is none for a stand-in on this machine", () => {
		expect(runsPage("http://127.0.0.1:7072", "contoso/fraud-model")).toBeNull();
	});
});
