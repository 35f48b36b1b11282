// Runs before the first paint, so that a chosen theme never flashes the other one. src/lib/theme.ts writes the choice.
(() => {
  let choice = "system";
  try {
    choice = localStorage.getItem("headgate.theme") ?? "system";
  } catch {
    // Storage may be refused; the system's theme is right then.
  }
  const dark =
    choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
