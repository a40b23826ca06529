import { describe, expect, it } from "@jest/globals";
import { deployButton, publicAddress } from "../../scripts/public-address.ts";

const version = "1.2.3";

describe("the public address", () => {
	it("is none as long as package.json has no repository", () => {
		expect(publicAddress({ version })).toBeUndefined();
	});

	it.each([
		"contoso/grid-dispatch",
		"github:contoso/grid-dispatch",
		"https://github.com/contoso/grid-dispatch",
		"https://github.com/contoso/grid-dispatch.git",
		"git+https://github.com/contoso/grid-dispatch.git",
		"git://github.com/contoso/grid-dispatch.git",
		"git+ssh://git@github.com/contoso/grid-dispatch.git",
		"git@github.com:contoso/grid-dispatch.git",
		{ type: "git", url: "git+https://github.com/contoso/grid-dispatch.git" },
		{ type: "git", url: "github:contoso/grid-dispatch" },
	])("is read from repository as npm takes it: %j", (repository) => {
		expect(publicAddress({ version, repository })?.repository).toBe("contoso/grid-dispatch");
	});

	it("leads to the files of that version's release, which a later one does not change", () => {
		const address = publicAddress({ version, repository: "contoso/grid.dispatch" });
		expect(address).toEqual({
			repository: "contoso/grid.dispatch",
			packageUri: "https://github.com/contoso/grid.dispatch/releases/download/v1.2.3/grid-dispatch.zip",
			templateUri: "https://raw.githubusercontent.com/contoso/grid.dispatch/v1.2.3/infra/azuredeploy.json",
			portalUri:
				"https://portal.azure.com/#create/Microsoft.Template/uri/https%3A%2F%2Fraw.githubusercontent.com%2Fcontoso%2Fgrid.dispatch%2Fv1.2.3%2Finfra%2Fazuredeploy.json",
		});
	});

	it.each(["https://gitlab.example/contoso/grid-dispatch", "gitlab:contoso/grid-dispatch", "grid-dispatch", ""])(
		"is refused where releases and raw files would lie elsewhere: %j",
		(repository) => {
			expect(() => publicAddress({ version, repository })).toThrow("no repository on github.com");
		},
	);
});

describe("the Deploy to Azure button", () => {
	it("opens the portal with the template of the release", () => {
		const address = publicAddress({ version, repository: "contoso/grid-dispatch" });
		expect(deployButton(address)).toBe(
			`[![Deploy to Azure](https://aka.ms/deploytoazurebutton)](${address?.portalUri})\n`,
		);
	});

	it("is left out, with a word, until the address is known", () => {
		expect(deployButton(undefined)).not.toMatch(/\]\(|https:/);
		expect(deployButton(undefined)).toContain("There is no button yet");
	});
});
