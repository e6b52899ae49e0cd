// Applies the theme before the first paint, so that the other theme does not flash. This is why it is a classic script, not a module.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = localStorage.getItem("theme");
  if (stored === "light" || stored === "dark") {
    root.dataset.theme = stored;
  }

  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

  const notify = () => {
    document.getElementById("theme")?.setAttribute("aria-pressed", String(isDark()));
    root.dispatchEvent(new Event("themechange"));
  };

  system.addEventListener("change", notify);
  document.addEventListener("DOMContentLoaded", () => {
    notify();
    document.getElementById("theme").addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      localStorage.setItem("theme", root.dataset.theme);
      notify();
    });
  });
})();
