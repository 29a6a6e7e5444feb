// Toasts, the banner that tells when the server does not answer, and the ties between a field
// and its help and error for screen readers.
(() => {
  const SHOWN_MS = 9000;
  const PING_MS = 2000;
  const UNEXPECTED = "Unexpected error, see the log of the dashboard.";
  const ICONS = { error: "exclamation-circle-fill", success: "check-circle-fill", info: "info-circle-fill" };

  const element = (tag, className, attributes = {}) => {
    const made = Object.assign(document.createElement(tag), { className });
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  const showToast = (text, kind = "info") => {
    const list = document.getElementById("toasts");
    if (!list || !text) return;
    const same = [...list.children].find((toast) => toast.dataset.text === text);
    if (same) same.remove();
    const toast = element("div", `toast-card toast-${kind}`, {
      role: kind === "error" ? "alert" : "status",
    });
    toast.dataset.text = text;
    const message = element("div", "toast-text");
    message.textContent = text;
    const close = element("button", "btn-close", { type: "button", "aria-label": "Close" });
    toast.append(element("i", `bi bi-${ICONS[kind] || ICONS.info}`, { "aria-hidden": "true" }), message, close);
    list.append(toast);
    let timer = null;
    const wait = () => (timer = setTimeout(() => toast.remove(), SHOWN_MS));
    toast.addEventListener("mouseenter", () => clearTimeout(timer));
    toast.addEventListener("mouseleave", wait);
    close.addEventListener("click", () => toast.remove());
    wait();
  };

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

  window.shell = { showToast };
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    shell: {
      toast: (message) => {
        if (message) showToast(message.text, message.kind);
        return window.dash_clientside.no_update;
      },
    },
  });
})();
