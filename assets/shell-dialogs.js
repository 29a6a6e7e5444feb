// Dialogs by name: a button with data-opens or data-closes, one that asks before it acts
// (data-ask), and confirm() for other scripts. The browser holds the focus within a modal dialog.
(() => {
  const trusted = new WeakSet(); // buttons whose click was confirmed
  const TEXTS = '<h2 class="sheet-title"></h2><p class="sheet-body"></p><div class="sheet-actions"></div>';

  const openDialog = (id) => {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return;
    const before = document.activeElement;
    dialog.showModal();
    dialog.addEventListener("close", () => before?.isConnected && before.focus(), { once: true });
  };

  const closeDialog = (id) => document.getElementById(id)?.close();

  const button = (text, look) =>
    Object.assign(document.createElement("button"), { type: "button", className: `btn btn-sm ${look}`, textContent: text });

  // Asks in a dialog; the promise tells whether the answer was yes.
  const confirm = ({ title, text = "", yes = "Yes", danger = false }) =>
    new Promise((answer) => {
      const dialog = Object.assign(document.createElement("dialog"), { className: "sheet sheet-ask", innerHTML: TEXTS });
      const [head, body, actions] = dialog.children;
      head.textContent = title;
      head.id = "ask-title";
      body.textContent = text;
      body.id = "ask-text";
      dialog.setAttribute("role", "alertdialog");
      dialog.setAttribute("aria-labelledby", head.id);
      dialog.setAttribute("aria-describedby", body.id);
      const no = button("Cancel", "btn-outline-secondary");
      const go = button(yes, danger ? "btn-danger" : "btn-primary");
      actions.append(no, go);
      no.addEventListener("click", () => dialog.close());
      go.addEventListener("click", () => dialog.close("yes"));
      const before = document.activeElement;
      dialog.addEventListener("close", () => {
        dialog.remove();
        if (before?.isConnected) before.focus();
        answer(dialog.returnValue === "yes");
      });
      document.body.append(dialog);
      dialog.showModal();
      (danger ? no : go).focus();
    });

  const ask = async (event, asking) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const { ask: title, askText: text, askYes: yes, askDanger: danger } = asking.dataset;
    if (!(await confirm({ title, text, yes, danger: Boolean(danger) }))) return;
    trusted.add(asking);
    asking.click();
  };

  document.addEventListener(
    "click",
    (event) => {
      const asking = event.target.closest?.("[data-ask]");
      if (asking && !asking.disabled && !trusted.delete(asking)) ask(event, asking);
    },
    true,
  );

  document.addEventListener("click", (event) => {
    const opening = event.target.closest?.("[data-opens]");
    const closing = event.target.closest?.("[data-closes]");
    if (opening) openDialog(opening.dataset.opens);
    if (closing) closeDialog(closing.dataset.closes);
    // A click beside a dialog is on the dialog itself: its content covers the rest.
    if (event.target.matches?.("dialog.sheet[open]") && isOutside(event)) event.target.close();
  });

  const isOutside = ({ target, clientX, clientY }) => {
    const box = target.getBoundingClientRect();
    return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
  };

  window.shell = Object.assign(window.shell || {}, { openDialog, closeDialog, confirm });
})();
