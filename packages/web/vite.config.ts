// The portal's bundle: everything from this host, nothing from elsewhere, so that it works in a closed network.
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss()],
  build: {
    target: "es2023",
    // Fonts stay files: inlined they would weigh on the stylesheet's budget and could not be cached apart.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: { "/v1": process.env.HEADGATE_API ?? "http://127.0.0.1:8080" },
  },
});
