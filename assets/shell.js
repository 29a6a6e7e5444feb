// The banner that tells when the server does not answer, and the ties between a field and its help
// and error for screen readers.
(() => {
  const PING_MS = 2000;
  const UNEXPECTED = "Unexpected error, see the log of the dashboard.";
  const { showToast } = window.shell;

  let pinging = null;

  const ping = async () => {
    try {
      const answer = await plainFetch("/healthz", { cache: "no-store" });
      if (!answer.ok) return;
    } catch {
      return;
    }
    clearInterval(pinging);
    pinging = null;
    document.getElementById("server-banner").hidden = true;
    showToast("The server answers again.", "success");
  };

  const serverIsGone = () => {
    document.dispatchEvent(new CustomEvent("server:gone"));
    const banner = document.getElementById("server-banner");
    if (!banner || pinging) return;
    banner.hidden = false;
    pinging = setInterval(ping, PING_MS);
  };

  const plainFetch = window.fetch.bind(window);
  window.fetch = async (resource, options) => {
    const url = String(resource?.url || resource);
    const isCallback = url.includes("_dash-update-component");
    try {
      const answer = await plainFetch(resource, options);
      if (isCallback && [502, 503, 504].includes(answer.status)) serverIsGone();
      else if (isCallback && answer.status >= 500) showToast(UNEXPECTED, "error");
      return answer;
    } catch (error) {
      if (isCallback && error.name !== "AbortError") serverIsGone();
      throw error;
    }
  };

  let notes = 0;
  const describe = (field) => {
    const control = field.querySelector("input, select, textarea");
    if (!control) return;
    const texts = [...field.querySelectorAll(".field-help, .field-error")].filter((note) => note.textContent);
    for (const note of texts) note.id ||= `note-${++notes}`;
    const wanted = { "aria-describedby": texts.map((note) => note.id).join(" "), "aria-invalid":
      String(control.classList.contains("is-invalid") || texts.some((note) => note.classList.contains("field-error"))) };
    for (const [name, value] of Object.entries(wanted)) {
      if (!value) control.removeAttribute(name);
      else if (control.getAttribute(name) !== value) control.setAttribute(name, value);
    }
  };

  let describing = 0;
  new MutationObserver(() => {
    cancelAnimationFrame(describing);
    describing = requestAnimationFrame(() => document.querySelectorAll(".field").forEach(describe));
  }).observe(document.documentElement, {
    childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["class"],
  });
})();
