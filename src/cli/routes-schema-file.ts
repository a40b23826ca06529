import { join } from "node:path";

/** The schema of routes tables, as editors read it. A bundle of the command line lies as deep as this file. */
export const ROUTES_SCHEMA = join(import.meta.dirname, "../../docs/routes.schema.json");
