// Toasts: sentences in the corner that go by themselves, with a button where something can be done.
(() => {
  const SHOWN_MS = 9000;
  const ICONS = { error: "exclamation-circle-fill", success: "check-circle-fill", info: "info-circle-fill" };

  const element = (tag, className, attributes = {}, text = "") => {
    const made = Object.assign(document.createElement(tag), { className, textContent: text });
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  const actionButton = (toast, { label, run }) => {
    const button = element("button", "toast-action", { type: "button" }, label);
    button.addEventListener("click", () => {
      toast.remove();
      run();
    });
    return button;
  };

  // `action` is {label, run}: what the button says, and what it does. A text that is shown already
  // is shown once, as the newest.
  const showToast = (text, kind = "info", action = null) => {
    const list = document.getElementById("toasts");
    if (!list || !text) return;
    [...list.children].find((toast) => toast.dataset.text === text)?.remove();
    const toast = element("div", `toast-card toast-${kind}`, { role: kind === "error" ? "alert" : "status" });
    toast.dataset.text = text;
    const close = element("button", "btn-close", { type: "button", "aria-label": "Close" });
    toast.append(
      element("i", `bi bi-${ICONS[kind] || ICONS.info}`, { "aria-hidden": "true" }),
      element("div", "toast-text", {}, text),
    );
    if (action) toast.append(actionButton(toast, action));
    toast.append(close);
    list.append(toast);
    stayWhileUsed(toast);
    close.addEventListener("click", () => toast.remove());
  };

  // Whoever points at a toast, or has reached its button by keyboard, is not done with it.
  const stayWhileUsed = (toast) => {
    let timer = null;
    const stop = () => clearTimeout(timer);
    const wait = () => {
      stop();
      if (!toast.matches(":hover, :focus-within")) timer = setTimeout(() => toast.remove(), SHOWN_MS);
    };
    toast.addEventListener("mouseenter", stop);
    toast.addEventListener("focusin", stop);
    toast.addEventListener("mouseleave", wait);
    toast.addEventListener("focusout", () => setTimeout(wait));
    wait();
  };

  window.shell = Object.assign(window.shell || {}, { showToast });
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    shell: {
      toast: (message) => {
        if (message) showToast(message.text, message.kind);
        return window.dash_clientside.no_update;
      },
    },
  });
})();
