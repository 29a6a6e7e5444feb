// Whether a saved run would be another one today, and the check for look-ahead: both are asked for
// after the page is drawn, as both read what the run was made of.
(() => {
  const { state, asJson, sentence } = window.report;

  const tellChanges = async ({ run }) => {
    const banner = document.getElementById("run-changes");
    if (!banner) return;
    try {
      const { text } = await asJson(`/api/runs/${run}/changes`);
      if (state.about?.run !== run || !banner.isConnected) return;
      document.getElementById("changes-text").textContent = text;
      banner.hidden = !text;
    } catch {
      banner.hidden = true; // the run is shown as it was saved, whatever has changed since
    }
  };

  const check = async (button) => {
    const { run } = state.about;
    const badge = document.querySelector("#look-ahead-badge .badge-line");
    button.disabled = true;
    button.textContent = "Checking…";
    try {
      const found = await asJson(`/api/runs/${run}/look-ahead`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: "{}",
      });
      badge.replaceChildren(found.text);
      badge.className = `badge-line is-${found.status}`;
      button.remove();
    } catch (error) {
      button.disabled = false;
      button.textContent = "Check now";
      window.shell.showToast(sentence(error), "error");
    }
  };

  document.addEventListener("report:opened", ({ detail }) => detail.about.is_page && tellChanges(detail.about));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#look-ahead-check");
    if (button) check(button);
  });
})();
