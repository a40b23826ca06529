/** What GitHub answered. */
export interface GitHubResponse {
	readonly status: number;
	/** By lower-case name. */
	readonly headers: Readonly<Record<string, string | number | undefined>>;
	/** GitHub's own `message`, where the body had one. */
	readonly message: string;
	/** What the body is: JSON as GitHub's API answers it, nothing, or something that is not the API's, such as a page. */
	readonly body: "json" | "none" | "other";
}
