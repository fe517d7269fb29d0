import { expressApp, lifecycle } from "./lifecycle.mjs";
import { serve } from "./support.mjs";

lifecycle("Express", "express", async (sdk) => serve(expressApp(sdk)));
