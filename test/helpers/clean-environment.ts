/**
 * GitHub Actions and Codespaces set GITHUB_* by themselves, a live token among them. No test may see or use them.
 */
for (const name of Object.keys(process.env)) {
	if (/^(?:GITHUB_|PAT_TOKEN$|KEY_VAULT_URL$|BRIDGE_ROUTES$|HANDSHAKE_|AZURE_|IDENTITY_)/.test(name))
		delete process.env[name];
}
