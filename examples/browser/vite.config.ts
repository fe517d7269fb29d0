import { defineConfig } from "vite";
import { backend } from "./backend.ts";

// One origin, as on a small machine: Vite serves the website, and the backend beside it.
const address = { host: "127.0.0.1", port: 5173, strictPort: true, cors: false };

export default defineConfig({
  appType: "mpa",
  server: address,
  preview: address,
  build: { rolldownOptions: { input: ["index.html", "react.html"] } },
  plugins: [
    {
      name: "backend",
      configureServer: ({ middlewares }) => void middlewares.use(backend),
      configurePreviewServer: ({ middlewares }) => void middlewares.use(backend),
    },
  ],
});
