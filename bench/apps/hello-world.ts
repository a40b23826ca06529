import { app } from "@azure/functions";

/** The least that a v4 app can be: the baseline of loading and of answering. */
app.http("hello", {
	methods: ["POST"],
	authLevel: "anonymous",
	handler: async () => ({ jsonBody: { hello: "world" } }),
});
