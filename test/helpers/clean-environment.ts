import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The root of a clone may hold its owner's files: the README's own routes.json, .env, local.settings.json. No test sees
 * them by a relative path, since each runs in a folder that is empty.
 */
const empty = join(tmpdir(), "grid-dispatch-empty-folder");
mkdirSync(empty, { recursive: true });
process.chdir(empty);

/**
 * GitHub Actions and Codespaces set GITHUB_* by themselves, a live token among them. No test may see or use them.
 */
for (const name of Object.keys(process.env)) {
	if (/^(?:GITHUB_|PAT_TOKEN$|KEY_VAULT_URL$|BRIDGE_ROUTES$|HANDSHAKE_|AZURE_|IDENTITY_)/.test(name))
		delete process.env[name];
}
