// Dark or light mode. A plain script in the head, so that the choice applies before anything is drawn.

(() => {
  const NAME = "omnikv.theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem(NAME);
    } catch {
      return null;
    }
  }

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  }

  function choose(theme) {
    root.dataset.theme = theme;
    try {
      localStorage.setItem(NAME, theme);
    } catch {
      // Then the choice lasts until the page is left.
    }
  }

  const before = chosen();
  if (before === "dark" || before === "light") root.dataset.theme = before;

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (!button) return;
    const show = () => {
      const next = isDark() ? "light" : "dark";
      button.setAttribute("aria-label", `Switch to ${next}`);
      button.title = `Switch to ${next}`;
      button.dataset.shows = next;
    };
    button.addEventListener("click", () => {
      choose(isDark() ? "light" : "dark");
      show();
    });
    system.addEventListener("change", show);
    show();
  });
})();
